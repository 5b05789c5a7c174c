import { compareBytewise, type JsonText, type JsonValue } from './json.js';
import { type ObservationFields, type ObservationPatch } from './observation.js';
import { MAX_TAGS, type TraceFields, type TracePatch } from './trace.js';
import { type Micros } from './time.js';

/**
 * How what messages say becomes one record. Folding is commutative, associative and idempotent: any order, any split
 * into deliveries and any repetition of the same patches give the same state (the rule per field is in
 * `ops/docs/adr/002-merge-by-stamps.md`).
 */

/** Fields that the highest stamp decides, each on its own; on a tie the greater value bytewise. */
export const OBSERVATION_FIELDS = [
  'endTime',
  'completionStartTime',
  'type',
  'name',
  'level',
  'statusMessage',
  'model',
  'modelParameters',
  'parentObservationId',
  'version',
  'promptId',
  'promptName',
  'promptVersion',
  'usage',
  'statedCost',
  'usageUnit',
  'statedLatencySeconds',
  'statedTimeToFirstTokenSeconds',
  'modelId',
  'inputPriceUsd',
  'outputPriceUsd',
  'totalPriceUsd',
  'requestedModel',
  'provider',
  'finishReason',
  'toolName',
  'toolNames',
  'calledToolNames',
  'agentName',
  'turnId',
  'runId',
  'stepId',
  'parentStepId',
  'stepType',
  'attemptIndex',
  'runState',
  'experiment',
] as const satisfies readonly (keyof ObservationFields)[];

export const TRACE_FIELDS = [
  'name',
  'userId',
  'sessionId',
  'release',
  'version',
  'public',
  'bookmarked',
  'externalId',
  'statedLatencySeconds',
  'statedCostUsd',
] as const satisfies readonly (keyof TraceFields)[];

/** A value with the stamp it was stated at. */
export interface Stamped<V> {
  value: V;
  stamp: number;
}

/** Metadata by top-level key; values are JSON text as JSON.stringify writes it. */
export type StampedMetadata = Map<string, Stamped<JsonText>>;

/** The stamp of a field nobody has stated. */
export const UNSTATED = -Infinity;

/** Values and stamps of the last-writer fields of one record; `stamps[i]` belongs to the i-th field of its list. */
interface FieldState<F> {
  readonly values: F;
  readonly stamps: number[];
}

/** What is known about an observation, apart from its payload texts and metadata. */
export interface ObservationState extends FieldState<ObservationFields> {
  startTime: Micros | null;
  /** The lowest stamp wins. */
  environment: Stamped<string> | null;
}

/** What a flush says about an observation's payload. Stored input and output are compared in SQL, by the same rule. */
export interface PayloadState {
  input: Stamped<JsonText> | null;
  output: Stamped<JsonText> | null;
}

export interface TraceState extends FieldState<TraceFields> {
  statedTimestamp: Micros | null;
  environment: Stamped<string> | null;
  /** Sorted bytewise, without repetition. */
  tags: string[];
}

export function newObservationState(): ObservationState {
  return {
    values: {},
    stamps: new Array<number>(OBSERVATION_FIELDS.length).fill(UNSTATED),
    startTime: null,
    environment: null,
  };
}

export function newTraceState(): TraceState {
  const stamps = new Array<number>(TRACE_FIELDS.length).fill(UNSTATED);
  return { values: {}, stamps, statedTimestamp: null, environment: null, tags: [] };
}

export function newPayloadState(): PayloadState {
  return { input: null, output: null };
}

export function applyObservationPatch(state: ObservationState, patch: ObservationPatch): void {
  foldFields(OBSERVATION_FIELDS, state, patch, patch.stamp);
  if (patch.fallbackType !== undefined && patch.type === undefined) {
    foldFields(OBSERVATION_FIELDS, state, { type: patch.fallbackType }, 0);
  }
  state.startTime = earlier(state.startTime, patch.startTime);
  state.environment = firstStated(state.environment, patch.environment, patch.stamp);
}

export function applyTracePatch(state: TraceState, patch: TracePatch): void {
  foldFields(TRACE_FIELDS, state, patch, patch.stamp);
  state.statedTimestamp = earlier(state.statedTimestamp, patch.timestamp);
  state.environment = firstStated(state.environment, patch.environment, patch.stamp);
  if (patch.tags !== undefined && patch.tags.length > 0) state.tags = unionTags(state.tags, patch.tags);
}

/** Input and output: the last writer, but only with something to say. */
export function applyPayload(state: PayloadState, patch: { input?: JsonText; output?: JsonText; stamp: number }): void {
  state.input = laterText(state.input, patch.input, patch.stamp);
  state.output = laterText(state.output, patch.output, patch.stamp);
}

/** Key by key, the last writer; arrays and objects are values, never merged into. */
export function applyMetadata(state: StampedMetadata, metadata: ReadonlyMap<string, JsonText>, stamp: number): void {
  for (const [key, value] of metadata) {
    const known = state.get(key);
    if (known === undefined || stamp > known.stamp || (stamp === known.stamp && isGreaterJson(value, known.value))) {
      state.set(key, { value, stamp });
    }
  }
}

function foldFields<F extends object>(
  fields: readonly (keyof F)[],
  state: FieldState<F>,
  patch: F,
  stamp: number,
): void {
  const { values, stamps } = state;
  for (let i = 0; i < fields.length; i += 1) {
    const field = fields[i]!;
    const value = patch[field];
    if (value === undefined) continue;
    if (stamps[i] === UNSTATED || wins(stamp, value, stamps[i]!, values[field])) {
      values[field] = value;
      stamps[i] = stamp;
    }
  }
}

function wins(stamp: number, value: unknown, knownStamp: number, known: unknown): boolean {
  if (stamp !== knownStamp) return stamp > knownStamp;
  if (value === known || value === null || value === undefined) return false;
  if (known === null || known === undefined) return true;
  return compareBytewise(comparable(value), comparable(known)) > 0;
}

// jsonb columns give values back with their keys in another order, so rivals are compared in one canonical form; text
// columns keep the order, so it decides between rivals that differ in nothing else.
function isGreaterJson(value: JsonText, known: JsonText): boolean {
  if (value === known) return false;
  const order = compareBytewise(
    canonicalJson(JSON.parse(value) as JsonValue),
    canonicalJson(JSON.parse(known) as JsonValue),
  );
  return order === 0 ? compareBytewise(value, known) > 0 : order > 0;
}

/** JSON text with the keys of every object in the order of their bytes. */
export function canonicalJson(value: JsonValue): JsonText {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => compareBytewise(a, b));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

/** A text that is equal for equal values, whatever order the keys of a map came in. */
function comparable(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => compareBytewise(a, b));
  return JSON.stringify(entries);
}

function earlier(known: Micros | null, stated: Micros | undefined): Micros | null {
  if (stated === undefined) return known;
  return known === null ? stated : Math.min(known, stated);
}

function firstStated(known: Stamped<string> | null, value: string | undefined, stamp: number): Stamped<string> | null {
  if (value === undefined) return known;
  if (known !== null && !wins(-stamp, value, -known.stamp, known.value)) return known;
  return { value, stamp };
}

function laterText(
  known: Stamped<JsonText> | null,
  value: JsonText | undefined,
  stamp: number,
): Stamped<JsonText> | null {
  if (value === undefined) return known;
  if (known !== null && !wins(stamp, value, known.stamp, known.value)) return known;
  return { value, stamp };
}

function unionTags(known: readonly string[], stated: readonly string[]): string[] {
  const union = new Set(known);
  for (const tag of stated) union.add(tag);
  if (union.size === known.length) return known as string[];
  const sorted = [...union].sort(compareBytewise);
  return sorted.length > MAX_TAGS ? sorted.slice(0, MAX_TAGS) : sorted;
}
