"""OpenInference's instrumentation of LangChain."""

from common import make_provider
from langchain_turn import run_turn
from openinference.instrumentation.langchain import LangChainInstrumentor

provider = make_provider()
LangChainInstrumentor().instrument()
run_turn()
provider.shutdown()
