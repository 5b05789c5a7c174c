import { Controller, Get, Header, Query } from '@nestjs/common';
import { ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type Project } from '../../domain/project.js';
import { JSON_TEXT } from '../../http/json-media-type.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { MetricReader } from '../../storage/metric-reader.js';
import { AGG_PARAMETER, MetricNamesDto, SeriesPageDto, SeriesQueryDto, STEP_PARAMETER } from './series.dto.js';
import { presentSeriesPage } from './series.present.js';
import { parseSeriesQuery } from './series.query.js';

@ApiTags('Metrics')
@Controller('api/public/metrics')
@QueryRoute()
export class SeriesController {
  constructor(private readonly metrics: MetricReader) {}

  /**
   * Aggregates a metric into buckets
   * @remarks The points of each series of the metric, or of series that agree in the label `group_by`, as one value per
   * bucket of width `step`.
   */
  @Get('query')
  @Header('content-type', JSON_TEXT)
  @ApiQuery({ type: SeriesQueryDto })
  @ApiQuery(STEP_PARAMETER)
  @ApiQuery(AGG_PARAMETER)
  @ApiOkResponse({ type: SeriesPageDto, description: 'The series that have points in the range.' })
  async querySeries(@CurrentProject() project: Project, @Query() query: QueryString): Promise<string> {
    return presentSeriesPage(await this.metrics.querySeries(project, parseSeriesQuery(query, Date.now())));
  }

  /**
   * Names of all metrics
   * @remarks Those that ever got a point, in the project of the credentials.
   */
  @Get('names')
  @ApiOkResponse({ type: MetricNamesDto, description: 'The names.' })
  async listNames(@CurrentProject() project: Project): Promise<MetricNamesDto> {
    return { data: await this.metrics.listNames(project) };
  }
}
