import { Controller, Get, Header, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { type Project } from '../../domain/project.js';
import { principalOf } from '../../http/auth/principal.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { parseBoolean, parseLimit, type QueryString } from '../../http/query.js';
import { DeliveriesDto, DeliveriesQuery } from './deliveries.dto.js';
import { presentDeliveries } from './deliveries.present.js';
import { DeliveryLog, KEPT_DELIVERIES } from './delivery-log.js';

const LIMIT = { default: 50, max: KEPT_DELIVERIES };

@ApiTags('Operation')
@Controller('api/internal')
export class DeliveriesController {
  constructor(private readonly log: DeliveryLog) {}

  /**
   * The last requests that brought data, or meant to
   * @remarks Who sent how much to which door, what became of it and why items were refused: where to look when an SDK
   * "sends nothing". The last 200 of the project are kept in the memory of this process, apart from them the last 200
   * that were not taken whole (`problems=true`); payloads are not kept. Credentials that belong to the whole server
   * also see senders without valid credentials, one entry for each sender and complaint.
   */
  @Get('deliveries')
  @Header('cache-control', 'no-store')
  @ApiQuery({ type: DeliveriesQuery })
  @ApiOkResponse({ type: DeliveriesDto, description: 'The newest first.' })
  listDeliveries(
    @CurrentProject() project: Project,
    @Query() query: QueryString,
    @Req() request: FastifyRequest,
  ): DeliveriesDto {
    const limit = parseLimit(query, LIMIT);
    const onlyProblems = parseBoolean(query, 'problems') ?? false;
    const deliveries = this.log.list(project.no, { limit, onlyProblems });
    if (principalOf(request)?.scopes.includes('operator')) deliveries.push(...this.log.listStrangers(limit));
    return { data: presentDeliveries(deliveries, limit) };
  }
}
