import { Controller, Delete, Get, Header, Param, Query } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type JsonText } from '../../domain/json.js';
import { type Project } from '../../domain/project.js';
import { RequireScope } from '../../http/auth/require-scope.decorator.js';
import { JSON_TEXT } from '../../http/json-media-type.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { DatasetRunStore, MAX_RUN_ITEMS_SHOWN } from '../../storage/datasets/dataset-run-store.js';
import { DatasetStore } from '../../storage/datasets/dataset-store.js';
import { DATASET_NAME, DatasetPageQuery } from './datasets.dto.js';
import { presentList, presentPage, presentRun, presentRunItem } from './datasets.present.js';
import { parseDatasetPage } from './datasets.query.js';
import { DatasetRunDeletedDto, DatasetRunListDto, DatasetRunWithItemsDto, RUN_NAME } from './runs.dto.js';

const DATASET_PARAM = { name: 'datasetName', description: 'The whole name, encoded once.', example: DATASET_NAME };
const RUN_PARAM = { name: 'runName', description: 'The whole name, encoded once.', example: RUN_NAME };

@ApiTags('Datasets')
@Controller('api/public/datasets/:datasetName/runs')
export class DatasetRunsController {
  constructor(
    private readonly datasets: DatasetStore,
    private readonly runs: DatasetRunStore,
  ) {}

  /**
   * Lists the runs of a dataset
   * @remarks Newest first.
   */
  @Get()
  @Header('content-type', JSON_TEXT)
  @ApiParam(DATASET_PARAM)
  @ApiQuery({ type: DatasetPageQuery })
  @ApiOkResponse({ type: DatasetRunListDto, description: 'A page of runs.' })
  @ApiNotFoundResponse({ description: 'The project has no such dataset.' })
  async listRuns(
    @CurrentProject() project: Project,
    @Param('datasetName') name: string,
    @Query() query: QueryString,
  ): Promise<JsonText> {
    const page = parseDatasetPage(query);
    const dataset = await this.datasets.get(project, name);
    return presentPage(await this.runs.list(project, dataset, page), page, (run) => presentRun(run));
  }

  /**
   * One run with its items
   * @remarks What became of the items is at `…/results`.
   */
  @Get(':runName')
  @Header('content-type', JSON_TEXT)
  @ApiParam(DATASET_PARAM)
  @ApiParam(RUN_PARAM)
  @ApiOkResponse({ type: DatasetRunWithItemsDto, description: 'The run.' })
  @ApiNotFoundResponse({ description: 'The project has no such dataset, or the dataset no such run.' })
  async getRun(
    @CurrentProject() project: Project,
    @Param('datasetName') name: string,
    @Param('runName') runName: string,
  ): Promise<JsonText> {
    const run = await this.runs.get(project, name, runName);
    const { items } = await this.runs.listItems(project, run, { page: 1, limit: MAX_RUN_ITEMS_SHOWN });
    return presentRun(run, `,"datasetRunItems":${presentList(items, presentRunItem)}`);
  }

  /**
   * Deletes a run
   * @remarks With its items. Traces and scores stay.
   */
  @Delete(':runName')
  @RequireScope('ingest')
  @ApiParam(DATASET_PARAM)
  @ApiParam(RUN_PARAM)
  @ApiOkResponse({ type: DatasetRunDeletedDto, description: 'It is gone.' })
  @ApiNotFoundResponse({ description: 'The project has no such dataset, or the dataset no such run.' })
  async deleteRun(
    @CurrentProject() project: Project,
    @Param('datasetName') name: string,
    @Param('runName') runName: string,
  ): Promise<DatasetRunDeletedDto> {
    await this.runs.delete(project, name, runName);
    return { message: 'Dataset run successfully deleted' };
  }
}
