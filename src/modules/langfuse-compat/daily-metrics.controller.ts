import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type Project } from '../../domain/project.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { UsageReader } from '../../storage/usage-reader.js';
import { DailyMetricsPageDto, DailyMetricsQuery } from './daily-metrics.dto.js';
import { presentDailyMetrics } from './daily-metrics.present.js';
import { parseDailyMetrics } from './daily-metrics.query.js';

@ApiTags('Analytics')
@Controller('api/public/metrics/daily')
@QueryRoute()
export class DailyMetricsController {
  constructor(private readonly usage: UsageReader) {}

  /**
   * Traces, observations, tokens and cost by day and model
   * @remarks Days are UTC, the newest first; days without anything are absent. Traces count on the day of their
   * timestamp, observations on the day they start. Filters are on the trace, also for its observations; the time range
   * is on the timestamp of traces and on the start of observations.
   */
  @Get()
  @ApiQuery({ type: DailyMetricsQuery })
  @ApiOkResponse({ type: DailyMetricsPageDto, description: 'A page of days.' })
  async listDays(@CurrentProject() project: Project, @Query() query: QueryString): Promise<DailyMetricsPageDto> {
    const { query: asked, page } = parseDailyMetrics(query, Date.now());
    return presentDailyMetrics(await this.usage.findDays(project, asked, page), page);
  }
}
