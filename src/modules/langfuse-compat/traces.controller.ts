import { Controller, Get, Header, Param, Query } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type Readable } from 'node:stream';
import { type Project } from '../../domain/project.js';
import { JSON_TEXT } from '../../http/json-media-type.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { ScoreReader } from '../../storage/scores/score-reader.js';
import { TraceReader } from '../../storage/trace-reader.js';
import { BATCH_EXAMPLE } from './batch.dto.js';
import { toBody } from './json-body.js';
import { TraceDetailDto, TraceDetailQuery, TraceListQuery, TracePageDto } from './traces.dto.js';
import { presentTraceDetail, presentTracePage } from './traces.present.js';
import { parseFieldGroups, parseTraceList } from './traces.query.js';

@ApiTags('Traces')
@Controller('api/public/traces')
@QueryRoute()
export class TracesController {
  constructor(
    private readonly traces: TraceReader,
    private readonly scores: ScoreReader,
  ) {}

  /**
   * Lists traces
   * @remarks Newest first unless told, with their inputs and outputs. Filters are joined by AND. For more than a few
   * pages follow `meta.nextCursor`: page numbers cost more the further they go.
   */
  @Get()
  @Header('content-type', JSON_TEXT)
  @ApiQuery({ type: TraceListQuery })
  @ApiOkResponse({ type: TracePageDto, description: 'A page of traces; `observations` has only their ids.' })
  async listTraces(@CurrentProject() project: Project, @Query() query: QueryString): Promise<Buffer | Readable> {
    const { filter, page, order, groups } = parseTraceList(query);
    const traces = await this.traces.findTraces(project, filter, page, order, groups);
    const ids = traces.items.map(({ traceId }) => traceId);
    const scoreIds = groups.scores ? await this.scores.idsOfTraces(project, ids) : [];
    return toBody(presentTracePage(project, traces, scoreIds, page, groups));
  }

  /**
   * One trace with all its observations
   * @remarks Observations in start order, with inputs, outputs, token counts and costs.
   */
  @Get(':traceId')
  @Header('content-type', JSON_TEXT)
  @ApiParam({ name: 'traceId', description: 'As it was sent.', example: BATCH_EXAMPLE.trace.id })
  @ApiQuery({ type: TraceDetailQuery })
  @ApiOkResponse({ type: TraceDetailDto, description: 'The trace.' })
  @ApiNotFoundResponse({ description: 'The project has no such trace.' })
  async getTrace(
    @CurrentProject() project: Project,
    @Param('traceId') traceId: string,
    @Query() query: QueryString,
  ): Promise<Buffer | Readable> {
    const groups = parseFieldGroups(query);
    const trace = await this.traces.getTrace(project, traceId, groups);
    const [scores] = groups.scores ? await this.scores.ofTraces(project, [traceId]) : [];
    return toBody(presentTraceDetail(project, trace, scores ?? [], groups));
  }
}
