import { Controller, Get, Header, Query } from '@nestjs/common';
import { ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type Project } from '../../domain/project.js';
import { JSON_TEXT } from '../../http/json-media-type.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { LogReader } from '../../storage/log-reader.js';
import { LogListQuery, LogPageDto } from './logs.dto.js';
import { presentLogPage } from './logs.present.js';
import { parseLogList } from './logs.query.js';

@ApiTags('Logs')
@Controller('api/public/logs')
@QueryRoute()
export class LogsController {
  constructor(private readonly logs: LogReader) {}

  /**
   * Lists log records
   * @remarks Newest first unless `order=asc`. With `traceId` the logs of one trace, with `observationId` besides those of one
   * span. Records are as they were sent, less secrets; there is no search in their texts.
   */
  @Get()
  @Header('content-type', JSON_TEXT)
  @ApiQuery({ type: LogListQuery })
  @ApiOkResponse({ type: LogPageDto, description: 'A page of log records.' })
  async listLogs(@CurrentProject() project: Project, @Query() query: QueryString): Promise<string> {
    const { filter, page, direction } = parseLogList(query);
    return presentLogPage(project, await this.logs.findLogs(project, filter, page, direction), page);
  }
}
