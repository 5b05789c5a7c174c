import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type Project } from '../../domain/project.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { presentScore } from '../../http/score-answer.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { ScoreReader } from '../../storage/scores/score-reader.js';
import { SCORE_ID, ScoreDto, ScoreListQuery, ScorePageDto } from './scores.dto.js';
import { presentScorePage } from './scores.present.js';
import { parseScoreList } from './scores.query.js';

@ApiTags('Scores')
@Controller('api/public/v2/scores')
@QueryRoute()
export class ScoresV2Controller {
  constructor(private readonly reader: ScoreReader) {}

  /**
   * Lists scores
   * @remarks Of traces, observations, sessions and dataset runs, newest first. Filters are joined by AND. For more than a
   * few pages follow `meta.nextCursor`: page numbers cost more the further they go.
   */
  @Get()
  @ApiQuery({ type: ScoreListQuery })
  @ApiOkResponse({ type: ScorePageDto, description: 'A page of scores.' })
  async listScores(@CurrentProject() project: Project, @Query() query: QueryString): Promise<ScorePageDto> {
    const { filter, page, withTrace } = parseScoreList(query);
    return presentScorePage(project, await this.reader.findScores(project, filter, page), page, withTrace);
  }

  /**
   * One score
   * @remarks Of whatever type, and whatever it is about.
   */
  @Get(':scoreId')
  @ApiParam({ name: 'scoreId', description: 'As it was sent, or made.', example: SCORE_ID })
  @ApiOkResponse({ type: ScoreDto, description: 'The score.' })
  @ApiNotFoundResponse({ description: 'The project has no such score.' })
  async getScore(@CurrentProject() project: Project, @Param('scoreId') id: string): Promise<ScoreDto> {
    return presentScore(project, await this.reader.getScore(project, id));
  }
}
