"""A crew of one agent, by OpenInference."""

import os

os.environ.update(CREWAI_DISABLE_TELEMETRY="true", CREWAI_TRACING_ENABLED="false", LITELLM_LOCAL_MODEL_COST_MAP="True")

from common import SESSION, USER, make_provider  # noqa: E402
from crewai import LLM, Agent, Crew, Task  # noqa: E402
from openinference.instrumentation import using_attributes  # noqa: E402
from openinference.instrumentation.crewai import CrewAIInstrumentor  # noqa: E402
from openinference.instrumentation.openai import OpenAIInstrumentor  # noqa: E402

provider = make_provider()
CrewAIInstrumentor().instrument()
OpenAIInstrumentor().instrument()
agent = Agent(role="Clock", goal="Tell the time.", backstory="Knows the time.", llm=LLM(model="gpt-4o-mini"))
task = Task(description="What time is it?", expected_output="The time.", agent=agent)
with using_attributes(session_id=SESSION, user_id=USER):
    Crew(agents=[agent], tasks=[task]).kickoff()
provider.shutdown()
