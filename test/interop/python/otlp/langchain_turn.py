"""The turn with a tool as a LangGraph agent."""

from common import MODEL, QUESTION, SESSION, SYSTEM, USER, get_weather
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI


def run_turn() -> None:
    agent = create_agent(ChatOpenAI(model=MODEL, temperature=0.5), [tool(get_weather)], system_prompt=SYSTEM)
    config = {"metadata": {"session_id": SESSION, "user_id": USER}, "tags": ["weather"]}
    agent.invoke({"messages": [{"role": "user", "content": QUESTION}]}, config)
