import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type Project } from '../../domain/project.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { ScoreReader } from '../../storage/scores/score-reader.js';
import { parseScoreCursorList } from './scores-v3.query.js';
import { ScoreCursorPageDto, ScoreCursorQuery } from './scores-v3.dto.js';
import { presentScoreV3 } from './scores.present.js';

@ApiTags('Scores')
@Controller('api/public/v3/scores')
@QueryRoute()
export class ScoresV3Controller {
  constructor(private readonly reader: ScoreReader) {}

  /**
   * Lists scores by cursor
   * @remarks Newest first, without counting them. `value` is a number, a text or true and false, by `dataType`. Filters take
   * lists joined by commas; a parameter that is not known is refused.
   */
  @Get()
  @ApiQuery({ type: ScoreCursorQuery })
  @ApiOkResponse({ type: ScoreCursorPageDto, description: 'A page of scores.' })
  async listScores(@CurrentProject() project: Project, @Query() query: QueryString): Promise<ScoreCursorPageDto> {
    const { filter, limit, cursor, groups } = parseScoreCursorList(query);
    const { scores, nextCursor } = await this.reader.findFrom(project, filter, { limit, cursor });
    return {
      data: scores.map((score) => presentScoreV3(project, score, groups)),
      meta: { limit, ...(nextCursor === undefined ? {} : { cursor: nextCursor }) },
    };
  }
}
