"""OpenTelemetry's instrumentation of the OpenAI client, with traces, logs and metrics."""

import os

from common import converse, make_provider
from opentelemetry import _logs, metrics, trace
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

url = os.environ["OTLP_URL"]
resource = Resource({"service.name": "weather-bot", "service.version": "1.2.3"})
provider = make_provider()
logs = LoggerProvider(resource=resource)
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(url + "/v1/logs")))
_logs.set_logger_provider(logs)
meters = MeterProvider(resource=resource, metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter(url + "/v1/metrics"))])
metrics.set_meter_provider(meters)
OpenAIInstrumentor().instrument()
with trace.get_tracer("weather-bot").start_as_current_span("turn", attributes={"session.id": "session-42", "user.id": "ada"}):
    converse()
provider.shutdown()
logs.shutdown()
meters.shutdown()
