"""A tool calling agent of smolagents, by OpenInference."""

import os

from common import MODEL, QUESTION, SESSION, USER, get_weather, make_provider
from openinference.instrumentation import using_attributes
from openinference.instrumentation.smolagents import SmolagentsInstrumentor

provider = make_provider()
SmolagentsInstrumentor().instrument()
from smolagents import OpenAIModel, ToolCallingAgent, tool  # noqa: E402

model = OpenAIModel(model_id=MODEL, api_base=os.environ["OPENAI_BASE_URL"], api_key="sk-fake")
agent = ToolCallingAgent(tools=[tool(get_weather)], model=model, max_steps=3, verbosity_level=0, instructions="Be brief.")
with using_attributes(session_id=SESSION, user_id=USER):
    agent.run(QUESTION)
provider.shutdown()
