import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { anyJson, DATASET_ID, ITEM_ID, TIME } from './datasets.dto.js';
import { RUN_NAME } from './runs.dto.js';

const EXPERIMENT_ID = '5d1e6f5c-98f4-4a6e-8f0b-3b1b6f6f0c42';
const OBJECT_OR_NULL = {
  type: 'object',
  additionalProperties: true,
  nullable: true,
  example: { model: 'gpt-x' },
} as const;

class ExperimentPageQuery {
  /** Items that start at this time or later: ISO 8601 with a zone. Needed unless an experiment is named by its id. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T00:00:00Z' })
  fromStartTime?: string;

  /** Items that start before this time. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-02-01T00:00:00Z' })
  toStartTime?: string;

  /** How many at most. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 100, default: 50, example: 50 })
  limit?: number;

  /** Scores of each at most, where scores are asked for. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 50, default: 50, example: 50 })
  scoreLimit?: number;

  /** Where to go on: `meta.cursor` of the page before. */
  @ApiProperty({ required: false, example: 'MTc2OTg1MTgwMDAwMDAwMDo1ZDFlNmY1Yw' })
  cursor?: string;

  /** Of datasets; several are joined by commas. */
  @ApiProperty({ required: false, example: DATASET_ID })
  datasetId?: string;
}

export class ExperimentListQuery extends ExperimentPageQuery {
  /** Groups of fields: `core`, `metadata`, `scores`. */
  @ApiProperty({ required: false, default: 'core', example: 'core,scores' })
  fields?: string;

  /** Of experiments; several are joined by commas. */
  @ApiProperty({ required: false, example: EXPERIMENT_ID })
  id?: string;

  /** Of experiments; several are joined by commas. */
  @ApiProperty({ required: false, example: RUN_NAME })
  name?: string;

  /** A JSON array of conditions on `id`, `name` and `datasetId`; goes before the plain parameter about a column. */
  @ApiProperty({
    required: false,
    example: `[{"type":"string","column":"name","operator":"contains","value":"gpt"}]`,
  })
  filter?: string;
}

export class ExperimentItemListQuery extends ExperimentPageQuery {
  /** Groups of fields: `core`, `dataset`, `io`, `metadata`, `itemMetadata`, `experimentMetadata`, `scores`. */
  @ApiProperty({ required: false, default: 'core,dataset', example: 'core,io,scores' })
  fields?: string;

  /** Several are joined by commas. */
  @ApiProperty({ required: false, example: EXPERIMENT_ID })
  experimentId?: string;

  /** Several are joined by commas. */
  @ApiProperty({ required: false, example: RUN_NAME })
  experimentName?: string;

  /** Several are joined by commas. */
  @ApiProperty({ required: false, example: ITEM_ID })
  experimentItemId?: string;

  /** A JSON array of conditions on `experimentId`, `experimentName`, `experimentItemId` and `datasetId`. */
  @ApiProperty({
    required: false,
    example: `[{"type":"string","column":"experimentName","operator":"contains","value":"gpt"}]`,
  })
  filter?: string;
}

export class ExperimentScoreDto {
  @ApiProperty({ example: 'a7a1e2c4-4a39-4a0e-8d3e-0f4d3f4f1a11' })
  id!: string;

  @ApiProperty({ example: 'default' })
  projectId!: string;

  @ApiProperty({ example: 'accuracy' })
  name!: string;

  /** A number, a truth value or a text, as the data type has it. */
  @ApiProperty({ oneOf: [{ type: 'number' }, { type: 'string' }, { type: 'boolean' }], example: 0.97 })
  value!: number | string | boolean;

  @ApiProperty({ enum: ['NUMERIC', 'CATEGORICAL', 'BOOLEAN', 'TEXT', 'CORRECTION'], example: 'NUMERIC' })
  dataType!: string;

  @ApiProperty({ enum: ['API', 'EVAL', 'ANNOTATION'], example: 'API' })
  source!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  timestamp!: string;

  @ApiProperty({ example: 'sdk-experiment' })
  environment!: string;

  @ApiProperty({ nullable: true, type: 'string', example: 'Names the day.' })
  comment!: string | null;

  @ApiProperty({ format: 'date-time', example: TIME })
  createdAt!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  updatedAt!: string;
}

/** An experiment as its items in the range tell of it. */
export class ExperimentDto {
  /** That of the dataset's run, where items come from a dataset. */
  @ApiProperty({ example: EXPERIMENT_ID })
  id!: string;

  @ApiProperty({ example: RUN_NAME })
  name!: string;

  @ApiProperty({ nullable: true, type: 'string', example: 'gpt-x with the short prompt' })
  description!: string | null;

  /** Start of the first item in the range. */
  @ApiProperty({ format: 'date-time', example: TIME })
  startTime!: string;

  /** End of the last item in the range. */
  @ApiProperty({ format: 'date-time', example: TIME })
  endTime!: string;

  @ApiProperty({ example: 20 })
  itemCount!: number;

  @ApiProperty({ nullable: true, type: 'string', example: DATASET_ID })
  datasetId!: string | null;

  @ApiPropertyOptional(OBJECT_OR_NULL)
  metadata?: Record<string, unknown> | null;

  /** Of the experiment as a whole, the newest first. */
  @ApiProperty({ required: false, type: [ExperimentScoreDto] })
  scores?: ExperimentScoreDto[];
}

export class CursorMetaDto {
  /** Absent on the last page. */
  @ApiProperty({ required: false, example: 'MTc2OTg1MTgwMDAwMDAwMDo1ZDFlNmY1Yw' })
  cursor?: string;
}

export class ExperimentListDto {
  @ApiProperty({ type: [ExperimentDto] })
  data!: ExperimentDto[];

  @ApiProperty({ type: CursorMetaDto })
  meta!: CursorMetaDto;
}

/** The work for one item: the topmost observation of it. */
export class ExperimentItemDto {
  @ApiProperty({ example: 'eee19b7ec3c1b174' })
  id!: string;

  @ApiProperty({ example: '5b8efff798038103d269b633813fc60c' })
  traceId!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  startTime!: string;

  @ApiProperty({ nullable: true, type: 'string', format: 'date-time', example: TIME })
  endTime!: string | null;

  @ApiProperty({ enum: ['DEBUG', 'DEFAULT', 'WARNING', 'ERROR'], example: 'DEFAULT' })
  level!: string;

  @ApiProperty({ example: 'sdk-experiment' })
  environment!: string;

  @ApiProperty({ example: EXPERIMENT_ID })
  experimentId!: string;

  @ApiProperty({ example: RUN_NAME })
  experimentName!: string;

  @ApiProperty({ example: ITEM_ID })
  experimentItemId!: string;

  @ApiProperty({ required: false, nullable: true, type: 'string', example: DATASET_ID })
  experimentDatasetId?: string | null;

  @ApiProperty({ required: false, nullable: true, type: 'string', format: 'date-time', example: TIME })
  experimentItemVersion?: string | null;

  @ApiPropertyOptional(anyJson({ question: 'Where is my refund?' }))
  input?: unknown;

  @ApiPropertyOptional(anyJson('We sent it on Monday.'))
  output?: unknown;

  @ApiPropertyOptional(anyJson('It was sent on Monday.'))
  expectedOutput?: unknown;

  @ApiPropertyOptional(OBJECT_OR_NULL)
  metadata?: Record<string, unknown> | null;

  @ApiPropertyOptional(OBJECT_OR_NULL)
  experimentItemMetadata?: Record<string, unknown> | null;

  @ApiPropertyOptional(OBJECT_OR_NULL)
  experimentMetadata?: Record<string, unknown> | null;

  @ApiProperty({ required: false, nullable: true, type: 'string', example: 'gpt-x with the short prompt' })
  experimentDescription?: string | null;

  /** Of the item and its trace, the newest first. */
  @ApiProperty({ required: false, type: [ExperimentScoreDto] })
  scores?: ExperimentScoreDto[];
}

export class ExperimentItemListDto {
  @ApiProperty({ type: [ExperimentItemDto] })
  data!: ExperimentItemDto[];

  @ApiProperty({ type: CursorMetaDto })
  meta!: CursorMetaDto;
}
