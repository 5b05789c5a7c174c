"""Writes OTLP metrics exports for test/fixtures/otlp into the folder given.

otel-python-metrics-VERSION.bin is what the SDK sends of instruments of every kind, with exemplars; times are set to fixed ones.
proto-metrics-VERSION.bin and .json are one message in both encodings as Google's protobuf library writes them (its JSON has
ids in base64, where OTLP says hex), with what SDKs do not make: a summary, a delta, a point without a value.
"""

import sys
from pathlib import Path

from google.protobuf import json_format
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.version import __version__

START = 1_769_851_800_000_000_000  # 2026-01-31T09:30:00Z
TIME = START + 30_000_000_000
TRACE_ID = bytes.fromhex("0af7651916cd43dd8448eb211c80319c")
SPAN_ID = bytes.fromhex("b7ad6b7169203331")


class FixedIds(IdGenerator):
    def generate_trace_id(self) -> int:
        return int.from_bytes(TRACE_ID, "big")

    def generate_span_id(self) -> int:
        return int.from_bytes(SPAN_ID, "big")


def sdk_export() -> ExportMetricsServiceRequest:
    reader = InMemoryMetricReader()
    provider = MeterProvider(
        metric_readers=[reader],
        resource=Resource({"service.name": "answers", "service.instance.id": "a-1", "process.pid": 4711}),
        views=[View(instrument_name="exponential", aggregation=ExponentialBucketHistogramAggregation())],
    )
    meter = provider.get_meter("my-instrumentation", "4.5.6")
    tracer = TracerProvider(id_generator=FixedIds()).get_tracer("t")
    with tracer.start_as_current_span("chat"):
        meter.create_counter("requests").add(3, {"gen_ai.request.model": "m", "stream": True})
        meter.create_up_down_counter("open").add(-2)
        meter.create_gauge("temperature").set(21.5, {"room": 7})
        durations = meter.create_histogram(
            "gen_ai.client.operation.duration", unit="s", explicit_bucket_boundaries_advisory=[0.1, 1, 10]
        )
        for seconds in (0.05, 0.5, 0.7, 30):
            durations.record(seconds)
        exponential = meter.create_histogram("exponential")
        for value in (0, 0.3, 1, 1.5, 4, 1000):
            exponential.record(value)
    request = encode_metrics(reader.get_metrics_data())
    for point in points_of(request):
        if point.start_time_unix_nano:
            point.start_time_unix_nano = START
        point.time_unix_nano = TIME
        for exemplar in point.exemplars:
            exemplar.time_unix_nano = TIME - 1_000_000_000
    return request


def points_of(request: ExportMetricsServiceRequest):
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                yield from getattr(metric, metric.WhichOneof("data")).data_points


def full_message() -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    scope = request.resource_metrics.add().scope_metrics.add()
    scope.scope.name = "by-hand"

    def add(kind, name):
        metric = scope.metrics.add(name=name)
        data = getattr(metric, kind)
        data.SetInParent()
        return data

    def point_of(data, **fields):
        return data.data_points.add(start_time_unix_nano=START, time_unix_nano=TIME, **fields)

    summary = point_of(add("summary", "rpc.duration"), count=7, sum=12.5)
    summary.quantile_values.add(quantile=0.5, value=1.25)
    summary.quantile_values.add(quantile=0.99, value=float("nan"))
    delta = add("sum", "delta")
    delta.aggregation_temporality = 1
    delta.is_monotonic = True
    point = point_of(delta, as_int=-(2**40))
    point.attributes.add(key="big").value.int_value = 2**60
    point.exemplars.add(time_unix_nano=TIME, as_int=-5, trace_id=TRACE_ID, span_id=SPAN_ID)
    point_of(add("gauge", "gone"), flags=1)
    point_of(add("gauge", "nan"), as_double=float("nan"))
    histogram = add("histogram", "sizes")
    histogram.aggregation_temporality = 1
    point_of(histogram, count=3, sum=9.5, bucket_counts=[1, 2, 0], explicit_bounds=[-1.5, 2.25], min=-3, max=2)
    exponential = add("exponential_histogram", "exponential")
    exponential.aggregation_temporality = 2
    point = point_of(exponential, count=9, scale=-1, zero_count=1, zero_threshold=0.001, sum=70)
    point.positive.offset = -3
    point.positive.bucket_counts.extend([1, 0, 300, 4])
    point.negative.offset = 2
    point.negative.bucket_counts.extend([3])
    return request


folder = Path(sys.argv[1])
(folder / f"otel-python-metrics-{__version__}.bin").write_bytes(sdk_export().SerializeToString())
message = full_message()
(folder / f"proto-metrics-{__version__}.bin").write_bytes(message.SerializeToString())
(folder / f"proto-metrics-{__version__}.json").write_text(json_format.MessageToJson(message, indent=1) + "\n")
