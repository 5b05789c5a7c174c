import { Controller, Get, Header, Param, Query } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type Project } from '../../domain/project.js';
import { JSON_TEXT } from '../../http/json-media-type.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { SessionReader } from '../../storage/session-reader.js';
import { SessionDetailDto, SessionDetailQuery, SessionListQuery, SessionPageDto } from './sessions.dto.js';
import { presentSessionDetail, presentSessionPage } from './sessions.present.js';
import { parseSessionPage, parseSessionList } from './sessions.query.js';

@ApiTags('Sessions')
@Controller('api/public/sessions')
@QueryRoute()
export class SessionsController {
  constructor(private readonly sessions: SessionReader) {}

  /**
   * Lists conversations
   * @remarks Newest first, each with the sums over its traces: counts, tokens, cost and errors.
   */
  @Get()
  @Header('content-type', JSON_TEXT)
  @ApiQuery({ type: SessionListQuery })
  @ApiOkResponse({ type: SessionPageDto, description: 'A page of sessions.' })
  async listSessions(@CurrentProject() project: Project, @Query() query: QueryString): Promise<string> {
    const { filter, page } = parseSessionList(query);
    return presentSessionPage(project, await this.sessions.findSessions(project, filter, page), page);
  }

  /**
   * One conversation with its traces
   * @remarks The sums over the session and a page of its traces in time order, oldest first.
   */
  @Get(':sessionId')
  @Header('content-type', JSON_TEXT)
  @ApiParam({ name: 'sessionId', description: 'As it was sent with the traces.', example: 'conversation-8c1d' })
  @ApiQuery({ type: SessionDetailQuery })
  @ApiOkResponse({ type: SessionDetailDto, description: 'The session.' })
  @ApiNotFoundResponse({ description: 'No trace of the project names such a session.' })
  async getSession(
    @CurrentProject() project: Project,
    @Param('sessionId') sessionId: string,
    @Query() query: QueryString,
  ): Promise<string> {
    const page = parseSessionPage(query);
    return presentSessionDetail(project, await this.sessions.getSession(project, sessionId, page), page);
  }
}
