"""Langfuse's wrapper of the OpenAI client, and its SDK for the tool."""

import os

os.environ.update(LANGFUSE_HOST=os.environ["OTLP_URL"], LANGFUSE_PUBLIC_KEY="pk-fake", LANGFUSE_SECRET_KEY="sk-fake")

from common import FAILING_QUESTION, MODEL, QUESTION, SESSION, SYSTEM, TIME_QUESTION, TOOLS, USER, get_weather  # noqa: E402
from langfuse import get_client, observe, propagate_attributes  # noqa: E402
from langfuse.openai import OpenAI  # noqa: E402

client = OpenAI(max_retries=0)


@observe(as_type="tool", name="get_weather")
def weather(city: str) -> str:
    return get_weather(city)


@observe(as_type="agent", name="turn")
def turn(question: str) -> str:
    with propagate_attributes(session_id=SESSION, user_id=USER, tags=["weather"], metadata={"tenant": "acme"}):
        messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]
        first = client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS, temperature=0.5)
        call = first.choices[0].message.tool_calls[0]
        said = {"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": call.function.arguments}}
        messages.append({"role": "assistant", "tool_calls": [said]})
        messages.append({"role": "tool", "tool_call_id": call.id, "content": weather("Oslo")})
        text = client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS).choices[0].message.content
        asked = [{"role": "user", "content": TIME_QUESTION}]
        for _ in client.chat.completions.create(model=MODEL, messages=asked, stream=True, stream_options={"include_usage": True}):
            pass
        try:
            client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": FAILING_QUESTION}])
        except Exception:
            pass
        return text


turn(QUESTION)
get_client().flush()
get_client().shutdown()
