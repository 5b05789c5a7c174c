"""Logfire's instrumentation of the OpenAI client, sent to an OTLP endpoint."""

import os

os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = os.environ["OTLP_URL"] + "/v1/traces"

import logfire  # noqa: E402
from common import converse  # noqa: E402

logfire.configure(send_to_logfire=False, service_name="weather-bot", console=False, metrics=False, inspect_arguments=False)
logfire.instrument_openai()
with logfire.span("turn"):
    converse()
logfire.shutdown()
