import { toJsonText } from '../../domain/json.js';
import { type Attributes, type AttributeValue } from './otlp.span.js';

/**
 * Which attribute means what: for every field the keys that may state it, in order of precedence. The first one with a
 * value wins. To understand another convention, add rows here; the reading code does not change.
 */

/** Where a key is defined. */
type Doc =
  /** Langfuse: packages/core/src/constants.ts of langfuse-js and shared/src/server/otel/attributes.ts of the server. */
  | 'langfuse'
  /** The same files: keys that are accepted for the sake of older SDKs. */
  | 'langfuseCompat'
  /** The reference implementation of xtrace, src/ingest/otlp.rs. */
  | 'xtrace'
  /** OpenTelemetry semantic conventions 1.41.1, docs/gen-ai, and the deprecated keys of its registry. */
  | 'genAi'
  /** OpenTelemetry semantic conventions 1.41.1, docs/general and docs/resource. */
  | 'otel'
  /** Arize-ai/openinference, spec/semantic_conventions.md. */
  | 'openInference';

interface Row {
  readonly key: string;
  /** Where the key is defined. */
  readonly doc: Doc;
  /** Whether it is looked for on the span, on its resource, or on both, the span first. */
  readonly on: 'span' | 'resource' | 'both';
}

interface FieldRule {
  readonly rows: readonly Row[];
  /**
   * The value is stored in full in a field of its own and may be large, so that it is not repeated among the raw
   * attributes.
   */
  readonly isContent?: true;
}

const span = (key: string, doc: Doc): Row => ({ key, doc, on: 'span' });
const resource = (key: string, doc: Doc): Row => ({ key, doc, on: 'resource' });
const both = (key: string, doc: Doc): Row => ({ key, doc, on: 'both' });

export const FIELD_RULES = {
  // --- the observation ---
  type: { rows: [span('langfuse.observation.type', 'langfuse')] },
  spanKind: { rows: [span('openinference.span.kind', 'openInference')] },
  operation: { rows: [span('gen_ai.operation.name', 'genAi')] },
  toolHint: { rows: [span('gen_ai.tool.name', 'genAi'), span('gen_ai.tool.call.id', 'genAi')] },
  level: { rows: [span('langfuse.observation.level', 'langfuse')] },
  statusMessage: { rows: [span('langfuse.observation.status_message', 'langfuse')] },
  model: {
    rows: [
      span('langfuse.observation.model.name', 'langfuse'),
      span('langfuse.generation.model', 'xtrace'),
      span('gen_ai.response.model', 'genAi'),
      span('gen_ai.request.model', 'genAi'),
    ],
  },
  modelParameters: { rows: [span('langfuse.observation.model.parameters', 'langfuse')] },
  usageDetails: { rows: [span('langfuse.observation.usage_details', 'langfuse')] },
  costDetails: { rows: [span('langfuse.observation.cost_details', 'langfuse')] },
  totalCost: { rows: [span('gen_ai.usage.cost', 'langfuseCompat')] },
  promptName: {
    rows: [span('langfuse.observation.prompt.name', 'langfuse'), span('langfuse.prompt.name', 'langfuseCompat')],
  },
  promptVersion: {
    rows: [span('langfuse.observation.prompt.version', 'langfuse'), span('langfuse.prompt.version', 'langfuseCompat')],
  },
  completionStartTime: { rows: [span('langfuse.observation.completion_start_time', 'langfuse')] },
  observationMetadata: { isContent: true, rows: [both('langfuse.observation.metadata', 'langfuse')] },

  // --- where and in which build it ran: of the observation and of its trace ---
  environment: {
    rows: [
      both('langfuse.environment', 'langfuse'),
      both('deployment.environment.name', 'otel'),
      both('deployment.environment', 'otel'),
    ],
  },
  release: { rows: [both('langfuse.release', 'langfuse')] },
  version: { rows: [span('langfuse.version', 'langfuse'), resource('service.version', 'otel')] },

  // --- the trace ---
  traceName: { rows: [span('langfuse.trace.name', 'langfuse')] },
  userId: {
    rows: [
      span('langfuse.user.id', 'langfuseCompat'),
      span('user.id', 'langfuse'),
      span('langfuse.observation.metadata.langfuse_user_id', 'langfuseCompat'),
      span('langfuse.trace.metadata.langfuse_user_id', 'langfuseCompat'),
    ],
  },
  sessionId: {
    rows: [
      span('langfuse.session.id', 'langfuseCompat'),
      span('session.id', 'langfuse'),
      span('gen_ai.conversation.id', 'genAi'),
      span('langfuse.observation.metadata.langfuse_session_id', 'langfuseCompat'),
      span('langfuse.trace.metadata.langfuse_session_id', 'langfuseCompat'),
    ],
  },
  tags: {
    rows: [
      span('langfuse.trace.tags', 'langfuse'),
      span('langfuse.tags', 'langfuseCompat'),
      span('langfuse.observation.metadata.langfuse_tags', 'langfuseCompat'),
      span('langfuse.trace.metadata.langfuse_tags', 'langfuseCompat'),
    ],
  },
  public: { rows: [span('langfuse.trace.public', 'langfuse'), span('langfuse.public', 'langfuseCompat')] },
  traceInput: { isContent: true, rows: [span('langfuse.trace.input', 'langfuse')] },
  traceOutput: { isContent: true, rows: [span('langfuse.trace.output', 'langfuse')] },
  traceMetadata: { isContent: true, rows: [both('langfuse.trace.metadata', 'langfuse')] },
  sharedMetadata: { isContent: true, rows: [both('langfuse.metadata', 'langfuseCompat')] },
  asRoot: { rows: [span('langfuse.internal.as_root', 'langfuse')] },
  isAppRoot: { rows: [span('langfuse.internal.is_app_root', 'langfuse')] },
} as const satisfies Record<string, FieldRule>;

export type Field = keyof typeof FIELD_RULES;

/** Keys that share a prefix and mean something by what follows it. */
export const FAMILIES = {
  observationMetadata: { prefix: 'langfuse.observation.metadata.', doc: 'langfuse' },
  traceMetadata: { prefix: 'langfuse.trace.metadata.', doc: 'langfuse' },
  /** Metadata of the observation and of its trace. */
  sharedMetadata: { prefix: 'langfuse.metadata.', doc: 'langfuseCompat' },
  usage: { prefix: 'gen_ai.usage.', doc: 'genAi' },
  modelParameters: { prefix: 'gen_ai.request.', doc: 'genAi' },
} as const satisfies Record<string, { prefix: string; doc: Doc }>;

export type Family = keyof typeof FAMILIES;

/**
 * Usage classes by what follows `gen_ai.usage.`, in order of precedence: the standard's keys, then those of
 * OpenLLMetry, pydantic-ai and LiteLLM. The class names are Langfuse's, which price tables use.
 */
export const USAGE_CLASSES: readonly { readonly name: UsageClass; readonly keys: readonly string[] }[] = [
  { name: 'input', keys: ['input_tokens', 'prompt_tokens', 'prompt'] },
  { name: 'output', keys: ['output_tokens', 'completion_tokens', 'completion'] },
  { name: 'total', keys: ['total_tokens', 'total'] },
  {
    name: 'input_cached_tokens',
    keys: [
      'cache_read.input_tokens',
      'cache_read_input_tokens',
      'cache_read_tokens',
      'details.cache_read_tokens',
      'details.cache_read_input_tokens',
      'prompt_tokens_details.cached_tokens',
      'prompt_details.cache_read',
      'input_cached_tokens',
    ],
  },
  {
    name: 'input_cache_creation',
    keys: [
      'cache_creation.input_tokens',
      'cache_write.input_tokens',
      'cache_creation_input_tokens',
      'cache_write_input_tokens',
      'cache_write_tokens',
      'details.cache_write_tokens',
      'details.cache_creation_input_tokens',
      'prompt_tokens_details.cache_creation_tokens',
      'prompt_details.cache_write',
      'input_cache_creation',
    ],
  },
  {
    name: 'input_audio_tokens',
    keys: ['audio.input_tokens', 'audio_input_tokens', 'prompt_tokens_details.audio_tokens', 'input_audio_tokens'],
  },
  {
    name: 'output_reasoning_tokens',
    keys: [
      'reasoning.output_tokens',
      'reasoning_tokens',
      'completion_tokens_details.reasoning_tokens',
      'details.reasoning_tokens',
      'completion_details.reasoning',
      'output_reasoning_tokens',
    ],
  },
  {
    name: 'output_audio_tokens',
    keys: [
      'audio.output_tokens',
      'audio_output_tokens',
      'completion_tokens_details.audio_tokens',
      'completion_details.audio',
      'output_audio_tokens',
    ],
  },
];

export type UsageClass =
  | 'input'
  | 'output'
  | 'total'
  | 'input_cached_tokens'
  | 'input_cache_creation'
  | 'input_audio_tokens'
  | 'output_reasoning_tokens'
  | 'output_audio_tokens';

/** Costs, not counts, under the prefix of the usage family. */
export const NOT_USAGE: ReadonlySet<string> = new Set(['cost', 'input_cost', 'output_cost', 'total_cost']);

// --- Reading by the table ---

const FIELD_NAMES = Object.keys(FIELD_RULES) as Field[];
const FIELD_NUMBER = new Map(FIELD_NAMES.map((name, number) => [name, number]));

/** One field that a key may state; a key that may state several has a chain of them. */
interface Slot {
  readonly field: number;
  /** Lower wins. */
  readonly rank: number;
  readonly isContent: boolean;
  readonly next: Slot | undefined;
}

/** What the table says about one key. */
export interface KeyMeaning {
  readonly slot: Slot | undefined;
  readonly family: Family | undefined;
  /** What follows the prefix of the family. */
  readonly suffix: string;
  /** The key as the start of a JSON member: `"key":`. */
  readonly member: string;
}

/** An empty object, list or map counts only where no other key says more. */
const EMPTY_CONTENT_RANK = 1000;
const UNSTATED_RANK = Infinity;

const SPAN_SLOTS = compile('span');
const RESOURCE_SLOTS = compile('resource');
const FAMILY_LIST = Object.entries(FAMILIES) as [Family, (typeof FAMILIES)[Family]][];

/** The first segments that any rule begins with: other keys need no comparison with the prefixes. */
const FAMILY_SEGMENTS = new Set(FAMILY_LIST.map(([, { prefix }]) => prefix.slice(0, prefix.indexOf('.'))));

function compile(place: 'span' | 'resource'): ReadonlyMap<string, Slot> {
  const slots = new Map<string, Slot>();
  FIELD_NAMES.forEach((name, field) => {
    const rule: FieldRule = FIELD_RULES[name];
    rule.rows.forEach(({ key, on }, row) => {
      if (on !== place && on !== 'both') return;
      const rank = row * 2 + (place === 'resource' ? 1 : 0);
      slots.set(key, { field, rank, isContent: rule.isContent === true, next: slots.get(key) });
    });
  });
  return slots;
}

// Keys are few and repeat in every span. Bounded, because clients choose them: when full it starts afresh.
const MAX_KNOWN_KEYS = 4096;
const MAX_KNOWN_KEY_LENGTH = 128;
const knownKeys = new Map<string, KeyMeaning>();

export function meaningOf(key: string): KeyMeaning {
  const known = knownKeys.get(key);
  if (known !== undefined) return known;
  const meaning = lookUp(key);
  if (key.length <= MAX_KNOWN_KEY_LENGTH) {
    if (knownKeys.size >= MAX_KNOWN_KEYS) knownKeys.clear();
    knownKeys.set(key, meaning);
  }
  return meaning;
}

function lookUp(key: string): KeyMeaning {
  const member = `${toJsonText(key)}:`;
  const slot = SPAN_SLOTS.get(key);
  const dot = key.indexOf('.');
  if (dot > 0 && FAMILY_SEGMENTS.has(key.slice(0, dot))) {
    for (const [family, { prefix }] of FAMILY_LIST) {
      if (key.length > prefix.length && key.startsWith(prefix))
        return { slot, family, suffix: key.slice(prefix.length), member };
    }
  }
  return { slot, family: undefined, suffix: '', member };
}

/** What the attributes of one span, on top of those of its resource, say about each field. */
export class Picks {
  private readonly values: (AttributeValue | undefined)[];
  private readonly ranks: number[];
  /** Bit per field: its value has been stored, so that the raw attribute need not be. */
  private readonly used: boolean[];

  constructor(base?: Picks) {
    this.values = base === undefined ? new Array<undefined>(FIELD_NAMES.length).fill(undefined) : base.values.slice();
    this.ranks = base === undefined ? new Array<number>(FIELD_NAMES.length).fill(UNSTATED_RANK) : base.ranks.slice();
    this.used = new Array<boolean>(FIELD_NAMES.length).fill(false);
  }

  /** What the attributes of a resource say about the spans below it. */
  static ofResource(attributes: Attributes): Picks {
    const picks = new Picks();
    for (const [key, value] of attributes) {
      const slot = RESOURCE_SLOTS.get(key);
      if (slot !== undefined) picks.offer(slot, value);
    }
    return picks;
  }

  offer(slot: Slot, value: AttributeValue): void {
    if (isBlank(value)) return;
    for (let s: Slot | undefined = slot; s !== undefined; s = s.next) {
      const rank = s.isContent && isEmptyContainer(value) ? s.rank + EMPTY_CONTENT_RANK : s.rank;
      if (rank < this.ranks[s.field]!) {
        this.ranks[s.field] = rank;
        this.values[s.field] = value;
      }
    }
  }

  get(field: Field): AttributeValue | undefined {
    return this.values[FIELD_NUMBER.get(field)!];
  }

  /** The value if it is text. */
  text(field: Field): string | undefined {
    const value = this.get(field);
    return typeof value === 'string' ? value : undefined;
  }

  /** States that the value of `field` is stored in full in a place of its own. */
  use(field: Field): void {
    this.used[FIELD_NUMBER.get(field)!] = true;
  }

  /**
   * Whether `value`, found under a key with `slot`, is already stored in a field of its own: always if only content
   * is asked for, because small values are kept raw as well.
   */
  isStored(slot: Slot, value: AttributeValue, contentOnly: boolean): boolean {
    for (let s: Slot | undefined = slot; s !== undefined; s = s.next) {
      if (this.used[s.field] && (s.isContent || !contentOnly) && this.values[s.field] === value) return true;
    }
    return false;
  }
}

const LONGEST_PLACEHOLDER = '<not specified>'.length;
const PLACEHOLDERS: ReadonlySet<string> = new Set(['', 'null', 'None', '<not specified>']);

/** Empty values and the words that instrumentations write for "nothing" say nothing. */
function isBlank(value: AttributeValue): boolean {
  if (typeof value === 'string') return value.length <= LONGEST_PLACEHOLDER && PLACEHOLDERS.has(value);
  return value === null;
}

function isEmptyContainer(value: AttributeValue): boolean {
  if (typeof value === 'string') return value === '{}' || value === '[]';
  return value instanceof Map ? value.size === 0 : Array.isArray(value) && value.length === 0;
}
