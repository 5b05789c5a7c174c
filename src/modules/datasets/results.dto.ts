import { ApiProperty } from '@nestjs/swagger';
import { PageMetaDto } from '../../http/page.dto.js';
import { DatasetPageQuery, ITEM_ID, TIME } from './datasets.dto.js';
import { DatasetRunDto, RUN_NAME } from './runs.dto.js';

const NUMBER_OR_NULL = { nullable: true, type: 'number' } as const;

export class RunScoreDto {
  @ApiProperty({ example: 'a7a1e2c4-4a39-4a0e-8d3e-0f4d3f4f1a11' })
  id!: string;

  @ApiProperty({ example: 'accuracy' })
  name!: string;

  @ApiProperty({ enum: ['NUMERIC', 'CATEGORICAL', 'BOOLEAN', 'TEXT', 'CORRECTION'], example: 'NUMERIC' })
  dataType!: string;

  @ApiProperty({ enum: ['API', 'EVAL', 'ANNOTATION'], example: 'API' })
  source!: string;

  @ApiProperty({ ...NUMBER_OR_NULL, example: 0.97 })
  value!: number | null;

  @ApiProperty({ nullable: true, type: 'string', example: null })
  stringValue!: string | null;

  @ApiProperty({ nullable: true, type: 'string', example: 'Names the day.' })
  comment!: string | null;

  @ApiProperty({ nullable: true, type: 'string', example: null })
  observationId!: string | null;

  @ApiProperty({ format: 'date-time', example: TIME })
  timestamp!: string;
}

/** One try of an item. What is not known is null, also while the trace has not arrived. */
export class RunResultDto {
  @ApiProperty({ example: '9f86d081884c7d659a2feaa0c55ad015' })
  runItemId!: string;

  @ApiProperty({ example: ITEM_ID })
  datasetItemId!: string;

  /** The version of the item that was tried. */
  @ApiProperty({ format: 'date-time', example: TIME })
  datasetItemVersion!: string;

  @ApiProperty({ example: '5b8efff798038103d269b633813fc60c' })
  traceId!: string;

  @ApiProperty({ nullable: true, type: 'string', example: 'eee19b7ec3c1b174' })
  observationId!: string | null;

  /** False while the trace has not arrived, and when retention has taken it. */
  @ApiProperty({ example: true })
  hasTrace!: boolean;

  /** The first 500 characters of what the item gave; of the version that was tried. */
  @ApiProperty({ nullable: true, type: 'string', example: '{"question":"Where is my refund?"}' })
  inputPreview!: string | null;

  @ApiProperty({ nullable: true, type: 'string', example: 'It was sent on Monday.' })
  expectedOutputPreview!: string | null;

  @ApiProperty({ nullable: true, type: 'string', example: 'We sent it on Monday.' })
  outputPreview!: string | null;

  /** Seconds. */
  @ApiProperty({ ...NUMBER_OR_NULL, example: 2.31 })
  latency!: number | null;

  /** USD. */
  @ApiProperty({ ...NUMBER_OR_NULL, example: 0.00195 })
  totalCost!: number | null;

  @ApiProperty({ ...NUMBER_OR_NULL, example: 412 })
  inputTokens!: number | null;

  @ApiProperty({ ...NUMBER_OR_NULL, example: 38 })
  outputTokens!: number | null;

  @ApiProperty({ ...NUMBER_OR_NULL, example: 450 })
  totalTokens!: number | null;

  /** Observations of level ERROR. */
  @ApiProperty({ ...NUMBER_OR_NULL, example: 0 })
  errorCount!: number | null;

  /** Of the trace and of the observation; without an observation of everything in the trace. The newest 100. */
  @ApiProperty({ type: [RunScoreDto] })
  scores!: RunScoreDto[];
}

export class CategoryCountDto {
  @ApiProperty({ example: 'True' })
  value!: string;

  @ApiProperty({ example: 17 })
  count!: number;
}

/** All scores of one name and type. */
export class ScoreSummaryDto {
  @ApiProperty({ example: 'accuracy' })
  name!: string;

  @ApiProperty({ enum: ['NUMERIC', 'CATEGORICAL', 'BOOLEAN', 'TEXT', 'CORRECTION'], example: 'NUMERIC' })
  dataType!: string;

  @ApiProperty({ example: 20 })
  count!: number;

  /** Of numbers, and of booleans as 0 and 1. */
  @ApiProperty({ ...NUMBER_OR_NULL, example: 0.91 })
  mean!: number | null;

  @ApiProperty({ ...NUMBER_OR_NULL, example: 0.4 })
  min!: number | null;

  @ApiProperty({ ...NUMBER_OR_NULL, example: 1 })
  max!: number | null;

  /** Of booleans and categories, the 50 most frequent. */
  @ApiProperty({ type: [CategoryCountDto] })
  categories!: CategoryCountDto[];
}

/** Seconds, over the items whose latency is known. */
export class LatencySummaryDto {
  @ApiProperty({ example: 2.4 })
  mean!: number;

  @ApiProperty({ example: 2.31 })
  p50!: number;

  @ApiProperty({ example: 4.02 })
  p95!: number;
}

export class RunSummaryDto {
  /** Tries of items. */
  @ApiProperty({ example: 20 })
  itemCount!: number;

  /** Of them, those whose trace is there. */
  @ApiProperty({ example: 20 })
  traceCount!: number;

  /** True when the run has more than 10,000 items: the sums are over the first ones. */
  @ApiProperty({ example: false })
  isCapped!: boolean;

  @ApiProperty({ nullable: true, type: LatencySummaryDto })
  latency!: LatencySummaryDto | null;

  /** USD. */
  @ApiProperty({ example: 0.039 })
  totalCost!: number;

  /** USD per item whose trace is there; null without any. */
  @ApiProperty({ ...NUMBER_OR_NULL, example: 0.00195 })
  meanCost!: number | null;

  @ApiProperty({ example: 9000 })
  totalTokens!: number;

  @ApiProperty({ example: 0 })
  errorCount!: number;

  /** Over the scores of the items. */
  @ApiProperty({ type: [ScoreSummaryDto] })
  scores!: ScoreSummaryDto[];

  /** Of the run as a whole. */
  @ApiProperty({ type: [RunScoreDto] })
  runScores!: RunScoreDto[];
}

export class RunWithSummaryDto extends DatasetRunDto {
  @ApiProperty({ type: RunSummaryDto })
  summary!: RunSummaryDto;
}

export class RunResultsDto {
  @ApiProperty({ type: RunWithSummaryDto })
  run!: RunWithSummaryDto;

  /** In the order they were tried. */
  @ApiProperty({ type: [RunResultDto] })
  data!: RunResultDto[];

  @ApiProperty({ type: PageMetaDto })
  meta!: PageMetaDto;
}

export class RunComparisonQuery extends DatasetPageQuery {
  /** 1 to 5 runs, each as a parameter of its own. */
  @ApiProperty({ type: [String], example: [RUN_NAME] })
  runName!: string[];
}

/** What became of one item in each run. */
export class ComparedItemDto {
  @ApiProperty({ example: ITEM_ID })
  datasetItemId!: string;

  /** A list for each run, in the order asked for; empty where the run did not try the item, several where it did so again. */
  @ApiProperty({
    type: 'array',
    items: { type: 'array', items: { $ref: '#/components/schemas/RunResultDto' } },
    example: [[]],
  })
  results!: RunResultDto[][];
}

export class RunComparisonDto {
  /** In the order asked for. */
  @ApiProperty({ type: [RunWithSummaryDto] })
  runs!: RunWithSummaryDto[];

  /** In the order the first run tried them, then what only later ones did. */
  @ApiProperty({ type: [ComparedItemDto] })
  data!: ComparedItemDto[];

  @ApiProperty({ type: PageMetaDto })
  meta!: PageMetaDto;
}
