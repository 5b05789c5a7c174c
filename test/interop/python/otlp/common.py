"""What all programs here share: the one conversation that each of them has with the fake model, and where spans go."""

import os

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

SESSION = "session-42"
USER = "ada"
MODEL = "gpt-4o-mini"
SYSTEM = "Answer in one sentence."
QUESTION = "What is the weather in Oslo?"
TIME_QUESTION = "What time is it?"
FAILING_QUESTION = "Please fail."
WEATHER_REPORT = "7 degrees, rain"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather of a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


def get_weather(city: str) -> str:
    """The weather of a city.

    Args:
        city: The name of the city.
    """
    return WEATHER_REPORT


def make_provider(make_global: bool = True) -> TracerProvider:
    provider = TracerProvider(resource=Resource({"service.name": "weather-bot", "service.version": "1.2.3"}))
    exporter = OTLPSpanExporter(os.environ["OTLP_URL"] + "/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    if make_global:
        trace.set_tracer_provider(provider)
    return provider


def converse() -> None:
    """The conversation through the OpenAI client: a turn with a tool, a streamed answer, an embedding, a failure."""
    from openai import BadRequestError, OpenAI

    client = OpenAI(max_retries=0)
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
    first = client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS, temperature=0.5)
    call = first.choices[0].message.tool_calls[0]
    said = {"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": call.function.arguments}}
    messages.append({"role": "assistant", "tool_calls": [said]})
    messages.append({"role": "tool", "tool_call_id": call.id, "content": get_weather("Oslo")})
    client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS)
    streamed = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": TIME_QUESTION}],
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=50,
    )
    for _ in streamed:
        pass
    client.embeddings.create(model="text-embedding-3-small", input=["Oslo"])
    try:
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": FAILING_QUESTION}])
    except BadRequestError:
        pass
