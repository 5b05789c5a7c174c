import { ApiProperty } from '@nestjs/swagger';
import { ANY_JSON } from '../../http/any-json.js';

const TIME = '2026-01-31T09:30:00.000Z';

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

  /** Of the tier of the model's price that the cost was made with, as the model shows it; null for a cost that was stated. */
  @ApiProperty({ type: String, nullable: true, example: 'openai/gpt-5-mini:default' })
  usagePricingTierId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'Standard' })
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

  /** The tool that ran. */
  @ApiProperty({ type: String, nullable: true, example: null })
  toolName!: string | null;

  /** Of a model call: the tools it was offered, by its input. */
  @ApiProperty({ type: [String], example: ['search_orders', 'refund'] })
  toolNames!: string[];

  /** Of a model call: a name for each call of a tool in its output. */
  @ApiProperty({ type: [String], example: ['search_orders'] })
  calledToolNames!: string[];

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

  /**
   * How the run stands: queued, running, waiting_tool, paused, success, error or cancelled, as stated, else of an agent or
   * the topmost observation of a run by its end and level. Null where the observation is no run.
   */
  @ApiProperty({ type: String, nullable: true, example: null })
  runState!: string | null;

  /** Arrival of its first message. */
  @ApiProperty({ format: 'date-time', example: TIME })
  createdAt!: string;

  @ApiProperty({ format: 'date-time', example: TIME })
  updatedAt!: string;
}
