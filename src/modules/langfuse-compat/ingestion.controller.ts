import { Body, Controller, Headers, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { InvalidInput } from '../../domain/errors.js';
import type { Project } from '../../domain/project.js';
import { principalOf } from '../../http/auth/principal.js';
import { RequireScope } from '../../http/auth/require-scope.decorator.js';
import { describeFailure, presentEnvelope, refusalOf } from '../../http/error.filter.js';
import { requireJson } from '../../http/json-media-type.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { recordOf, reportWrite } from '../../http/request-record.js';
import { WriteRoute } from '../../http/write-route.js';
import {
  INGESTION_EXAMPLE,
  IngestionAnswerDto,
  type IngestionErrorDto,
  IngestionRefusalDto,
  IngestionRequestDto,
} from './ingestion.dto.js';
import { type RefusedEvent } from './ingestion.map.js';
import { IngestionReceiver } from './ingestion.receiver.js';

@ApiTags('Ingestion')
@Controller('api/public')
export class IngestionController {
  constructor(private readonly ingestion: IngestionReceiver) {}

  /** The door of Langfuse's SDKs up to JavaScript 3 and Python 2, and of scores from later ones, too. */
  @Post('ingestion')
  // Above, so that it has the last word.
  @HttpCode(207)
  @WriteRoute({ door: 'ingestion', errors: 'envelope', overCapacity: 503 })
  @RequireScope('scores')
  @ApiOperation({
    summary: 'Writes a batch of events (Langfuse)',
    description:
      'Creates and completes traces, observations and scores, in any order: of two events that state the same field the one ' +
      'with the later `timestamp` wins, metadata merges by key and tags by union. An event that cannot be taken is refused ' +
      'alone. Sending the same batch again is safe. An update without `traceId` finds its observation by id, also when that ' +
      'arrives later. With the public key of a project as bearer token, only scores are taken.',
  })
  @ApiBody({
    type: IngestionRequestDto,
    description: 'Events of any types about any traces.',
    examples: { turn: { summary: 'A chat turn', value: INGESTION_EXAMPLE } },
  })
  @ApiResponse({ status: 207, type: IngestionAnswerDto, description: 'What became of each event.' })
  @ApiResponse({ status: 400, type: IngestionRefusalDto, description: 'No batch at all. Nothing is stored.' })
  @ApiResponse({ status: 413, description: 'Over XTRACE_MAX_REQUEST_BODY_BYTES or 50,000 events.' })
  async ingest(
    @CurrentProject() project: Project,
    @Body() body: Buffer,
    @Headers('content-type') contentType: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<IngestionAnswerDto | IngestionRefusalDto> {
    requireJson(contentType);
    const onlyScores = principalOf(request)?.scopes.includes('ingest') !== true;
    try {
      const { eventCount, taken, refusedCount, refused } = await this.ingestion.receive(body, project, onlyScores);
      reportWrite(request, { itemCount: eventCount, refusedCount, refused: refused.map(toRefusedItem) });
      return { successes: taken.map((id) => ({ id, status: 201 })), errors: refused.map(presentRefused) };
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      return refuseEnvelope(error, request, reply);
    }
  }
}

function toRefusedItem({ index, field, reason, message }: RefusedEvent) {
  const code = reason === 'forbidden' ? 'FORBIDDEN' : field === undefined ? 'INVALID_ITEM' : 'INVALID_FIELD';
  return { index, field, code, message };
}

/** Langfuse's words (langfuse.md §3.2). */
function presentRefused({ id, reason, message }: RefusedEvent): IngestionErrorDto {
  return reason === 'forbidden'
    ? { id: id ?? 'unknown', status: 401, message: 'Authentication error', error: message }
    : { id: id ?? 'unknown', status: 400, message: 'Invalid request data', error: message };
}

/** The same as the error filter answers, and what Langfuse's clients look for in it. */
function refuseEnvelope(error: InvalidInput, request: FastifyRequest, reply: FastifyReply): IngestionRefusalDto {
  const failure = describeFailure(error);
  recordOf(request).refusal = refusalOf(error, failure);
  reply.status(failure.status);
  const path = error.field === undefined ? [] : [error.field];
  return {
    ...presentEnvelope({ ...failure, message: 'Invalid request data' }, true),
    errors: [{ path, message: error.message }],
  } as unknown as IngestionRefusalDto;
}
