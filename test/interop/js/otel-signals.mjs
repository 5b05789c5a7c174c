import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter as JsonLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as JsonMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';

// The signals other than traces, in both encodings, by OpenTelemetry's own exporters.
const to = (signal) => ({
  url: `${process.env.OTLP_URL}/v1/${signal}`,
  headers: { authorization: `Bearer ${process.env.OTLP_TOKEN}` },
});
for (const [MetricExporter, LogExporter] of [
  [OTLPMetricExporter, OTLPLogExporter],
  [JsonMetricExporter, JsonLogExporter],
]) {
  const exporter = new MetricExporter(to('metrics'));
  const meters = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
  const meter = meters.getMeter('weather-bot');
  meter.createCounter('weather.requests').add(2, { city: 'Oslo' });
  meter.createGauge('weather.temperature').record(7, { city: 'Oslo' });
  meter.createHistogram('weather.duration', { unit: 's' }).record(0.25, { city: 'Oslo' });
  await meters.shutdown();
  const logs = new LoggerProvider({
    processors: [new BatchLogRecordProcessor({ exporter: new LogExporter(to('logs')) })],
  });
  logs
    .getLogger('weather-bot')
    .emit({ severityNumber: SeverityNumber.INFO, body: 'asked', attributes: { city: 'Oslo' } });
  await logs.shutdown();
}
