import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** One change of one thing. */
export class IngestionEventDto {
  /**
   * Of the event, 1 to 800 characters; the answer lists it.
   * @example 5e0b8c1a-2f7d-4f0e-9f53-0c2a1d3e0001
   */
  id!: string;
  /**
   * `trace-create`; `span-`, `generation-` and `observation-` with `create` or `update`; `event-`, `agent-`, `tool-`,
   * `chain-`, `retriever-`, `evaluator-`, `embedding-` and `guardrail-create`; `score-create`; `sdk-log`, which is ignored.
   * @example generation-create
   */
  type!: string;
  /**
   * ISO 8601 with zone. Of two events about the same field the later one wins, whichever arrives first.
   * @example 2026-11-20T09:30:00.120Z
   */
  timestamp!: string;
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'What is said, by the fields of the Langfuse API. A field that is absent stays as it was.',
    example: { id: 'g1', traceId: 't1', model: 'gpt-5-mini', usage: { input: 412, output: 38 } },
  })
  body!: object;
}

/** Events of any types about any traces. */
export class IngestionRequestDto {
  /** At most 50,000. */
  batch!: IngestionEventDto[];
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'What the SDK tells of itself; ignored.',
    example: { sdk_name: 'langfuse-js', sdk_version: '3.38.4' },
  })
  metadata?: unknown;
}

export class IngestionSuccessDto {
  /** @example 5e0b8c1a-2f7d-4f0e-9f53-0c2a1d3e0001 */
  id!: string;
  /** @example 201 */
  status!: number;
}

export class IngestionErrorDto {
  /**
   * Of the event; `unknown` when it had none.
   * @example 5e0b8c1a-2f7d-4f0e-9f53-0c2a1d3e0002
   */
  id!: string;
  /**
   * 400: it cannot be stored. 401: the credentials are for scores alone.
   * @example 400
   */
  status!: number;
  @ApiProperty({ example: 'Invalid request data' })
  message!: string;
  @ApiProperty({ example: 'body.startTime must be an ISO 8601 time with a zone such as 2026-01-31T09:30:00Z' })
  error!: string;
}

/** Everything in `successes` is committed. */
export class IngestionAnswerDto {
  /** In the order of the request. */
  successes!: IngestionSuccessDto[];
  /** In the order of the request, the first 10,000. Sending them again does not help. */
  errors!: IngestionErrorDto[];
}

/** The body was no batch: nothing is stored. */
export class IngestionRefusalDto {
  @ApiProperty({ example: 'Invalid request data' })
  message!: string;
  /** @example InvalidRequestError */
  error!: string;
  /** @example BAD_REQUEST */
  code!: string;
  @ApiProperty({ type: 'object', nullable: true, additionalProperties: false, example: null })
  data!: null;
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'What is wrong with it.',
    example: [{ path: ['batch'], message: 'batch must be an array' }],
  })
  errors!: object[];
}

export class WrittenDto {
  /**
   * Of what was written.
   * @example 3f0c7f6e-6a55-4a3e-9d0e-5c1f0a9be001
   */
  id!: string;
}

/** A trace with a generation that is completed by a second event. */
export const INGESTION_EXAMPLE = {
  batch: [
    {
      id: '5e0b8c1a-2f7d-4f0e-9f53-0c2a1d3e0001',
      type: 'trace-create',
      timestamp: '2026-11-20T09:30:00.000Z',
      body: {
        id: '9c1d5b7e-0f3a-4a55-8a0d-6b2f4e7c1001',
        name: 'chat.turn',
        timestamp: '2026-11-20T09:30:00.000Z',
        userId: 'ada@example.com',
        sessionId: 'conversation-8c1d',
        input: { question: 'Where is my order?' },
        tags: ['support', 'en'],
      },
    },
    {
      id: '5e0b8c1a-2f7d-4f0e-9f53-0c2a1d3e0002',
      type: 'generation-create',
      timestamp: '2026-11-20T09:30:00.120Z',
      body: {
        id: '9c1d5b7e-0f3a-4a55-8a0d-6b2f4e7c1002',
        traceId: '9c1d5b7e-0f3a-4a55-8a0d-6b2f4e7c1001',
        name: 'chat.generation',
        startTime: '2026-11-20T09:30:00.120Z',
        model: 'qwen2.5-72b-instruct',
        modelParameters: { temperature: 0.2, max_tokens: 512 },
        input: [{ role: 'user', content: 'Where is my order?' }],
      },
    },
    {
      id: '5e0b8c1a-2f7d-4f0e-9f53-0c2a1d3e0003',
      type: 'generation-update',
      timestamp: '2026-11-20T09:30:02.310Z',
      body: {
        id: '9c1d5b7e-0f3a-4a55-8a0d-6b2f4e7c1002',
        traceId: '9c1d5b7e-0f3a-4a55-8a0d-6b2f4e7c1001',
        endTime: '2026-11-20T09:30:02.310Z',
        output: { role: 'assistant', content: 'It was handed to the carrier this morning.' },
        usage: { input: 412, output: 38, total: 450, unit: 'TOKENS' },
      },
    },
  ],
  metadata: { sdk_name: 'langfuse-js', sdk_version: '3.38.4', batch_size: 3 },
};
