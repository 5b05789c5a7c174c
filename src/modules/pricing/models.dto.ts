import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { USAGE_OPERATORS } from '../../domain/price.js';
import { PageMetaDto } from '../../http/page.dto.js';
import { TOKENIZERS, UNITS } from './models.body.js';

const ID = '0b9a3c1e-52a4-4c64-9a77-6a3a5f3b8d10';

const USD = { required: false, nullable: true, type: 'number', minimum: 0, maximum: 1 } as const;
const UNIT_PRICES = {
  type: 'object',
  additionalProperties: { type: 'number' },
  example: { input: 0.0000006, output: 0.0000024 },
} as const;
const TOKENIZER_CONFIG = { type: 'object', additionalProperties: true, nullable: true, example: null } as const;

export class ModelConditionDto {
  /** An RE2 expression that is found in the names of usage classes; the sum of these is compared. */
  @ApiProperty({ maxLength: 200, example: 'input' })
  usageDetailPattern!: string;

  @ApiProperty({ enum: USAGE_OPERATORS, example: 'gt' })
  operator!: string;

  @ApiProperty({ example: 200_000 })
  value!: number;

  @ApiProperty({ required: false, default: false, example: false })
  caseSensitive?: boolean;
}

export class NewModelTierDto {
  @ApiProperty({ maxLength: 100, example: 'Standard' })
  name!: string;

  /** Of exactly one tier, which has priority 0 and no conditions. */
  @ApiProperty({ example: true })
  isDefault!: boolean;

  /** The tier with the lowest whose conditions all hold; the default where none does. */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: 999, example: 0 })
  priority!: number;

  @ApiProperty({ type: [ModelConditionDto], maxItems: 10, example: [] })
  conditions!: ModelConditionDto[];

  /** USD per unit by usage class. */
  @ApiProperty(UNIT_PRICES)
  prices!: Record<string, number>;
}

export class ModelTierDto extends NewModelTierDto {
  @ApiProperty({ example: '5d0c8f0e-4a53-4f0f-8f6e-5a4f9a2f7c11' })
  id!: string;
}

/** A model to be priced: by flat prices, or by tiers. */
export class NewModelDto {
  @ApiProperty({ minLength: 1, maxLength: 200, example: 'our-llm' })
  modelName!: string;

  /** An RE2 expression that is found in the name of a model; `(?i)` in front for any case. Matching takes linear time. */
  @ApiProperty({ minLength: 1, maxLength: 500, example: '(?i)^our-llm(-.*)?$' })
  matchPattern!: string;

  /** What usage is counted in. */
  @ApiProperty({ required: false, enum: UNITS, default: 'TOKENS', example: 'TOKENS' })
  unit?: string;

  /** For calls that start at this time or later: ISO 8601, a day or a time with a zone; null for all. */
  @ApiProperty({ required: false, nullable: true, type: 'string', example: '2026-01-01' })
  startDate?: string | null;

  /** USD for one unit of input. */
  @ApiProperty({ ...USD, example: 0.0000006 })
  inputPrice?: number | null;

  /** USD for one unit of output. */
  @ApiProperty({ ...USD, example: 0.0000024 })
  outputPrice?: number | null;

  /** USD for one unit of the total; not beside the other two. */
  @ApiProperty({ ...USD, example: null })
  totalPrice?: number | null;

  /** In place of the flat prices. */
  @ApiProperty({ required: false, nullable: true, type: [NewModelTierDto], maxItems: 10, example: null })
  pricingTiers?: NewModelTierDto[] | null;

  /** Kept and shown; usage that nobody stated is not counted here. */
  @ApiProperty({ required: false, nullable: true, enum: TOKENIZERS, type: 'string', example: 'openai' })
  tokenizerId?: string | null;

  /** Kept and shown. */
  @ApiPropertyOptional(TOKENIZER_CONFIG)
  tokenizerConfig?: unknown;
}

export class ModelDto {
  /** Of the server's price list `provider/model`, as observations name it; else made by the server. */
  @ApiProperty({ example: ID })
  id!: string;

  @ApiProperty({ example: 'our-llm' })
  modelName!: string;

  @ApiProperty({ example: '(?i)^our-llm(-.*)?$' })
  matchPattern!: string;

  @ApiProperty({ nullable: true, type: 'string', format: 'date-time', example: '2026-01-01T00:00:00.000Z' })
  startDate!: string | null;

  /** USD per unit, of the default tier. */
  @ApiProperty({ nullable: true, type: 'number', example: 0.0000006 })
  inputPrice!: number | null;

  @ApiProperty({ nullable: true, type: 'number', example: 0.0000024 })
  outputPrice!: number | null;

  @ApiProperty({ nullable: true, type: 'number', example: null })
  totalPrice!: number | null;

  @ApiProperty({ example: 'TOKENS' })
  unit!: string;

  @ApiProperty({ nullable: true, type: 'string', example: 'openai' })
  tokenizerId!: string | null;

  @ApiProperty(TOKENIZER_CONFIG)
  tokenizerConfig!: unknown;

  /** Whether it is of the price list that comes with the server. */
  @ApiProperty({ example: false })
  isLangfuseManaged!: boolean;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T09:30:00.000Z' })
  createdAt!: string;

  /** USD per unit by usage class, of the default tier. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'object' },
    example: { input: { price: 0.0000006 }, output: { price: 0.0000024 } },
  })
  prices!: Record<string, { readonly price: number }>;

  @ApiProperty({ type: [ModelTierDto] })
  pricingTiers!: ModelTierDto[];
}

export class ModelPageDto {
  @ApiProperty({ type: [ModelDto] })
  data!: ModelDto[];

  @ApiProperty({ type: PageMetaDto })
  meta!: PageMetaDto;
}

export class ModelListQuery {
  /** Page number, from 1. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, default: 1, example: 1 })
  page?: number;

  /** Models per page. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 100, default: 50, example: 50 })
  limit?: number;
}

export class DeletedModelDto {
  @ApiProperty({ example: 'Model successfully deleted' })
  message!: string;
}
