"""Everything that version 2 of the Langfuse SDK offers. Reads LANGFUSE_HOST and the key pair.

Its models are pydantic's: an answer without a required key raises.
"""

import base64
from datetime import datetime, timedelta, timezone

from calls import Calls
from langfuse import Langfuse
from langfuse.api import (
    ChatMessage,
    CreateCommentRequest,
    CreateDatasetItemRequest,
    CreateDatasetRequest,
    CreateDatasetRunItemRequest,
    CreateModelRequest,
    CreateScoreConfigRequest,
    CreateScoreRequest,
    ConfigCategory,
)
from langfuse.media import LangfuseMedia
from langfuse.api.resources.prompts.types import CreatePromptRequest_Text

langfuse = Langfuse()
PNG = b"\x89PNG\r\n\x1a\n of version 2"
api = langfuse.client
calls = Calls()
run, same = calls.run, calls.same
now = datetime.now(timezone.utc)
hour = timedelta(hours=1)

same("auth_check", run("auth_check answers", langfuse.auth_check), True)

# Prompts
run("create_prompt (text)", lambda: langfuse.create_prompt(
    name="v2-greeting", prompt="Hello {{name}}", labels=["production"], tags=["greet"], config={"temperature": 0.2},
    commit_message="first"))
run("create_prompt (chat)", lambda: langfuse.create_prompt(
    name="v2-chat", type="chat", prompt=[{"role": "system", "content": "You help {{who}}"}], labels=["production"]))
run("create_prompt (second version)", lambda: langfuse.create_prompt(name="v2-greeting", prompt="Hi {{name}}", labels=["staging"]))
text_prompt = run("get_prompt (text)", lambda: langfuse.get_prompt("v2-greeting"))
same("compile (text)", text_prompt.compile(name="Ada"), "Hello Ada")
chat = run("get_prompt (chat)", lambda: langfuse.get_prompt("v2-chat", type="chat"))
same("compile (chat)", chat.compile(who="Ada"), [{"role": "system", "content": "You help Ada"}])
same("get_prompt (label)", run("get_prompt by label", lambda: langfuse.get_prompt("v2-greeting", label="staging")).version, 2)
run("update_prompt", lambda: langfuse.update_prompt(name="v2-greeting", version=2, new_labels=["canary"]))
same("get_prompt (new label)", run("get_prompt by new label", lambda: api.prompts.get("v2-greeting", label="canary")).version, 2)
same("get_prompt (fallback)", langfuse.get_prompt("none", fallback="nothing", max_retries=1).prompt, "nothing")
run("prompts.list", lambda: api.prompts.list(name="v2-greeting", label="canary", page=1, limit=10, from_updated_at=now - hour))
run("prompts.create", lambda: api.prompts.create(request=CreatePromptRequest_Text(name="v2-api", prompt="x")))

# Traces
trace = langfuse.trace(id="v2-trace", name="chat.turn", session_id="v2-session", user_id="ada", tags=["python", "v2"],
                       metadata={"tenant": "acme", "ratio": 1.0}, input={"turn": 1}, release="r1", version="7", public=True)
span = trace.span(id="v2-span", name="retrieve", input={"q": "time"}, start_time=now)
generation = span.generation(
    id="v2-generation", name="chat.generation", model="gpt-4o-mini", model_parameters={"temperature": 0.2}, start_time=now,
    input=[{"role": "user", "content": "What time is it?"}], prompt=text_prompt)
generation.update(completion_start_time=now + timedelta(milliseconds=300), metadata={"step": 1})
generation.end(output={"role": "assistant", "content": "It is noon."}, end_time=now + timedelta(seconds=1),
               usage={"input": 12, "output": 5, "unit": "TOKENS"}, usage_details={"input": 12, "output": 5},
               cost_details={"input": 0.0000018, "output": 0.000003})
trace.event(id="v2-event", name="cache.miss", metadata={"key": "k"}, level="WARNING")
span.end(output={"hits": 2}, level="ERROR", status_message="stale")
trace.update(output="noon", tags=["python", "v2", "late"])
langfuse.generation(id="v2-old-usage", trace_id="v2-trace", name="old", model="gpt-4o-mini",
                    usage={"promptTokens": 3, "completionTokens": 4, "totalTokens": 7})
langfuse.trace(id="v2-media", name="media", input={"picture": LangfuseMedia(content_bytes=PNG, content_type="image/png")})
langfuse.trace(id="v2-trace-2", name="deleted")
langfuse.trace(id="v2-trace-3", name="deleted")
langfuse.trace(id="v2-trace-4", name="deleted")

# Scores
config = run("score_configs.create", lambda: api.score_configs.create(request=CreateScoreConfigRequest(
    name="tone", dataType="CATEGORICAL", categories=[ConfigCategory(label="good", value=1), ConfigCategory(label="bad", value=0)])))
run("score_configs.create (numeric)", lambda: api.score_configs.create(request=CreateScoreConfigRequest(
    name="length", dataType="NUMERIC", minValue=0, maxValue=10, description="words")))
run("score_configs.get", lambda: api.score_configs.get(page=1, limit=10))
run("score_configs.get_by_id", lambda: api.score_configs.get_by_id(config.id))
trace.score(id="v2-numeric", name="accuracy", value=0.75, comment="close")
generation.score(id="v2-categorical", name="tone", value="good", config_id=config.id)
langfuse.score(id="v2-early", trace_id="v2-to-come", name="early", value=1.0)
langfuse.score(id="v2-boolean", trace_id="v2-trace", name="solved", value=1, data_type="BOOLEAN")
run("score.create", lambda: api.score.create(request=CreateScoreRequest(id="v2-api", traceId="v2-trace", name="api", value=2)))
run("score.create (to delete)", lambda: api.score.create(request=CreateScoreRequest(id="v2-gone", traceId="v2-trace", name="api", value=3)))
run("flush", langfuse.flush)

# Media
seen = run("fetch_trace (media)", lambda: langfuse.fetch_trace("v2-media"))
if seen:
    reference = LangfuseMedia.parse_reference_string(seen.data.input["picture"])
    same("media reference", reference["content_type"], "image/png")
    same("fetch_media", run("fetch_media answers", lambda: langfuse.fetch_media(reference["media_id"])).data.content_length, len(PNG))
    same("resolve_media_references",
         run("resolve_media_references answers", lambda: langfuse.resolve_media_references(obj=seen.data.input, resolve_with="base64_data_uri")),
         {"picture": "data:image/png;base64," + base64.b64encode(PNG).decode()})

found = run("fetch_trace", lambda: langfuse.fetch_trace("v2-trace"))
if found:
    same("scores of the trace", sorted(score.name for score in found.data.scores), ["accuracy", "api", "api", "solved", "tone"])
    same("observations of the trace", sorted(o.type for o in found.data.observations), ["EVENT", "GENERATION", "GENERATION", "SPAN"])
    same("tags", sorted(found.data.tags), ["late", "python", "v2"])
run("fetch_traces", lambda: langfuse.fetch_traces(
    page=1, limit=10, name="chat.turn", user_id="ada", session_id="v2-session", from_timestamp=now - hour, to_timestamp=now + hour,
    order_by="timestamp.desc", tags=["python", "v2"]))
run("trace.list", lambda: api.trace.list(version="7", release="r1", environment=["default", "staging"]))
run("fetch_observations", lambda: langfuse.fetch_observations(
    trace_id="v2-trace", type="GENERATION", name="chat.generation", parent_observation_id="v2-span", user_id="ada",
    from_start_time=now - hour, to_start_time=now + hour))
one = run("fetch_observation", lambda: langfuse.fetch_observation("v2-generation"))
if one:
    same("prompt of the generation", (one.data.prompt_name, one.data.prompt_version), ("v2-greeting", 1))
    same("usage of the generation", (one.data.usage.input, one.data.usage.output, one.data.usage.total), (12, 5, 17))
run("get_generations", lambda: langfuse.get_generations())
run("fetch_sessions", lambda: langfuse.fetch_sessions(page=1, limit=10, from_timestamp=now - hour, to_timestamp=now + hour))
session = run("sessions.get", lambda: api.sessions.get("v2-session"))
if session:
    same("traces of the session", [t.id for t in session.traces], ["v2-trace"])
run("score.get", lambda: api.score.get(
    page=1, limit=10, name="accuracy", user_id="ada", from_timestamp=now - hour, to_timestamp=now + hour, source="API",
    operator=">=", value=0.5, data_type="NUMERIC", trace_tags=["python"], environment=["default"]))
run("score.get (categorical)", lambda: api.score.get(data_type="CATEGORICAL", config_id=config.id, score_ids="v2-categorical,v2-boolean"))
found = run("score.get (all)", lambda: api.score.get())
same("trace of a score that came first", [s.trace.tags for s in found.data if s.id == "v2-early"] if found else None, [[]])
run("score.get_by_id", lambda: api.score.get_by_id("v2-categorical"))
run("score.delete", lambda: api.score.delete("v2-gone"))
run("metrics.daily", lambda: api.metrics.daily(trace_name="chat.turn", user_id="ada", tags=["python"], from_timestamp=now - hour))
run("projects.get", api.projects.get)
run("health.health", api.health.health)

# Comments, models
comment = run("comments.create", lambda: api.comments.create(request=CreateCommentRequest(
    projectId=api.projects.get().data[0].id, objectType="TRACE", objectId="v2-trace", content="look", authorUserId="ada")))
run("comments.get", lambda: api.comments.get(object_type="TRACE", object_id="v2-trace", author_user_id="ada"))
if comment:
    run("comments.get_by_id", lambda: api.comments.get_by_id(comment.id))
model = run("models.create", lambda: api.models.create(request=CreateModelRequest(
    modelName="v2-model", matchPattern="(?i)^(v2-model)$", unit="TOKENS", inputPrice=0.1, outputPrice=0.2,
    tokenizerId="openai", tokenizerConfig={"tokensPerName": 1})))
run("models.list", lambda: api.models.list(page=1, limit=100))
if model:
    run("models.get", lambda: api.models.get(model.id))
    run("models.delete", lambda: api.models.delete(model.id))

# Datasets
run("create_dataset", lambda: langfuse.create_dataset(name="v2 set", description="d", metadata={"m": 1}))
for number in (1, 2):
    run("create_dataset_item", lambda: langfuse.create_dataset_item(
        dataset_name="v2 set", id=f"v2-item-{number}", input={"n": number}, expected_output={"n": number * 2}, metadata={"k": "v"},
        source_trace_id="v2-trace", source_observation_id="v2-generation", status="ACTIVE"))
run("get_dataset_item", lambda: langfuse.get_dataset_item("v2-item-1"))
dataset = run("get_dataset", lambda: langfuse.get_dataset("v2 set", fetch_items_page_size=1))
for item in dataset.items if dataset else []:
    with item.observe(run_name="run a", run_description="first", run_metadata={"model": "m"}) as trace_id:
        langfuse.score(id=f"run-{item.id}", trace_id=trace_id, name="exact", value=1)
    generation_of_item = langfuse.generation(id=f"generation-{item.id}", name="item", input=item.input, output={"n": 2})
    run("item.link", lambda: item.link(generation_of_item, "run b"))
run("flush (runs)", langfuse.flush)
dataset_run = run("get_dataset_run", lambda: langfuse.get_dataset_run("v2 set", "run a"))
if dataset_run:
    same("items of the run", len(dataset_run.dataset_run_items), 2)
run("get_dataset_runs", lambda: langfuse.get_dataset_runs("v2 set", page=1, limit=10))
run("datasets.list", lambda: api.datasets.list(page=1, limit=10))
run("datasets.get", lambda: api.datasets.get("v2%20set"))
run("datasets.create", lambda: api.datasets.create(request=CreateDatasetRequest(name="v2-api")))
run("dataset_items.create", lambda: api.dataset_items.create(request=CreateDatasetItemRequest(datasetName="v2-api", id="v2-api-item", input="x")))
run("dataset_items.list", lambda: api.dataset_items.list(dataset_name="v2 set", source_trace_id="v2-trace", page=1, limit=10))
run("dataset_run_items.create", lambda: api.dataset_run_items.create(request=CreateDatasetRunItemRequest(
    runName="run c", datasetItemId="v2-api-item", traceId="v2-trace")))
run("dataset_items.delete", lambda: api.dataset_items.delete("v2-api-item"))
run("datasets.delete_run", lambda: api.datasets.delete_run("v2%20set", "run%20b"))

run("trace.delete", lambda: api.trace.delete("v2-trace-2"))
run("trace.delete_multiple", lambda: api.trace.delete_multiple(trace_ids=["v2-trace-3", "v2-trace-4"]))
same("traces named deleted", len(run("fetch_traces (deleted)", lambda: langfuse.fetch_traces(name="deleted")).data), 0)
langfuse.shutdown()
calls.end()
