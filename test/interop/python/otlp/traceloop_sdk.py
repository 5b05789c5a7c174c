"""Traceloop's SDK: decorated workflow, task and tool around the OpenAI client."""

import os

from common import MODEL, SESSION, SYSTEM, TOOLS, USER, get_weather
from openai import OpenAI
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import task, tool, workflow

Traceloop.init(app_name="weather-bot", exporter=OTLPSpanExporter(os.environ["OTLP_URL"] + "/v1/traces"), telemetry_enabled=False)
Traceloop.set_association_properties({"session_id": SESSION, "user_id": USER})
client = OpenAI(max_retries=0)


@tool(name="get_weather")
def weather(city: str) -> str:
    return get_weather(city)


@task(name="answer")
def answer(question: str) -> str:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]
    call = client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS).choices[0].message.tool_calls[0]
    said = {"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": call.function.arguments}}
    messages.append({"role": "assistant", "tool_calls": [said]})
    messages.append({"role": "tool", "tool_call_id": call.id, "content": weather("Oslo")})
    return client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS).choices[0].message.content


@workflow(name="weather_turn")
def turn(question: str) -> str:
    return answer(question)


turn("What is the weather in Oslo?")
from opentelemetry import trace  # noqa: E402

trace.get_tracer_provider().shutdown()
