import { Body, Controller, Delete, Get, Header, Headers, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBody, ApiNotFoundResponse, ApiOkResponse, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { NotFound } from '../../domain/errors.js';
import { type Dataset } from '../../domain/dataset.js';
import { type JsonText } from '../../domain/json.js';
import { type Project } from '../../domain/project.js';
import { parseRequestJson } from '../../domain/request-json.js';
import { Redactor } from '../../domain/redaction.js';
import { RequireScope } from '../../http/auth/require-scope.decorator.js';
import { JSON_TEXT, requireJson } from '../../http/json-media-type.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { reportWrite } from '../../http/request-record.js';
import { WriteRoute } from '../../http/write-route.js';
import { DatasetItemStore } from '../../storage/datasets/dataset-item-store.js';
import { DatasetStore } from '../../storage/datasets/dataset-store.js';
import { MediaStore } from '../../storage/media/media-store.js';
import { ITEM_ID } from './datasets.dto.js';
import { mapItem } from './datasets.map.js';
import { presentItem, presentPage } from './datasets.present.js';
import { decodeName, parseErase, parseItemList } from './datasets.query.js';
import { ItemChecks } from './item-checks.js';
import { ItemMedia } from './item-media.js';
import {
  DatasetItemDeletedDto,
  DatasetItemDeleteQuery,
  DatasetItemDto,
  DatasetItemListDto,
  DatasetItemListQuery,
  NewDatasetItemDto,
} from './items.dto.js';

const ID_PARAM = { name: 'datasetItemId', description: 'As it was sent.', example: ITEM_ID };

@ApiTags('Datasets')
@Controller('api/public/dataset-items')
export class DatasetItemsController {
  constructor(
    private readonly datasets: DatasetStore,
    private readonly items: DatasetItemStore,
    private readonly checks: ItemChecks,
    private readonly redactor: Redactor,
    private readonly media: ItemMedia,
    private readonly files: MediaStore,
  ) {}

  /**
   * Makes an item, or its next version
   * @remarks By its id. Versions before are kept: `version` of the list shows the items as they were at a time. Saying
   * again what is stored makes no version. Items may be as large as what is ingested.
   */
  @Post()
  @WriteRoute({ door: 'datasets', errors: 'envelope', overCapacity: 503 })
  @Header('content-type', JSON_TEXT)
  @ApiBody({ type: NewDatasetItemDto, description: 'The item; only the name of its dataset is needed.' })
  @ApiOkResponse({ type: DatasetItemDto, description: 'As it is kept.' })
  @ApiNotFoundResponse({ description: 'The project has no such dataset, or the id is of an item of another one.' })
  async putItem(
    @CurrentProject() project: Project,
    @Body() body: Buffer,
    @Headers('content-type') contentType: string | undefined,
    @Req() request: FastifyRequest,
  ): Promise<JsonText> {
    const { datasetName, patch } = mapItem(parseBody(body, contentType), this.redactor);
    const dataset = await this.datasets.get(project, datasetName);
    const item = await this.items.put(project, dataset, patch, (content) => this.checks.checkItem(dataset, content));
    await this.files.keepForItem(project, item);
    reportWrite(request, { itemCount: 1, refusedCount: 0, refused: [] });
    return presentItem(item);
  }

  /**
   * Lists items
   * @remarks Active ones, newest first by when they were made.
   */
  @Get()
  @Header('content-type', JSON_TEXT)
  @ApiQuery({ type: DatasetItemListQuery })
  @ApiOkResponse({ type: DatasetItemListDto, description: 'A page of items.' })
  async listItems(
    @CurrentProject() project: Project,
    @Query() query: QueryString,
    @Req() request: FastifyRequest,
  ): Promise<JsonText> {
    const { datasetName, filter, page } = parseItemList(query);
    const dataset = datasetName === undefined ? undefined : await this.datasetOfList(project, datasetName);
    const items = await this.items.list(project, { ...filter, ...(dataset && { datasetId: dataset.id }) }, page);
    const media = await this.media.referencesOf(project, items.items, request);
    return presentPage(items, page, (item) => presentItem(item, media));
  }

  /** Langfuse's SDK for Python 2 encodes the name, and httpx from 0.28 on encodes it again: `my%2520set`. */
  private async datasetOfList(project: Project, name: string): Promise<Dataset> {
    const once = decodeName(name);
    try {
      return await this.datasets.get(project, name);
    } catch (error) {
      if (!(error instanceof NotFound) || once === name) throw error;
      return this.datasets.get(project, once);
    }
  }

  /**
   * One item
   * @remarks Its present version, archived or not.
   */
  @Get(':datasetItemId')
  @Header('content-type', JSON_TEXT)
  @ApiParam(ID_PARAM)
  @ApiOkResponse({ type: DatasetItemDto, description: 'The item.' })
  @ApiNotFoundResponse({ description: 'The project has no such item.' })
  async getItem(
    @CurrentProject() project: Project,
    @Param('datasetItemId') id: string,
    @Req() request: FastifyRequest,
  ): Promise<JsonText> {
    const item = await this.items.get(project, id);
    return presentItem(item, await this.media.referencesOf(project, [item], request));
  }

  /**
   * Deletes an item
   * @remarks It is in no list from now on. Versions before stay, and so do the runs that used it, unless `history=erase`.
   */
  @Delete(':datasetItemId')
  @RequireScope('ingest')
  @ApiParam(ID_PARAM)
  @ApiQuery({ type: DatasetItemDeleteQuery })
  @ApiOkResponse({ type: DatasetItemDeletedDto, description: 'It is gone.' })
  @ApiNotFoundResponse({ description: 'The project has no such item.' })
  async deleteItem(
    @CurrentProject() project: Project,
    @Param('datasetItemId') id: string,
    @Query() query: QueryString,
  ): Promise<DatasetItemDeletedDto> {
    await this.items.delete(project, id, parseErase(query));
    return { message: 'Dataset item successfully deleted' };
  }
}

function parseBody(body: Buffer, contentType: string | undefined): unknown {
  requireJson(contentType);
  return parseRequestJson(body.toString('utf8'));
}
