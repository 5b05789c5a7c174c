import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBody, ApiNotFoundResponse, ApiOkResponse, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { InvalidInput } from '../../domain/errors.js';
import { type Dataset } from '../../domain/dataset.js';
import { type JsonText } from '../../domain/json.js';
import { type Project } from '../../domain/project.js';
import { Redactor } from '../../domain/redaction.js';
import { RequireScope } from '../../http/auth/require-scope.decorator.js';
import { JSON_TEXT } from '../../http/json-media-type.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { DatasetItemStore } from '../../storage/datasets/dataset-item-store.js';
import { DatasetRunStore } from '../../storage/datasets/dataset-run-store.js';
import { DatasetStore } from '../../storage/datasets/dataset-store.js';
import {
  DATASET_NAME,
  DatasetDeletedDto,
  DatasetDto,
  DatasetListDto,
  DatasetPageQuery,
  DatasetSummaryListDto,
  NewDatasetDto,
} from './datasets.dto.js';
import { mapDataset } from './datasets.map.js';
import { presentDataset, presentItem, presentList, presentPage } from './datasets.present.js';
import { parseDatasetPage, parseFirstVersionPage } from './datasets.query.js';
import { ItemChecks } from './item-checks.js';
import { ItemMedia } from './item-media.js';
import { DatasetWithItemsDto } from './items.dto.js';

/** The first version of the route has no pages. */
const MAX_ITEMS_AT_ONCE = 1000;

const NAME_PARAM = { name: 'datasetName', description: 'The whole name, encoded once.', example: DATASET_NAME };

@ApiTags('Datasets')
@Controller('api/public')
export class DatasetsController {
  constructor(
    private readonly datasets: DatasetStore,
    private readonly items: DatasetItemStore,
    private readonly runs: DatasetRunStore,
    private readonly checks: ItemChecks,
    private readonly redactor: Redactor,
    private readonly media: ItemMedia,
  ) {}

  /**
   * Makes or changes a dataset
   * @remarks By its name. A schema is refused while an item that is there does not fit it.
   */
  @Post('v2/datasets')
  @HttpCode(200)
  @RequireScope('ingest')
  @Header('content-type', JSON_TEXT)
  @ApiBody({ type: NewDatasetDto, description: 'The dataset; only the name is needed.' })
  @ApiOkResponse({ type: DatasetDto, description: 'As it is kept.' })
  async putDataset(@CurrentProject() project: Project, @Body() body: unknown): Promise<JsonText> {
    return presentDataset(project, await this.put(project, body));
  }

  /**
   * Lists datasets
   * @remarks Newest first.
   */
  @Get('v2/datasets')
  @Header('content-type', JSON_TEXT)
  @ApiQuery({ type: DatasetPageQuery })
  @ApiOkResponse({ type: DatasetListDto, description: 'A page of datasets.' })
  async listDatasets(@CurrentProject() project: Project, @Query() query: QueryString): Promise<JsonText> {
    const page = parseDatasetPage(query);
    return presentPage(await this.datasets.list(project, page), page, (dataset) => presentDataset(project, dataset));
  }

  /**
   * One dataset
   * @remarks Its items are at `GET /api/public/dataset-items`.
   */
  @Get('v2/datasets/:datasetName')
  @Header('content-type', JSON_TEXT)
  @ApiParam(NAME_PARAM)
  @ApiOkResponse({ type: DatasetDto, description: 'The dataset.' })
  @ApiNotFoundResponse({ description: 'The project has no such dataset.' })
  async getDataset(@CurrentProject() project: Project, @Param('datasetName') name: string): Promise<JsonText> {
    return presentDataset(project, await this.datasets.get(project, name));
  }

  /**
   * Deletes a dataset
   * @remarks With all versions of its items, its runs and their items. Traces and scores stay. Not a route of Langfuse's.
   */
  @Delete('v2/datasets/:datasetName')
  @RequireScope('admin')
  @ApiParam(NAME_PARAM)
  @ApiOkResponse({ type: DatasetDeletedDto, description: 'It is gone.' })
  @ApiNotFoundResponse({ description: 'The project has no such dataset.' })
  async deleteDataset(
    @CurrentProject() project: Project,
    @Param('datasetName') name: string,
  ): Promise<DatasetDeletedDto> {
    await this.datasets.delete(project, name);
    return { message: 'Dataset successfully deleted' };
  }

  /**
   * Makes or changes a dataset, first version
   * @remarks What older SDKs call; like `POST /api/public/v2/datasets`, with two empty lists in the answer.
   */
  @Post('datasets')
  @HttpCode(200)
  @RequireScope('ingest')
  @Header('content-type', JSON_TEXT)
  @ApiBody({ type: NewDatasetDto, description: 'The dataset; only the name is needed.' })
  @ApiOkResponse({ type: DatasetWithItemsDto, description: 'As it is kept.' })
  async putDatasetFirstVersion(@CurrentProject() project: Project, @Body() body: unknown): Promise<JsonText> {
    return presentDataset(project, await this.put(project, body), ',"items":[],"runs":[]');
  }

  /**
   * Lists datasets, first version
   * @remarks Newest first, with the ids of their items and the names of their runs.
   */
  @Get('datasets')
  @Header('content-type', JSON_TEXT)
  @ApiQuery({ type: DatasetPageQuery })
  @ApiOkResponse({ type: DatasetSummaryListDto, description: 'A page of datasets.' })
  async listDatasetsFirstVersion(@CurrentProject() project: Project, @Query() query: QueryString): Promise<JsonText> {
    const request = parseFirstVersionPage(query);
    const page = await this.datasets.list(project, request);
    const ids = page.items.map(({ id }) => id);
    const [items, runs] = await Promise.all([this.items.listIds(project, ids), this.runs.listNames(project, ids)]);
    return presentPage(page, request, (dataset) =>
      presentDataset(
        project,
        dataset,
        `,"items":${JSON.stringify(items.get(dataset.id) ?? [])},"runs":${JSON.stringify(runs.get(dataset.id) ?? [])}`,
      ),
    );
  }

  /**
   * One dataset with its items, first version
   * @remarks Up to 1,000 active items; a dataset with more is answered 400, and `GET /api/public/dataset-items` has pages.
   */
  @Get('datasets/:datasetName')
  @Header('content-type', JSON_TEXT)
  @ApiParam(NAME_PARAM)
  @ApiOkResponse({ type: DatasetWithItemsDto, description: 'The dataset.' })
  @ApiNotFoundResponse({ description: 'The project has no such dataset.' })
  async getDatasetFirstVersion(
    @CurrentProject() project: Project,
    @Param('datasetName') name: string,
    @Req() request: FastifyRequest,
  ): Promise<JsonText> {
    const dataset = await this.datasets.get(project, name);
    const [items, runs] = await Promise.all([
      this.items.list(project, { datasetId: dataset.id }, { page: 1, limit: MAX_ITEMS_AT_ONCE }),
      this.runs.listNames(project, [dataset.id]),
    ]);
    if (items.hasMore) {
      throw new InvalidInput(
        `the dataset has more than ${MAX_ITEMS_AT_ONCE} items: GET /api/public/dataset-items has pages`,
        'datasetName',
      );
    }
    const media = await this.media.referencesOf(project, items.items, request);
    const listed = presentList(items.items, (item) => presentItem(item, media));
    const names = JSON.stringify(runs.get(dataset.id) ?? []);
    return presentDataset(project, dataset, `,"items":${listed},"runs":${names}`);
  }

  private async put(project: Project, body: unknown): Promise<Dataset> {
    const patch = mapDataset(body, this.redactor);
    if (patch.inputSchema != null || patch.expectedOutputSchema != null) {
      await this.checks.checkSchemas(project, await this.datasets.find(project, patch.name), patch);
    }
    return this.datasets.put(project, patch);
  }
}
