import { Controller, Get, Header, Query } from '@nestjs/common';
import { ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type Project } from '../../domain/project.js';
import { JSON_TEXT } from '../../http/json-media-type.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { MetricReader } from '../../storage/metric-reader.js';
import { ExemplarPageDto, ExemplarQueryDto } from './exemplars.dto.js';
import { presentExemplars } from './exemplars.present.js';
import { parseExemplarQuery } from './exemplars.query.js';

@ApiTags('Metrics')
@Controller('api/public/metrics/exemplars')
@QueryRoute()
export class ExemplarsController {
  constructor(private readonly metrics: MetricReader) {}

  /**
   * Traces behind a metric
   * @remarks Single observations that went into a metric, each with the trace in which it was made: from a spike to
   * what happened. OpenTelemetry SDKs call them exemplars and send some of them along; of each series the greatest
   * of a minute are kept, 8 at most.
   */
  @Get()
  @Header('content-type', JSON_TEXT)
  @ApiQuery({ type: ExemplarQueryDto })
  @ApiOkResponse({ type: ExemplarPageDto, description: 'The exemplars, the greatest values first.' })
  async findExemplars(@CurrentProject() project: Project, @Query() query: QueryString): Promise<string> {
    return presentExemplars(await this.metrics.findExemplars(project, parseExemplarQuery(query, Date.now())));
  }
}
