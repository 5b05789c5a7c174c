"""Two spans through OpenTelemetry's own exporter (protobuf) with attributes of the GenAI conventions."""

import os
import sys

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Status, StatusCode

headers = {"Authorization": f"Bearer {os.environ['XTRACE_TOKEN']}"}
resource = Resource({"service.name": "rag-service", "service.version": "3.1.0", "deployment.environment.name": "staging"})
provider = TracerProvider(resource=resource)
for path, compression in (("/v1/traces", Compression.NoCompression), ("/api/public/otel/v1/traces", Compression.Gzip)):
    exporter = OTLPSpanExporter(os.environ["XTRACE_URL"] + path, headers=headers, compression=compression)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
tracer = provider.get_tracer("interop", "1.0.0")
with tracer.start_as_current_span("invoke_agent planner") as agent:
    agent.set_attributes({"gen_ai.operation.name": "invoke_agent", "session.id": "otel-session-1", "user.id": "ada"})
    with tracer.start_as_current_span("chat gpt-4o-mini") as chat:
        chat.set_attributes(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": "gpt-4o-mini",
                "gen_ai.request.temperature": 0.2,
                "gen_ai.usage.input_tokens": 12,
                "gen_ai.usage.output_tokens": 5,
            }
        )
        chat.record_exception(TimeoutError("no answer"))
        chat.set_status(Status(StatusCode.ERROR, "no answer"))
sys.exit(0 if provider.force_flush() else 1)
