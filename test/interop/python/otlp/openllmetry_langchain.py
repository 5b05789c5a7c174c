"""OpenLLMetry's instrumentation of LangChain."""

from common import make_provider
from langchain_turn import run_turn
from opentelemetry.instrumentation.langchain import LangchainInstrumentor

provider = make_provider()
LangchainInstrumentor().instrument()
run_turn()
provider.shutdown()
