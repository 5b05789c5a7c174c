"""MLflow's tracing of the OpenAI client, exported by OTLP only."""

import os

os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = os.environ["OTLP_URL"] + "/v1/traces"

import mlflow  # noqa: E402
from common import QUESTION, SESSION, USER, converse, get_weather  # noqa: E402

mlflow.openai.autolog()


@mlflow.trace(span_type="TOOL", name="get_weather")
def weather(city: str) -> str:
    return get_weather(city)


@mlflow.trace(span_type="AGENT", name="turn")
def turn(question: str) -> str:
    mlflow.update_current_trace(metadata={"mlflow.trace.session": SESSION, "mlflow.trace.user": USER}, tags={"topic": "weather"})
    converse()
    return weather("Oslo")


turn(QUESTION)
mlflow.flush_trace_async_logging()
from mlflow.tracing import provider  # noqa: E402

import time  # noqa: E402

time.sleep(6)
