"""OpenLLMetry's instrumentation of the OpenAI client alone."""

from common import converse, make_provider
from opentelemetry import trace
from opentelemetry.instrumentation.openai import OpenAIInstrumentor

provider = make_provider()
OpenAIInstrumentor().instrument()
with trace.get_tracer("weather-bot").start_as_current_span("turn", attributes={"session.id": "session-42", "user.id": "ada"}):
    converse()
provider.shutdown()
