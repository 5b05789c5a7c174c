import { ApiProperty } from '@nestjs/swagger';
import { ObservationFilterQuery } from './observations-list.dto.js';

const TIME = '2026-01-31T09:30:00.000Z';

export class ObservationSliceQuery extends ObservationFilterQuery {
  /** Comma-separated groups of fields: core (always there), basic, time, io, metadata, model, usage, prompt, metrics, trace_context. Absent means core and basic. */
  @ApiProperty({ required: false, default: 'core,basic', example: 'core,basic,io,usage' })
  fields?: string;

  /** Comma-separated keys of metadata to show in full; other values are cut to 200 characters. */
  @ApiProperty({ required: false, example: 'documents,trail' })
  expandMetadata?: string;

  /** Observations per part; with 0 none. */
  @ApiProperty({ required: false, type: 'integer', minimum: 0, maximum: 1000, default: 50, example: 50 })
  limit?: number;

  /** Where to go on: `meta.cursor` of the part before. */
  @ApiProperty({ required: false, example: 'eyJsYXN0SWQiOiJvYnMtMSJ9' })
  cursor?: string;

  /** Session of the trace. */
  @ApiProperty({ required: false, example: 'conversation-8c1d' })
  sessionId?: string;

  /** Whether it has no parent. */
  @ApiProperty({ required: false, type: Boolean, example: true })
  isRootObservation?: boolean;

  /** Only false is offered: inputs and outputs are given as text. */
  @ApiProperty({ required: false, type: Boolean, default: false, example: false })
  parseIoAsJson?: boolean;
}

/** An observation with the groups of fields that were asked for. */
export class ObservationV2Dto {
  /** As it was sent; unique in its trace. */
  @ApiProperty({ example: '03a82fb378f737e7' })
  id!: string;

  @ApiProperty({ example: 'b61d23164373c56952c90d4f88da5932' })
  traceId!: string;

  /** Arrival while no start is known. */
  @ApiProperty({ format: 'date-time', example: TIME })
  startTime!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-01-31T09:30:02.345Z' })
  endTime!: string | null;

  @ApiProperty({ example: 'default' })
  projectId!: string;

  @ApiProperty({ type: String, nullable: true, example: '7cb5ff3d41e88faf' })
  parentObservationId!: string | null;

  @ApiProperty({ example: 'GENERATION' })
  type!: string;

  /** Group basic. */
  @ApiProperty({ required: false, type: String, nullable: true, example: 'chat.generation' })
  name?: string | null;

  /** Group basic. */
  @ApiProperty({ required: false, example: 'DEFAULT' })
  level?: string;

  /** Group basic. */
  @ApiProperty({ required: false, type: String, nullable: true, example: null })
  statusMessage?: string | null;

  /** Group basic. */
  @ApiProperty({ required: false, type: String, nullable: true, example: '1.4.2' })
  version?: string | null;

  /** Group basic. */
  @ApiProperty({ required: false, example: 'production' })
  environment?: string;

  /** Group basic, of the trace. */
  @ApiProperty({ required: false, example: false })
  bookmarked?: boolean;

  /** Group basic, of the trace. */
  @ApiProperty({ required: false, example: false })
  public?: boolean;

  /** Group basic, of the trace. */
  @ApiProperty({ required: false, type: String, nullable: true, example: 'user-42' })
  userId?: string | null;

  /** Group basic, of the trace. */
  @ApiProperty({ required: false, type: String, nullable: true, example: 'conversation-7' })
  sessionId?: string | null;

  /** Group basic. */
  @ApiProperty({ required: false, example: false })
  isRootObservation?: boolean;

  /** Group time. */
  @ApiProperty({ required: false, type: String, format: 'date-time', nullable: true, example: TIME })
  completionStartTime?: string | null;

  /** Group time. */
  @ApiProperty({ required: false, format: 'date-time', example: TIME })
  createdAt?: string;

  /** Group time. */
  @ApiProperty({ required: false, format: 'date-time', example: TIME })
  updatedAt?: string;

  /** Group io. A text as it is, anything else as the text of its JSON. */
  @ApiProperty({ required: false, type: String, nullable: true, example: '{"messages":[]}' })
  input?: string | null;

  /** Group io. */
  @ApiProperty({ required: false, type: String, nullable: true, example: 'Hello!' })
  output?: string | null;

  /** Group metadata. Long values are cut. */
  @ApiProperty({ required: false, type: Object, example: { attempt: 1 } })
  metadata?: Record<string, unknown>;

  /** Group model: the model that answered, as stated. */
  @ApiProperty({ required: false, type: String, nullable: true, example: 'gpt-4o' })
  providedModelName?: string | null;

  /** Group model: the same. */
  @ApiProperty({ required: false, type: String, nullable: true, example: 'gpt-4o' })
  model?: string | null;

  /** Group model: the price row that its cost was made with. */
  @ApiProperty({ required: false, type: String, nullable: true, example: 'openai/gpt-4o' })
  internalModelId?: string | null;

  /** Group model. */
  @ApiProperty({ required: false, type: Object, example: { temperature: 0.7 } })
  modelParameters?: Record<string, unknown>;

  /** The tools that a model call was offered, by its input. */
  @ApiProperty({ required: false, type: [String], example: ['search_orders', 'refund'] })
  toolNames?: string[];

  /** A name for each call of a tool in its output. */
  @ApiProperty({ required: false, type: [String], example: ['search_orders'] })
  calledToolNames?: string[];

  /** Null without the group model. */
  @ApiProperty({ type: String, nullable: true, example: 'openai/gpt-4o' })
  modelId!: string | null;

  /** USD per unit in decimal digits; null without the group model. */
  @ApiProperty({ type: String, nullable: true, example: '0.0000025' })
  inputPrice!: string | null;

  @ApiProperty({ type: String, nullable: true, example: '0.00001' })
  outputPrice!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  totalPrice!: string | null;

  /** Group usage. */
  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: { type: 'number' },
    example: { input: 15, output: 25, total: 40 },
  })
  usageDetails?: Record<string, number>;

  /** Group usage: USD by class. */
  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: { type: 'number' },
    example: { input: 0.00045, output: 0.0015, total: 0.00195 },
  })
  costDetails?: Record<string, number>;

  /** Group usage: USD; null while it is neither stated nor priced. */
  @ApiProperty({ required: false, type: Number, nullable: true, example: 0.00195 })
  totalCost?: number | null;

  /** Group usage: the tier of the model's price that the cost was made with; null for a cost that was stated. */
  @ApiProperty({ required: false, type: String, nullable: true, example: 'Standard' })
  usagePricingTierName?: string | null;

  /** Group prompt. */
  @ApiProperty({ required: false, type: String, nullable: true, example: null })
  promptId?: string | null;

  /** Group prompt. */
  @ApiProperty({ required: false, type: String, nullable: true, example: 'greeting' })
  promptName?: string | null;

  /** Group prompt. */
  @ApiProperty({ required: false, oneOf: [{ type: 'number' }, { type: 'string' }], nullable: true, example: 3 })
  promptVersion?: number | string | null;

  /** Group metrics: seconds. */
  @ApiProperty({ required: false, type: Number, nullable: true, example: 2.345 })
  latency?: number | null;

  /** Group metrics: seconds. */
  @ApiProperty({ required: false, type: Number, nullable: true, example: 0.41 })
  timeToFirstToken?: number | null;

  /** Group trace_context. */
  @ApiProperty({ required: false, type: [String], example: ['beta'] })
  tags?: string[];

  /** Group trace_context. */
  @ApiProperty({ required: false, type: String, nullable: true, example: 'v2026.1' })
  release?: string | null;

  /** Group trace_context. */
  @ApiProperty({ required: false, type: String, nullable: true, example: 'chat.turn' })
  traceName?: string | null;
}

export class ObservationSliceMetaDto {
  /** Where the next part starts; absent at the end of the list. */
  @ApiProperty({ required: false, example: 'eyJsYXN0SWQiOiJvYnMtMSJ9' })
  cursor?: string;
}

export class ObservationSliceDto {
  @ApiProperty({ type: [ObservationV2Dto] })
  data!: ObservationV2Dto[];

  @ApiProperty({ type: ObservationSliceMetaDto })
  meta!: ObservationSliceMetaDto;
}
