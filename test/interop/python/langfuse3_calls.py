"""One turn through the Langfuse SDK, as an application would trace it. Reads LANGFUSE_HOST and the key pair."""

import sys

from langfuse import get_client, propagate_attributes

langfuse = get_client()
is_known = langfuse.auth_check()
print("ok   auth_check" if is_known else "FAIL auth_check")
with langfuse.start_as_current_observation(as_type="agent", name="support-agent", input={"question": "何時ですか。"}) as agent:
    with propagate_attributes(user_id="ada", session_id="langfuse-session-1", tags=["python"], metadata={"tenant": "acme"}):
        langfuse.update_current_trace(name="chat.turn", input={"turn": 1}, output="noon")
        with langfuse.start_as_current_observation(
            as_type="generation",
            name="chat.generation",
            model="gpt-4o-mini",
            model_parameters={"temperature": 0.2},
            input=[{"role": "user", "content": "What time is it?"}],
        ) as generation:
            generation.update(
                output={"role": "assistant", "content": "It is noon."},
                usage_details={"input": 12, "output": 5},
                cost_details={"input": 0.0000018, "output": 0.000003},
            )
        with langfuse.start_as_current_observation(as_type="tool", name="clock", input={"tz": "UTC"}) as tool:
            tool.update(output=None, level="ERROR", status_message="no clock")
    agent.update(output="noon")
langfuse.flush()
langfuse.shutdown()
sys.exit(0 if is_known else 1)
