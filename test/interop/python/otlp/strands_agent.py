"""An agent of Strands with a tool, by its own tracing."""

import os

from common import MODEL, QUESTION, SESSION, SYSTEM, USER, get_weather, make_provider
from strands import Agent, tool
from strands.models.openai import OpenAIModel

provider = make_provider()
model = OpenAIModel(client_args={"api_key": "sk-fake", "base_url": os.environ["OPENAI_BASE_URL"]}, model_id=MODEL)
agent = Agent(
    name="weather_agent",
    model=model,
    tools=[tool(get_weather)],
    system_prompt=SYSTEM,
    callback_handler=None,
    trace_attributes={"session.id": SESSION, "user.id": USER},
)
agent(QUESTION)
provider.shutdown()
