import { Controller, Get, Header, Query } from '@nestjs/common';
import { ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type Readable } from 'node:stream';
import { type Project } from '../../domain/project.js';
import { JSON_TEXT } from '../../http/json-media-type.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { ObservationListReader } from '../../storage/observations/observation-list-reader.js';
import { toBody } from './json-body.js';
import { ObservationSliceDto, ObservationSliceQuery } from './observations-v2.dto.js';
import { presentObservationSlice } from './observations-v2.present.js';
import { parseObservationSlice } from './observations.query.js';

@ApiTags('Observations')
@Controller('api/public/v2/observations')
@QueryRoute()
export class ObservationsV2Controller {
  constructor(private readonly list: ObservationListReader) {}

  /**
   * Lists observations by cursor
   * @remarks Newest start first, with the groups of fields that are asked for. Follow `meta.cursor` until it is absent:
   * every page costs the same, and none skips or repeats an observation while others arrive.
   */
  @Get()
  @Header('content-type', JSON_TEXT)
  @ApiQuery({ type: ObservationSliceQuery })
  @ApiOkResponse({ type: ObservationSliceDto, description: 'A part of the list; keys of other groups are absent.' })
  async listObservations(@CurrentProject() project: Project, @Query() query: QueryString): Promise<Buffer | Readable> {
    const { filter, slice, shape, parts } = parseObservationSlice(query);
    return toBody(presentObservationSlice(project, await this.list.findSlice(project, filter, slice, parts), shape));
  }
}
