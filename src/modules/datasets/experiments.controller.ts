import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type Project } from '../../domain/project.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { ExperimentReader } from '../../storage/datasets/experiment-reader.js';
import {
  ExperimentItemListDto,
  ExperimentItemListQuery,
  ExperimentListDto,
  ExperimentListQuery,
} from './experiments.dto.js';
import { presentExperiment, presentExperimentItem } from './experiments.present.js';
import { type ExperimentItemGroup, parseExperimentItemList, parseExperimentList } from './experiments.query.js';

/** Of these fields the payload is read. */
const PAYLOAD_GROUPS: readonly ExperimentItemGroup[] = ['io', 'metadata', 'itemMetadata', 'experimentMetadata'];

@ApiTags('Datasets')
@Controller('api/public')
@QueryRoute()
export class ExperimentsController {
  constructor(private readonly experiments: ExperimentReader) {}

  /**
   * Lists experiments
   * @remarks By the start of their latest item, newest first. They are made of the spans that Langfuse's experiment runners
   * send (`langfuse.experiment.*`), with or without a dataset.
   */
  @Get('experiments')
  @ApiQuery({ type: ExperimentListQuery })
  @ApiOkResponse({ type: ExperimentListDto, description: 'A page of experiments.' })
  async listExperiments(@CurrentProject() project: Project, @Query() query: QueryString): Promise<ExperimentListDto> {
    const { filter, page, groups, scoreLimit } = parseExperimentList(query);
    const { items, nextCursor } = await this.experiments.listExperiments(project, filter, page);
    const scores = groups.has('scores')
      ? await this.experiments.scoresOfExperiments(project, items, scoreLimit)
      : undefined;
    return {
      data: items.map((experiment, i) => presentExperiment(project, experiment, groups, scores?.[i])),
      meta: nextCursor === undefined ? {} : { cursor: nextCursor },
    };
  }

  /**
   * Lists items of experiments
   * @remarks Newest first by their start: the topmost observation of each item.
   */
  @Get('experiment-items')
  @ApiQuery({ type: ExperimentItemListQuery })
  @ApiOkResponse({ type: ExperimentItemListDto, description: 'A page of items.' })
  async listItems(@CurrentProject() project: Project, @Query() query: QueryString): Promise<ExperimentItemListDto> {
    const { filter, page, groups, scoreLimit } = parseExperimentItemList(query);
    const withPayload = PAYLOAD_GROUPS.some((group) => groups.has(group));
    const { items, nextCursor } = await this.experiments.listItems(project, filter, page, withPayload);
    const scores = groups.has('scores') ? await this.experiments.scoresOfItems(project, items, scoreLimit) : undefined;
    return {
      data: items.map((item, i) => presentExperimentItem(project, item, groups, scores?.[i])),
      meta: nextCursor === undefined ? {} : { cursor: nextCursor },
    };
  }
}
