import { Body, Controller, Headers, Post, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { NothingUsable, UnsupportedMedia } from '../../domain/errors.js';
import type { Project } from '../../domain/project.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { reportWrite } from '../../http/request-record.js';
import { WriteRoute } from '../../http/write-route.js';
import { OtlpLogReceiver } from './otlp.log-receiver.js';
import { encodingOf, MEDIA_TYPES } from './otlp.response.js';

const EXAMPLE = {
  resourceLogs: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'support-bot' } }] },
      scopeLogs: [
        {
          scope: { name: 'opentelemetry.instrumentation.openai_v2' },
          logRecords: [
            {
              timeUnixNano: '1767225600100000000',
              severityNumber: 9,
              eventName: 'gen_ai.user.message',
              traceId: '5b8efff798038103d269b633813fc60c',
              spanId: 'eee19b7ec3c1b174',
              attributes: [{ key: 'gen_ai.system', value: { stringValue: 'openai' } }],
              body: { kvlistValue: { values: [{ key: 'content', value: { stringValue: 'Where is my order?' } }] } },
            },
          ],
        },
      ],
    },
  ],
};

const PARTIAL_EXAMPLE = {
  partialSuccess: {
    rejectedLogRecords: '1',
    errorMessage: '1 log record: body must be an object, got a string (log record 3 of the request)',
  },
};

/** The door for logs of OpenTelemetry: OTLP over HTTP (opentelemetry-proto, collector/logs/v1). */
@ApiTags('OTLP')
@Controller()
export class OtlpLogController {
  constructor(private readonly logs: OtlpLogReceiver) {}

  @Post(['v1/logs', 'api/public/otel/v1/logs'])
  @WriteRoute({ door: 'otlp-logs', errors: 'rpc-status', overCapacity: 503 })
  @ApiOperation({
    summary: 'Export log records (OTLP/HTTP)',
    description:
      'Takes an ExportLogsServiceRequest as protobuf or JSON, plain or compressed, and answers once its records are ' +
      'committed, in the encoding of the request. Sending the same records again stores nothing twice. GenAI events ' +
      'complete the observation of their span, events of coding agents become a trace per prompt. A record that cannot be ' +
      'stored costs only itself and is counted in `partialSuccess`. Errors are google.rpc.Status; 429 and 503 carry ' +
      '`Retry-After` and mean that sending all of it again later is right.',
  })
  @ApiConsumes(MEDIA_TYPES.json, MEDIA_TYPES.protobuf)
  @ApiProduces(MEDIA_TYPES.json, MEDIA_TYPES.protobuf)
  @ApiBody({ required: true, description: 'ExportLogsServiceRequest', schema: { type: 'object', example: EXAMPLE } })
  @ApiResponse({
    status: 200,
    description:
      'Stored. On full success the body is empty (`{}` in JSON); else `partialSuccess` says how many records were refused ' +
      'and why, and these must not be sent again.',
    schema: { type: 'object', example: PARTIAL_EXAMPLE },
  })
  async exportLogs(
    @CurrentProject() project: Project,
    @Headers('content-type') contentType: string | undefined,
    @Body() body: Buffer,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const encoding = encodingOf(contentType);
    if (encoding === undefined) {
      const got = contentType === undefined ? 'none' : `"${contentType.slice(0, 100)}"`;
      throw new UnsupportedMedia(`Content-Type must be ${MEDIA_TYPES.protobuf} or ${MEDIA_TYPES.json}, got ${got}`);
    }
    try {
      const { answer, report } = await this.logs.receive(body, encoding, project);
      reportWrite(reply.request, report);
      reply.header('content-type', MEDIA_TYPES[encoding]);
      return Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);
    } catch (error) {
      if (error instanceof NothingUsable) {
        const { rejected } = error;
        reportWrite(reply.request, { itemCount: rejected.length, refusedCount: rejected.length, refused: rejected });
      }
      throw error;
    }
  }
}
