"""What posts to the ingestion route by way of version 2 of the SDK: its decorator, its wrapper of the OpenAI client, its
callbacks for LangChain and LlamaIndex, and LiteLLM. Reads LANGFUSE_HOST, the key pair, and OPENAI_BASE_URL of the fake model.

Every trace has the session `integration-2`, and the name of what wrote it.
"""

import gc
import os

import litellm
from calls import Calls
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI
from langfuse import Langfuse
from langfuse.callback import CallbackHandler
from langfuse.decorators import langfuse_context, observe
from langfuse.llama_index import LlamaIndexCallbackHandler
from langfuse.openai import OpenAI
from litellm.litellm_core_utils.thread_pool_executor import executor
from llama_index.core import Document, Settings, VectorStoreIndex
from llama_index.core.callbacks import CallbackManager
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.llms import MockLLM

langfuse = Langfuse()
calls = Calls()
run, same = calls.run, calls.same
SESSION = "integration-2"
MODEL = "gpt-4o-mini"
QUESTION = [{"role": "user", "content": "What time is it?"}]
REFUSED = [{"role": "user", "content": "Please fail"}]
client = OpenAI()


# The decorator, with a model call inside
@observe(as_type="generation", name="think")
def think(question):
    langfuse_context.update_current_observation(model=MODEL, usage={"input": 3, "output": 4}, metadata={"ratio": 1.0})
    return question.upper()


@observe(name="lose")
def lose():
    raise ValueError("no way")


@observe(name="decorator")
def turn(question):
    langfuse_context.update_current_trace(session_id=SESSION, user_id="ada", tags=["python"], metadata={"tenant": "acme"})
    langfuse_context.score_current_trace(name="quality", value=0.5)
    answer = think(question)
    try:
        lose()
    except ValueError:
        pass
    return {"answer": answer}


run("observe", lambda: turn("what?"))
run("observe (flush)", langfuse_context.flush)

# The wrapper of the OpenAI client
prompt = run("create_prompt", lambda: langfuse.create_prompt(name="integrations/ask", prompt="Ask {{what}}", labels=["production"]))
of = dict(session_id=SESSION, user_id="ada", tags=["python"], metadata={"ratio": 1.0})
run("openai", lambda: client.chat.completions.create(model=MODEL, messages=QUESTION, name="openai", langfuse_prompt=prompt, **of))
run("openai (stream)", lambda: list(client.chat.completions.create(
    model=MODEL, messages=QUESTION, name="openai-stream", stream=True, stream_options={"include_usage": True}, **of)))
try:
    client.chat.completions.create(model=MODEL, messages=REFUSED, name="openai-refused", **of)
except Exception as error:
    same("openai (refused)", "refused" in str(error), True)

# LangChain
handler = CallbackHandler(session_id=SESSION, user_id="ada", trace_name="langchain", tags=["python"], metadata={"tenant": "acme"})
chain = ChatPromptTemplate.from_template("Ask {what}") | ChatOpenAI(model=MODEL, temperature=0.5) | StrOutputParser()
same("langchain", run("langchain answers", lambda: chain.invoke({"what": "time"}, config={"callbacks": [handler]})), "It is noon.")
run("langchain (flush)", handler.flush)

# LlamaIndex
llama = LlamaIndexCallbackHandler()
llama.set_trace_params(name="llama-index", session_id=SESSION, user_id="ada", tags=["python"])
Settings.callback_manager, Settings.llm, Settings.embed_model = CallbackManager([llama]), MockLLM(), MockEmbedding(embed_dim=3)
index = run("llama-index (index)", lambda: VectorStoreIndex.from_documents([Document(text="It is noon.")]))
run("llama-index (query)", lambda: index.as_query_engine().query("What time is it?"))
run("llama-index (flush)", llama.flush)

# LiteLLM
litellm.success_callback = ["langfuse"]
run("litellm", lambda: litellm.completion(
    model=f"openai/{MODEL}", messages=QUESTION, temperature=0.5, api_base=os.environ["OPENAI_BASE_URL"],
    metadata={"trace_id": "litellm/trace:1 ü", "generation_id": "litellm-generation", "trace_name": "litellm", "session_id": SESSION,
              "generation_name": "call", "trace_user_id": "ada", "tags": ["python"], "trace_metadata": {"tenant": "acme"}}))
run("litellm (same trace)", lambda: litellm.completion(
    model=f"openai/{MODEL}", messages=QUESTION, api_base=os.environ["OPENAI_BASE_URL"],
    metadata={"existing_trace_id": "litellm/trace:1 ü", "generation_id": "litellm-second", "generation_name": "second"}))
executor.shutdown(wait=True)  # LiteLLM calls its callbacks in these threads, with a client that it keeps to itself
run("flush", lambda: [one.flush() for one in gc.get_objects() if isinstance(one, Langfuse)])
seen = run("fetch_observation", lambda: langfuse.fetch_observation("litellm-second"))
same("litellm (second)", seen and seen.data.trace_id, "litellm/trace:1 ü")
found = run("fetch_traces", lambda: langfuse.fetch_traces(session_id=SESSION, limit=50).data)
same("traces", sorted(trace.name for trace in found or []), [
    "decorator", "langchain", "litellm", "llama-index", "llama-index", "openai", "openai-refused", "openai-stream"])
for trace in found or []:
    run(f"trace.get ({trace.name})", lambda: langfuse.client.trace.get(trace.id.replace("/", "%2F")))
calls.end()
