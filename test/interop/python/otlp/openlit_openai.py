"""OpenLIT's instrumentation of the OpenAI client."""

import os

import openlit
from common import converse
from opentelemetry import trace

openlit.init(otlp_endpoint=os.environ["OTLP_URL"], application_name="weather-bot", environment="staging", disable_batch=False)
with trace.get_tracer("weather-bot").start_as_current_span("turn", attributes={"session.id": "session-42", "user.id": "ada"}):
    converse()
trace.get_tracer_provider().shutdown()
