import { costOf, countTokens, type Model, type TokenUsage } from './models.js';
import { type Random } from './random.js';
import { type Level, type Metadata, type ObservationRecord, type ObservationType, type TraceRecord } from './record.js';
import { type Rhythm } from './rhythm.js';
import { HOT_NODE, REPLICAS, type ServingState, servingAt } from './serving.js';

export interface Message {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
  readonly tool_calls?: readonly ToolCall[];
  readonly name?: string;
}

export interface ToolCall {
  readonly name: string;
  readonly arguments: Metadata;
}

export interface StepFields {
  readonly type: ObservationType;
  readonly name: string;
  readonly input?: unknown;
  readonly metadata?: Metadata;
  /** As xtrace's clients name kinds of steps. */
  readonly stepType?: string;
}

export interface CallFields {
  readonly name: string;
  readonly model: Model;
  readonly messages: readonly Message[];
  readonly answer: string;
  readonly toolCalls?: readonly ToolCall[];
  readonly prompt?: { readonly name: string; readonly version: number };
  readonly temperature?: number;
  readonly isStreamed?: boolean;
  /** How many of `messages` an earlier call has sent already: the provider has cached what it computed of them. */
  readonly cachedMessages?: number;
  /** Tokens of tool schemas and the like, sent before the messages. */
  readonly overheadTokens?: number;
  /** Asked when the model does not answer in time. */
  readonly fallback?: Model;
}

export interface ToolFields {
  readonly name: string;
  readonly input: Metadata;
  readonly output: unknown;
  readonly durationMs: number;
  /** What the tool says when it fails; it is called once more then. */
  readonly failure?: string;
  readonly metadata?: Metadata;
}

const CACHE_BLOCK_TOKENS = 128;
/** Shorter prompts are not cached by any provider. */
const MIN_CACHED_TOKENS = 1024;
/** Prompt tokens that a model reads in a millisecond. */
const READ_TOKENS_PER_MS = 9;
const CALL_TIMEOUT_MS = 30_000;

const STEP_TYPES: Partial<Record<ObservationType, string>> = {
  GENERATION: 'llm_call',
  TOOL: 'tool_call',
  RETRIEVER: 'retrieval',
  EMBEDDING: 'retrieval',
};

/** Plays one trace from its start: each step moves its clock on, open steps are the parents of what is inside them. */
export class TraceDraft {
  private readonly observations: ObservationRecord[] = [];
  private readonly open: ObservationRecord[] = [];
  private steps = 0;

  /** @param isOtel whether ids are those of OpenTelemetry, else UUIDs. */
  constructor(
    readonly random: Random,
    private readonly rhythm: Rhythm,
    private clockMs: number,
    private readonly isOtel: boolean,
  ) {}

  get nowMs(): number {
    return this.clockMs;
  }

  wait(durationMs: number): void {
    this.clockMs += Math.max(1, Math.round(durationMs));
  }

  /** A step that lasts as long as what `body` does. What `body` returns is its output, unless that is undefined. */
  within<T>(fields: StepFields, body: (step: ObservationRecord) => T): T {
    const step = this.begin(fields);
    this.open.push(step);
    const output = body(step);
    this.open.pop();
    step.endMs = this.clockMs;
    if (output !== undefined) step.output = output;
    return output;
  }

  /** A step without parts. */
  step(fields: StepFields, durationMs: number, output?: unknown): ObservationRecord {
    const step = this.begin(fields);
    this.wait(durationMs);
    step.endMs = this.clockMs;
    if (output !== undefined) step.output = output;
    return step;
  }

  /** Runs all `branches` from the same moment; goes on when the last of them is done. */
  parallel(branches: readonly (() => void)[]): void {
    const startMs = this.clockMs;
    let endMs = startMs;
    for (const branch of branches) {
      this.clockMs = startMs;
      branch();
      endMs = Math.max(endMs, this.clockMs);
    }
    this.clockMs = endMs;
  }

  /** Calls a tool; where it fails, a second time, which succeeds unless `isHopeless`. Returns whether it did in the end. */
  tool({ name, input, output, durationMs, failure, metadata }: ToolFields, isHopeless = false): boolean {
    const fields = { type: 'TOOL' as const, name, input };
    if (failure === undefined) {
      this.step({ ...fields, metadata }, durationMs, output);
      return true;
    }
    for (let attempt = 0; ; attempt += 1) {
      const isLast = attempt === 1;
      const isOk = isLast && !isHopeless;
      const step = this.step(
        { ...fields, metadata: { ...metadata, attempt_index: attempt, is_final: isLast } },
        isOk ? durationMs : durationMs * 2,
        isOk ? output : { error: failure },
      );
      if (!isOk) mark(step, 'ERROR', failure);
      if (isLast) return isOk;
      this.wait(this.random.between(300, 900));
    }
  }

  /** Computes vectors of texts. */
  embed(model: Model, texts: readonly string[]): void {
    const input = texts.reduce((sum, text) => sum + countTokens(text), 0);
    const usage = { input, cached: 0, output: 0, reasoning: 0 };
    const step = this.begin({ type: 'EMBEDDING', name: 'embed-query', input: texts }, () => ({
      model: model.name,
      provider: model.provider,
      parameters: { dimensions: 1024 },
      usage,
      cost: costOf(model, usage),
    }));
    this.wait(this.random.around(model.firstTokenMs, 0.35) + input / READ_TOKENS_PER_MS);
    step.endMs = this.clockMs;
    step.output = { vectors: texts.length, dimensions: 1024 };
  }

  /**
   * Asks a model. Now and then the provider refuses the first attempt (rate limit) or does not answer in time; then it
   * is asked again, or the fallback is. Returns whether the answer came whole: a user may have stopped the stream.
   */
  call(fields: CallFields): boolean {
    const { model, fallback } = fields;
    const failure = this.failureOf(model);
    if (failure === undefined) return this.answer(fields, model, {});
    const failed = this.begin(
      callStep(fields, { attempt_index: 0, is_final: false, requested_model: model.name }),
      () => {
        const usage = { input: 0, cached: 0, output: 0, reasoning: 0 };
        return this.record(fields, model, usage, undefined);
      },
    );
    this.wait(failure.afterMs);
    failed.endMs = this.clockMs;
    mark(failed, 'ERROR', failure.message);
    failed.output = { error: { type: failure.type, message: failure.message } };
    this.wait(failure.type === 'timeout' ? 50 : this.random.between(800, 2500));
    const second = failure.type === 'timeout' && fallback !== undefined ? fallback : model;
    return this.answer(fields, second, { attempt_index: 1, is_final: true, requested_model: model.name });
  }

  finish(fields: Omit<TraceRecord, 'startMs' | 'endMs' | 'observations'>): TraceRecord {
    const [first] = this.observations;
    return { ...fields, startMs: first?.startMs ?? this.clockMs, endMs: this.clockMs, observations: this.observations };
  }

  private answer(fields: CallFields, model: Model, metadata: Metadata): boolean {
    const { random } = this;
    const { messages, answer, toolCalls, isStreamed = false } = fields;
    const prompt = (fields.overheadTokens ?? 0) + messages.reduce((sum, message) => sum + messageTokens(message), 0);
    const cached = this.cachedTokens(fields);
    const isStopped = isStreamed && random.chance(0.008);
    const shown = isStopped ? answer.slice(0, Math.ceil(answer.length * random.between(0.2, 0.7))) : answer;
    const text = countTokens(shown) + (toolCalls === undefined ? 0 : countTokens(JSON.stringify(toolCalls)));
    const reasoning = model.reasoning === undefined ? 0 : Math.round(text * random.around(model.reasoning, 0.4));
    const usage: TokenUsage = { input: prompt - cached, cached, output: text, reasoning };

    const { state, labels } = this.serving(model);
    const firstTokenMs =
      random.around(model.firstTokenMs, 0.3) + (prompt - cached) / READ_TOKENS_PER_MS + (state?.queueMs ?? 0);
    const writingMs =
      ((text + reasoning) / (model.tokensPerSecond * (state?.speed ?? 1) * random.between(0.8, 1.15))) * 1000;
    const firstMs = this.clockMs + Math.round(firstTokenMs);

    const notes = { ...metadata, ...labels, ...(model === fields.model ? {} : { actual_model: model.name }) };
    const step = this.begin(callStep(fields, notes), () =>
      this.record(fields, model, usage, isStreamed ? firstMs : undefined),
    );
    this.wait(firstTokenMs + writingMs);
    step.endMs = this.clockMs;
    step.output = { role: 'assistant', content: shown, ...(toolCalls === undefined ? {} : { tool_calls: toolCalls }) };
    if (isStopped) mark(step, 'WARNING', 'cancelled_by_user');
    return !isStopped;
  }

  private record(fields: CallFields, model: Model, usage: TokenUsage, firstTokenMs: number | undefined) {
    const parameters = { temperature: fields.temperature ?? 0.3, max_tokens: 1024, stream: fields.isStreamed ?? false };
    const { name, provider } = model;
    return {
      model: name,
      provider,
      parameters,
      usage,
      cost: costOf(model, usage),
      firstTokenMs,
      prompt: fields.prompt,
    };
  }

  private failureOf(model: Model): { type: string; message: string; afterMs: number } | undefined {
    const isRush = this.rhythm.isRush(this.clockMs);
    const isSlow = model.isSelfHosted === true && (isRush || this.rhythm.isHot(this.clockMs));
    const chance = this.random.next();
    if (chance < (isSlow ? 0.12 : 0.003)) {
      return { type: 'timeout', message: `Request timed out after ${CALL_TIMEOUT_MS} ms`, afterMs: CALL_TIMEOUT_MS };
    }
    if (model.isSelfHosted !== true && chance > (isRush ? 0.93 : 0.985)) {
      const message = `429 Too Many Requests: rate limit reached for ${model.name} on tokens per minute. Please try again in ${this.random.integer(1, 9)}s.`;
      return { type: 'rate_limit', message, afterMs: this.random.between(120, 400) };
    }
    return undefined;
  }

  private cachedTokens({ messages, cachedMessages = 1, overheadTokens = 0 }: CallFields): number {
    const known = messages
      .slice(0, cachedMessages)
      .reduce((sum, message) => sum + messageTokens(message), overheadTokens);
    const blocks = Math.floor(known / CACHE_BLOCK_TOKENS) * CACHE_BLOCK_TOKENS;
    // A cache that was not used for minutes is gone.
    return blocks < MIN_CACHED_TOKENS || this.random.chance(0.15) ? 0 : blocks;
  }

  /** The replica that answers, and how it fares; nothing for models of providers. */
  private serving(model: Model): { state?: ServingState; labels?: Metadata } {
    if (model.isSelfHosted !== true) return {};
    const replica = this.random.pick(REPLICAS.filter(({ modelUid }) => modelUid === model.name));
    const isHot = replica.nodeId === HOT_NODE && this.rhythm.isHot(this.clockMs);
    const { modelUid: model_uid, replicaId: replica_id, nodeId: node_id } = replica;
    return { state: servingAt(this.rhythm, this.clockMs, isHot), labels: { model_uid, replica_id, node_id } };
  }

  private begin(
    { type, name, input, metadata, stepType = STEP_TYPES[type] }: StepFields,
    call?: () => ObservationRecord['call'],
  ): ObservationRecord {
    this.steps += 1;
    const parent = this.open.at(-1);
    const parentStep = parent?.metadata['step_id'];
    const step: ObservationRecord = {
      id: this.isOtel ? this.random.hexId(16) : this.random.uuid(),
      parentId: parent?.id,
      type,
      name,
      startMs: this.clockMs,
      endMs: this.clockMs,
      level: 'DEFAULT',
      input,
      metadata: {
        step_id: `step-${this.steps}`,
        ...(parentStep === undefined ? {} : { parent_step_id: parentStep }),
        ...(stepType === undefined ? {} : { step_type: stepType }),
        ...metadata,
      },
      call: call?.(),
    };
    this.observations.push(step);
    return step;
  }
}

export function mark(step: ObservationRecord, level: Level, message: string): void {
  step.level = level;
  step.statusMessage = message;
}

function callStep({ name, messages }: CallFields, metadata: Metadata): StepFields {
  return { type: 'GENERATION', name, input: messages, metadata };
}

function messageTokens(message: Message): number {
  // Four more for the marks around a message (OpenAI, "Managing tokens").
  const calls = message.tool_calls === undefined ? 0 : countTokens(JSON.stringify(message.tool_calls));
  return 4 + countTokens(message.content) + calls;
}
