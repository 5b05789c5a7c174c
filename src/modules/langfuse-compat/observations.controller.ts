import { Controller, Get, Header, Param, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiParam,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import { type Readable } from 'node:stream';
import { type Project } from '../../domain/project.js';
import { JSON_TEXT } from '../../http/json-media-type.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { parseText, type QueryString } from '../../http/query.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { ObservationReader } from '../../storage/observation-reader.js';
import { ObservationListReader } from '../../storage/observations/observation-list-reader.js';
import { BATCH_EXAMPLE } from './batch.dto.js';
import { toBody } from './json-body.js';
import { ObservationDto } from './observations.dto.js';
import { ObservationListQuery, ObservationPageDto, ObservationQuery } from './observations-list.dto.js';
import { presentObservation, presentObservationPage } from './observations.present.js';
import { parseObservationList } from './observations.query.js';

@ApiTags('Observations')
@Controller('api/public/observations')
@QueryRoute()
export class ObservationsController {
  constructor(
    private readonly list: ObservationListReader,
    private readonly observations: ObservationReader,
  ) {}

  /**
   * Lists observations
   * @remarks Newest start first, with their inputs and outputs. Filters are joined by AND. For more than a few pages
   * follow `meta.nextCursor`, or use `/api/public/v2/observations`: page numbers cost more the further they go.
   */
  @Get()
  @Header('content-type', JSON_TEXT)
  @ApiQuery({ type: ObservationListQuery })
  @ApiOkResponse({ type: ObservationPageDto, description: 'A page of observations.' })
  async listObservations(@CurrentProject() project: Project, @Query() query: QueryString): Promise<Buffer | Readable> {
    const { filter, page } = parseObservationList(query);
    const parts = { io: true, metadata: true, trace: false, prompt: true };
    return toBody(presentObservationPage(project, await this.list.findPage(project, filter, page, parts), page));
  }

  /**
   * One observation
   * @remarks With its input, output, token counts and costs. An id that several traces use needs `traceId`.
   */
  @Get(':observationId')
  @Header('content-type', JSON_TEXT)
  @ApiParam({
    name: 'observationId',
    description: 'As it was sent; of a span 16 hex digits.',
    example: BATCH_EXAMPLE.observations[0]!.id,
  })
  @ApiQuery({ type: ObservationQuery })
  @ApiOkResponse({ type: ObservationDto, description: 'The observation.' })
  @ApiBadRequestResponse({ description: 'Several traces have an observation of this id, and no `traceId` was given.' })
  @ApiNotFoundResponse({ description: 'The project has no such observation.' })
  async getObservation(
    @CurrentProject() project: Project,
    @Param('observationId') observationId: string,
    @Query() query: QueryString,
  ): Promise<Buffer | Readable> {
    const traceId = parseText(query, 'traceId');
    const observation = await this.observations.getWholeObservation(project, observationId, traceId);
    return toBody(presentObservation(project, observation, true));
  }
}
