import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  HttpStatus,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiExtraModels,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { InvalidInput, NotFound } from '../../domain/errors.js';
import { type Project } from '../../domain/project.js';
import { RequireScope } from '../../http/auth/require-scope.decorator.js';
import { requireJson } from '../../http/json-media-type.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { reportWrite } from '../../http/request-record.js';
import { presentScore } from '../../http/score-answer.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { WriteRoute } from '../../http/write-route.js';
import { ScoreReader } from '../../storage/scores/score-reader.js';
import { ScoreRemoval } from '../../storage/scores/score-removal.js';
import { MAX_SCORES, ScoreReceiver } from './score.receiver.js';
import {
  AcceptedScoresDto,
  CreatedScoreDto,
  DeletedScoreDto,
  FirstScoreListQuery,
  PartlyAcceptedScoresDto,
  SCORE_EXAMPLES,
  SCORE_ID,
  ScoreDto,
  ScorePageDto,
  WriteScoreDto,
} from './scores.dto.js';
import { presentFirstScorePage, presentScoreList } from './scores.present.js';
import { parseFirstScoreList } from './scores.query.js';

const SCORE_SCHEMA = { $ref: getSchemaPath(WriteScoreDto) };

@ApiTags('Scores')
@Controller('api/public/scores')
export class ScoresController {
  constructor(
    private readonly receiver: ScoreReceiver,
    private readonly reader: ScoreReader,
    private readonly removal: ScoreRemoval,
  ) {}

  /** Takes the public key alone, too. */
  @Post()
  @WriteRoute({ door: 'scores', errors: 'envelope', overCapacity: 503 })
  @RequireScope('scores')
  @ApiOperation({
    summary: 'Writes a score, or several',
    description:
      'Of a trace, an observation of it, a session or a dataset run, none of which need exist yet. The same id again ' +
      'changes the score: what a later request leaves out stays, and it never moves to another subject. Answered after it ' +
      'is committed. `Authorization: Bearer` with the public key is enough. Of an array each score is taken or refused on its ' +
      'own, and the answer is 202 or 207 instead of 200; of the same id in it the last one counts.',
  })
  @ApiExtraModels(WriteScoreDto)
  @ApiBody({
    schema: { oneOf: [SCORE_SCHEMA, { type: 'array', maxItems: MAX_SCORES, items: SCORE_SCHEMA }] },
    description: 'The score, or an array of scores.',
    examples: SCORE_EXAMPLES,
  })
  @ApiOkResponse({ type: CreatedScoreDto, description: 'It is committed.' })
  @ApiAcceptedResponse({ type: AcceptedScoresDto, description: 'All scores of the array are committed.' })
  @ApiResponse({ status: 207, type: PartlyAcceptedScoresDto, description: 'Scores of the array are refused.' })
  async writeScore(
    @CurrentProject() project: Project,
    @Body() body: Buffer,
    @Headers('content-type') contentType: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CreatedScoreDto | AcceptedScoresDto | PartlyAcceptedScoresDto> {
    requireJson(contentType);
    const { isList, ids, scoreCount, refusedCount, refused } = await this.receiver.receive(body, project);
    reportWrite(request, { itemCount: scoreCount, refusedCount, refused });
    if (isList) {
      reply.status(refusedCount === 0 ? HttpStatus.ACCEPTED : HttpStatus.MULTI_STATUS);
      return presentScoreList(scoreCount, refusedCount, refused);
    }
    if (refused[0] !== undefined) throw new InvalidInput(refused[0].message, refused[0].field);
    return { id: ids[0]! };
  }

  /**
   * Lists scores of traces and observations
   * @remarks Newest first. The first version of the list, without scores of sessions and dataset runs and without
   * corrections; `GET /api/public/v2/scores` has them all.
   */
  @Get()
  @QueryRoute()
  @ApiQuery({ type: FirstScoreListQuery })
  @ApiOkResponse({ type: ScorePageDto, description: 'A page of scores.' })
  async listScores(@CurrentProject() project: Project, @Query() query: QueryString): Promise<ScorePageDto> {
    const { filter, page } = parseFirstScoreList(query);
    return presentFirstScorePage(project, await this.reader.findScores(project, filter, page), page);
  }

  /**
   * One score of a trace or observation
   * @remarks Scores of sessions and dataset runs, and corrections, are at `GET /api/public/v2/scores/{scoreId}`.
   */
  @Get(':scoreId')
  @QueryRoute()
  @ApiParam({ name: 'scoreId', description: 'As it was sent, or made.', example: SCORE_ID })
  @ApiOkResponse({ type: ScoreDto, description: 'The score.' })
  @ApiNotFoundResponse({ description: 'The project has no such score.' })
  async getScore(@CurrentProject() project: Project, @Param('scoreId') id: string): Promise<ScoreDto> {
    const score = await this.reader.getScore(project, id);
    if (score.traceId === null || score.dataType === 'CORRECTION')
      throw new NotFound(`Score ${id} not found within authorized project`);
    return presentScore(project, score);
  }

  /**
   * Deletes a score
   * @remarks At once, whatever the message says for the sake of clients, which is the same for a score that the project does
   * not have. A message about it that comes later makes it anew.
   */
  @Delete(':scoreId')
  @HttpCode(202)
  @RequireScope('ingest')
  @ApiParam({ name: 'scoreId', description: 'As it was sent, or made.', example: SCORE_ID })
  @ApiAcceptedResponse({ type: DeletedScoreDto, description: 'It is gone.' })
  async deleteScore(@CurrentProject() project: Project, @Param('scoreId') id: string): Promise<DeletedScoreDto> {
    await this.removal.delete(project, id);
    return { message: 'Score deletion queued successfully' };
  }
}
