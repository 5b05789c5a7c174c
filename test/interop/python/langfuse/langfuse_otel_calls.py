"""Everything that the Langfuse SDKs on OpenTelemetry (version 3 and later) offer. Reads LANGFUSE_HOST and the key pair.

Their models are pydantic's: an answer without a required key raises.
"""

import base64
import importlib.metadata
import json
from datetime import datetime, timedelta, timezone

from calls import Calls
from langfuse import Evaluation, Langfuse, propagate_attributes
from langfuse.media import LangfuseMedia

MAJOR = int(importlib.metadata.version("langfuse").split(".")[0])
if MAJOR == 3:
    from langfuse.api import (
        ConfigCategory,
        CreateCommentRequest,
        CreateModelRequest,
        CreateScoreConfigRequest,
        CreateScoreRequest,
        UpdateScoreConfigRequest,
    )
if MAJOR > 4:
    from langfuse import EvaluatorInputs
    from langfuse.api import CreateScoreRequest
langfuse = Langfuse()
api = langfuse.api
calls = Calls()
run, same = calls.run, calls.same
now = datetime.now(timezone.utc)
hour = timedelta(hours=1)
PNG = b"\x89PNG\r\n\x1a\n of version " + str(MAJOR).encode()
trace_id = Langfuse.create_trace_id(seed="turn")

same("auth_check", run("auth_check answers", langfuse.auth_check), True)

# Prompts
run("create_prompt (text)", lambda: langfuse.create_prompt(
    name="py/greeting", prompt="Hello {{name}}", labels=["production"], tags=["greet"], config={"temperature": 0.2},
    commit_message="first"))
run("create_prompt (chat)", lambda: langfuse.create_prompt(
    name="py-chat", type="chat", labels=["production"],
    prompt=[{"role": "system", "content": "You help {{who}}"}, {"type": "placeholder", "name": "history"}]))
run("create_prompt (second version)", lambda: langfuse.create_prompt(name="py/greeting", prompt="Hi {{name}}", labels=["staging"]))
text_prompt = run("get_prompt (text)", lambda: langfuse.get_prompt("py/greeting"))
same("compile (text)", text_prompt.compile(name="Ada"), "Hello Ada")
chat = run("get_prompt (chat)", lambda: langfuse.get_prompt("py-chat", type="chat"))
same("compile (chat)", chat.compile(who="Ada", history=[{"role": "user", "content": "x"}]),
     [{"role": "system", "content": "You help Ada"}, {"role": "user", "content": "x"}])
same("get_prompt (version)", run("get_prompt by version", lambda: langfuse.get_prompt("py/greeting", version=2)).prompt, "Hi {{name}}")
run("update_prompt", lambda: langfuse.update_prompt(name="py/greeting", version=2, new_labels=["canary"]))
same("get_prompt (new label)", run("get_prompt by new label", lambda: langfuse.get_prompt("py/greeting", label="canary")).version, 2)
same("get_prompt (fallback)", langfuse.get_prompt("none", fallback="nothing", max_retries=0).prompt, "nothing")
run("prompts.list", lambda: api.prompts.list(name="py/greeting", label="canary", tag="greet", page=1, limit=10, from_updated_at=now - hour))
run("create_prompt (to delete)", lambda: langfuse.create_prompt(name="py-gone", prompt="x"))
run("prompts.delete", lambda: api.prompts.delete("py-gone", version=1))

# Traces, and scores of what is current
with langfuse.start_as_current_observation(
    as_type="agent", name="support-agent", input={"question": "何時ですか。"}, trace_context={"trace_id": trace_id}) as agent:
    with propagate_attributes(user_id="ada", session_id="py-session", tags=["python"], metadata={"tenant": "acme"}, version="7"):
        if MAJOR == 3:
            langfuse.update_current_trace(name="chat.turn", input={"turn": 1}, output="noon", public=True)
        else:
            if MAJOR == 4:
                langfuse.set_current_trace_io(input={"turn": 1}, output="noon")
            langfuse.set_current_trace_as_public()
        with langfuse.start_as_current_observation(
            as_type="generation", name="chat.generation", model="gpt-4o-mini", model_parameters={"temperature": 0.2},
            input=[{"role": "user", "content": "What time is it?"}], prompt=text_prompt) as generation:
            generation.update(
                output={"role": "assistant", "content": "It is noon."}, completion_start_time=datetime.now(timezone.utc),
                usage_details={"input": 12, "output": 5}, cost_details={"input": 0.0000018, "output": 0.000003})
            langfuse.score_current_span(name="tone", value="good", data_type="CATEGORICAL", score_id="py-categorical")
            generation_id = generation.id
        with langfuse.start_as_current_observation(as_type="tool", name="clock", input={"tz": "UTC"}, metadata={"ratio": 1.0, "tiny": 1.2e-7, "digits": "12.50"}) as tool:
            tool.update(output=None, level="ERROR", status_message="no clock")
        for kind in ("chain", "retriever", "embedding", "evaluator", "guardrail", "span"):
            with agent.start_as_current_observation(as_type=kind, name=f"a {kind}", metadata={"kind": kind}):
                pass
        langfuse.create_event(name="cache.miss", metadata={"key": "k"}, level="WARNING")
        langfuse.score_current_trace(name="accuracy", value=0.75, comment="close", score_id="py-numeric", metadata={"by": "hand"})
    agent.update(output="noon")
with langfuse.start_as_current_observation(
    as_type="span", name="media", input={"picture": LangfuseMedia(content_bytes=PNG, content_type="image/png")}) as with_media:
    media_trace = with_media.trace_id
gone = []
for number in range(3):
    with langfuse.start_as_current_observation(as_type="span", name="deleted") as root:
        gone.append(root.trace_id)
config = run("score_configs.create", lambda: api.score_configs.create(
    name="mood", data_type="CATEGORICAL", categories=[{"label": "good", "value": 1}, {"label": "bad", "value": 0}])
    if MAJOR > 3 else api.score_configs.create(request=CreateScoreConfigRequest(
        name="mood", dataType="CATEGORICAL", categories=[ConfigCategory(label="good", value=1), ConfigCategory(label="bad", value=0)])))
langfuse.create_score(name="solved", value=1, data_type="BOOLEAN", trace_id=trace_id, score_id="py-boolean")
langfuse.create_score(name="remark", value="a long remark", data_type="TEXT", trace_id=trace_id, score_id="py-text")
langfuse.create_score(name="mood", value="bad", data_type="CATEGORICAL", trace_id=trace_id, observation_id=generation_id,
                      score_id="py-config", config_id=config.id if config else None, timestamp=now)
langfuse.create_score(name="session", value=3, session_id="py-session", score_id="py-of-session")
langfuse.create_score(name="gone", value=3, trace_id=trace_id, score_id="py-gone")
run("flush", langfuse.flush)

# Reads
trace = run("trace.get", lambda: api.trace.get(trace_id)) if MAJOR < 5 else None
if trace:
    same("scores of the trace", sorted(score.name for score in trace.scores), ["accuracy", "gone", "mood", "remark", "solved", "tone"])
    same("observations of the trace", sorted(o.type for o in trace.observations),
         ["AGENT", "CHAIN", "EMBEDDING", "EVALUATOR", "EVENT", "GENERATION", "GUARDRAIL", "RETRIEVER", "SPAN", "TOOL"])
    same("fields of the trace", (trace.user_id, trace.session_id, trace.tags, trace.input, trace.output, trace.public, trace.version),
         ("ada", "py-session", ["python"], {"turn": 1}, "noon", True, "7"))
if MAJOR < 5:
    run("trace.list", lambda: api.trace.list(
        page=1, limit=10, user_id="ada", session_id="py-session", from_timestamp=now - hour, to_timestamp=now + hour,
        order_by="timestamp.desc", tags=["python"], environment=["default", "staging"], fields="core,io,scores,observations,metrics"))
    run("trace.list (filter)", lambda: api.trace.list(filter=json.dumps(
        [{"type": "stringObject", "column": "metadata", "key": "tenant", "operator": "=", "value": "acme"}])))
v1 = api.observations if MAJOR == 3 else api.legacy.observations_v1 if hasattr(api, "legacy") else None
if v1:
    many = run("observations v1", lambda: v1.get_many(
        trace_id=trace_id, type="GENERATION", name="chat.generation", user_id="ada", from_start_time=now - hour, to_start_time=now + hour))
    run("observations v1 (all)", lambda: v1.get_many(limit=100))
    one = run("observations v1 (one)", lambda: v1.get(generation_id))
    if one:
        same("generation", (one.model, one.prompt_name, one.prompt_version, one.usage_details, one.model_parameters),
             ("gpt-4o-mini", "py/greeting", 1, {"input": 12, "output": 5, "total": 17}, {"temperature": 0.2}))
v2 = api.observations_v_2 if MAJOR == 3 else api.observations
page = run("observations v2", lambda: v2.get_many(
    trace_id=trace_id, limit=3, fields="core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context", from_start_time=now - hour))
seen = list(page.data) if page else []
while page and page.meta.cursor:
    page = run("observations v2 (next page)", lambda: v2.get_many(
        trace_id=trace_id, limit=3, fields="core", from_start_time=now - hour, cursor=page.meta.cursor))
    seen += page.data if page else []
same("observations v2 (all pages)", len({o.id if hasattr(o, "id") else o["id"] for o in seen}), 10)
run("observations v2 (no fields)", lambda: v2.get_many(type="GENERATION", level="DEFAULT", environment=["default"]))
run("observations v2 (filter)", lambda: v2.get_many(filter=json.dumps(
    [{"type": "string", "column": "name", "operator": "contains", "value": "chat"}])))
if MAJOR > 4:
    found = run("observations v2 (root)", lambda: v2.get_many(
        trace_id=trace_id, name="support-agent", fields="core,basic,io,metadata,trace_context"))
    root = found.data[0] if found else None
    same("fields of the root", root and (root.user_id, root.session_id, root.tags, json.loads(root.input), root.output, root.version),
         ("ada", "py-session", ["python"], {"question": "何時ですか。"}, "noon", "7"))
    found = run("observations v2 (metadata)", lambda: v2.get_many(trace_id=trace_id, name="a chain", fields="core,metadata"))
    same("metadata of an observation", found and found.data[0].metadata["kind"], "chain")
    found = run("observations v2 (numbers)", lambda: v2.get_many(trace_id=trace_id, name="clock", fields="core,metadata"))
    same("numbers in metadata", found and [found.data[0].metadata[key] for key in ("ratio", "tiny", "digits")], [1, 1.2e-7, "12.50"])
    found = run("scores v3 (trace)", lambda: api.scores.get_many(trace_id=trace_id, fields="subject,details", limit=100))
    same("scores of the trace", sorted(score.name for score in found.data) if found else None,
         ["accuracy", "gone", "mood", "remark", "solved", "tone"])
    same("time of a score", [score.timestamp for score in found.data if score.id == "py-config"] if found else None,
         [now.replace(microsecond=now.microsecond // 1000 * 1000)])
if MAJOR < 5:
    run("sessions.list", lambda: api.sessions.list(page=1, limit=10, from_timestamp=now - hour, to_timestamp=now + hour, environment="default")) if hasattr(api, "sessions") else None
    run("sessions.get", lambda: api.sessions.get("py-session"))
scores = api.score_v_2 if MAJOR == 3 else api.scores
if MAJOR < 5:
    found = run("scores v2", lambda: (scores.get if MAJOR == 3 else scores.get_many)(
        page=1, limit=10, name="accuracy", user_id="ada", from_timestamp=now - hour, to_timestamp=now + hour, source="API",
        operator=">=", value=0.5, data_type="NUMERIC", trace_tags=["python"], environment=["default"]))
    same("scores v2 (found)", [score.id for score in found.data] if found else None, ["py-numeric"])
    run("scores v2 (all)", lambda: (scores.get if MAJOR == 3 else scores.get_many)(limit=100))
    for score_id in ("py-numeric", "py-categorical", "py-boolean", "py-text", "py-of-session"):
        run(f"scores v2 ({score_id})", lambda: scores.get_by_id(score_id))
if MAJOR > 3:
    v3 = api.scores_v3.get_many_v3 if MAJOR == 4 else api.scores.get_many
    run("scores v3", lambda: v3(limit=2, fields="subject,details,annotation"))
    run("scores v3 (all fields)", lambda: v3(trace_id=trace_id, fields="details,subject"))
    run("scores v3 (session)", lambda: v3(session_id="py-session"))
    run("scores v3 (numeric)", lambda: v3(name="accuracy", data_type="NUMERIC", value_min=0.5, value_max=1, from_timestamp=now - hour))
run("score_configs.get", lambda: api.score_configs.get(page=1, limit=10))
if config:
    run("score_configs.get_by_id", lambda: api.score_configs.get_by_id(config.id))
    run("score_configs.update", lambda: api.score_configs.update(config.id, description="of the answer") if MAJOR > 3
        else api.score_configs.update(config.id, request=UpdateScoreConfigRequest(description="of the answer")))
score_v1 = api.score if MAJOR == 3 else api.legacy.score_v1 if hasattr(api, "legacy") else api.scores
if MAJOR == 3:
    run("score.create", lambda: score_v1.create(request=CreateScoreRequest(id="py-api", traceId=trace_id, name="api", value=2)))
elif MAJOR == 4:
    run("score.create", lambda: score_v1.create(id="py-api", trace_id=trace_id, name="api", value=2))
else:
    of = dict(trace_id=trace_id, name="api", value=2, timestamp=now)
    taken = run("scores.create", lambda: api.scores.create(request=[CreateScoreRequest(id="py-api", **of)]))
    same("scores.create (all taken)", taken and taken.message, "Accepted")
    partly = run("scores.create (one refused)", lambda: api.scores.create(
        request=[CreateScoreRequest(id="py-api", **of), CreateScoreRequest(config_id="none", **of)]))
    same("scores.create (counts)", partly and (partly.accepted, partly.rejected, len(partly.errors)), (1, 1, 1))
run("score.delete", lambda: score_v1.delete("py-gone"))

query = {"view": "observations", "metrics": [{"measure": "count", "aggregation": "count"}, {"measure": "totalCost", "aggregation": "sum"}],
         "dimensions": [{"field": "name"}], "filters": [], "fromTimestamp": (now - hour).isoformat(),
         "toTimestamp": (now + hour).isoformat(), "timeDimension": {"granularity": "hour"}}
v1_metrics = api.metrics if MAJOR == 3 else api.legacy.metrics_v1 if hasattr(api, "legacy") else None
if v1_metrics:
    run("metrics v1", lambda: v1_metrics.metrics(query=json.dumps({**query, "view": "traces"})))
v2_metrics = api.metrics_v_2 if MAJOR == 3 else api.metrics
sums = run("metrics v2", lambda: v2_metrics.metrics(query=json.dumps({**query, "filters": [
    {"column": "name", "operator": "=", "value": "chat.generation", "type": "string"}]})))
same("metrics v2 (count)", sum(int(row["count_count"]) for row in sums.data) if sums else None, 1)
run("metrics v2 (scores)", lambda: v2_metrics.metrics(query=json.dumps({**query, "view": "scores-numeric", "metrics": [
    {"measure": "value", "aggregation": "avg"}]})))
project = run("projects.get", api.projects.get).data[0]
same("projects.get (organization)", bool(project.organization.id), True)
run("health.health", api.health.health)
run("models.list", lambda: api.models.list(page=1, limit=100))
model_of = dict(model_name="py-model", match_pattern="(?i)^(py-model)$", unit="TOKENS", input_price=0.1, output_price=0.2)
model = run("models.create", lambda: api.models.create(**model_of) if MAJOR > 3 else api.models.create(request=CreateModelRequest(
    modelName="py-model", matchPattern="(?i)^(py-model)$", unit="TOKENS", inputPrice=0.1, outputPrice=0.2)))
if model:
    run("models.get", lambda: api.models.get(model.id))
    run("models.delete", lambda: api.models.delete(model.id))
comment = run("comments.create", lambda: api.comments.create(
    project_id=project.id, object_type="TRACE", object_id=trace_id, content="look", author_user_id="ada") if MAJOR > 3
    else api.comments.create(request=CreateCommentRequest(
        projectId=project.id, objectType="TRACE", objectId=trace_id, content="look", authorUserId="ada")))
run("comments.get", lambda: api.comments.get(object_type="TRACE", object_id=trace_id, author_user_id="ada"))
if comment:
    run("comments.get_by_id", lambda: api.comments.get_by_id(comment.id))

# Media
if MAJOR < 5:
    seen_media = run("trace.get (media)", lambda: api.trace.get(media_trace).input)
else:
    seen_media = run("observations v2 (media)", lambda: json.loads(v2.get_many(trace_id=media_trace, fields="io").data[0].input))
if seen_media:
    reference = LangfuseMedia.parse_reference_string(seen_media["picture"])
    same("media.get", run("media.get answers", lambda: api.media.get(reference["media_id"])).content_length, len(PNG))
    same("resolve_media_references",
         run("resolve_media_references answers",
             lambda: langfuse.resolve_media_references(obj=seen_media, resolve_with="base64_data_uri")),
         {"picture": "data:image/png;base64," + base64.b64encode(PNG).decode()})

# Datasets and experiments
run("create_dataset", lambda: langfuse.create_dataset(
    name="py set/a", description="d", metadata={"m": 1},
    **({"input_schema": {"type": "object", "required": ["n"]}} if MAJOR > 3 else {})))
for number in (1, 2):
    run("create_dataset_item", lambda: langfuse.create_dataset_item(
        dataset_name="py set/a", id=f"py-item-{number}", input={"n": number}, expected_output={"n": number * 2}, metadata={"k": "v"},
        source_trace_id=trace_id, source_observation_id=generation_id, status="ACTIVE"))
dataset = run("get_dataset", lambda: langfuse.get_dataset("py set/a", fetch_items_page_size=1))
same("get_dataset (items)", sorted(item.id for item in dataset.items), ["py-item-1", "py-item-2"])


def task(*, item, **_):
    with langfuse.start_as_current_observation(as_type="generation", name="double", model="gpt-4o-mini", input=item.input if hasattr(item, "input") else item["input"]) as double:
        answer = {"n": (item.input if hasattr(item, "input") else item["input"])["n"] * 2}
        double.update(output=answer, usage_details={"input": 1, "output": 1})
    return answer


def exact(*, output, expected_output=None, **_):
    return Evaluation(name="exact", value=1.0 if output == expected_output else 0.0, comment="compared")


def mean(*, item_results, **_):
    return Evaluation(name="mean", value=sum(e.value for r in item_results for e in r.evaluations) / len(item_results))


result = run("dataset.run_experiment", lambda: dataset.run_experiment(
    name="doubling", run_name="run a", description="first", task=task, evaluators=[exact], run_evaluators=[mean], metadata={"model": "m"}))
same("run_experiment (scores)", sorted(e.value for r in result.item_results for e in r.evaluations) if result else None, [1.0, 1.0])
local = run("run_experiment (local data)", lambda: langfuse.run_experiment(
    name="local", data=[{"input": {"n": 3}, "expected_output": {"n": 6}}], task=task, evaluators=[exact]))
if MAJOR == 3:
    for item in dataset.items:
        with item.run(run_name="run b", run_description="by hand", run_metadata={"hand": True}) as root:
            root.update(output={"n": 0})
            root.score_trace(name="exact", value=0)
run("flush (experiments)", langfuse.flush)
dataset_run = None
if MAJOR < 5:
    runs = run("get_dataset_runs", lambda: langfuse.get_dataset_runs(dataset_name="py set/a", page=1, limit=10))
    same("runs", sorted(r.name for r in runs.data) if runs else None, ["run a", "run b"] if MAJOR == 3 else ["run a"])
    dataset_run = run("get_dataset_run", lambda: langfuse.get_dataset_run(dataset_name="py set/a", run_name="run a"))
    same("items of the run", len(dataset_run.dataset_run_items) if dataset_run else None, 2)
elif result:
    # What runs were is an experiment now, made of nothing but the spans, and a score of it.
    found = run("experiments.list (one)", lambda: api.experiments.list(
        from_start_time=now - hour, id=result.experiment_id, fields="core,metadata,scores"))
    same("the experiment", [(e.name, e.item_count, e.dataset_id, e.metadata, [(s.name, s.value) for s in e.scores or []]) for e in found.data]
         if found else None, [("run a", 2, dataset.id, {"model": "m"}, [("mean", 1.0)])])
    found = run("experiments.list_items (one)", lambda: api.experiments.list_items(
        from_start_time=now - hour, experiment_id=result.experiment_id, fields="core,io,itemMetadata,scores"))
    same("items of the experiment", sorted((i.experiment_item_id, i.experiment_item_metadata["k"], [s.value for s in i.scores or []]) for i in found.data)
         if found else None, [("py-item-1", "v", [1.0]), ("py-item-2", "v", [1.0])])
    batch = run("run_batched_evaluation", lambda: langfuse.run_batched_evaluation(
        mapper=lambda *, item: EvaluatorInputs(input=item.input, output=item.output, expected_output=None, metadata={}),
        evaluators=[lambda *, output, **_: Evaluation(name="length", value=len(output or ""))], fetch_batch_size=2,
        filter=json.dumps([{"type": "string", "column": "name", "operator": "=", "value": "double"}])))
    same("run_batched_evaluation (items)", batch and (batch.completed, batch.total_items_processed, batch.total_scores_created), (True, 3, 3))
    run("flush (batched evaluation)", langfuse.flush)
if dataset_run:
    of_run = run("scores v2 (dataset run)", lambda: (scores.get if MAJOR == 3 else scores.get_many)(dataset_run_id=dataset_run.id))
    same("score of the run", [(s.name, s.value) for s in of_run.data] if of_run else None, [("mean", 1.0)])
    if hasattr(api, "dataset_run_items") and hasattr(api.dataset_run_items, "list"):
        run("dataset_run_items.list", lambda: api.dataset_run_items.list(dataset_id=dataset.id, run_name="run a", page=1, limit=10))
run("datasets.list", lambda: api.datasets.list(page=1, limit=10))
run("dataset_items.list", lambda: api.dataset_items.list(dataset_name="py set/a", source_trace_id=trace_id, page=1, limit=10))
run("dataset_items.get", lambda: api.dataset_items.get("py-item-1"))
if MAJOR > 3:
    run("get_dataset (version)", lambda: langfuse.get_dataset("py set/a", version=datetime.now(timezone.utc)))
    experiments = run("experiments.list", lambda: api.experiments.list(from_start_time=now - hour, fields="core,metadata,scores", limit=10))
    run("experiments.list (no fields)", lambda: api.experiments.list(from_start_time=now - hour))
    same("experiments", sorted(e.name for e in experiments.data)[-1:] if experiments else None, ["run a"])
    run("experiments.list_items", lambda: api.experiments.list_items(from_start_time=now - hour, experiment_name="run a", limit=10))
    run("experiments.list_items (fields)", lambda: api.experiments.list_items(
        from_start_time=now - hour, fields="core,io,metadata,scores", score_limit=5, limit=10))

# Deletes
run("dataset_items.delete", lambda: api.dataset_items.delete("py-item-2"))
if MAJOR < 5:
    run("delete_dataset_run", lambda: langfuse.delete_dataset_run(dataset_name="py set/a", run_name="run a"))
run("trace.delete", lambda: api.trace.delete(gone[0]))
run("trace.delete_multiple", lambda: api.trace.delete_multiple(trace_ids=gone[1:]))
rest = run("trace.list (deleted)", lambda: api.trace.list(name="deleted") if MAJOR < 5 else v2.get_many(name="deleted"))
same("traces named deleted", len(rest.data) if rest else None, 0)
langfuse.shutdown()
calls.end()
