import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { PageMetaDto } from '../../http/page.dto.js';
import { anyJson, DATASET_ID, DATASET_NAME, DatasetPageQuery, ITEM_ID, TIME } from './datasets.dto.js';

export const RUN_NAME = '2026-01-31 gpt-x';
const RUN_ID = '5d1e6f5c-98f4-4a6e-8f0b-3b1b6f6f0c42';
const TRACE_ID = '5b8efff798038103d269b633813fc60c';
const SPAN_ID = 'eee19b7ec3c1b174';

/** Unknown fields are refused. */
export class NewRunItemDto {
  /** The run is made when the dataset has none of this name. */
  @ApiProperty({ example: RUN_NAME })
  runName!: string;

  /** Counts only where it makes the run, like `metadata`. */
  @ApiProperty({ required: false, nullable: true, type: 'string', example: 'gpt-x with the short prompt' })
  runDescription?: string | null;

  @ApiPropertyOptional(anyJson({ model: 'gpt-x' }, 'Of the run; anything but an object is kept under `metadata`.'))
  metadata?: unknown;

  /** An active item. */
  @ApiProperty({ example: ITEM_ID })
  datasetItemId!: string;

  /** The trace of this try, which may arrive later. Needed unless `observationId` is known already. */
  @ApiProperty({ required: false, nullable: true, type: 'string', example: TRACE_ID })
  traceId?: string | null;

  /** The observation of the trace that is the try, where it is not the whole trace. */
  @ApiProperty({ required: false, nullable: true, type: 'string', example: SPAN_ID })
  observationId?: string | null;

  /** The item as it was at this time: ISO 8601 with a zone. Default: as it is. */
  @ApiProperty({ required: false, nullable: true, type: 'string', format: 'date-time', example: TIME })
  datasetVersion?: string | null;

  /** Default: now. */
  @ApiProperty({ required: false, nullable: true, type: 'string', format: 'date-time', example: TIME })
  createdAt?: string | null;
}

export class DatasetRunItemDto {
  @ApiProperty({ example: '9f86d081884c7d659a2feaa0c55ad015' })
  id!: string;

  @ApiProperty({ example: RUN_ID })
  datasetRunId!: string;

  @ApiProperty({ example: RUN_NAME })
  datasetRunName!: string;

  @ApiProperty({ example: ITEM_ID })
  datasetItemId!: string;

  @ApiProperty({ example: TRACE_ID })
  traceId!: string;

  @ApiProperty({ nullable: true, type: 'string', example: SPAN_ID })
  observationId!: string | null;

  @ApiProperty({ format: 'date-time', example: TIME })
  createdAt!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  updatedAt!: string;
}

export class RunItemListQuery extends DatasetPageQuery {
  @ApiProperty({ example: DATASET_ID, description: 'Of the dataset.' })
  datasetId!: string;

  @ApiProperty({ example: RUN_NAME, description: 'Of the run.' })
  runName!: string;
}

export class DatasetRunItemListDto {
  @ApiProperty({ type: [DatasetRunItemDto] })
  data!: DatasetRunItemDto[];

  @ApiProperty({ type: PageMetaDto })
  meta!: PageMetaDto;
}

export class DatasetRunDto {
  @ApiProperty({ example: RUN_ID })
  id!: string;

  @ApiProperty({ example: RUN_NAME })
  name!: string;

  @ApiProperty({ nullable: true, type: 'string', example: 'gpt-x with the short prompt' })
  description!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { model: 'gpt-x' } })
  metadata!: object;

  @ApiProperty({ example: DATASET_ID })
  datasetId!: string;

  @ApiProperty({ example: DATASET_NAME })
  datasetName!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  createdAt!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  updatedAt!: string;
}

export class DatasetRunListDto {
  @ApiProperty({ type: [DatasetRunDto] })
  data!: DatasetRunDto[];

  @ApiProperty({ type: PageMetaDto })
  meta!: PageMetaDto;
}

export class DatasetRunWithItemsDto extends DatasetRunDto {
  /** The newest first, at most 10,000; `GET /api/public/dataset-run-items` has all of them. */
  @ApiProperty({ type: [DatasetRunItemDto] })
  datasetRunItems!: DatasetRunItemDto[];
}

export class DatasetRunDeletedDto {
  @ApiProperty({ example: 'Dataset run successfully deleted' })
  message!: string;
}
