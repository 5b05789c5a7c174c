"""An agent of Google's ADK on the fake model (through LiteLLM), by ADK's own spans."""

import asyncio
import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

from common import QUESTION, SESSION, SYSTEM, USER, get_weather, make_provider  # noqa: E402

provider = make_provider()
from google.adk.agents import LlmAgent  # noqa: E402
from google.adk.models.lite_llm import LiteLlm  # noqa: E402
from google.adk.runners import InMemoryRunner  # noqa: E402
from google.genai import types  # noqa: E402


async def main() -> None:
    agent = LlmAgent(name="weather_agent", model=LiteLlm(model="openai/gpt-4o-mini"), instruction=SYSTEM, tools=[get_weather])
    runner = InMemoryRunner(agent=agent, app_name="weather-bot")
    await runner.session_service.create_session(app_name="weather-bot", user_id=USER, session_id=SESSION)
    message = types.Content(role="user", parts=[types.Part(text=QUESTION)])
    async for _ in runner.run_async(user_id=USER, session_id=SESSION, new_message=message):
        pass


asyncio.run(main())
provider.shutdown()
