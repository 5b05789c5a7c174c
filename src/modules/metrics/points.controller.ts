import { Body, Controller, Headers, Post, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Project } from '../../domain/project.js';
import { requireJson } from '../../http/json-media-type.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { reportWrite } from '../../http/request-record.js';
import { WriteRoute } from '../../http/write-route.js';
import {
  POINTS_EXAMPLE,
  PointBatchAnswerDto,
  PointBatchPartialDto,
  PointBatchRefusalDto,
  PointBatchRequestDto,
} from './points.dto.js';
import { PointReceiver } from './point.receiver.js';
import { MAX_LISTED_REJECTIONS } from './points.map.js';

@ApiTags('Metrics')
@Controller('v1/metrics')
export class PointsController {
  constructor(private readonly points: PointReceiver) {}

  /** The door for points of time series. */
  @Post('batch')
  @WriteRoute({ door: 'metrics', errors: 'envelope', overCapacity: 429 })
  @ApiOperation({
    summary: 'Writes points of time series',
    description:
      'Any number of points of any series. Of two points of one series at the same time the later wins, within a ' +
      'request the later in the list. Invalid points are refused alone, and so are those that are older than ' +
      'METRICS_RETENTION_DAYS. Sending the same request again is safe.',
  })
  @ApiBody({
    type: PointBatchRequestDto,
    description: 'Points of any series.',
    examples: { gpu: { summary: 'A GPU agent', value: POINTS_EXAMPLE } },
  })
  @ApiResponse({ status: 200, type: PointBatchAnswerDto, description: 'Everything is committed.' })
  @ApiResponse({
    status: 207,
    type: PointBatchPartialDto,
    description: 'Some points were refused; the rest is committed.',
  })
  @ApiResponse({
    status: 400,
    type: PointBatchRefusalDto,
    description: 'No valid JSON, or no valid point. Nothing is stored.',
  })
  @ApiResponse({
    status: 413,
    description: 'Over XTRACE_MAX_REQUEST_BODY_BYTES or 500,000 points.',
  })
  async writePoints(
    @CurrentProject() project: Project,
    @Body() body: Buffer,
    @Headers('content-type') contentType: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PointBatchAnswerDto | PointBatchPartialDto | PointBatchRefusalDto> {
    requireJson(contentType);
    const { itemCount, refusedCount, refused } = await this.points.receive(body, project);
    reportWrite(reply.request, { itemCount, refusedCount, refused });
    if (refusedCount === 0) return { message: 'Request Successful.' };

    const errors = [...refused].sort((a, b) => a.index - b.index).slice(0, MAX_LISTED_REJECTIONS);
    if (refusedCount >= itemCount) {
      reply.status(400);
      return { message: `None of the ${itemCount} points could be stored`, code: 'BAD_REQUEST', data: null, errors };
    }
    reply.status(207);
    const were = refusedCount === 1 ? 'was' : 'were';
    const message = `${refusedCount} of ${itemCount} points ${were} refused; everything else is stored`;
    return { message, data: null, errors };
  }
}
