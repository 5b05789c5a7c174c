"""LiteLLM's OpenTelemetry callback."""

import os

os.environ.update(OTEL_EXPORTER="otlp_http", OTEL_ENDPOINT=os.environ["OTLP_URL"] + "/v1/traces", LITELLM_LOCAL_MODEL_COST_MAP="True")

import time  # noqa: E402

import litellm  # noqa: E402
from common import FAILING_QUESTION, QUESTION, SESSION, SYSTEM, TOOLS, USER  # noqa: E402
from opentelemetry import trace  # noqa: E402

litellm.callbacks = ["otel"]
messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
more = {"user": USER, "metadata": {"session_id": SESSION}, "max_retries": 0}
litellm.completion(model="openai/gpt-4o-mini", messages=messages, tools=TOOLS, temperature=0.5, **more)
try:
    litellm.completion(model="openai/gpt-4o-mini", messages=[{"role": "user", "content": FAILING_QUESTION}], **more)
except litellm.BadRequestError:
    pass
time.sleep(2)
trace.get_tracer_provider().shutdown()
