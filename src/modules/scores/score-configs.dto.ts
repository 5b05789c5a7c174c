import { ApiProperty } from '@nestjs/swagger';
import { CONFIG_DATA_TYPES } from '../../domain/score-config.js';
import { MAX_CATEGORIES, MAX_CONFIG_NAME } from '../../domain/score-config-rules.js';
import { CursorPageMetaDto } from '../../http/page.dto.js';

const TIME = '2026-01-31T09:30:00.000Z';

export const CONFIG_ID = 'b1f0c9b2-0d52-4a5e-8d4c-2f6a0e4f7a10';

export const CONFIG_EXAMPLES = {
  numeric: {
    summary: 'Numbers in a range',
    value: { name: 'helpfulness', dataType: 'NUMERIC', minValue: 0, maxValue: 1 },
  },
  categorical: {
    summary: 'Categories',
    value: {
      name: 'tone',
      dataType: 'CATEGORICAL',
      categories: [
        { value: 1, label: 'friendly' },
        { value: 0, label: 'neutral' },
        { value: -1, label: 'rude' },
      ],
    },
  },
};

export class ScoreConfigListQuery {
  /** Page number, from 1. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, default: 1, example: 1 })
  page?: number;

  /** Items per page. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 100, default: 50, example: 50 })
  limit?: number;
}

export class ScoreCategoryDto {
  /** What scores have as their number. */
  @ApiProperty({ example: 1 })
  value!: number;

  /** What scores say. */
  @ApiProperty({ example: 'friendly' })
  label!: string;
}

/** What of a config can change. */
export class ScoreConfigChangeDto {
  @ApiProperty({ required: false, maxLength: MAX_CONFIG_NAME, example: 'helpfulness' })
  name?: string;

  @ApiProperty({ required: false, nullable: true, type: String, example: 'Did it help?' })
  description?: string | null;

  /** Least number, inclusive; of NUMERIC configs alone. */
  @ApiProperty({ required: false, nullable: true, type: 'number', example: 0 })
  minValue?: number | null;

  /** Greatest number, inclusive; of NUMERIC configs alone. */
  @ApiProperty({ required: false, nullable: true, type: 'number', example: 1 })
  maxValue?: number | null;

  /** Of CATEGORICAL configs, which must have some, with distinct labels and values. BOOLEAN ones have True and False. */
  @ApiProperty({ required: false, nullable: true, type: [ScoreCategoryDto], maxItems: MAX_CATEGORIES })
  categories?: ScoreCategoryDto[] | null;

  /** An archived config takes no new scores. */
  @ApiProperty({ required: false, example: false })
  isArchived?: boolean;
}

/** A config to be made. */
export class NewScoreConfigDto {
  @ApiProperty({ minLength: 1, maxLength: MAX_CONFIG_NAME, example: 'helpfulness' })
  name!: string;

  @ApiProperty({ enum: CONFIG_DATA_TYPES, example: 'NUMERIC' })
  dataType!: string;

  @ApiProperty({ required: false, nullable: true, type: String, example: 'Did it help?' })
  description?: string | null;

  /** Least number, inclusive; of NUMERIC configs alone. */
  @ApiProperty({ required: false, nullable: true, type: 'number', example: 0 })
  minValue?: number | null;

  /** Greatest number, inclusive; of NUMERIC configs alone. */
  @ApiProperty({ required: false, nullable: true, type: 'number', example: 1 })
  maxValue?: number | null;

  /** Of CATEGORICAL configs, which must have some, with distinct labels and values. BOOLEAN ones get True and False. */
  @ApiProperty({ required: false, nullable: true, type: [ScoreCategoryDto], maxItems: MAX_CATEGORIES })
  categories?: ScoreCategoryDto[] | null;
}

/** What scores that name it must comply with. */
export class ScoreConfigDto {
  @ApiProperty({ example: CONFIG_ID })
  id!: string;

  @ApiProperty({ example: 'default' })
  projectId!: string;

  @ApiProperty({ example: 'helpfulness' })
  name!: string;

  @ApiProperty({ type: String, nullable: true, example: 'Did it help?' })
  description!: string | null;

  @ApiProperty({ enum: CONFIG_DATA_TYPES, example: 'NUMERIC' })
  dataType!: string;

  @ApiProperty({ example: false })
  isArchived!: boolean;

  @ApiProperty({ type: 'number', nullable: true, example: 0 })
  minValue!: number | null;

  @ApiProperty({ type: 'number', nullable: true, example: 1 })
  maxValue!: number | null;

  @ApiProperty({ type: [ScoreCategoryDto], nullable: true })
  categories!: ScoreCategoryDto[] | null;

  @ApiProperty({ format: 'date-time', example: TIME })
  createdAt!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  updatedAt!: string;
}

export class ScoreConfigPageDto {
  @ApiProperty({ type: [ScoreConfigDto] })
  data!: ScoreConfigDto[];

  meta!: CursorPageMetaDto;
}
