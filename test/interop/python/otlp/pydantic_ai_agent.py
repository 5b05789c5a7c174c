"""An agent of Pydantic AI with a tool, by its own instrumentation."""

from common import MODEL, QUESTION, SYSTEM, get_weather, make_provider
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel

provider = make_provider()
Agent.instrument_all()
agent = Agent(OpenAIChatModel(MODEL), name="weather_agent", system_prompt=SYSTEM, tools=[get_weather], model_settings={"temperature": 0.5})
agent.run_sync(QUESTION, conversation_id="session-42")
provider.shutdown()
