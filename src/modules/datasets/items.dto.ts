import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { PageMetaDto } from '../../http/page.dto.js';
import { anyJson, DATASET_ID, DATASET_NAME, DatasetDto, DatasetPageQuery, ITEM_ID, TIME } from './datasets.dto.js';

const INPUT = { question: 'Where is my refund?' };
const EXPECTED = 'It was sent on Monday.';

/** Fields that are absent stay as they are, null empties them. */
export class NewDatasetItemDto {
  /** Of a dataset that is there. */
  @ApiProperty({ example: DATASET_NAME })
  datasetName!: string;

  /** 1 to 255 characters, unique in the project; the same id again is the next version of the item. Made when absent. */
  @ApiProperty({ required: false, nullable: true, type: 'string', maxLength: 255, example: ITEM_ID })
  id?: string | null;

  @ApiPropertyOptional(anyJson(INPUT, 'What the application is given. Any JSON.'))
  input?: unknown;

  @ApiPropertyOptional(anyJson(EXPECTED, 'What it should answer. Any JSON.'))
  expectedOutput?: unknown;

  @ApiPropertyOptional(anyJson({ difficulty: 'easy' }, 'Any JSON.'))
  metadata?: unknown;

  /** The trace that the example comes from. */
  @ApiProperty({ required: false, nullable: true, type: 'string', example: '3f0c7f6e-6a55-4a3e-9d0e-5c1f0a9be001' })
  sourceTraceId?: string | null;

  @ApiProperty({ required: false, nullable: true, type: 'string', example: '7d1a3c52-0c5e-4b3e-8f11-0a4b1c2d3e01' })
  sourceObservationId?: string | null;

  /** Archived items are kept, but in no list, and no run can use them. */
  @ApiProperty({ required: false, nullable: true, enum: ['ACTIVE', 'ARCHIVED'], default: 'ACTIVE', example: 'ACTIVE' })
  status?: string | null;
}

/** What a reference to a medium leads to. */
export class MediaReferenceMediumDto {
  @ApiProperty({ example: 'iVBORw0KGgoAAAANSUhEUg' })
  mediaId!: string;

  @ApiProperty({ example: 'image/png' })
  contentType!: string;

  /** In bytes. */
  @ApiProperty({ example: 4096 })
  contentLength!: number;

  /** Readable without credentials until `urlExpiry`. */
  @ApiProperty({ example: 'http://localhost:8742/media/iVBORw0KGgoAAAANSUhEUg' })
  url!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  urlExpiry!: string;
}

export class MediaReferenceDto {
  @ApiProperty({ enum: ['input', 'expectedOutput', 'metadata'], example: 'input' })
  field!: string;

  @ApiProperty({ example: '@@@langfuseMedia:type=image/png|id=iVBORw0KGgoAAAANSUhEUg|source=bytes@@@' })
  referenceString!: string;

  /** Where in the field it stands. */
  @ApiProperty({ example: "$['image'][0]" })
  jsonPath!: string;

  @ApiProperty({ type: MediaReferenceMediumDto })
  media!: MediaReferenceMediumDto;
}

export class DatasetItemDto {
  @ApiProperty({ example: ITEM_ID })
  id!: string;

  @ApiProperty({ example: DATASET_ID })
  datasetId!: string;

  @ApiProperty({ example: DATASET_NAME })
  datasetName!: string;

  @ApiProperty({ enum: ['ACTIVE', 'ARCHIVED'], example: 'ACTIVE' })
  status!: string;

  @ApiProperty(anyJson(INPUT))
  input!: unknown;

  @ApiProperty(anyJson(EXPECTED))
  expectedOutput!: unknown;

  @ApiProperty(anyJson({ difficulty: 'easy' }))
  metadata!: unknown;

  @ApiProperty({ nullable: true, type: 'string', example: '3f0c7f6e-6a55-4a3e-9d0e-5c1f0a9be001' })
  sourceTraceId!: string | null;

  @ApiProperty({ nullable: true, type: 'string', example: '7d1a3c52-0c5e-4b3e-8f11-0a4b1c2d3e01' })
  sourceObservationId!: string | null;

  /** When its first version was written. */
  @ApiProperty({ format: 'date-time', example: TIME })
  createdAt!: string;

  /** When this version was written; as `version` it names it. */
  @ApiProperty({ format: 'date-time', example: TIME })
  updatedAt!: string;

  /** Media that input, expected output and metadata refer to. */
  @ApiProperty({ type: [MediaReferenceDto] })
  mediaReferences!: MediaReferenceDto[];
}

export class DatasetItemListQuery extends DatasetPageQuery {
  /** Items of this dataset; 404 when it is not there. */
  @ApiProperty({ required: false, example: DATASET_NAME })
  datasetName?: string;

  /** Items that come from this trace. */
  @ApiProperty({ required: false, example: '3f0c7f6e-6a55-4a3e-9d0e-5c1f0a9be001' })
  sourceTraceId?: string;

  /** Items that come from this observation. */
  @ApiProperty({ required: false, example: '7d1a3c52-0c5e-4b3e-8f11-0a4b1c2d3e01' })
  sourceObservationId?: string;

  /** The items as they were at this time: ISO 8601 with a zone. Needs `datasetName`. */
  @ApiProperty({ required: false, format: 'date-time', example: TIME })
  version?: string;
}

export class DatasetItemListDto {
  @ApiProperty({ type: [DatasetItemDto] })
  data!: DatasetItemDto[];

  @ApiProperty({ type: PageMetaDto })
  meta!: PageMetaDto;
}

export class DatasetItemDeleteQuery {
  /** `keep`: the versions before stay. `erase`: none does, and no run shows the item any more. */
  @ApiProperty({ required: false, enum: ['keep', 'erase'], default: 'keep', example: 'keep' })
  history?: string;
}

export class DatasetItemDeletedDto {
  @ApiProperty({ example: 'Dataset item successfully deleted' })
  message!: string;
}

/** As the first version of the route shows it. */
export class DatasetWithItemsDto extends DatasetDto {
  /** Its active items, the newest first. */
  @ApiProperty({ type: [DatasetItemDto] })
  items!: DatasetItemDto[];

  /** Names of its runs, the newest first. */
  @ApiProperty({ type: [String], example: ['2026-01-31 gpt-x'] })
  runs!: string[];
}
