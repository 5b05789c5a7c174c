import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type AnalyticsVersion } from '../../domain/analytics.js';
import { type Project } from '../../domain/project.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { AnalyticsReader } from '../../storage/analytics/analytics-reader.js';
import { MetricsQueryDto, MetricsResultDto } from './metrics-query.dto.js';
import { presentMetrics } from './metrics-query.present.js';
import { parseMetricsQuery } from './metrics-query.query.js';

@ApiTags('Analytics')
@Controller('api/public')
@QueryRoute()
export class MetricsQueryController {
  constructor(private readonly analytics: AnalyticsReader) {}

  /**
   * Aggregates traces, observations or scores
   * @remarks Views: `traces`, `observations`, `scores-numeric`, `scores-categorical`, `scores-boolean`. Every trace,
   * observation or score has one value of each measure; these are aggregated by dimension and bucket of time. Without
   * `orderBy`, missing buckets are filled in.
   */
  @Get('metrics')
  @ApiQuery({ type: MetricsQueryDto })
  @ApiOkResponse({ type: MetricsResultDto, description: 'The rows.' })
  async queryMetrics(@CurrentProject() project: Project, @Query() query: QueryString): Promise<MetricsResultDto> {
    return this.answer(project, query, 1);
  }

  /**
   * Aggregates observations or scores
   * @remarks Like `/api/public/metrics`, without the view `traces`, with more dimensions and measures, and with at most
   * 100 rows unless `config.row_limit` says otherwise. Dimensions with many values, such as ids, need
   * `config.row_limit`, `orderBy` with a measure and direction `desc`, and no `timeDimension`.
   */
  @Get('v2/metrics')
  @ApiQuery({ type: MetricsQueryDto })
  @ApiOkResponse({ type: MetricsResultDto, description: 'The rows.' })
  async queryMetricsV2(@CurrentProject() project: Project, @Query() query: QueryString): Promise<MetricsResultDto> {
    return this.answer(project, query, 2);
  }

  private async answer(project: Project, query: QueryString, version: AnalyticsVersion): Promise<MetricsResultDto> {
    const asked = parseMetricsQuery(query, version);
    return presentMetrics(asked, await this.analytics.query(project, asked));
  }
}
