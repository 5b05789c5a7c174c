import { ApiProperty } from '@nestjs/swagger';

const CLASS_PRICES = {
  type: 'object',
  additionalProperties: { type: 'number' },
  example: { input: 0.6, input_cached_tokens: 0.15, output: 2.4 },
} as const;

export class PriceTierDto {
  /** Holds for a whole call whose input, cached tokens included, is larger than this. */
  @ApiProperty({ type: 'integer', example: 200_000 })
  aboveInputTokens!: number;

  @ApiProperty(CLASS_PRICES)
  prices!: Record<string, number>;
}

/** A price to be made. */
export class NewPriceDto {
  /** An RE2 expression that matches the whole name of a model, whatever its case. Matching takes linear time. */
  @ApiProperty({ minLength: 1, maxLength: 500, example: 'qwen3-.*' })
  modelPattern!: string;

  /** Only for calls to this provider, whatever its case; null for any, also an unknown one. */
  @ApiProperty({ required: false, nullable: true, type: 'string', maxLength: 200, example: 'vllm' })
  provider?: string | null;

  /** For calls that start at this time or later; null for all. ISO 8601 with a zone. */
  @ApiProperty({
    required: false,
    nullable: true,
    type: 'string',
    format: 'date-time',
    example: '2026-01-01T00:00:00Z',
  })
  validFrom?: string | null;

  /** How many units a price is for. */
  @ApiProperty({ required: false, enum: [1, 1000, 1_000_000], default: 1_000_000, example: 1_000_000 })
  per?: number;

  /**
   * USD by usage class; 0 for what costs nothing. Classes: input, input_cached_tokens, input_cache_creation,
   * input_cache_creation_5m, input_cache_creation_1h, input_audio_tokens, output, output_reasoning_tokens,
   * output_audio_tokens, total, requests (one per call), or any other that your usage has. A class without a price is
   * billed as what it is part of: cached and audio tokens as input, reasoning as output.
   */
  @ApiProperty(CLASS_PRICES)
  prices!: Record<string, number>;

  /** Prices of calls with a large input; each names all of its prices. */
  @ApiProperty({ required: false, type: [PriceTierDto], maxItems: 10 })
  tiers?: PriceTierDto[];
}

export class PriceDto {
  @ApiProperty({ format: 'uuid', example: '0b9a3c1e-52a4-4c64-9a77-6a3a5f3b8d10' })
  id!: string;

  @ApiProperty({ example: 'qwen3-.*' })
  modelPattern!: string;

  @ApiProperty({ nullable: true, type: 'string', example: 'vllm' })
  provider!: string | null;

  @ApiProperty({ nullable: true, type: 'string', format: 'date-time', example: '2026-01-01T00:00:00.000Z' })
  validFrom!: string | null;

  /** Prices are shown per million units, however they were made. */
  @ApiProperty({ example: 1_000_000 })
  per!: number;

  @ApiProperty(CLASS_PRICES)
  prices!: Record<string, number>;

  @ApiProperty({ type: [PriceTierDto] })
  tiers!: PriceTierDto[];

  @ApiProperty({ format: 'date-time', example: '2026-01-31T09:30:00.000Z' })
  createdAt!: string;
}

export class PriceListDto {
  @ApiProperty({ type: [PriceDto] })
  data!: PriceDto[];
}

export class DeletedPriceDto {
  @ApiProperty({ format: 'uuid', example: '0b9a3c1e-52a4-4c64-9a77-6a3a5f3b8d10' })
  id!: string;
}

/** Which stored costs to make anew. */
export class RepriceDto {
  /** False shows what would change. */
  @ApiProperty({ required: false, default: false, example: false })
  apply?: boolean;

  /** Earliest time of a trace, inclusive; 30 days before `toTimestamp` unless told. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-01T00:00:00Z' })
  fromTimestamp?: string;

  /** Latest time of a trace, inclusive; now unless told. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T23:59:59.999Z' })
  toTimestamp?: string;

  /** Only observations of exactly this model. */
  @ApiProperty({ required: false, example: 'qwen3-32b' })
  model?: string;

  /** `nextCursor` of the part before. */
  @ApiProperty({ required: false, example: 'MTc2OTg1MTgwMDAwMDAwMDp0cmFjZS0x' })
  cursor?: string;
}

export class RepricedModelDto {
  /** Empty where none is known. */
  @ApiProperty({ example: 'qwen3-32b' })
  model!: string;

  @ApiProperty({ example: 118 })
  changedObservations!: number;

  /** In USD, of the observations that change. */
  @ApiProperty({ example: 0 })
  oldCost!: number;

  @ApiProperty({ example: 1.27 })
  newCost!: number;
}

/** One part of a re-pricing. */
export class RepricedDto {
  @ApiProperty({ example: false })
  applied!: boolean;

  /** Traces that were looked at. */
  @ApiProperty({ example: 300 })
  traces!: number;

  /** Model calls that were looked at; those with a stated cost are not. */
  @ApiProperty({ example: 1200 })
  observations!: number;

  @ApiProperty({ example: 118 })
  changedObservations!: number;

  @ApiProperty({ example: 0 })
  oldCost!: number;

  @ApiProperty({ example: 1.27 })
  newCost!: number;

  @ApiProperty({ type: [RepricedModelDto] })
  models!: RepricedModelDto[];

  /** Send the same with this as `cursor` to go on; null when all is done. */
  @ApiProperty({ nullable: true, type: 'string', example: null })
  nextCursor!: string | null;
}
