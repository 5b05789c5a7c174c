import { ApiProperty, ApiPropertyOptional, type ApiPropertyOptions } from '@nestjs/swagger';
import { ANY_JSON } from '../../http/any-json.js';
import { PageMetaDto } from '../../http/page.dto.js';

export const TIME = '2026-01-31T09:30:00.000Z';
export const DATASET_NAME = 'support/refunds';
export const DATASET_ID = '1c7d2c0e-7a51-4f0e-9d52-8a1f6d0c2b11';
export const ITEM_ID = 'refund-late-parcel';

/** Any JSON, with an example. */
export function anyJson(example: unknown, description?: string): ApiPropertyOptions {
  return { ...ANY_JSON, example, ...(description === undefined ? {} : { description }) };
}

const SCHEMA_EXAMPLE = {
  type: 'object',
  properties: { question: { type: 'string' } },
  required: ['question'],
};
const SCHEMA =
  'A JSON Schema (2020-12, 2019-09 or 7; at most 64 KiB and 50 levels) that every item must fit; null for none. ' +
  'Patterns are RE2 expressions. Nothing is fetched.';

export class DatasetPageQuery {
  /** Page number, from 1. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, default: 1, example: 1 })
  page?: number;

  /** Items per page. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 100, default: 50, example: 50 })
  limit?: number;
}

/** Fields that are absent stay as they are, null empties them. */
export class NewDatasetDto {
  /** Unique in the project, 1 to 800 characters; the same name again changes the dataset. Slashes make folders. */
  @ApiProperty({ example: DATASET_NAME })
  name!: string;

  /** At most 20,000 characters. */
  @ApiProperty({ required: false, nullable: true, type: 'string', example: 'Questions about refunds.' })
  description?: string | null;

  @ApiPropertyOptional(anyJson({ owner: 'support' }, 'Any JSON.'))
  metadata?: unknown;

  @ApiPropertyOptional(anyJson(SCHEMA_EXAMPLE, SCHEMA))
  inputSchema?: unknown;

  @ApiPropertyOptional(anyJson({ type: 'string' }, SCHEMA))
  expectedOutputSchema?: unknown;
}

export class DatasetDto {
  @ApiProperty({ example: DATASET_ID })
  id!: string;

  @ApiProperty({ example: 'default' })
  projectId!: string;

  @ApiProperty({ example: DATASET_NAME })
  name!: string;

  @ApiProperty({ nullable: true, type: 'string', example: 'Questions about refunds.' })
  description!: string | null;

  @ApiProperty(anyJson({ owner: 'support' }))
  metadata!: unknown;

  @ApiProperty(anyJson(SCHEMA_EXAMPLE))
  inputSchema!: unknown;

  @ApiProperty(anyJson({ type: 'string' }))
  expectedOutputSchema!: unknown;

  @ApiProperty({ format: 'date-time', example: TIME })
  createdAt!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  updatedAt!: string;
}

export class DatasetListDto {
  @ApiProperty({ type: [DatasetDto] })
  data!: DatasetDto[];

  @ApiProperty({ type: PageMetaDto })
  meta!: PageMetaDto;
}

/** As the first version of the list shows it. */
export class DatasetSummaryDto extends DatasetDto {
  /** Ids of its active items, the newest first. */
  @ApiProperty({ type: [String], example: [ITEM_ID] })
  items!: string[];

  /** Names of its runs, the newest first. */
  @ApiProperty({ type: [String], example: ['2026-01-31 gpt-x'] })
  runs!: string[];
}

export class DatasetSummaryListDto {
  @ApiProperty({ type: [DatasetSummaryDto] })
  data!: DatasetSummaryDto[];

  @ApiProperty({ type: PageMetaDto })
  meta!: PageMetaDto;
}

export class DatasetDeletedDto {
  @ApiProperty({ example: 'Dataset successfully deleted' })
  message!: string;
}
