import { type ExperimentRef } from './experiment.js';
import { type JsonBytes, type JsonText } from './json.js';
import { type StoredPrice } from './price.js';
import { type ToolNames } from './tool-names.js';
import { type Micros } from './time.js';

/** What a unit of work was. A closed list (Langfuse's ten types); anything else is stored as SPAN with its own word in metadata. */
export const OBSERVATION_TYPES = [
  'SPAN',
  'GENERATION',
  'EVENT',
  'EMBEDDING',
  'AGENT',
  'TOOL',
  'CHAIN',
  'RETRIEVER',
  'EVALUATOR',
  'GUARDRAIL',
] as const;
export type ObservationType = (typeof OBSERVATION_TYPES)[number];

export const LEVELS = ['DEBUG', 'DEFAULT', 'WARNING', 'ERROR'] as const;
export type Level = (typeof LEVELS)[number];

/** What a step of a run did (xtrace.md §8). */
export const STEP_TYPES = ['llm_call', 'tool_call', 'retrieval', 'planner', 'memory_write', 'handoff'] as const;
export type StepType = (typeof STEP_TYPES)[number];

/** How a run of an agent stands (xtrace.md §8). */
export const RUN_STATES = ['queued', 'running', 'waiting_tool', 'paused', 'success', 'error', 'cancelled'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** Token counts by class, whole and non-negative: `input`, `output`, `total` and finer ones such as `input_cached_tokens`. */
export type UsageDetails = Readonly<Record<string, number>>;

/** Cost by class in USD: `input`, `output`, `total` and finer ones. */
export type CostDetails = Readonly<Record<string, number>>;

/**
 * Fields that the last writer decides, each on its own. In a patch `undefined` means "not said" and `null` "said to be
 * empty". In a stored observation `null` is "never said, or said to be empty".
 */
export interface ObservationFields {
  endTime?: Micros | null;
  /** When the first token of a streamed answer arrived. */
  completionStartTime?: Micros | null;
  type?: ObservationType | null;
  name?: string | null;
  level?: Level | null;
  statusMessage?: string | null;
  /** The model that answered. */
  model?: string | null;
  /** A JSON object as text. */
  modelParameters?: JsonText | null;
  parentObservationId?: string | null;
  version?: string | null;
  promptId?: string | null;
  promptName?: string | null;
  promptVersion?: string | null;
  usage?: UsageDetails | null;
  /** What the client says it cost; it wins over any price table. */
  statedCost?: CostDetails | null;
  /** Unit of the usage counts where it is not tokens, as stated. */
  usageUnit?: string | null;
  /** Facts a client computed itself (xtrace batch API); shown only where the server cannot derive them. */
  statedLatencySeconds?: number | null;
  statedTimeToFirstTokenSeconds?: number | null;
  modelId?: string | null;
  inputPriceUsd?: number | null;
  outputPriceUsd?: number | null;
  totalPriceUsd?: number | null;
  /** The model that was asked, by the name it was asked by. */
  requestedModel?: string | null;
  /** Who serves the model, as the GenAI conventions call it: `openai`, `aws.bedrock`. */
  provider?: string | null;
  /** Why the answer ended: `stop`, `length`, `tool_call`; several are joined by commas. */
  finishReason?: string | null;
  /** The tool that ran. */
  toolName?: string | null;
  /** Of a model call: the tools it was offered, by the latest input. */
  toolNames?: ToolNames | null;
  /** Of a model call: a name for each call of a tool that the model asked for. */
  calledToolNames?: ToolNames | null;
  agentName?: string | null;
  /** One user input and all work for it. Stated by the client, never guessed. */
  turnId?: string | null;
  /** One execution of an agent, retries and resumes apart. */
  runId?: string | null;
  /** One operation within a run. */
  stepId?: string | null;
  parentStepId?: string | null;
  /** As stated; `stepTypeOf` says what it is otherwise. */
  stepType?: StepType | null;
  /** Which attempt at its step this was, as the client counts. */
  attemptIndex?: number | null;
  /** As stated; `runStateOf` says what it is otherwise. */
  runState?: RunState | null;
  /** On the topmost observation of an experiment's item. */
  experiment?: ExperimentRef | null;
}

/** What one message says about one observation. Key: (project, traceId, id). */
export interface ObservationPatch extends ObservationFields {
  readonly kind: 'observation';
  /** Position among the observations of its request, for telling the caller which one failed. */
  readonly index: number;
  readonly traceId: string;
  readonly id: string;
  /** Orders this message among others about the same observation; see `eventStamp`. */
  readonly stamp: number;
  /** The earliest of all stated times wins, whatever the order of arrival. */
  startTime?: Micros;
  /** The first statement wins: where work ran does not change. */
  environment?: string;
  /** The type to assume while no message states one: below every stated type, whatever the order of arrival. */
  fallbackType?: ObservationType;
  /** JSON of any kind as text; an empty one is "not said". */
  input?: JsonText;
  output?: JsonText;
  /** Merged key by key; values are JSON text as JSON.stringify writes it. Keys are any strings, `__proto__` included. */
  metadata?: ReadonlyMap<string, JsonText>;
}

/** A stored observation without its payload (input, output, metadata). */
export interface Observation extends Required<ObservationFields> {
  traceId: string;
  id: string;
  startTime: Micros | null;
  environment: string | null;
  inputTokens: number | null;
  outputTokens: number | null;
  totalTokens: number | null;
  /** In billionths of a USD; null when neither stated nor priced. */
  costNanoUsd: number | null;
  /** Names the price that the cost was made with; null when it was stated or there is none. */
  priceKey: number | null;
  /** That price, where whoever read the observation looked it up. */
  price: StoredPrice | null;
  createdAt: Micros;
  updatedAt: Micros;
}

/** An observation with its payload. */
export interface ObservationWithPayload extends Observation {
  input: JsonBytes | null;
  output: JsonBytes | null;
  /** A JSON object. */
  metadata: JsonBytes | null;
}
