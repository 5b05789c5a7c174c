"""Calls everything that xtrace's Python client offers, against XTRACE_URL with XTRACE_TOKEN. Prints FAIL and ends with 1 where
the client cannot use an answer. Its wrapper of the OpenAI client gets a stand-in for that client."""

import os
import sys
import time
from types import SimpleNamespace as Stub

from xtrace_sdk import XTraceClient
from xtrace_sdk.openai import observe_openai

failures = 0


def check(what, holds):
    global failures
    print(("ok   " if holds else "FAIL ") + what)
    failures += 0 if holds else 1


USAGE = Stub(prompt_tokens=12, completion_tokens=5, total_tokens=17)


class Completions:
    def create(self, **kwargs):
        if kwargs.get("stream"):
            parts = [Stub(choices=[Stub(delta=Stub(content=text))], usage=None) for text in ("It is ", "noon.")]
            return iter([*parts, Stub(choices=[], usage=USAGE)])
        return Stub(choices=[Stub(message=Stub(content="It is noon."))], usage=USAGE)


client = XTraceClient(os.environ["XTRACE_URL"], os.environ["XTRACE_TOKEN"], flush_interval_s=0.1)
openai = observe_openai(
    Stub(chat=Stub(completions=Completions())),
    xtrace=client,
    name="chat.turn",
    user_id="ada",
    session_id="python-session-1",
    tags=["python"],
    metadata={"turn_id": "turn-1", "run_id": "run-1"},
)
question = [{"role": "user", "content": "What time is it? 何時ですか。"}]
openai.chat.completions.create(model="gpt-4o-mini", messages=question)
for _ in openai.chat.completions.create(model="gpt-4o-mini", messages=question, stream=True):
    pass
# Both sent as they are, and parts of one trace in two pieces.
trace_id = "c0000000-0000-4000-8000-000000000001"
client.enqueue_batch({"trace": {"id": trace_id, "name": "agent.run", "timestamp": "2026-03-02T09:30:00Z"}})
client.enqueue_batch(
    {
        "observations": [
            {
                "id": "d0000000-0000-4000-8000-000000000001",
                "traceId": trace_id,
                "type": "SPAN",
                "name": "agent.plan",
                "startTime": "2026-03-02T09:30:00Z",
                "endTime": "2026-03-02T09:30:01Z",
            }
        ]
    }
)
deadline = time.time() + 10
while client.sent_batches + client.failed_batches < 3 and time.time() < deadline:
    time.sleep(0.05)
check(f"all batches are taken (sent {client.sent_batches})", client.sent_batches == 3 and client.failed_batches == 0)

points = [
    {"name": "kv_cache_usage", "labels": {"model_uid": "qwen"}, "value": 0.25, "timestamp": "2026-03-02T09:30:00Z"},
    {"name": "kv_cache_usage", "labels": {"model_uid": "qwen"}, "value": 1, "timestamp": "2026-03-02T09:30:30Z"},
    {"name": "unlabelled", "value": 3, "timestamp": "2026-03-02T09:30:00Z"},
]
check("push_metrics", client.push_metrics(points)["message"] == "Request Successful.")
check("metrics_names", client.metrics_names() == ["kv_cache_usage", "unlabelled"])
answer = client.metrics_query(
    name="kv_cache_usage",
    from_ts="2026-03-02T09:00:00Z",
    to_ts="2026-03-02T10:00:00Z",
    labels={"model_uid": "qwen"},
    step="1m",
    agg="last",
)
check("metrics_query", [value["value"] for series in answer["data"] for value in series["values"]] == [1])
client.shutdown()
sys.exit(1 if failures else 0)
