import { Controller, Get, Header, HttpStatus, Res } from '@nestjs/common';
import { ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../../http/auth/public.decorator.js';
import { VERSION } from '../../http/version.js';
import { LivenessDto, ReadinessDto } from './health.dto.js';
import { ReadinessService } from './readiness.service.js';

@ApiTags('Operation')
@Controller()
export class HealthController {
  constructor(private readonly readiness: ReadinessService) {}

  /**
   * Liveness: the process answers
   * @remarks Never asks the database, so that its outage restarts no server.
   */
  @Get('healthz')
  @Public()
  @Header('cache-control', 'no-store')
  @ApiOkResponse({ type: LivenessDto, description: 'The process lives.' })
  getLiveness(): LivenessDto {
    return { status: 'ok', version: VERSION, uptimeSeconds: Math.floor(process.uptime()) };
  }

  /**
   * Readiness: whether this server should get traffic
   * @remarks Asks the database, and says no from the moment the server was told to stop. A long queue is no reason.
   */
  @Get('readyz')
  @Public()
  @Header('cache-control', 'no-store')
  @ApiOkResponse({ type: ReadinessDto, description: 'Ready.' })
  @ApiServiceUnavailableResponse({
    type: ReadinessDto,
    description: 'Send traffic elsewhere.',
    example: { status: 'not_ready', database: 'down', migrations: 'up', draining: false },
  })
  async getReadiness(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadinessDto> {
    const readiness = await this.readiness.check();
    if (readiness.status !== 'ready') void reply.code(HttpStatus.SERVICE_UNAVAILABLE);
    return readiness;
  }
}
