import { Controller, Get, Header, Param, Query } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { InvalidInput } from '../../domain/errors.js';
import { type JsonText } from '../../domain/json.js';
import { type PageRequest } from '../../domain/page.js';
import { type Project } from '../../domain/project.js';
import { type RunResult } from '../../domain/run-result.js';
import { JSON_TEXT } from '../../http/json-media-type.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { parseTexts, type QueryString } from '../../http/query.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { DatasetRunStore } from '../../storage/datasets/dataset-run-store.js';
import { RunResultReader } from '../../storage/datasets/run-result-reader.js';
import { DATASET_NAME, DatasetPageQuery } from './datasets.dto.js';
import { presentMeta } from './datasets.present.js';
import { parseDatasetPage } from './datasets.query.js';
import { RunComparisonDto, RunComparisonQuery, type RunResultDto, RunResultsDto } from './results.dto.js';
import { presentResult, presentRunReading, type RunReading } from './results.present.js';
import { RUN_NAME } from './runs.dto.js';

/** Each reads all of its items. */
const MAX_COMPARED_RUNS = 5;

const DATASET_PARAM = { name: 'datasetName', description: 'The whole name, encoded once.', example: DATASET_NAME };

@ApiTags('Datasets')
@Controller('api/public/datasets/:datasetName')
@QueryRoute()
export class RunResultsController {
  constructor(
    private readonly runs: DatasetRunStore,
    private readonly reader: RunResultReader,
  ) {}

  /**
   * What became of the items of a run
   * @remarks Output, latency, cost, tokens and scores of every item, and of the run as a whole. An item that names an
   * observation inside of a trace has the figures of that observation and what is below it, any other those of its
   * trace. Not a route of Langfuse's.
   */
  @Get('runs/:runName/results')
  @Header('content-type', JSON_TEXT)
  @ApiParam(DATASET_PARAM)
  @ApiParam({ name: 'runName', description: 'The whole name, encoded once.', example: RUN_NAME })
  @ApiQuery({ type: DatasetPageQuery })
  @ApiOkResponse({ type: RunResultsDto, description: 'The run, and a page of its items.' })
  @ApiNotFoundResponse({ description: 'The project has no such dataset, or the dataset no such run.' })
  async getResults(
    @CurrentProject() project: Project,
    @Param('datasetName') datasetName: string,
    @Param('runName') runName: string,
    @Query() query: QueryString,
  ): Promise<JsonText> {
    const page = parseDatasetPage(query);
    const reading = await this.read(project, datasetName, runName);
    const shown = slice(reading.results, page);
    const data = await this.present(project, shown);
    return (
      `{"run":${presentRunReading(reading)},"data":${JSON.stringify(data)},` +
      `"meta":${metaOf(reading.results.length, page)}}`
    );
  }

  /**
   * Runs side by side
   * @remarks For every item of 1 to 5 runs of a dataset what became of it in each, and each run as a whole. Not a route of
   * Langfuse's.
   */
  @Get('run-comparison')
  @Header('content-type', JSON_TEXT)
  @ApiParam(DATASET_PARAM)
  @ApiQuery({ type: RunComparisonQuery })
  @ApiOkResponse({ type: RunComparisonDto, description: 'The runs, and a page of their items.' })
  @ApiNotFoundResponse({ description: 'The project has no such dataset, or the dataset no such run.' })
  async compareRuns(
    @CurrentProject() project: Project,
    @Param('datasetName') datasetName: string,
    @Query() query: QueryString,
  ): Promise<JsonText> {
    const page = parseDatasetPage(query);
    const names = [...new Set(parseTexts(query, 'runName'))];
    if (names.length === 0 || names.length > MAX_COMPARED_RUNS) {
      throw new InvalidInput(`runName must be given 1 to ${MAX_COMPARED_RUNS} times`, 'runName');
    }
    const readings: RunReading[] = [];
    for (const name of names) readings.push(await this.read(project, datasetName, name));
    const itemIds = [
      ...new Set(readings.flatMap(({ results }) => results.map(({ runItem }) => runItem.datasetItemId))),
    ];
    const shownIds = slice(itemIds, page);
    const isShown = new Set(shownIds);
    const ofRuns = await Promise.all(
      readings.map(({ results }) =>
        this.present(
          project,
          results.filter(({ runItem }) => isShown.has(runItem.datasetItemId)),
        ),
      ),
    );
    const byItem = ofRuns.map((results) => groupByItem(results));
    const data = shownIds.map((id) => ({ datasetItemId: id, results: byItem.map((results) => results.get(id) ?? []) }));
    return (
      `{"runs":[${readings.map(presentRunReading).join(',')}],"data":${JSON.stringify(data)},` +
      `"meta":${metaOf(itemIds.length, page)}}`
    );
  }

  private async read(project: Project, datasetName: string, runName: string): Promise<RunReading> {
    const run = await this.runs.get(project, datasetName, runName);
    const [{ results, isCapped }, runScores] = await Promise.all([
      this.reader.read(project, run),
      this.reader.runScores(project, run),
    ]);
    return { run, results, isCapped, runScores };
  }

  private async present(project: Project, results: readonly RunResult[]): Promise<RunResultDto[]> {
    const previews = await this.reader.previews(
      project,
      results.map(({ runItem }) => runItem),
    );
    return results.map((result, i) => presentResult(result, previews[i]!));
  }
}

function slice<T>(all: readonly T[], { page, limit }: PageRequest): T[] {
  return all.slice((page - 1) * limit, page * limit);
}

function metaOf(totalItems: number, page: PageRequest): JsonText {
  return presentMeta(
    { items: [], totalItems, isTotalCapped: false, hasMore: page.page * page.limit < totalItems },
    page,
  );
}

function groupByItem(results: readonly RunResultDto[]): ReadonlyMap<string, RunResultDto[]> {
  const groups = new Map<string, RunResultDto[]>();
  for (const result of results) {
    const group = groups.get(result.datasetItemId);
    if (group === undefined) groups.set(result.datasetItemId, [result]);
    else group.push(result);
  }
  return groups;
}
