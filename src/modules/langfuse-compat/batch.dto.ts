import { ApiExtraModels, ApiProperty, ApiPropertyOptional, type ApiPropertyOptions } from '@nestjs/swagger';
import { ANY_JSON } from '../../http/any-json.js';

const ANY_OBJECT = { type: 'object', additionalProperties: true, nullable: true } as const;

const METADATA: ApiPropertyOptions = {
  ...ANY_OBJECT,
  description: 'Merged key by key with what is stored; anything but an object is kept under the key `metadata`.',
  example: { turn_id: 'turn-3', run_id: 'run-3-1' },
};

/** Every field but `id` may be absent or null: a later message changes only what it states. */
export class BatchTraceDto {
  /**
   * 1 to 800 characters, returned exactly as sent.
   * @example 3f0c7f6e-6a55-4a3e-9d0e-5c1f0a9be001
   */
  id!: string;
  /**
   * ISO 8601 with zone; the earliest of all stated ones is kept.
   * @example 2026-11-20T09:30:00.000Z
   */
  timestamp?: string | null;
  /** @example chat.turn */
  name?: string | null;
  /** Any JSON. */
  @ApiPropertyOptional({ ...ANY_JSON, example: { question: 'Where is my order?' } })
  input?: unknown;
  /** Any JSON. */
  @ApiPropertyOptional({ ...ANY_JSON, example: { answer: 'It was handed to the carrier this morning.' } })
  output?: unknown;
  /**
   * Also `session_id`. Traces with the same one are a session.
   * @example conversation-8c1d
   */
  sessionId?: string | null;
  /** @example ada@example.com */
  userId?: string | null;
  /** @example 2026.11.2 */
  release?: string | null;
  /** @example 1.4.2 */
  version?: string | null;
  @ApiPropertyOptional(METADATA)
  metadata?: unknown;
  /**
   * Merged with the stored ones; at most 500 are kept.
   * @example ["support","en"]
   */
  tags?: string[] | null;
  /** @example false */
  public?: boolean | null;
  /** @example false */
  bookmarked?: boolean | null;
  /**
   * Lower-case letters, digits, `-` and `_`, at most 40; anything else counts as not stated.
   * @example production
   */
  environment?: string | null;
  /**
   * Also `external_id`.
   * @example ticket-20418
   */
  externalId?: string | null;
  /**
   * Seconds; shown while the trace has no observations.
   * @example 2.31
   */
  latency?: number | null;
  /**
   * USD; shown while the trace has no observations.
   * @example 0.00195
   */
  totalCost?: number | null;
  /**
   * When this was known, ISO 8601 with zone: of two messages the later one wins. Default: when it arrives.
   * @example 2026-11-20T09:30:02.400Z
   */
  updatedAt?: string | null;
}

/** Every field but `id` and `traceId` may be absent or null: a later message changes only what it states. */
export class BatchObservationDto {
  /**
   * 1 to 800 characters, unique within its trace.
   * @example 7d1a3c52-0c5e-4b3e-8f11-0a4b1c2d3e01
   */
  id!: string;
  /**
   * Also `trace_id`. A trace that does not exist is created.
   * @example 3f0c7f6e-6a55-4a3e-9d0e-5c1f0a9be001
   */
  traceId!: string;
  /**
   * Id of the observation of the same trace that this one is a part of.
   * @example 7d1a3c52-0c5e-4b3e-8f11-0a4b1c2d3e00
   */
  parentObservationId?: string | null;
  /**
   * SPAN, GENERATION, EVENT, EMBEDDING, AGENT, TOOL, CHAIN, RETRIEVER, EVALUATOR or GUARDRAIL; GENERATION while no
   * message states one.
   * @example GENERATION
   */
  type?: string | null;
  /** @example chat.generation */
  name?: string | null;
  /**
   * ISO 8601 with zone. Times more than 10 years back or a day ahead are clamped and kept in metadata `xtrace.clock`.
   * @example 2026-11-20T09:30:00.120Z
   */
  startTime?: string | null;
  /** @example 2026-11-20T09:30:02.310Z */
  endTime?: string | null;
  /**
   * When the first token arrived.
   * @example 2026-11-20T09:30:00.480Z
   */
  completionStartTime?: string | null;
  /** @example qwen2.5-72b-instruct */
  model?: string | null;
  @ApiPropertyOptional({
    ...ANY_OBJECT,
    description: 'As sent to the model.',
    example: { temperature: 0.2, max_tokens: 512 },
  })
  modelParameters?: object | null;
  /** Any JSON. */
  @ApiPropertyOptional({ ...ANY_JSON, example: { question: 'Where is my order?' } })
  input?: unknown;
  /** Any JSON. */
  @ApiPropertyOptional({ ...ANY_JSON, example: { answer: 'It was handed to the carrier this morning.' } })
  output?: unknown;
  @ApiPropertyOptional({
    ...ANY_OBJECT,
    description:
      'Token counts by class: `{input, output, total, unit, …}`, or as OpenAI reports them, in snake_case or camelCase.',
    example: { input: 412, output: 38, total: 450, unit: 'TOKENS' },
  })
  usage?: unknown;
  /**
   * Used where `usage` lacks it, like the two below.
   * @example 412
   */
  promptTokens?: number | null;
  /** @example 38 */
  completionTokens?: number | null;
  /** @example 450 */
  totalTokens?: number | null;
  /**
   * Of the usage counts, where they are not tokens.
   * @example TOKENS
   */
  unit?: string | null;
  /**
   * DEBUG, DEFAULT, WARNING or ERROR; anything else counts as not stated.
   * @example DEFAULT
   */
  level?: string | null;
  /** @example finished: stop */
  statusMessage?: string | null;
  @ApiPropertyOptional(METADATA)
  metadata?: unknown;
  /** @example production */
  environment?: string | null;
  /** @example 1.4.2 */
  version?: string | null;
  /** @example pr-17 */
  promptId?: string | null;
  /** @example support-answer */
  promptName?: string | null;
  /** @example 3 */
  promptVersion?: string | null;
  /** @example m-qwen */
  modelId?: string | null;
  /**
   * USD, like all prices and costs; 0 to 1,000,000, else not stated.
   * @example 0.000003
   */
  inputPrice?: number | null;
  /** @example 0.000006 */
  outputPrice?: number | null;
  /** @example 0.000009 */
  totalPrice?: number | null;
  /** @example 0.001236 */
  calculatedInputCost?: number | null;
  /** @example 0.000228 */
  calculatedOutputCost?: number | null;
  /**
   * Wins over the server's price table.
   * @example 0.001464
   */
  calculatedTotalCost?: number | null;
  /**
   * Seconds; shown where times are missing.
   * @example 2.19
   */
  latency?: number | null;
  /**
   * Seconds; shown where times are missing.
   * @example 0.36
   */
  timeToFirstToken?: number | null;
  /** @example 2026-11-20T09:30:02.400Z */
  updatedAt?: string | null;
}

/** At least one of the two. Field names are also known in snake_case; unknown fields are ignored. */
@ApiExtraModels(BatchTraceDto, BatchObservationDto)
export class BatchRequestDto {
  trace?: BatchTraceDto | null;
  /** At most 50,000. */
  observations?: BatchObservationDto[] | null;
}

export class BatchAnswerDto {
  @ApiProperty({ example: 'Request Successful.' })
  message!: string;
}

/** An item that was not stored and that sending again will not help. */
export class BatchErrorDto {
  /**
   * Position in `observations`; 0 for the trace.
   * @example 1
   */
  index!: number;
  /**
   * `trace` or `observation`.
   * @example observation
   */
  kind!: string;
  /**
   * As sent, when it was text.
   * @example 7d1a3c52-0c5e-4b3e-8f11-0a4b1c2d3e01
   */
  id?: string;
  /**
   * As the caller wrote it.
   * @example startTime
   */
  field?: string;
  /** @example INVALID_FIELD */
  code!: string;
  @ApiProperty({ example: 'startTime must be an ISO 8601 time with a zone such as 2026-01-31T09:30:00Z' })
  message!: string;
}

/** Everything that is not listed is committed. */
export class BatchPartialDto {
  @ApiProperty({ example: '1 of 3 items was refused; everything else is stored' })
  message!: string;
  @ApiProperty({ type: 'object', nullable: true, additionalProperties: false, example: null })
  data!: null;
  /** In the order of the request, the first 1000. */
  errors!: BatchErrorDto[];
}

/** Nothing was stored. `errors` is present when it was the items that were wrong, not the request. */
export class BatchRefusalDto {
  @ApiProperty({ example: 'No item could be stored, 2 of 2 were refused' })
  message!: string;
  /** @example BAD_REQUEST */
  code!: string;
  @ApiProperty({ type: 'object', nullable: true, additionalProperties: false, example: null })
  data!: null;
  errors?: BatchErrorDto[];
}

/** A chat turn: the trace with one model call and one tool call. */
export const BATCH_EXAMPLE = {
  trace: {
    id: '3f0c7f6e-6a55-4a3e-9d0e-5c1f0a9be001',
    name: 'chat.turn',
    timestamp: '2026-11-20T09:30:00.000Z',
    sessionId: 'conversation-8c1d',
    userId: 'ada@example.com',
    input: { question: 'Where is my order?' },
    output: { answer: 'It was handed to the carrier this morning.' },
    tags: ['support', 'en'],
    environment: 'production',
    release: '2026.11.2',
    metadata: { turn_id: 'turn-3', run_id: 'run-3-1' },
  },
  observations: [
    {
      id: '7d1a3c52-0c5e-4b3e-8f11-0a4b1c2d3e01',
      traceId: '3f0c7f6e-6a55-4a3e-9d0e-5c1f0a9be001',
      type: 'GENERATION',
      name: 'chat.generation',
      startTime: '2026-11-20T09:30:00.120Z',
      completionStartTime: '2026-11-20T09:30:00.480Z',
      endTime: '2026-11-20T09:30:02.310Z',
      model: 'qwen2.5-72b-instruct',
      modelParameters: { temperature: 0.2, max_tokens: 512 },
      input: [{ role: 'user', content: 'Where is my order?' }],
      output: { role: 'assistant', content: 'It was handed to the carrier this morning.' },
      usage: { input: 412, output: 38, total: 450, unit: 'TOKENS' },
      metadata: { step_type: 'llm_call', attempt_index: 0 },
    },
    {
      id: '7d1a3c52-0c5e-4b3e-8f11-0a4b1c2d3e02',
      traceId: '3f0c7f6e-6a55-4a3e-9d0e-5c1f0a9be001',
      parentObservationId: '7d1a3c52-0c5e-4b3e-8f11-0a4b1c2d3e01',
      type: 'TOOL',
      name: 'agent.tool',
      startTime: '2026-11-20T09:30:00.900Z',
      endTime: '2026-11-20T09:30:01.150Z',
      input: { order: 'A-20418' },
      output: { state: 'in transit' },
    },
  ],
};
