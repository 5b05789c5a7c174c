import { ApiProperty } from '@nestjs/swagger';

export class CostQuery {
  /** Needed only where several traces have an observation of this id. */
  @ApiProperty({ required: false, example: '3f0c7f6e6a554a3e9d0e5c1f0a9be001' })
  traceId?: string;
}

export class CostLineDto {
  @ApiProperty({ example: 'input_cached_tokens' })
  usageClass!: string;

  @ApiProperty({ example: 30_000 })
  count!: number;

  /** The class whose price was used: another one where the price list has none for this class. */
  @ApiProperty({ example: 'input_cached_tokens' })
  pricedAs!: string;

  @ApiProperty({ example: 1.25 })
  usdPerMillion!: number;

  /** Count × price in USD, exact. */
  @ApiProperty({ example: '0.0375' })
  amount!: string;
}

export class UsedPriceDto {
  /** `own`: set in this project; `library`: of the price list that comes with the server. */
  @ApiProperty({ enum: ['own', 'library'], example: 'library' })
  source!: string;

  /** Of an own price its id, else provider and model in the library. */
  @ApiProperty({ example: 'openai/gpt-4o' })
  id!: string;

  /** Name and version of the price list. */
  @ApiProperty({ nullable: true, type: 'string', example: 'genai-prices 0.1.8' })
  library!: string | null;

  @ApiProperty({ nullable: true, type: 'string', example: 'openai' })
  provider!: string | null;

  /** The pattern of an own price, or the library's name of the model. */
  @ApiProperty({ example: 'gpt-4o' })
  model!: string;

  /** Which name of the call was looked up: that of the model that answered, or that was asked for. */
  @ApiProperty({ enum: ['model', 'requestedModel'], example: 'model' })
  matchedBy!: string;

  /** How it was found. */
  @ApiProperty({ example: 'provider and model' })
  rule!: string;

  /** When it holds; null for always. */
  @ApiProperty({ nullable: true, type: 'string', example: null })
  valid!: string | null;

  /** The tier that held: for an input of more than so many tokens; null for the base prices. */
  @ApiProperty({ nullable: true, type: 'integer', example: null })
  aboveInputTokens!: number | null;

  /** The pricing tier that held, by its name; null where none with conditions did. */
  @ApiProperty({ nullable: true, type: 'string', example: null })
  tier!: string | null;
}

/** What an observation cost, and why. */
export class ObservationCostDto {
  @ApiProperty({ example: '7d1a3c52-0c5e-4b3e-8f11-0a4b1c2d3e01' })
  observationId!: string;

  @ApiProperty({ example: '3f0c7f6e6a554a3e9d0e5c1f0a9be001' })
  traceId!: string;

  @ApiProperty({ nullable: true, type: 'string', example: 'gpt-4o-2024-08-06' })
  model!: string | null;

  @ApiProperty({ nullable: true, type: 'string', example: 'gpt-4o' })
  requestedModel!: string | null;

  @ApiProperty({ nullable: true, type: 'string', example: 'openai' })
  provider!: string | null;

  /** In USD as it is stored and summed, in whole nano-USD; null without a cost. */
  @ApiProperty({ nullable: true, type: 'number', example: 0.1225 })
  totalCost!: number | null;

  /** `stated` by the client, `computed` from a price, or `none`. */
  @ApiProperty({ enum: ['stated', 'computed', 'none'], example: 'computed' })
  source!: string;

  /** Why there is no cost; null when there is one. */
  @ApiProperty({ nullable: true, type: 'string', example: null })
  reason!: string | null;

  /** What the client stated, by class in USD. */
  @ApiProperty({
    nullable: true,
    type: 'object',
    additionalProperties: { type: 'number' },
    example: null,
  })
  statedCost!: Record<string, number> | null;

  /** The token counts, disjoint by class. */
  @ApiProperty({
    nullable: true,
    type: 'object',
    additionalProperties: { type: 'integer' },
    example: { input: 10_000, input_cached_tokens: 30_000, output: 6000, total: 46_000 },
  })
  usage!: Record<string, number> | null;

  /** Whether cached and reasoning tokens were found inside or beside the others and by which rule; null if it was plain. */
  @ApiProperty({
    nullable: true,
    type: 'object',
    additionalProperties: true,
    example: { cacheTokens: 'inside input', cacheRule: 'total' },
  })
  counting!: unknown;

  /** The price as it was when the cost was made. */
  @ApiProperty({ nullable: true, type: UsedPriceDto })
  price!: UsedPriceDto | null;

  @ApiProperty({ type: [CostLineDto] })
  lines!: CostLineDto[];

  /** Classes that the price list has no price for: they cost nothing. */
  @ApiProperty({ type: [String], example: [] })
  unpriced!: string[];

  /** What rounding the sum of the lines to whole nano-USD, once, added to it, in USD. */
  @ApiProperty({ example: '0' })
  rounding!: string;

  /** What the prices of today would make of it, in USD, where that differs; null otherwise. */
  @ApiProperty({ nullable: true, type: 'number', example: null })
  presentCost!: number | null;
}
