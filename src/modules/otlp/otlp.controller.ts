import { Body, Controller, Headers, Post, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { NothingUsable, UnsupportedMedia } from '../../domain/errors.js';
import type { Project } from '../../domain/project.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { reportWrite } from '../../http/request-record.js';
import { WriteRoute } from '../../http/write-route.js';
import { OtlpLogReceiver } from './otlp.log-receiver.js';
import { LOGS_EXAMPLE, LOGS_PARTIAL_EXAMPLE } from './otlp.logs-example.js';
import { OtlpMetricReceiver } from './otlp.metric-receiver.js';
import { METRICS_EXAMPLE, METRICS_PARTIAL_EXAMPLE } from './otlp.metrics-example.js';
import type { OtlpReceiver, ReceivedExport } from './otlp.receiver.js';
import { encodingOf, MEDIA_TYPES, type OtlpEncoding } from './otlp.response.js';
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

  @Post(['v1/traces', 'api/public/otel/v1/traces'])
  @WriteRoute({ door: 'otlp', errors: 'rpc-status', overCapacity: 503 })
  @ApiOperation({
    summary: 'Export spans (OTLP/HTTP)',
    description:
      'Takes an ExportTraceServiceRequest as protobuf or JSON, plain or in gzip, deflate or zstd, and answers once its spans are ' +
      'committed, in the encoding of the request. Sending the same spans again is safe. A span that cannot be stored ' +
      'costs only itself and is counted in `partialSuccess`. Errors are google.rpc.Status; 429 and 503 ' +
      'carry `Retry-After` and mean that sending all of it again later is right. Both addresses do the same: the longer one ' +
      'is where Langfuse SDKs send.',
  })
  @ApiConsumes(MEDIA_TYPES.json, MEDIA_TYPES.protobuf)
  @ApiProduces(MEDIA_TYPES.json, MEDIA_TYPES.protobuf)
  @ApiBody({
    required: true,
    description: 'ExportTraceServiceRequest',
    schema: { type: 'object', example: TRACES_EXAMPLE },
  })
  @ApiResponse({
    status: 200,
    description:
      'Stored. On full success the body is empty (`{}` in JSON); else `partialSuccess` says how many spans were refused ' +
      'and why, and these must not be sent again.',
    schema: { type: 'object', example: TRACES_PARTIAL_EXAMPLE },
  })
  async exportTraces(
    @CurrentProject() project: Project,
    @Headers('content-type') contentType: string | undefined,
    @Body() body: Buffer,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    return this.export(this.traces, project, contentType, body, reply);
  }

  @Post(['v1/metrics', 'api/public/otel/v1/metrics'])
  @WriteRoute({ door: 'otlp-metrics', errors: 'rpc-status', overCapacity: 503 })
  @ApiOperation({
    summary: 'Export metrics (OTLP/HTTP)',
    description:
      'Takes an ExportMetricsServiceRequest as protobuf or JSON, plain or in gzip, deflate or zstd, and answers once its points are ' +
      'committed, in the encoding of the request. Gauges and sums become a series each, histograms and summaries ' +
      'several (`.count`, `.sum`, `.min`, `.max`, `.bucket`), which GET /api/public/metrics/query reads. Sending the same points ' +
      'again is safe. A data point that cannot be stored costs only itself and is counted in `partialSuccess`, also when it ' +
      'would make a series too many (METRICS_MAX_SERIES). Errors are google.rpc.Status; 429 and 503 carry `Retry-After` and ' +
      'mean that sending all of it again later is right. Both addresses do the same.',
  })
  @ApiConsumes(MEDIA_TYPES.json, MEDIA_TYPES.protobuf)
  @ApiProduces(MEDIA_TYPES.json, MEDIA_TYPES.protobuf)
  @ApiBody({
    required: true,
    description: 'ExportMetricsServiceRequest',
    schema: { type: 'object', example: METRICS_EXAMPLE },
  })
  @ApiResponse({
    status: 200,
    description:
      'Stored. On full success the body is empty (`{}` in JSON); else `partialSuccess` says how many data points were ' +
      'refused and why, and these must not be sent again.',
    schema: { type: 'object', example: METRICS_PARTIAL_EXAMPLE },
  })
  async exportMetrics(
    @CurrentProject() project: Project,
    @Headers('content-type') contentType: string | undefined,
    @Body() body: Buffer,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    return this.export(this.metrics, project, contentType, body, reply);
  }

  @Post(['v1/logs', 'api/public/otel/v1/logs'])
  @WriteRoute({ door: 'otlp-logs', errors: 'rpc-status', overCapacity: 503 })
  @ApiOperation({
    summary: 'Export log records (OTLP/HTTP)',
    description:
      'Takes an ExportLogsServiceRequest as protobuf or JSON, plain or in gzip, deflate or zstd, and answers once its records are ' +
      'committed, in the encoding of the request. Sending the same records again stores nothing twice. GenAI events ' +
      'complete the observation of their span, events of coding agents become a trace per prompt. A record that cannot be ' +
      'stored costs only itself and is counted in `partialSuccess`. Errors are google.rpc.Status; 429 and 503 carry ' +
      '`Retry-After` and mean that sending all of it again later is right.',
  })
  @ApiConsumes(MEDIA_TYPES.json, MEDIA_TYPES.protobuf)
  @ApiProduces(MEDIA_TYPES.json, MEDIA_TYPES.protobuf)
  @ApiBody({
    required: true,
    description: 'ExportLogsServiceRequest',
    schema: { type: 'object', example: LOGS_EXAMPLE },
  })
  @ApiResponse({
    status: 200,
    description:
      'Stored. On full success the body is empty (`{}` in JSON); else `partialSuccess` says how many records were refused ' +
      'and why, and these must not be sent again.',
    schema: { type: 'object', example: LOGS_PARTIAL_EXAMPLE },
  })
  async exportLogs(
    @CurrentProject() project: Project,
    @Headers('content-type') contentType: string | undefined,
    @Body() body: Buffer,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    return this.export(this.logs, project, contentType, body, reply);
  }

  @Post('api/public/otel')
  @WriteRoute({ door: 'otlp', errors: 'rpc-status', overCapacity: 503 })
  @ApiOperation({
    summary: 'Export whichever signal (OTLP/HTTP)',
    description:
      'For exporters whose `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` (or that of another signal) was set to an address without ' +
      '`/v1/traces`: they use it as it is. Does what the address of the signal does that is found in the body.',
  })
  @ApiConsumes(MEDIA_TYPES.json, MEDIA_TYPES.protobuf)
  @ApiProduces(MEDIA_TYPES.json, MEDIA_TYPES.protobuf)
  @ApiBody({
    required: true,
    description: 'ExportTraceServiceRequest, ExportMetricsServiceRequest or ExportLogsServiceRequest',
    schema: { type: 'object', example: TRACES_EXAMPLE },
  })
  @ApiResponse({
    status: 200,
    description: 'Stored, as at the address of the signal.',
    schema: { type: 'object', example: TRACES_PARTIAL_EXAMPLE },
  })
  async exportAny(
    @CurrentProject() project: Project,
    @Headers('content-type') contentType: string | undefined,
    @Body() body: Buffer,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const signal = detectSignal(body, encodingOf(contentType) ?? 'protobuf');
    const receiver = signal === 'metrics' ? this.metrics : signal === 'logs' ? this.logs : this.traces;
    return this.export(receiver, project, contentType, body, reply);
  }

  private async export(
    receiver: OtlpReceiver,
    project: Project,
    contentType: string | undefined,
    body: Buffer,
    reply: FastifyReply,
  ): Promise<Buffer> {
    const encoding = encodingOf(contentType);
    if (encoding === undefined) {
      const got = contentType === undefined ? 'none' : `"${contentType.slice(0, 100)}"`;
      throw new UnsupportedMedia(`Content-Type must be ${MEDIA_TYPES.protobuf} or ${MEDIA_TYPES.json}, got ${got}`);
    }

    const { answer, report } = await this.receive(receiver, reply.request, body, encoding, project);
    reportWrite(reply.request, report);
    reply.header('content-type', MEDIA_TYPES[encoding]);
    return Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);
  }

  private async receive(
    receiver: OtlpReceiver,
    request: FastifyRequest,
    body: Buffer,
    encoding: OtlpEncoding,
    project: Project,
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
