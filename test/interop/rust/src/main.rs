//! Calls everything that the Rust client offers, against the server at XTRACE_URL with the token in XTRACE_TOKEN. A call whose
//! answer the client cannot parse is printed as `FAIL`, and the program ends with 1. Ids and times are fixed, so that
//! recordings of two runs differ only where the client makes something up.

use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::HashMap;
use std::fmt::Debug;
use tracing_subscriber::layer::SubscriberExt;
use uuid::Uuid;
use xtrace_client::{
    BatchIngestRequest, Client, Error, MetricPoint, MetricsDailyQuery, MetricsQueryParams, ObservationIngest, TraceIngest,
    TraceListQuery, XtraceLayer,
};

fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time of RFC 3339")
}

fn id(text: &str) -> Uuid {
    text.parse().expect("a UUID")
}

struct Report {
    failures: usize,
}

impl Report {
    fn note<T: Debug>(&mut self, call: &str, result: Result<T, Error>) -> Option<T> {
        match result {
            Ok(value) => {
                println!("ok   {call}: {}", format!("{value:?}").chars().take(160).collect::<String>());
                Some(value)
            }
            Err(error) => {
                self.failures += 1;
                println!("FAIL {call}: {error:?}");
                None
            }
        }
    }

    fn expect(&mut self, what: &str, holds: bool) {
        if !holds {
            self.failures += 1;
            println!("FAIL {what}");
        }
    }
}

fn full_trace(trace_id: Uuid) -> TraceIngest {
    let mut trace = TraceIngest::new(trace_id)
        .with_session_id("rust-session-1")
        .with_turn_id("turn-1")
        .with_run_id("run-1")
        .with_metadata_field("tenant", "acme");
    trace.timestamp = Some(time("2026-03-02T09:30:00.123456Z"));
    trace.name = Some("chat.turn".into());
    trace.input = Some(json!({ "question": "Wie spät ist es?" }));
    trace.output = Some(json!("Es ist 12 Uhr. 🕛"));
    trace.release = Some("r1".into());
    trace.version = Some("1.2.3".into());
    trace.user_id = Some("ada".into());
    trace.tags = vec!["beta".into(), "rust".into()];
    trace.public = Some(true);
    trace.environment = Some("staging".into());
    trace.external_id = Some("ticket-42".into());
    trace.bookmarked = Some(true);
    trace.latency = Some(2.5);
    trace.total_cost = Some(0.0125);
    trace.project_id = Some("default".into());
    trace
}

fn full_generation(trace_id: Uuid) -> ObservationIngest {
    let mut step = ObservationIngest::new(id("b0000000-0000-4000-8000-000000000001"), trace_id)
        .with_step_id("step-1")
        .with_step_type("llm_call");
    step.r#type = Some("GENERATION".into());
    step.name = Some("chat.generation".into());
    step.start_time = Some(time("2026-03-02T09:30:00.200Z"));
    step.end_time = Some(time("2026-03-02T09:30:02.200Z"));
    step.completion_start_time = Some(time("2026-03-02T09:30:00.700Z"));
    step.model = Some("gpt-4o-mini".into());
    step.model_parameters = Some(json!({ "temperature": 0.2 }));
    step.input = Some(json!([{ "role": "user", "content": "Wie spät ist es?" }]));
    step.output = Some(json!({ "role": "assistant", "content": "12 Uhr" }));
    step.usage = Some(json!({ "input": 12, "output": 5, "total": 17, "unit": "TOKENS" }));
    step.level = Some("DEFAULT".into());
    step.prompt_id = Some("prompt-id".into());
    step.prompt_name = Some("qa".into());
    step.prompt_version = Some("3".into());
    step.model_id = Some("model-id".into());
    step.input_price = Some(0.00000015);
    step.output_price = Some(0.0000006);
    step.calculated_input_cost = Some(0.0000018);
    step.calculated_output_cost = Some(0.000003);
    step.calculated_total_cost = Some(0.0000048);
    step.latency = Some(2.0);
    step.time_to_first_token = Some(0.5);
    step.prompt_tokens = Some(12);
    step.completion_tokens = Some(5);
    step.total_tokens = Some(17);
    step.unit = Some("TOKENS".into());
    step.environment = Some("staging".into());
    step.project_id = Some("default".into());
    step
}

#[tokio::main]
async fn main() {
    let url = std::env::var("XTRACE_URL").expect("XTRACE_URL");
    let token = std::env::var("XTRACE_TOKEN").expect("XTRACE_TOKEN");
    let client = Client::new(&format!("{url}/"), &token).expect("a client");
    let mut report = Report { failures: 0 };
    let trace_id = id("a0000000-0000-4000-8000-000000000001");

    report.note("healthz", client.healthz().await);

    // A supervisor writes the trace, a worker goes on with it; then one that states nothing but ids.
    let whole = BatchIngestRequest { trace: Some(full_trace(trace_id)), observations: vec![full_generation(trace_id)] };
    report.note("ingest_batch, everything stated", client.ingest_batch(&whole).await);
    let mut tool = ObservationIngest::new(id("b0000000-0000-4000-8000-000000000002"), trace_id)
        .with_step_id("step-2")
        .with_parent_step_id("step-1")
        .with_step_type("tool_call");
    tool.r#type = Some("TOOL".into());
    tool.name = Some("agent.tool".into());
    tool.start_time = Some(time("2026-03-02T09:30:02.300Z"));
    tool.end_time = Some(time("2026-03-02T09:30:02.400Z"));
    tool.level = Some("ERROR".into());
    tool.status_message = Some("no clock".into());
    tool.parent_observation_id = Some(id("b0000000-0000-4000-8000-000000000001"));
    let more = BatchIngestRequest { trace: None, observations: vec![tool] };
    report.note("ingest_batch, observations alone", client.ingest_batch(&more).await);
    let bare_id = id("a0000000-0000-4000-8000-000000000002");
    let bare = BatchIngestRequest {
        trace: Some(TraceIngest::new(bare_id)),
        observations: vec![ObservationIngest::new(id("b0000000-0000-4000-8000-000000000003"), bare_id)],
    };
    report.note("ingest_batch, ids alone", client.ingest_batch(&bare).await);

    if let Some(page) = report.note("list_traces", client.list_traces(&TraceListQuery::default()).await) {
        report.expect("list_traces has both traces", page.data.len() == 2 && page.meta.total_items == 2);
    }
    let filtered = TraceListQuery {
        page: Some(1),
        limit: Some(10),
        user_id: Some("ada".into()),
        name: Some("chat.turn".into()),
        session_id: Some("rust-session-1".into()),
        from_timestamp: Some(time("2026-03-02T00:00:00Z")),
        to_timestamp: Some(time("2026-03-03T00:00:00Z")),
        order_by: Some("timestamp.desc".into()),
        tags: vec!["beta".into(), "rust".into()],
        version: Some("1.2.3".into()),
        release: Some("r1".into()),
        environment: vec!["staging".into(), "production".into()],
        fields: Some("core,io,scores,observations,metrics".into()),
    };
    if let Some(page) = report.note("list_traces, every filter", client.list_traces(&filtered).await) {
        report.expect("the filters leave one", page.data.len() == 1);
    }
    let slim = TraceListQuery { fields: Some("core".into()), ..TraceListQuery::default() };
    report.note("list_traces, core alone", client.list_traces(&slim).await);
    if let Some(trace) = report.note("get_trace", client.get_trace(trace_id).await) {
        report.expect("get_trace has both observations", trace.observations.len() == 2);
        report.expect("get_trace keeps the session", trace.session_id.as_deref() == Some("rust-session-1"));
    }
    report.note("get_trace, ids alone", client.get_trace(bare_id).await);
    let unknown = client.get_trace(id("a0000000-0000-4000-8000-00000000dead")).await;
    report.expect("get_trace of an unknown id is an error", unknown.is_err());

    let label = |pairs: &[(&str, &str)]| -> HashMap<String, String> {
        pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    };
    let point = |value: f64, at: &str| MetricPoint {
        name: "gpu_utilization".into(),
        labels: label(&[("node_id", "rust-node")]),
        value,
        timestamp: time(at),
    };
    let points = [point(40.0, "2026-03-02T09:30:05Z"), point(60.0, "2026-03-02T09:30:10.5Z"), point(80.0, "2026-03-02T09:31:00Z")];
    report.note("push_metrics", client.push_metrics(&points).await);
    if let Some(names) = report.note("list_metric_names", client.list_metric_names().await) {
        report.expect("the name is listed", names.contains(&"gpu_utilization".to_string()));
    }
    let query = MetricsQueryParams {
        name: "gpu_utilization".into(),
        from: Some(time("2026-03-02T09:00:00Z")),
        to: Some(time("2026-03-02T10:00:00Z")),
        labels: Some(label(&[("node_id", "rust-node")])),
        step: Some("1m".into()),
        agg: Some("avg".into()),
        group_by: Some("node_id".into()),
    };
    if let Some(answer) = report.note("query_metrics", client.query_metrics(&query).await) {
        let values: Vec<f64> = answer.data.iter().flat_map(|series| series.values.iter().map(|point| point.value)).collect();
        report.expect("query_metrics averages by the minute", values == [50.0, 80.0]);
        report.expect("query_metrics says how fresh it is", answer.meta.latest_ts.is_some());
    }
    let nothing = MetricsQueryParams { name: "never_written".into(), ..MetricsQueryParams::default() };
    report.note("query_metrics, nothing found", client.query_metrics(&nothing).await);

    // The layer writes on its own: an event and the duration of its span.
    let subscriber = tracing_subscriber::registry().with(XtraceLayer::new(client.clone()));
    tracing::subscriber::with_default(subscriber, || {
        let span = tracing::info_span!("tool", session_id = "rust-session-1");
        let _inside = span.enter();
        tracing::info!(metric = "agent_tokens", value = 100, model = "gpt-4o-mini");
    });
    let mut is_written = false;
    for _ in 0..100 {
        let names = client.list_metric_names().await.unwrap_or_default();
        is_written = ["agent_tokens", "span_duration"].iter().all(|name| names.iter().any(|found| found == name));
        if is_written {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    report.expect("the tracing layer writes its metrics", is_written);

    let daily = MetricsDailyQuery {
        page: Some(1),
        limit: Some(10),
        trace_name: Some("chat.turn".into()),
        user_id: Some("ada".into()),
        tags: vec!["beta".into()],
        from_timestamp: Some(time("2026-03-01T00:00:00Z")),
        to_timestamp: Some(time("2026-03-03T00:00:00Z")),
        version: Some("1.2.3".into()),
        release: Some("r1".into()),
    };
    report.note("metrics_daily", client.metrics_daily(&daily).await);

    std::process::exit(i32::from(report.failures > 0));
}
