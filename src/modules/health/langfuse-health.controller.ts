import { Controller, Get, Header, HttpStatus, Query, Res } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiInternalServerErrorResponse,
  ApiOkResponse,
  ApiQuery,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../../http/auth/public.decorator.js';
import { parseBoolean, type QueryString } from '../../http/query.js';
import { VERSION } from '../../http/version.js';
import { LangfuseHealthDto } from './health.dto.js';
import { ReadinessService } from './readiness.service.js';

/** Liveness and readiness at the addresses that deployments of Langfuse ask (langfuse.md §2.2). */
@ApiTags('Operation')
@Controller('api/public')
export class LangfuseHealthController {
  constructor(private readonly readiness: ReadinessService) {}

  /**
   * Health, as Langfuse answers it
   * @remarks The process answers; more is looked at only when it is asked for.
   */
  @Get('health')
  @Public()
  @Header('cache-control', 'no-store')
  @ApiQuery({
    name: 'failIfDatabaseUnavailable',
    required: false,
    description: '`true`: 503 while the database does not answer.',
    schema: { type: 'boolean', default: false, example: true },
  })
  @ApiQuery({
    name: 'failIfNoRecentEvents',
    required: false,
    description: '`true`: 503 when no trace of the last 3 minutes is stored, in no project.',
    schema: { type: 'boolean', default: false, example: true },
  })
  @ApiOkResponse({ type: LangfuseHealthDto, description: 'All well.' })
  @ApiBadRequestResponse({
    description: 'A parameter is neither true nor false.',
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/ErrorDto' },
        example: {
          message: 'failIfDatabaseUnavailable must be true or false, got "maybe"',
          error: 'InvalidRequestError',
          code: 'BAD_REQUEST',
          data: null,
        },
      },
    },
  })
  @ApiServiceUnavailableResponse({
    type: LangfuseHealthDto,
    description: 'What was asked for is not so.',
    example: { status: 'Database not available', version: VERSION },
  })
  async getHealth(
    @Query() query: QueryString,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LangfuseHealthDto> {
    const needsEvents = parseBoolean(query, 'failIfNoRecentEvents') === true;
    const needsDatabase = parseBoolean(query, 'failIfDatabaseUnavailable') === true || needsEvents;
    const fail = (status: string): LangfuseHealthDto => {
      void reply.code(HttpStatus.SERVICE_UNAVAILABLE);
      return { status, version: VERSION };
    };
    if (needsDatabase && (await this.readiness.check()).database !== 'up') return fail('Database not available');
    if (needsEvents && !(await this.readiness.hasRecentEvents()))
      return fail('No traces or observations within the last 3 minutes');
    return { status: 'OK', version: VERSION };
  }

  /**
   * Readiness, as Langfuse answers it
   * @remarks Decides as `/readyz` does; 500 while the server stops, as Langfuse says then.
   */
  @Get('ready')
  @Public()
  @Header('cache-control', 'no-store')
  @ApiOkResponse({ type: LangfuseHealthDto, description: 'Ready.' })
  @ApiServiceUnavailableResponse({
    type: LangfuseHealthDto,
    description: 'The database does not answer, or its schema is not current.',
    example: { status: 'Database not available', version: VERSION },
  })
  @ApiInternalServerErrorResponse({
    type: LangfuseHealthDto,
    description: 'The server stops.',
    example: { status: 'Shutting down', version: VERSION },
  })
  async getReadiness(@Res({ passthrough: true }) reply: FastifyReply): Promise<LangfuseHealthDto> {
    const { status, draining } = await this.readiness.check();
    if (status === 'ready') return { status: 'OK', version: VERSION };
    void reply.code(draining ? HttpStatus.INTERNAL_SERVER_ERROR : HttpStatus.SERVICE_UNAVAILABLE);
    return { status: draining ? 'Shutting down' : 'Database not available', version: VERSION };
  }
}
