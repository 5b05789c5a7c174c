import { Controller, Get, Param, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiParam,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { Project } from '../../domain/project.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { parseText, type QueryString } from '../../http/query.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { ObservationReader } from '../../storage/observation-reader.js';
import { TraceReader } from '../../storage/trace-reader.js';
import { explainMapping } from './otlp.explain.js';
import { MappingDto, MappingQuery } from './otlp.mapping.dto.js';

@ApiTags('Observations')
@Controller('api/public/observations')
@QueryRoute()
export class MappingController {
  constructor(
    private readonly observations: ObservationReader,
    private readonly traces: TraceReader,
  ) {}

  /**
   * Which attribute filled which field
   * @remarks For every field of an observation and of its trace: the attribute of the span that filled it, those that
   * would have stated it and why they did not, and for an empty field the attributes that would fill it. Found out from
   * the stored attributes by the mapping of this server's version.
   */
  @Get(':observationId/mapping')
  @ApiParam({
    name: 'observationId',
    description: 'As it was sent; of a span 16 hex digits.',
    example: 'eee19b7ec3c1b174',
  })
  @ApiQuery({ type: MappingQuery })
  @ApiOkResponse({ type: MappingDto, description: 'The mapping, field by field.' })
  @ApiBadRequestResponse({ description: 'Several traces have an observation of this id, and no `traceId` was given.' })
  @ApiNotFoundResponse({ description: 'The project has no such observation.' })
  async getMapping(
    @CurrentProject() project: Project,
    @Param('observationId') observationId: string,
    @Query() query: QueryString,
  ): Promise<MappingDto> {
    const found = await this.observations.getObservation(project, observationId, parseText(query, 'traceId'));
    const trace = await this.traces.getTrace(project, found.traceId, { io: false, observations: false });
    const { source, fields, attributesWithoutField, notes } = explainMapping(found, trace);
    return {
      observationId: found.id,
      traceId: found.traceId,
      source,
      fields: fields.map((field) => ({ ...field, lost: [...field.lost], wouldBeFilledBy: [...field.wouldBeFilledBy] })),
      attributesWithoutField: [...attributesWithoutField],
      notes: [...notes],
    };
  }
}
