import { ApiProperty } from '@nestjs/swagger';

const TIME = '2026-01-31T09:30:00.000Z';

const ANY_JSON = {
  oneOf: [
    { type: 'object' },
    { type: 'array', items: {} },
    { type: 'string' },
    { type: 'number' },
    { type: 'boolean' },
  ],
  nullable: true,
};

/** Groups of fields, for query parameters called `fields`. */
const FIELDS =
  'Comma-separated groups of fields: core (always there), io, scores, observations, metrics. Absent means all. Without io ' +
  'the keys input, output and metadata are left out, without metrics latency and totalCost are -1, without observations ' +
  'or scores those are empty.';

export class TraceDetailQuery {
  @ApiProperty({ required: false, description: FIELDS, example: 'core,io,observations' })
  fields?: string;
}

export class TraceListQuery extends TraceDetailQuery {
  /** Page number, from 1. Ignored when a cursor is given. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, default: 1, example: 1 })
  page?: number;

  /** Traces per page. */
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 200, default: 50, example: 50 })
  limit?: number;

  /** Where to go on: `meta.nextCursor` of the page before. Unlike page numbers it neither skips nor repeats traces while others arrive, and it costs the same for every page. Only in timestamp order. */
  @ApiProperty({ required: false, example: 'MTc2OTg1MTgwMDAwMDAwMDp0cmFjZS0x' })
  cursor?: string;

  /** Only traces of this user. */
  @ApiProperty({ required: false, example: 'ada@example.com' })
  userId?: string;

  /** Name of the trace, exactly. */
  @ApiProperty({ required: false, example: 'chat.turn' })
  name?: string;

  /** Only traces of this session. */
  @ApiProperty({ required: false, example: 'conversation-8c1d' })
  sessionId?: string;

  /** Earliest timestamp, inclusive: ISO 8601 with a zone. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T00:00:00Z' })
  fromTimestamp?: string;

  /** Latest timestamp, inclusive: ISO 8601 with a zone. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T23:59:59.999Z' })
  toTimestamp?: string;

  /** Field and direction. Fields: id, timestamp, name, userId, release, version, public, bookmarked, sessionId, latency, totalCost. Only timestamp order is served by an index. */
  @ApiProperty({ required: false, default: 'timestamp.desc', example: 'timestamp.desc' })
  orderBy?: string;

  /** May be repeated; a trace must have all of them. */
  @ApiProperty({ required: false, type: [String], example: ['support', 'en'] })
  tags?: string[];

  /** Version of the application, exactly. */
  @ApiProperty({ required: false, example: '1.4.2' })
  version?: string;

  /** Release of the application, exactly. */
  @ApiProperty({ required: false, example: '2026.11.2' })
  release?: string;

  /** May be repeated; a trace must be in any of them. `default` is that of traces that state none. */
  @ApiProperty({ required: false, type: [String], example: ['production'] })
  environment?: string[];
}

/** Where a page lies in its list. */
export class PageMetaDto {
  @ApiProperty({ example: 1 })
  page!: number;

  @ApiProperty({ example: 50 })
  limit!: number;

  /** Exact up to 100,000; beyond that a lower bound, and `totalItemsCapped` is true. */
  @ApiProperty({ example: 1234 })
  totalItems!: number;

  /** Ahead of `page` while rows remain. */
  @ApiProperty({ example: 25 })
  totalPages!: number;

  /** Only there when true. */
  @ApiProperty({ required: false, example: true })
  totalItemsCapped?: boolean;

  /** Where the next page starts; only there in timestamp order and when there is one. */
  @ApiProperty({ required: false, example: 'MTc2OTg1MTgwMDAwMDAwMDp0cmFjZS0x' })
  nextCursor?: string;
}

/** Fields of a trace in lists and in the detail. */
export class TraceDto {
  /** As it was sent. */
  @ApiProperty({ example: 'b61d23164373c56952c90d4f88da5932' })
  id!: string;

  @ApiProperty({ example: 'default' })
  projectId!: string;

  /** As stated, else the start of the first observation, else the arrival of the first message. */
  @ApiProperty({ format: 'date-time', example: TIME })
  timestamp!: string;

  @ApiProperty({ type: String, nullable: true, example: 'chat.turn' })
  name!: string | null;

  /** Any JSON. Left out without the field group io. */
  @ApiProperty({
    required: false,
    ...ANY_JSON,
    example: { messages: [{ role: 'user', content: 'Hi' }] },
  })
  input?: unknown;

  /** Any JSON. Left out without the field group io. */
  @ApiProperty({ required: false, ...ANY_JSON, example: { role: 'assistant', content: 'Hello!' } })
  output?: unknown;

  /** An object. Left out without the field group io. */
  @ApiProperty({ required: false, type: Object, example: { tenant: 'acme', attempt: 1 } })
  metadata?: Record<string, unknown>;

  @ApiProperty({ type: String, nullable: true, example: 'conversation-7' })
  sessionId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'user-42' })
  userId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'v2026.1' })
  release!: string | null;

  @ApiProperty({ type: String, nullable: true, example: '1.4.2' })
  version!: string | null;

  @ApiProperty({ example: 'production', default: 'default' })
  environment!: string;

  @ApiProperty({ type: String, nullable: true, example: null })
  externalId!: string | null;

  /** Sorted. */
  @ApiProperty({ type: [String], example: ['beta', 'eu'] })
  tags!: string[];

  @ApiProperty({ example: false })
  public!: boolean;

  @ApiProperty({ example: false })
  bookmarked!: boolean;

  /** Path of the trace in the user interface. */
  @ApiProperty({ example: '/project/default/traces/b61d23164373c56952c90d4f88da5932' })
  htmlPath!: string;

  /** Seconds from the first start to the last end of its observations; else as stated, else 0. -1 without the field group metrics. */
  @ApiProperty({ example: 2.345 })
  latency!: number;

  /** USD, the sum over its observations; else as stated, else 0. -1 without the field group metrics. */
  @ApiProperty({ example: 0.00195 })
  totalCost!: number;

  /** Arrival of its first message. */
  @ApiProperty({ format: 'date-time', example: TIME })
  createdAt!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  updatedAt!: string;

  /** Always empty: scores are not stored yet. */
  @ApiProperty({ type: [String], example: [] })
  scores!: unknown[];
}

export class TraceListItemDto extends TraceDto {
  /** Ids in start order. */
  @ApiProperty({ type: [String], example: ['03a82fb378f737e7'] })
  observations!: string[];
}

export class TracePageDto {
  @ApiProperty({ type: [TraceListItemDto] })
  data!: TraceListItemDto[];

  @ApiProperty({ type: PageMetaDto })
  meta!: PageMetaDto;
}

/** Counts by sums of classes, and what they cost. */
export class UsageDto {
  @ApiProperty({ example: 'TOKENS' })
  unit!: string;

  /** All classes whose name contains "input". */
  @ApiProperty({ example: 15 })
  input!: number;

  /** All classes whose name contains "output". */
  @ApiProperty({ example: 25 })
  output!: number;

  /** As stated, else the sum of all classes. */
  @ApiProperty({ example: 40 })
  total!: number;

  /** USD; null when nobody stated it. */
  @ApiProperty({ type: Number, nullable: true, example: 0.00045 })
  inputCost!: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 0.0015 })
  outputCost!: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 0.00195 })
  totalCost!: number | null;
}

/** A unit of work in a trace: a model call, a tool call, a step. */
export class ObservationDto {
  /** As it was sent; unique in its trace. */
  @ApiProperty({ example: '03a82fb378f737e7' })
  id!: string;

  @ApiProperty({ example: 'b61d23164373c56952c90d4f88da5932' })
  traceId!: string;

  @ApiProperty({ example: 'default' })
  projectId!: string;

  /** SPAN, GENERATION, EVENT, EMBEDDING, AGENT, TOOL, CHAIN, RETRIEVER, EVALUATOR or GUARDRAIL. */
  @ApiProperty({ example: 'GENERATION' })
  type!: string;

  @ApiProperty({ type: String, nullable: true, example: 'chat.generation' })
  name!: string | null;

  /** Arrival while no start is known. */
  @ApiProperty({ format: 'date-time', example: TIME })
  startTime!: string;

  /** Null while it runs. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-01-31T09:30:02.345Z' })
  endTime!: string | null;

  /** When the first token of a streamed answer arrived. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-01-31T09:30:00.410Z' })
  completionStartTime!: string | null;

  /** The model that answered, as stated. */
  @ApiProperty({ type: String, nullable: true, example: 'gpt-4o' })
  model!: string | null;

  @ApiProperty({ type: Object, example: { temperature: 0.7, max_tokens: 1024 } })
  modelParameters!: Record<string, unknown>;

  /** Any JSON. Left out without the field group io. */
  @ApiProperty({
    required: false,
    ...ANY_JSON,
    example: { messages: [{ role: 'user', content: 'Hi' }] },
  })
  input?: unknown;

  /** Any JSON. Left out without the field group io. */
  @ApiProperty({ required: false, ...ANY_JSON, example: { role: 'assistant', content: 'Hello!' } })
  output?: unknown;

  /** An object. Left out without the field group io. */
  @ApiProperty({ required: false, type: Object, example: { attempt: 1 } })
  metadata?: Record<string, unknown>;

  @ApiProperty({ type: String, nullable: true, example: '1.4.2' })
  version!: string | null;

  /** DEBUG, DEFAULT, WARNING or ERROR. */
  @ApiProperty({ example: 'DEFAULT' })
  level!: string;

  @ApiProperty({ type: String, nullable: true, example: null })
  statusMessage!: string | null;

  @ApiProperty({ type: String, nullable: true, example: '7cb5ff3d41e88faf' })
  parentObservationId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  promptId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'greeting' })
  promptName!: string | null;

  /** A number when it is one. */
  @ApiProperty({ oneOf: [{ type: 'number' }, { type: 'string' }], nullable: true, example: 3 })
  promptVersion!: number | string | null;

  @ApiProperty({ example: 'production', default: 'default' })
  environment!: string;

  @ApiProperty({ type: UsageDto })
  usage!: UsageDto;

  /** Counts by class as stated, with their total. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'number' },
    example: { input: 15, output: 25, total: 40 },
  })
  usageDetails!: Record<string, number>;

  /** USD by class as stated, with their total. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'number' },
    example: { input: 0.00045, output: 0.0015, total: 0.00195 },
  })
  costDetails!: Record<string, number>;

  @ApiProperty({ example: 'TOKENS' })
  unit!: string;

  /** The same as `usage.input`. */
  @ApiProperty({ example: 15 })
  promptTokens!: number;

  /** The same as `usage.output`. */
  @ApiProperty({ example: 25 })
  completionTokens!: number;

  /** The same as `usage.total`. */
  @ApiProperty({ example: 40 })
  totalTokens!: number;

  @ApiProperty({ type: String, nullable: true, example: null })
  modelId!: string | null;

  /** USD per unit, as stated. */
  @ApiProperty({ type: Number, nullable: true, example: 0.00003 })
  inputPrice!: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 0.00006 })
  outputPrice!: number | null;

  @ApiProperty({ type: Number, nullable: true, example: null })
  totalPrice!: number | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  usagePricingTierId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  usagePricingTierName!: string | null;

  /** USD; null when nobody stated it. */
  @ApiProperty({ type: Number, nullable: true, example: 0.00045 })
  calculatedInputCost!: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 0.0015 })
  calculatedOutputCost!: number | null;

  /** USD; null while it is neither stated nor priced. */
  @ApiProperty({ type: Number, nullable: true, example: 0.00195 })
  calculatedTotalCost!: number | null;

  /** Seconds from start to end, never negative; else as stated; null while it runs. */
  @ApiProperty({ type: Number, nullable: true, example: 2.345 })
  latency!: number | null;

  /** Seconds from the start to the first token; else as stated. */
  @ApiProperty({ type: Number, nullable: true, example: 0.41 })
  timeToFirstToken!: number | null;

  /** The model that was asked, by the name it was asked by. */
  @ApiProperty({ type: String, nullable: true, example: 'gpt-4o' })
  requestedModel!: string | null;

  /** Who serves the model, as the GenAI conventions call it. */
  @ApiProperty({ type: String, nullable: true, example: 'openai' })
  provider!: string | null;

  /** Why the answer ended; several reasons are joined by commas. */
  @ApiProperty({ type: String, nullable: true, example: 'stop' })
  finishReason!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  toolName!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'support-agent' })
  agentName!: string | null;

  /** One user input and all work for it, as stated. */
  @ApiProperty({ type: String, nullable: true, example: 'turn-3' })
  turnId!: string | null;

  /** One execution of an agent, as stated. */
  @ApiProperty({ type: String, nullable: true, example: 'run-3-1' })
  runId!: string | null;

  /** One operation in a run, as stated. */
  @ApiProperty({ type: String, nullable: true, example: 'step-2' })
  stepId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'step-1' })
  parentStepId!: string | null;

  /** llm_call, tool_call, retrieval, planner, memory_write or handoff: as stated, else by name and type. */
  @ApiProperty({ type: String, nullable: true, example: 'llm_call' })
  stepType!: string | null;

  /** Which attempt at its step it was, as the client counts. */
  @ApiProperty({ type: Number, nullable: true, example: null })
  attemptIndex!: number | null;

  /** Arrival of its first message. */
  @ApiProperty({ format: 'date-time', example: TIME })
  createdAt!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  updatedAt!: string;
}

export class TraceDetailDto extends TraceDto {
  /** In start order. */
  @ApiProperty({ type: [ObservationDto] })
  observations!: ObservationDto[];
}
