import { Controller } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { NothingUsable } from '../../domain/errors.js';
import { reportWrite } from '../../http/request-record.js';
import { ExportRoute, Sent, type SentExport } from './otlp.export-route.js';
import { OtlpLogReceiver } from './otlp.log-receiver.js';
import { LOGS_EXAMPLE, LOGS_PARTIAL_EXAMPLE } from './otlp.logs-example.js';
import { OtlpMetricReceiver } from './otlp.metric-receiver.js';
import { METRICS_EXAMPLE, METRICS_PARTIAL_EXAMPLE } from './otlp.metrics-example.js';
import type { OtlpReceiver, ReceivedExport } from './otlp.receiver.js';
import { MEDIA_TYPES } from './otlp.response.js';
import { detectSignal } from './otlp.signal.js';
import { OtlpTraceReceiver } from './otlp.trace-receiver.js';
import { TRACES_EXAMPLE, TRACES_PARTIAL_EXAMPLE } from './otlp.traces-example.js';

/** The door for OpenTelemetry: OTLP over HTTP (opentelemetry-proto, collector/trace/v1). */
@ApiTags('OTLP')
@Controller()
export class OtlpController {
  constructor(
    private readonly traces: OtlpTraceReceiver,
    private readonly metrics: OtlpMetricReceiver,
    private readonly logs: OtlpLogReceiver,
  ) {}

  @ExportRoute({
    paths: ['v1/traces', 'api/public/otel/v1/traces'],
    door: 'otlp',
    summary: 'Export spans (OTLP/HTTP)',
    description:
      'Takes an ExportTraceServiceRequest as protobuf or JSON, plain or in gzip, deflate or zstd, and answers once its spans are ' +
      'committed, in the encoding of the request. Sending the same spans again is safe. A span that cannot be stored ' +
      'costs only itself and is counted in `partialSuccess`. Errors are google.rpc.Status; 429 and 503 ' +
      'carry `Retry-After` and mean that sending all of it again later is right. Both addresses do the same: the longer one ' +
      'is where Langfuse SDKs send.',
    message: 'ExportTraceServiceRequest',
    example: TRACES_EXAMPLE,
    stored:
      'Stored. On full success the body is empty (`{}` in JSON); else `partialSuccess` says how many spans were refused ' +
      'and why, and these must not be sent again.',
    partialExample: TRACES_PARTIAL_EXAMPLE,
  })
  exportTraces(@Sent() sent: SentExport): Promise<Buffer> {
    return this.export(this.traces, sent);
  }

  @ExportRoute({
    paths: ['v1/metrics', 'api/public/otel/v1/metrics'],
    door: 'otlp-metrics',
    summary: 'Export metrics (OTLP/HTTP)',
    description:
      'Takes an ExportMetricsServiceRequest as protobuf or JSON, plain or in gzip, deflate or zstd, and answers once its points are ' +
      'committed, in the encoding of the request. Gauges and sums become a series each, histograms and summaries ' +
      'several (`.count`, `.sum`, `.min`, `.max`, `.bucket`), which GET /api/public/metrics/query reads. Sending the same points ' +
      'again is safe. A data point that cannot be stored costs only itself and is counted in `partialSuccess`, also when it ' +
      'would make a series too many (METRICS_MAX_SERIES). Errors are google.rpc.Status; 429 and 503 carry `Retry-After` and ' +
      'mean that sending all of it again later is right. Both addresses do the same.',
    message: 'ExportMetricsServiceRequest',
    example: METRICS_EXAMPLE,
    stored:
      'Stored. On full success the body is empty (`{}` in JSON); else `partialSuccess` says how many data points were ' +
      'refused and why, and these must not be sent again.',
    partialExample: METRICS_PARTIAL_EXAMPLE,
  })
  exportMetrics(@Sent() sent: SentExport): Promise<Buffer> {
    return this.export(this.metrics, sent);
  }

  @ExportRoute({
    paths: ['v1/logs', 'api/public/otel/v1/logs'],
    door: 'otlp-logs',
    summary: 'Export log records (OTLP/HTTP)',
    description:
      'Takes an ExportLogsServiceRequest as protobuf or JSON, plain or in gzip, deflate or zstd, and answers once its records are ' +
      'committed, in the encoding of the request. Sending the same records again stores nothing twice. GenAI events ' +
      'complete the observation of their span, events of coding agents become a trace per prompt. A record that cannot be ' +
      'stored costs only itself and is counted in `partialSuccess`. Errors are google.rpc.Status; 429 and 503 carry ' +
      '`Retry-After` and mean that sending all of it again later is right.',
    message: 'ExportLogsServiceRequest',
    example: LOGS_EXAMPLE,
    stored:
      'Stored. On full success the body is empty (`{}` in JSON); else `partialSuccess` says how many records were refused ' +
      'and why, and these must not be sent again.',
    partialExample: LOGS_PARTIAL_EXAMPLE,
  })
  exportLogs(@Sent() sent: SentExport): Promise<Buffer> {
    return this.export(this.logs, sent);
  }

  @ExportRoute({
    paths: ['api/public/otel'],
    door: 'otlp',
    summary: 'Export whichever signal (OTLP/HTTP)',
    description:
      'For exporters whose `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` (or that of another signal) was set to an address without ' +
      '`/v1/traces`: they use it as it is. Does what the address of the signal does that is found in the body.',
    message: 'ExportTraceServiceRequest, ExportMetricsServiceRequest or ExportLogsServiceRequest',
    example: TRACES_EXAMPLE,
    stored: 'Stored, as at the address of the signal.',
    partialExample: TRACES_PARTIAL_EXAMPLE,
  })
  exportAny(@Sent() sent: SentExport): Promise<Buffer> {
    const signal = detectSignal(sent.body, sent.encoding);
    const receiver = signal === 'metrics' ? this.metrics : signal === 'logs' ? this.logs : this.traces;
    return this.export(receiver, sent);
  }

  private async export(receiver: OtlpReceiver, sent: SentExport): Promise<Buffer> {
    const { answer, report } = await this.receive(receiver, sent);
    reportWrite(sent.request, report);
    void sent.reply.header('content-type', MEDIA_TYPES[sent.encoding]);
    return Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);
  }

  private async receive(
    receiver: OtlpReceiver,
    { body, encoding, project, request }: SentExport,
  ): Promise<ReceivedExport> {
    try {
      return await receiver.receive(body, encoding, project);
    } catch (error) {
      if (error instanceof NothingUsable) {
        const { rejected } = error;
        reportWrite(request, { itemCount: rejected.length, refusedCount: rejected.length, refused: rejected });
      }
      throw error;
    }
  }
}
