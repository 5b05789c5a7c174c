"""The spans that Anthropic's SDK makes by itself."""

import os

from anthropic import Anthropic
from common import QUESTION, SESSION, SYSTEM, USER, make_provider
from opentelemetry import trace

provider = make_provider()
client = Anthropic(api_key="sk-fake", base_url=os.environ["ANTHROPIC_BASE_URL"], max_retries=0)
with trace.get_tracer("weather-bot").start_as_current_span("turn", attributes={"session.id": SESSION, "user.id": USER}):
    client.messages.create(
        model="claude-sonnet-4-5", max_tokens=100, system=SYSTEM, messages=[{"role": "user", "content": QUESTION}]
    )
provider.shutdown()
