import { Body, Controller, Headers, Post, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Rejection } from '../../domain/ingest-batch.js';
import type { Project } from '../../domain/project.js';
import { requireJson } from '../../http/json-media-type.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { reportWrite } from '../../http/request-record.js';
import { WriteRoute } from '../../http/write-route.js';
import { BATCH_EXAMPLE, BatchAnswerDto, BatchPartialDto, BatchRefusalDto, BatchRequestDto } from './batch.dto.js';
import { MAX_LISTED_REJECTIONS } from './batch.map.js';
import { BatchReceiver } from './batch.receiver.js';

@ApiTags('Ingestion')
@Controller('v1/l')
export class BatchController {
  constructor(private readonly batches: BatchReceiver) {}

  /** The door of xtrace's own clients. */
  @Post('batch')
  @WriteRoute({ door: 'batch', errors: 'envelope', overCapacity: 429 })
  @ApiOperation({
    summary: 'Writes one trace, observations, or both',
    description:
      'Creates what is new and completes what is known, by id and in any order: a message changes only what it states, ' +
      'metadata merges by key and tags by union. Invalid items are refused alone. Sending the same request again is safe.',
  })
  @ApiBody({
    type: BatchRequestDto,
    description: 'A trace, observations of any traces, or both.',
    examples: { turn: { summary: 'A chat turn', value: BATCH_EXAMPLE } },
  })
  @ApiResponse({ status: 200, type: BatchAnswerDto, description: 'Everything is committed.' })
  @ApiResponse({ status: 207, type: BatchPartialDto, description: 'Some items were refused; the rest is committed.' })
  @ApiResponse({
    status: 400,
    type: BatchRefusalDto,
    description: 'No valid JSON, or no valid item. Nothing is stored.',
  })
  @ApiResponse({
    status: 413,
    description: 'Over XTRACE_MAX_REQUEST_BODY_BYTES or 50,000 items.',
  })
  async writeBatch(
    @CurrentProject() project: Project,
    @Body() body: Buffer,
    @Headers('content-type') contentType: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BatchAnswerDto | BatchPartialDto | BatchRefusalDto> {
    requireJson(contentType);
    const { itemCount, refusedCount, refused } = await this.batches.receive(body, project);
    reportWrite(reply.request, { itemCount, refusedCount, refused });
    if (refusedCount === 0) return { message: 'Request Successful.' };

    const errors = [...refused].sort(byPosition).slice(0, MAX_LISTED_REJECTIONS);
    if (refusedCount >= itemCount) {
      reply.status(400);
      return {
        message: `No item could be stored, ${refusedCount} of ${itemCount} were refused`,
        code: 'BAD_REQUEST',
        data: null,
        errors,
      };
    }
    reply.status(207);
    const were = refusedCount === 1 ? 'was' : 'were';
    const message = `${refusedCount} of ${itemCount} items ${were} refused; everything else is stored`;
    return { message, data: null, errors };
  }
}

/** The trace before the observations, those in the order of the request. */
function byPosition(a: Rejection, b: Rejection): number {
  if (a.kind !== b.kind) return a.kind === 'trace' ? -1 : 1;
  return a.index - b.index;
}
