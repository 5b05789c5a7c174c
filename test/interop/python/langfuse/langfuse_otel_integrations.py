"""What the SDKs on OpenTelemetry (version 3 and later) bring for others: the decorator, the wrapper of the OpenAI client and the
callback of LangChain. Reads LANGFUSE_HOST, the key pair, and OPENAI_BASE_URL of the fake model.

Every trace has the session `integration-` and the major version, and the name of what wrote it.
"""

import asyncio
import importlib.metadata
import json

from calls import Calls
from langchain.agents import create_agent
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langfuse import get_client, observe, propagate_attributes
from langfuse.langchain import CallbackHandler
from langfuse.openai import AsyncOpenAI, OpenAI

MAJOR = int(importlib.metadata.version("langfuse").split(".")[0])
langfuse = get_client()
calls = Calls()
run, same = calls.run, calls.same
SESSION = f"integration-{MAJOR}"
MODEL = "gpt-4o-mini"
QUESTION = [{"role": "user", "content": "What time is it?"}]
REFUSED = [{"role": "user", "content": "Please fail"}]
prompt = run("create_prompt", lambda: langfuse.create_prompt(name="integrations/ask", prompt="Ask {{what}}", labels=["production"]))


# The decorator
@observe(as_type="generation", name="think")
def think(question):
    langfuse.update_current_generation(model=MODEL, usage_details={"input": 3, "output": 4}, metadata={"ratio": 1.0})
    return question.upper()


@observe(name="lose")
async def lose():
    raise ValueError("no way")


@observe(name="count")
def count():
    yield from ("one ", "two")


@observe(name="decorator")
async def turn(question):
    with propagate_attributes(session_id=SESSION, user_id="ada", tags=["python"], metadata={"tenant": "acme"}):
        langfuse.score_current_trace(name="quality", value=0.5)
        answer = think(question)
        list(count())
        try:
            await lose()
        except ValueError:
            pass
    return {"answer": answer}


run("observe", lambda: asyncio.run(turn("what?")))

# The wrapper of the OpenAI client
of = dict(metadata={"langfuse_session_id": SESSION, "langfuse_user_id": "ada", "langfuse_tags": ["python"], "ratio": 1.0})
client = OpenAI()
run("openai", lambda: client.chat.completions.create(model=MODEL, messages=QUESTION, name="openai", langfuse_prompt=prompt, **of))
run("openai (stream)", lambda: list(client.chat.completions.create(
    model=MODEL, messages=QUESTION, name="openai-stream", stream=True, stream_options={"include_usage": True}, **of)))
run("openai (responses)", lambda: client.responses.create(model=MODEL, input="What time is it?", name="openai-responses", **of))
run("openai (embeddings)", lambda: client.embeddings.create(model="text-embedding-3-small", input="time", name="openai-embeddings", **of))
run("openai (async)", lambda: asyncio.run(AsyncOpenAI().chat.completions.create(model=MODEL, messages=QUESTION, name="openai-async", **of)))
try:
    client.chat.completions.create(model=MODEL, messages=REFUSED, name="openai-refused", **of)
except Exception as error:
    same("openai (refused)", "refused" in str(error), True)


# LangChain
@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return "7 degrees, rain"


def config(name):
    return {"callbacks": [CallbackHandler()], "run_name": name,
            "metadata": {"langfuse_session_id": SESSION, "langfuse_user_id": "ada", "langfuse_tags": ["python"], "tenant": "acme"}}


template = ChatPromptTemplate.from_template(prompt.get_langchain_prompt())
template.metadata = {"langfuse_prompt": prompt}
model = ChatOpenAI(model=MODEL, temperature=0.5)
run("langchain", lambda: (template | model).invoke({"what": "time"}, config=config("langchain")))
agent = create_agent(model, [get_weather])
run("langchain (agent)", lambda: agent.invoke({"messages": [("human", "The weather in Oslo?")]}, config=config("langchain-agent")))

run("flush", langfuse.flush)
NAMES = ["decorator", "langchain", "langchain-agent", "openai", "openai-async", "openai-embeddings", "openai-refused",
         "openai-responses", "openai-stream"]
if MAJOR < 5:
    found = run("trace.list", lambda: langfuse.api.trace.list(session_id=SESSION).data)
    same("traces", sorted(trace.name for trace in found or []), NAMES)
    for trace in found or []:
        run(f"trace.get ({trace.name})", lambda: langfuse.api.trace.get(trace.id))
else:
    query = json.dumps([{"type": "string", "column": "sessionId", "operator": "=", "value": SESSION}])
    found = run("observations", lambda: langfuse.api.observations.get_many(
        filter=query, limit=100, fields="core,basic,io,metadata,model,usage,prompt,trace_context").data)
    same("traces", sorted({o.trace_name for o in found or []}), NAMES)
langfuse.shutdown()
calls.end()
