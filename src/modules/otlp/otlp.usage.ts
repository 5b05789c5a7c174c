import { toStorableText } from '../../domain/json.js';
import { type CostDetails, type UsageDetails } from '../../domain/observation.js';
import { restsOfWholes } from '../../domain/usage.js';
import { type CountingNote, splitCounts, type StatedCounts } from './otlp.usage-split.js';
import { type AttributeValue, type Attributes } from './otlp.span.js';
import { membersOf } from './otlp.members.js';
import {
  ANSWER_PATHS,
  CACHE_BESIDE_PATHS,
  COST_KEYS,
  COST_OBJECTS,
  type CostField,
  COUNT_KEYS,
  COUNT_OBJECTS,
  type CountField,
  RAW_INPUT_PATHS,
  REST_KEYS,
} from './otlp.usage-keys.js';
import { toMembers } from './otlp.values.js';

/** What the attributes of a span say that a model call used and cost. */
export interface UsageReading {
  readonly usage: UsageDetails | undefined;
  readonly cost: CostDetails | undefined;
  /** How parts were taken out of their wholes; undefined where there was nothing to decide. */
  readonly note: CountingNote | undefined;
}

/**
 * Token counts as `langfuse.observation.usage_details` states them: OpenAI's two shapes are brought to classes that add
 * up, any other map keeps its keys. Undefined when `details` holds no count.
 */
export function readUsageDetails(details: AttributeValue | undefined): UsageDetails | undefined {
  const members = toMembers(details);
  if (members === undefined) return undefined;
  const counts =
    readOpenAiUsage(members, CHAT_USAGE) ?? readOpenAiUsage(members, RESPONSES_USAGE) ?? readCounts(members);
  return finish(counts, sumOfClasses(counts));
}

/** Names of OpenAI's usage object; the responses API renamed them. */
interface OpenAiShape {
  readonly input: string;
  readonly output: string;
  readonly inputDetails: string;
  readonly outputDetails: string;
}

const CHAT_USAGE: OpenAiShape = {
  input: 'prompt_tokens',
  output: 'completion_tokens',
  inputDetails: 'prompt_tokens_details',
  outputDetails: 'completion_tokens_details',
};

const RESPONSES_USAGE: OpenAiShape = {
  input: 'input_tokens',
  output: 'output_tokens',
  inputDetails: 'input_tokens_details',
  outputDetails: 'output_tokens_details',
};

/** Only exactly this shape: a map with other keys besides is somebody's own, whose keys are kept. */
function readOpenAiUsage(members: ReadonlyMap<string, unknown>, shape: OpenAiShape): Map<string, number> | undefined {
  const input = toCount(members.get(shape.input));
  const output = toCount(members.get(shape.output));
  const total = toCount(members.get('total_tokens'));
  if (input === undefined || output === undefined || total === undefined) return undefined;
  for (const key of members.keys()) {
    const isKnown = key === shape.input || key === shape.output || key === 'total_tokens';
    if (!isKnown && key !== shape.inputDetails && key !== shape.outputDetails) return undefined;
  }
  const counts = new Map<string, number>([['total', total]]);
  splitOff(counts, 'input', input, members.get(shape.inputDetails));
  splitOff(counts, 'output', output, members.get(shape.outputDetails));
  return counts;
}

/** Stores `whole` less its parts as `side`, and each part as `side_part`. */
function splitOff(counts: Map<string, number>, side: 'input' | 'output', whole: number, details: unknown): void {
  let rest = whole;
  if (typeof details === 'object' && details !== null) {
    for (const [name, value] of details instanceof Map ? (details as Map<string, unknown>) : Object.entries(details)) {
      const count = toCount(value);
      if (count === undefined) continue;
      counts.set(`${side}_${toStorableText(name)}`, count);
      rest -= count;
    }
  }
  counts.set(side, Math.max(rest, 0));
}

/** Names that older xtrace clients use. */
const CAMEL_CASE: ReadonlyMap<string, string> = new Map([
  ['promptTokens', 'input'],
  ['completionTokens', 'output'],
  ['totalTokens', 'total'],
]);

function readCounts(members: ReadonlyMap<string, unknown>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [key, value] of members) {
    const count = toCount(value);
    if (count !== undefined) counts.set(CAMEL_CASE.get(key) ?? toStorableText(key), count);
  }
  const [input, output, total] = [counts.get('input'), counts.get('output'), counts.get('total')];
  const rests = restsOfWholes({ input, output, total }, counts);
  if (rests !== undefined) counts.set('input', rests.input).set('output', rests.output);
  return counts;
}

// --- Counts and costs under keys of their own ---

interface Slot {
  readonly isCost: boolean;
  readonly field: CountField | CostField;
  /** Lower wins. */
  readonly rank: number;
}

const SLOTS: ReadonlyMap<string, Slot> = new Map([
  ...slotsOf<CountField>(COUNT_KEYS, false),
  ...slotsOf<CostField>(COST_KEYS, true),
]);
const USAGE_PREFIX = 'gen_ai.usage.';
const FIRST_LETTERS: ReadonlySet<number> = new Set(
  [USAGE_PREFIX, ...SLOTS.keys(), ...COUNT_OBJECTS.keys(), ...COST_OBJECTS.keys()].map((key) => key.charCodeAt(0)),
);
/** Below every key of its own. */
const OBJECT_RANK = 1000;

function slotsOf<Field extends CountField | CostField>(
  keys: Record<Field, readonly string[]>,
  isCost: boolean,
): [string, Slot][] {
  return Object.entries<readonly string[]>(keys).flatMap(([field, list]) =>
    list.map((key, rank): [string, Slot] => [key, { isCost, field: field as Field, rank }]),
  );
}

/** Whether attributes of that key state token counts. */
export function isCountKey(key: string): boolean {
  const slot = SLOTS.get(key);
  if (slot !== undefined) return !slot.isCost;
  return COUNT_OBJECTS.has(key) || (key.startsWith(USAGE_PREFIX) && !REST_KEYS.has(key));
}

/** Whether attributes of that key state costs. */
export function isCostKey(key: string): boolean {
  return SLOTS.get(key)?.isCost === true || COST_OBJECTS.has(key);
}

/** The best value of each field so far. Fields are names of ours, never a client's. */
class Ranked<Field extends string> {
  private readonly ranks: Record<string, number> = {};
  /** Undefined as long as there is none. */
  values: Record<string, number> | undefined;

  offer(field: Field, rank: number, value: number | undefined): void {
    if (value === undefined || rank >= (this.ranks[field] ?? Infinity)) return;
    this.ranks[field] = rank;
    (this.values ??= {})[field] = value;
  }
}

/**
 * What the attributes of a span state, by every convention. Whether parts (cached, reasoning, audio) are inside their
 * whole is decided by `splitCounts`; the classes that come out add up.
 */
export function readUsageAttributes(attributes: Attributes, scopeName: string): UsageReading {
  let counts: Ranked<CountField> | undefined;
  let costs: Ranked<CostField> | undefined;
  let others: Map<string, number> | undefined;
  let rawInput: number | undefined;
  for (const [key, value] of attributes) {
    // Most attributes are others'; their first letter tells without a look-up.
    if (!FIRST_LETTERS.has(key.charCodeAt(0))) continue;
    const slot = SLOTS.get(key);
    if (slot !== undefined) {
      if (slot.isCost) (costs ??= new Ranked()).offer(slot.field as CostField, slot.rank, toCostUsd(value));
      else (counts ??= new Ranked()).offer(slot.field, slot.rank, toCount(value));
      continue;
    }
    const countPaths = COUNT_OBJECTS.get(key);
    if (countPaths !== undefined) {
      const members = toMembers(value);
      if (members === undefined) continue;
      counts ??= new Ranked();
      countPaths.forEach(([path, field], rank) =>
        counts!.offer(field, OBJECT_RANK + rank, toCount(memberAt(members, path))),
      );
      for (const path of RAW_INPUT_PATHS) rawInput ??= toCount(memberAt(members, path));
      continue;
    }
    const costPaths = COST_OBJECTS.get(key);
    if (costPaths !== undefined) {
      const members = toMembers(value);
      if (members === undefined) continue;
      costs ??= new Ranked();
      costPaths.forEach(([path, field], rank) =>
        costs!.offer(field, OBJECT_RANK + rank, toCostUsd(memberAt(members, path))),
      );
      continue;
    }
    if (key.startsWith(USAGE_PREFIX) && !REST_KEYS.has(key)) {
      const count = toCount(value);
      if (count !== undefined) (others ??= new Map()).set(key.slice(USAGE_PREFIX.length), count);
    }
  }
  const split = splitCounts(counts?.values ?? {}, { scopeName, rawInput });
  const isKnown = split.counts.size > 0;
  const known = sumOfClasses(split.counts);
  // What other keys count may be part of these, so that they are kept but do not add to the total.
  for (const [suffix, count] of others ?? []) {
    const name = toStorableText(suffix.startsWith('details.') ? suffix.slice('details.'.length) : suffix);
    if (!split.counts.has(name)) split.counts.set(name, count);
  }
  const usage = finish(split.counts, isKnown ? known : sumOfClasses(split.counts));
  return { usage, cost: costs?.values, note: split.note };
}

/** What a provider's answer says of its own usage; `usage` undefined when `object` holds no count. */
export function readUsageObject(object: object, scopeName: string): Omit<UsageReading, 'cost'> {
  const members = new Map<string, unknown>(membersOf(object));
  const counts = new Ranked<CountField>();
  ANSWER_PATHS.forEach(([path, field], rank) => counts.offer(field, rank, toCount(memberAt(members, path))));
  const stated: StatedCounts = counts.values ?? {};
  const isBeside = CACHE_BESIDE_PATHS.some((path) => memberAt(members, path) !== undefined);
  const split = splitCounts(stated, { scopeName, rawInput: isBeside ? stated.input : undefined });
  return { usage: finish(split.counts, sumOfClasses(split.counts)), note: split.note };
}

function memberAt(members: ReadonlyMap<string, unknown>, path: string): unknown {
  let at: unknown = members;
  for (const name of path.split('.')) {
    if (at instanceof Map) at = (at as ReadonlyMap<string, unknown>).get(name);
    else if (typeof at === 'object' && at !== null && Object.hasOwn(at, name))
      at = (at as Record<string, unknown>)[name];
    else return undefined;
  }
  return at;
}

/** Adds a missing total. Object.fromEntries defines its keys, so that a client's `__proto__` is one like any other. */
function finish(counts: Map<string, number>, total: number): UsageDetails | undefined {
  if (counts.size === 0) return undefined;
  if (!counts.has('total') && Number.isSafeInteger(total)) counts.set('total', total);
  return Object.fromEntries(counts);
}

function sumOfClasses(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [name, count] of counts) if (name !== 'total') sum += count;
  return sum;
}

const DIGITS = /^\d{1,16}$/;

/** A whole, non-negative number that a double holds exactly, possibly as decimal text; undefined for anything else. */
function toCount(value: unknown): number | undefined {
  const count = typeof value === 'string' && DIGITS.test(value) ? Number(value) : value;
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count + 0 : undefined;
}

/** More than this per observation is no cost, and would not fit nano-USD in 2^53. */
const MAX_COST_USD = 9_000_000;

/** Costs in USD as stated by class; undefined when there is none. */
export function readCostDetails(details: AttributeValue | undefined): CostDetails | undefined {
  const members = toMembers(details);
  if (members === undefined) return undefined;
  const costs = new Map<string, number>();
  for (const [key, value] of members) {
    const cost = toCostUsd(value);
    if (cost !== undefined) costs.set(toStorableText(key), cost);
  }
  return costs.size === 0 ? undefined : Object.fromEntries(costs);
}

/** A cost in USD, also as text; undefined for what is none. */
export function toCostUsd(value: unknown): number | undefined {
  const cost = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof cost === 'number' && cost >= 0 && cost <= MAX_COST_USD ? cost : undefined;
}
