import { toStorableText } from '../../domain/json.js';
import { type CostDetails, type UsageDetails } from '../../domain/observation.js';
import { NOT_USAGE, USAGE_CLASSES, type UsageClass } from './otlp.attributes.js';
import { type AttributeValue } from './otlp.span.js';
import { toMembers } from './otlp.values.js';

/** A `gen_ai.usage.*` attribute by what follows the prefix. */
export type UsageAttribute = readonly [suffix: string, value: AttributeValue];

/**
 * Token counts as `langfuse.observation.usage_details` states them: OpenAI's two shapes are brought to classes that add
 * up, any other map keeps its keys. Undefined when `details` holds no count.
 */
export function readUsageDetails(details: AttributeValue | undefined): UsageDetails | undefined {
  const members = toMembers(details);
  if (members === undefined) return undefined;
  const counts =
    readOpenAiUsage(members, CHAT_USAGE) ?? readOpenAiUsage(members, RESPONSES_USAGE) ?? readCounts(members);
  return finish(counts, [...counts.values()]);
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
  return counts;
}

/**
 * Token counts from `gen_ai.usage.*`. The standard counts cached tokens within the input and reasoning within the
 * output; stored classes add up, so the parts are taken out. Where the parts exceed the whole, the producer cannot
 * have counted them in (Anthropic's raw numbers), and the whole is kept.
 */
export function readGenAiUsage(attributes: readonly UsageAttribute[]): UsageDetails | undefined {
  const stated = new Map<string, number>();
  for (const [suffix, value] of attributes) {
    const count = NOT_USAGE.has(suffix) ? undefined : toCount(value);
    if (count !== undefined) stated.set(suffix, count);
  }
  if (stated.size === 0) return undefined;

  const counts = new Map<string, number>();
  for (const { name, keys } of USAGE_CLASSES) {
    for (const key of keys) {
      const count = stated.get(key);
      if (count === undefined) continue;
      if (!counts.has(name)) counts.set(name, count);
      stated.delete(key);
    }
  }
  takeOut(counts, 'input', ['input_cached_tokens', 'input_cache_creation', 'input_audio_tokens']);
  takeOut(counts, 'output', ['output_reasoning_tokens', 'output_audio_tokens']);
  // What other keys count may be part of these, so that they are kept but do not add to the total.
  const known = [...counts.values()];
  for (const [suffix, count] of stated) {
    const name = toStorableText(suffix.startsWith('details.') ? suffix.slice('details.'.length) : suffix);
    if (!counts.has(name)) counts.set(name, count);
  }
  return finish(counts, known.length > 0 ? known : [...counts.values()]);
}

function takeOut(counts: Map<string, number>, whole: UsageClass, parts: readonly UsageClass[]): void {
  const stated = counts.get(whole);
  if (stated === undefined) return;
  let sum = 0;
  for (const part of parts) sum += counts.get(part) ?? 0;
  if (sum <= stated) counts.set(whole, stated - sum);
}

/** Adds a missing total. Object.fromEntries defines its keys, so that a client's `__proto__` is one like any other. */
function finish(counts: Map<string, number>, summands: readonly number[]): UsageDetails | undefined {
  if (counts.size === 0) return undefined;
  if (!counts.has('total')) {
    const total = summands.reduce((sum, count) => sum + count, 0);
    if (Number.isSafeInteger(total)) counts.set('total', total);
  }
  return Object.fromEntries(counts);
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

/** One number for the whole call. */
export function readTotalCost(value: AttributeValue | undefined): CostDetails | undefined {
  const total = toCostUsd(value);
  return total === undefined ? undefined : { total };
}

function toCostUsd(value: unknown): number | undefined {
  const cost = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof cost === 'number' && cost >= 0 && cost <= MAX_COST_USD ? cost : undefined;
}
