import { Body, Controller, Get, Header, HttpCode, Post, Query } from '@nestjs/common';
import { ApiBody, ApiNotFoundResponse, ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import { NotFound } from '../../domain/errors.js';
import { type JsonText } from '../../domain/json.js';
import { type Project } from '../../domain/project.js';
import { Redactor } from '../../domain/redaction.js';
import { RequireScope } from '../../http/auth/require-scope.decorator.js';
import { JSON_TEXT } from '../../http/json-media-type.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { DatasetItemStore } from '../../storage/datasets/dataset-item-store.js';
import { DatasetRunStore } from '../../storage/datasets/dataset-run-store.js';
import { ObservationReader } from '../../storage/observation-reader.js';
import { mapRunItem } from './datasets.map.js';
import { presentPage, presentRunItem } from './datasets.present.js';
import { parseRunItemList } from './datasets.query.js';
import { DatasetRunItemDto, DatasetRunItemListDto, NewRunItemDto, RunItemListQuery } from './runs.dto.js';

@ApiTags('Datasets')
@Controller('api/public/dataset-run-items')
export class DatasetRunItemsController {
  constructor(
    private readonly items: DatasetItemStore,
    private readonly runs: DatasetRunStore,
    private readonly observations: ObservationReader,
    private readonly redactor: Redactor,
  ) {}

  /**
   * Notes that an item was tried in a run
   * @remarks Makes the run if the dataset has none of the name. The trace may arrive later. Sending the same again is the
   * same run item; another trace of the same item is another one.
   */
  @Post()
  @HttpCode(200)
  @RequireScope('ingest')
  @Header('content-type', JSON_TEXT)
  @ApiBody({ type: NewRunItemDto, description: 'The run, the item and its trace.' })
  @ApiOkResponse({ type: DatasetRunItemDto, description: 'The run item.' })
  @ApiNotFoundResponse({
    description: 'The project has no such active item, or, without `traceId`, no such observation.',
  })
  async addRunItem(@CurrentProject() project: Project, @Body() body: unknown): Promise<JsonText> {
    const { run, datasetItemId, datasetVersion, traceId, observationId } = mapRunItem(body, this.redactor);
    const item = await this.items.get(project, datasetItemId, datasetVersion);
    if (item.status !== 'ACTIVE') throw new NotFound('Dataset item not found');
    const tried = {
      traceId: traceId ?? (await this.traceOf(project, observationId!)),
      observationId: observationId ?? null,
      ...(run.createdAt === undefined ? {} : { createdAt: run.createdAt }),
    };
    const made = await this.runs.ensure(project, item.datasetId, run);
    return presentRunItem(await this.runs.addItem(project, made, item, tried));
  }

  /**
   * Lists the items of a run
   * @remarks Newest first.
   */
  @Get()
  @Header('content-type', JSON_TEXT)
  @ApiQuery({ type: RunItemListQuery })
  @ApiOkResponse({ type: DatasetRunItemListDto, description: 'A page of run items.' })
  @ApiNotFoundResponse({ description: 'The dataset has no such run.' })
  async listRunItems(@CurrentProject() project: Project, @Query() query: QueryString): Promise<JsonText> {
    const { datasetId, runName, page } = parseRunItemList(query);
    const run = await this.runs.getInDataset(project, datasetId, runName);
    return presentPage(await this.runs.listItems(project, run, page), page, presentRunItem);
  }

  /** Clients of long ago named the observation alone. */
  private async traceOf(project: Project, observationId: string): Promise<string> {
    try {
      return (await this.observations.getObservation(project, observationId)).traceId;
    } catch (error) {
      throw error instanceof NotFound ? new NotFound('Observation not found') : error;
    }
  }
}
