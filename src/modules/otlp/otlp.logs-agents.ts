import { createHash } from 'node:crypto';
import { idProblem, toIndexableText } from '../../domain/identifier.js';
import { toStorableText } from '../../domain/json.js';
import { type LogRecord } from '../../domain/log.js';
import { type CostDetails, type Level, type ObservationPatch, type UsageDetails } from '../../domain/observation.js';
import { eventStamp, inheritedStamp, LOWEST_STAMP, type Micros } from '../../domain/time.js';
import { type TracePatch } from '../../domain/trace.js';
import { type OtlpLogRecord } from './otlp.logs.js';
import { type Attributes, type AttributeValue, SPAN_ID_DIGITS, TRACE_ID_DIGITS } from './otlp.span.js';
import { toCostUsd } from './otlp.usage.js';
import { toBoolean, toContent, toJson, toText } from './otlp.values.js';

/**
 * Coding agents that tell what they do in log events rather than in spans: a trace per prompt (per session where prompts
 * have no id), a generation per model call, a tool observation per tool run. Names are from the products' documents:
 * Claude Code (code.claude.com/docs/en/monitoring-usage), Codex CLI (docs/config.md, "otel"), Gemini CLI
 * (docs/cli/telemetry.md).
 */

type EventKind = 'prompt' | 'answer' | 'call' | 'failed call' | 'tool' | 'decision' | 'other';

interface Agent {
  /** In front of its event names; also the name of its traces. */
  readonly prefix: string;
  /** Of its instrumentation scope, where event names come without the prefix. */
  readonly scopePrefix?: string;
  readonly promptKey?: string;
  /** Whether the counts of input and output include cached and reasoning tokens. */
  readonly isCacheWithin: boolean;
  readonly isReasoningWithin: boolean;
  readonly kinds: ReadonlyMap<string, EventKind>;
}

const AGENTS: readonly Agent[] = [
  {
    prefix: 'claude_code',
    scopePrefix: 'com.anthropic.claude_code',
    promptKey: 'prompt.id',
    isCacheWithin: false,
    isReasoningWithin: true,
    kinds: new Map([
      ['user_prompt', 'prompt'],
      ['assistant_response', 'answer'],
      ['api_request', 'call'],
      ['api_error', 'failed call'],
      ['tool_result', 'tool'],
      ['tool_decision', 'decision'],
    ]),
  },
  {
    prefix: 'codex',
    isCacheWithin: true,
    isReasoningWithin: true,
    kinds: new Map([
      ['user_prompt', 'prompt'],
      ['sse_event', 'call'],
      ['api_request', 'failed call'],
      ['tool_result', 'tool'],
      ['tool_decision', 'decision'],
    ]),
  },
  {
    prefix: 'gemini_cli',
    promptKey: 'prompt_id',
    isCacheWithin: true,
    isReasoningWithin: false,
    kinds: new Map([
      ['user_prompt', 'prompt'],
      ['api_response', 'call'],
      ['api_error', 'failed call'],
      ['tool_call', 'tool'],
    ]),
  },
];

const KEYS = {
  user: ['user.id', 'user.account_uuid', 'user.account_id', 'user.email'],
  version: ['app.version'],
  error: ['error', 'error.message'],
  toolName: ['tool_name', 'function_name'],
  toolCallId: ['tool_use_id', 'call_id'],
  toolInput: ['tool_input', 'tool_parameters', 'arguments', 'function_args'],
  toolOutput: ['output'],
  answer: ['response', 'response_text'],
  inputTokens: ['input_tokens', 'input_token_count'],
  outputTokens: ['output_tokens', 'output_token_count'],
  cacheRead: ['cache_read_tokens', 'cached_token_count', 'cached_content_token_count'],
  cacheCreation: ['cache_creation_tokens'],
  reasoning: ['reasoning_token_count', 'thoughts_token_count'],
} as const satisfies Record<string, readonly string[]>;

/** Large, and stored as content. */
const CONTENT_KEYS: ReadonlySet<string> = new Set(['prompt', ...KEYS.answer, ...KEYS.toolInput, ...KEYS.toolOutput]);
/** What stands for a prompt that the user does not share. */
const WITHHELD: ReadonlySet<string> = new Set(['<REDACTED>', '[REDACTED]']);

/** What an event of an agent becomes. */
export interface AgentEvent {
  /** The record under its full event name, linked to the trace and observation it is told in. */
  readonly stored: LogRecord;
  readonly observations: readonly ObservationPatch[];
  readonly traces: readonly TracePatch[];
}

/** Reads the events of one scope. */
export class AgentSessions {
  private readonly ofScope: Agent | undefined;

  constructor(
    scopeName: string,
    private readonly nowMs: number,
  ) {
    this.ofScope = AGENTS.find(({ scopePrefix }) => scopePrefix !== undefined && scopeName.startsWith(scopePrefix));
  }

  /** Undefined for a record that is no agent's event, or tells neither session nor trace. */
  read(sent: OtlpLogRecord, stored: LogRecord): AgentEvent | undefined {
    if (stored.eventName === null || (stored.sessionId === null && stored.traceId === null)) return undefined;
    const agent = this.agentOf(stored.eventName, sent.body);
    if (agent === undefined) return undefined;
    const shortName = stored.eventName.startsWith(`${agent.prefix}.`)
      ? stored.eventName.slice(agent.prefix.length + 1)
      : stored.eventName;
    return new EventReader(agent, shortName, sent.attributes, stored, this.nowMs).read();
  }

  private agentOf(eventName: string, body: AttributeValue): Agent | undefined {
    const isOwn = ({ prefix }: Agent): boolean =>
      eventName.startsWith(`${prefix}.`) || body === `${prefix}.${eventName}`;
    return AGENTS.find(isOwn) ?? this.ofScope;
  }
}

class EventReader {
  private readonly kind: EventKind;
  private readonly traceId: string;
  /** It tells of no work and of no prompt: what an agent says as it starts, for example. */
  private readonly isAside: boolean;
  private readonly hasPromptId: boolean;
  private readonly end: Micros;
  private readonly start: Micros;

  constructor(
    private readonly agent: Agent,
    private readonly shortName: string,
    private readonly attributes: Attributes,
    private readonly stored: LogRecord,
    private readonly nowMs: number,
  ) {
    this.kind = agent.kinds.get(shortName) ?? 'other';
    const promptId = agent.promptKey === undefined ? undefined : this.text([agent.promptKey]);
    this.hasPromptId = promptId !== undefined;
    this.isAside = this.kind === 'other' && stored.traceId === null && !this.hasPromptId;
    this.traceId =
      stored.traceId ?? hashOf(`${agent.prefix}\n${stored.sessionId ?? ''}\n${promptId ?? ''}`, TRACE_ID_DIGITS);
    this.end = stored.time;
    // Calls and tools are told when they are over.
    this.start = this.end - Math.round((this.number('duration_ms') ?? 0) * 1000);
  }

  read(): AgentEvent {
    // Where records are linked to spans, the agent exports spans too, and those tell of calls and tools.
    const observation = this.stored.spanId === null ? this.readObservation() : undefined;
    return {
      stored: {
        ...this.stored,
        eventName: `${this.agent.prefix}.${this.shortName}`,
        // Of agents whose prompts have ids nothing else would be in the trace of such a record.
        traceId: this.isAside && this.agent.promptKey !== undefined ? null : this.traceId,
        spanId: this.stored.spanId ?? observation?.id ?? null,
      },
      observations: observation === undefined ? [] : [observation],
      traces: this.isAside ? [] : this.readTrace(),
    };
  }

  private readTrace(): TracePatch[] {
    const { index, sessionId } = this.stored;
    const prompt = this.kind === 'prompt' ? this.prompt() : undefined;
    const userId = this.text(KEYS.user);
    const isOwn = this.stored.traceId === null;
    const patches: TracePatch[] = [
      {
        kind: 'trace',
        index,
        traceId: this.traceId,
        // Of a trace that has spans they speak first.
        stamp: isOwn ? inheritedStamp(this.end, this.kind === 'prompt') : LOWEST_STAMP,
        name: this.agent.prefix,
        version: this.indexable(KEYS.version),
        ...(sessionId === null ? {} : { sessionId }),
        ...(userId === undefined || idProblem(userId) !== undefined ? {} : { userId }),
        input: prompt,
        ...(isOwn && this.kind === 'prompt' ? { timestamp: this.end } : {}),
      },
    ];
    const answer = this.kind === 'answer' ? this.content(KEYS.answer) : undefined;
    if (answer !== undefined) {
      const stamp = isOwn ? eventStamp(this.end, false, this.nowMs) : LOWEST_STAMP;
      patches.push({ kind: 'trace', index, traceId: this.traceId, stamp, output: answer });
    }
    return patches;
  }

  private readObservation(): ObservationPatch | undefined {
    switch (this.kind) {
      case 'call':
        // Codex tells every event of the stream; the last one has the counts.
        if (this.shortName === 'sse_event' && this.text(['event.kind']) !== 'response.completed') return undefined;
        return this.readCall(undefined);
      case 'failed call': {
        const error = this.text(KEYS.error);
        const isFailure = error !== undefined || this.shortName === 'api_error';
        return isFailure ? this.readCall(error ?? this.text(['error_type', 'status_code']) ?? 'failed') : undefined;
      }
      case 'tool':
        return this.readTool();
      case 'decision':
        return this.readDecision();
      case 'prompt':
        // In a trace of its own the prompt is the trace's input.
        return this.hasPromptId ? undefined : { ...this.patch('EVENT', this.ownId()), input: this.prompt() };
      default:
        return undefined;
    }
  }

  private readCall(error: string | undefined): ObservationPatch {
    return {
      ...this.patch('GENERATION', this.ownId()),
      ...failure(error),
      model: this.indexable(['model']),
      usage: this.usage(),
      statedCost: this.cost(),
      output: this.content(KEYS.answer),
    };
  }

  private readTool(): ObservationPatch {
    const success = toBoolean(this.attributes.get('success'));
    const error = this.text([...KEYS.error, 'error_type']);
    return {
      ...this.patch('TOOL', this.toolId() ?? this.ownId()),
      name: this.indexable(KEYS.toolName),
      ...failure(success === false ? (error ?? 'failed') : undefined),
      input: this.content(KEYS.toolInput),
      output: this.content(KEYS.toolOutput),
    };
  }

  /** Whether the tool may run; what then comes of it is told by its result, which has the later stamp. */
  private readDecision(): ObservationPatch | undefined {
    const id = this.toolId();
    const decision = this.text(['decision']);
    if (id === undefined || decision === undefined) return undefined;
    const isRefused = /^(reject|den|abort)/i.test(decision);
    const source = this.text(['source']);
    return {
      kind: 'observation',
      index: this.stored.index,
      traceId: this.traceId,
      id,
      stamp: eventStamp(this.end, false, this.nowMs),
      type: 'TOOL',
      name: this.indexable(KEYS.toolName),
      ...(isRefused ? { startTime: this.end, endTime: this.end, level: 'WARNING', statusMessage: decision } : {}),
      metadata: new Map([
        [
          'decision',
          toJson(new Map([['decision', decision], ...(source === undefined ? [] : ([['source', source]] as const))])),
        ],
      ]),
    };
  }

  private patch(type: 'GENERATION' | 'TOOL' | 'EVENT', id: string): ObservationPatch {
    const kept = new Map([...this.attributes].filter(([key]) => !CONTENT_KEYS.has(key)));
    return {
      kind: 'observation',
      index: this.stored.index,
      traceId: this.traceId,
      id,
      stamp: eventStamp(this.end, false, this.nowMs),
      startTime: this.start,
      endTime: this.end,
      type,
      name: `${this.agent.prefix}.${this.shortName}`,
      version: this.indexable(KEYS.version),
      metadata: kept.size === 0 ? undefined : new Map([['attributes', toJson(kept)]]),
    };
  }

  private ownId(): string {
    return hashOf(this.stored.id, SPAN_ID_DIGITS);
  }

  private toolId(): string | undefined {
    const id = this.text(KEYS.toolCallId);
    return id === undefined ? undefined : hashOf(`${this.traceId}\n${id}`, SPAN_ID_DIGITS);
  }

  private prompt(): string | undefined {
    const value = this.attributes.get('prompt');
    return typeof value === 'string' && WITHHELD.has(value) ? undefined : this.content(['prompt']);
  }

  private usage(): UsageDetails | undefined {
    const counts = new Map<string, number>();
    const cacheRead = this.count(KEYS.cacheRead);
    const reasoning = this.count(KEYS.reasoning);
    const put = (name: string, count: number | undefined): void => {
      if (count !== undefined) counts.set(name, count);
    };
    put('input', without(this.count(KEYS.inputTokens), this.agent.isCacheWithin ? cacheRead : undefined));
    put('output', without(this.count(KEYS.outputTokens), this.agent.isReasoningWithin ? reasoning : undefined));
    put('input_cached_tokens', cacheRead);
    put('input_cache_creation', this.count(KEYS.cacheCreation));
    put('output_reasoning_tokens', reasoning);
    if (counts.size === 0) return undefined;
    let total = 0;
    for (const count of counts.values()) total += count;
    return Object.fromEntries([...counts, ['total', total]]);
  }

  private cost(): CostDetails | undefined {
    const total = toCostUsd(this.attributes.get('cost_usd'));
    return total === undefined ? undefined : { total };
  }

  private count(keys: readonly string[]): number | undefined {
    for (const key of keys) {
      const count = this.number(key);
      if (count !== undefined && Number.isSafeInteger(count)) return count;
    }
    return undefined;
  }

  /** Not negative; numbers also come as text. */
  private number(key: string): number | undefined {
    const value = this.attributes.get(key);
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof number === 'number' && number >= 0 && number <= Number.MAX_SAFE_INTEGER / 1000 ? number : undefined;
  }

  private text(keys: readonly string[]): string | undefined {
    for (const key of keys) {
      const value = this.attributes.get(key);
      if (value !== undefined && value !== null && value !== '') return toText(value);
    }
    return undefined;
  }

  private indexable(keys: readonly string[]): string | undefined {
    const text = this.text(keys);
    return text === undefined ? undefined : toIndexableText(text);
  }

  private content(keys: readonly string[]): string | undefined {
    for (const key of keys) {
      const value = this.attributes.get(key);
      if (value !== undefined && value !== null && value !== '') return toContent(value);
    }
    return undefined;
  }
}

function failure(error: string | undefined): { level?: Level; statusMessage?: string } {
  return error === undefined ? {} : { level: 'ERROR', statusMessage: toStorableText(error) };
}

/** The rest of a whole; where a part exceeds it, it cannot have been within. */
function without(whole: number | undefined, part: number | undefined): number | undefined {
  return whole === undefined || part === undefined || part > whole ? whole : whole - part;
}

/** An id that is the same whenever the same is told again. */
function hashOf(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
