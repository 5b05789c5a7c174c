import { Controller, Get, Header, Param, Query } from '@nestjs/common';
import { ApiBadRequestResponse, ApiNotFoundResponse, ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type Project } from '../../domain/project.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { SessionReader } from '../../storage/session-reader.js';
import { SessionDetailDto, SessionDetailQuery, SessionListQuery, SessionPageDto } from './sessions.dto.js';
import { presentSessionDetail, presentSessionPage } from './sessions.present.js';
import { parsePageRequest, parseSessionList } from './sessions.query.js';

const JSON_TEXT = 'application/json; charset=utf-8';

@ApiTags('Sessions')
@Controller('api/public/sessions')
@QueryRoute()
export class SessionsController {
  constructor(private readonly sessions: SessionReader) {}

  /** Conversations, newest first, with the sums over their traces. */
  @Get()
  @Header('content-type', JSON_TEXT)
  @ApiQuery({ type: SessionListQuery })
  @ApiOkResponse({ type: SessionPageDto })
  @ApiBadRequestResponse({ description: 'A parameter is out of range or cannot be read; the message names it.' })
  async listSessions(@CurrentProject() project: Project, @Query() query: QueryString): Promise<string> {
    const { filter, page } = parseSessionList(query);
    return presentSessionPage(project, await this.sessions.findSessions(project, filter, page), page);
  }

  /** One conversation and a page of its traces in time order, oldest first. */
  @Get(':sessionId')
  @Header('content-type', JSON_TEXT)
  @ApiQuery({ type: SessionDetailQuery })
  @ApiOkResponse({ type: SessionDetailDto })
  @ApiNotFoundResponse({ description: 'No trace of the project names such a session.' })
  async getSession(
    @CurrentProject() project: Project,
    @Param('sessionId') sessionId: string,
    @Query() query: QueryString,
  ): Promise<string> {
    const page = parsePageRequest(query);
    return presentSessionDetail(project, await this.sessions.getSession(project, sessionId, page), page);
  }
}
