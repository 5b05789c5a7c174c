"""OpenInference's instrumentation of the OpenAI client, with its way to state session, user, tags and metadata."""

from common import SESSION, USER, TIME_QUESTION, MODEL, converse, make_provider
from openai import OpenAI
from openinference.instrumentation import using_attributes
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry import trace

provider = make_provider()
OpenAIInstrumentor().instrument()
with using_attributes(session_id=SESSION, user_id=USER, tags=["weather"], metadata={"tenant": "acme"}):
    with trace.get_tracer("weather-bot").start_as_current_span("turn"):
        converse()
        OpenAI().responses.create(model=MODEL, input=TIME_QUESTION)
provider.shutdown()
