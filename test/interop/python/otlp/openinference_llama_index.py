"""A chat and an agent with a tool of LlamaIndex, by OpenInference."""

import asyncio
import os

from common import MODEL, QUESTION, SESSION, SYSTEM, USER, get_weather, make_provider
from openinference.instrumentation import using_attributes
from openinference.instrumentation.llama_index import LlamaIndexInstrumentor

provider = make_provider()
LlamaIndexInstrumentor().instrument()
from llama_index.core.agent.workflow import FunctionAgent  # noqa: E402
from llama_index.llms.openai_like import OpenAILike  # noqa: E402

llm = OpenAILike(
    model=MODEL, api_base=os.environ["OPENAI_BASE_URL"], api_key="sk-fake", is_chat_model=True, is_function_calling_model=True
)


async def main() -> None:
    agent = FunctionAgent(tools=[get_weather], llm=llm, system_prompt=SYSTEM, streaming=False)
    with using_attributes(session_id=SESSION, user_id=USER):
        await agent.run(QUESTION)


asyncio.run(main())
provider.shutdown()
