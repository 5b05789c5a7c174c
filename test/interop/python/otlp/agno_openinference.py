"""An agent of Agno with a tool, by OpenInference."""

from common import MODEL, QUESTION, SESSION, SYSTEM, USER, get_weather, make_provider

provider = make_provider()
from openinference.instrumentation.agno import AgnoInstrumentor  # noqa: E402

AgnoInstrumentor().instrument()
from agno.agent import Agent  # noqa: E402
from agno.models.openai import OpenAIChat  # noqa: E402

agent = Agent(name="weather_agent", model=OpenAIChat(id=MODEL), tools=[get_weather], instructions=SYSTEM, telemetry=False)
agent.run(QUESTION, session_id=SESSION, user_id=USER)
provider.shutdown()
