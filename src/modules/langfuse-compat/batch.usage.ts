import { toIndexableText } from '../../domain/identifier.js';
import { type CostDetails, type UsageDetails } from '../../domain/observation.js';

/** More than any real count, and small enough that the sums over a project stay within int8. */
export const MAX_COUNT = 1_000_000_000_000;
/** In USD; as above. */
const MAX_COST_USD = 1_000_000;
/** Classes of one usage map; providers use a dozen. */
export const MAX_CLASSES = 100;
export const MAX_CLASS_BYTES = 200;

/** Other names of the three main classes: OpenAI chat and responses, LangChain, Vercel AI SDK, Langfuse. */
const MAIN_CLASS: ReadonlyMap<string, string> = new Map([
  ['input', 'input'],
  ['promptTokens', 'input'],
  ['prompt_tokens', 'input'],
  ['inputTokens', 'input'],
  ['input_tokens', 'input'],
  ['output', 'output'],
  ['completionTokens', 'output'],
  ['completion_tokens', 'output'],
  ['outputTokens', 'output'],
  ['output_tokens', 'output'],
  ['total', 'total'],
  ['totalTokens', 'total'],
  ['total_tokens', 'total'],
]);

/** Parts of a main class that OpenAI reports inside it (Langfuse API, `usageDetails`): they become classes of their own. */
const DETAILS: ReadonlyMap<string, 'input' | 'output'> = new Map([
  ['prompt_tokens_details', 'input'],
  ['input_tokens_details', 'input'],
  ['completion_tokens_details', 'output'],
  ['output_tokens_details', 'output'],
]);

const NOT_COUNTS = new Set(['unit', 'inputCost', 'outputCost', 'totalCost', 'input_cost', 'output_cost', 'total_cost']);

/** Token counts that stand beside `usage`; each counts only where `usage` lacks it. */
export interface StatedTokens {
  readonly prompt?: number | null;
  readonly completion?: number | null;
  readonly total?: number | null;
}

/**
 * A usage object of any provider as whole counts by class; undefined when it states none. What is no whole non-negative
 * number is left out. `total` is the sum of all classes where it is not stated.
 */
export function readUsage(usage: unknown, stated: StatedTokens): UsageDetails | undefined {
  // Without a prototype, so that a class called `__proto__` is a class like any other.
  const counts = Object.create(null) as Record<string, number>;
  if (isObject(usage)) readClasses(usage, counts);
  fill(counts, 'input', stated.prompt);
  fill(counts, 'output', stated.completion);
  fill(counts, 'total', stated.total);
  return withTotal(counts);
}

/** `counts`, to which `total` is added as the sum of all where it is not stated; undefined when there are none. */
export function withTotal(counts: Record<string, number>): UsageDetails | undefined {
  let sum = 0;
  let isEmpty = true;
  for (const name in counts) {
    isEmpty = false;
    sum += counts[name]!;
  }
  if (isEmpty) return undefined;
  counts['total'] ??= Math.min(sum, MAX_COUNT);
  return counts;
}

/** Puts the classes that `usage` states into `counts`, under their names in xtrace. */
export function readClasses(usage: Readonly<Record<string, unknown>>, counts: Record<string, number>): void {
  let classes = 0;
  let inputParts = 0;
  let outputParts = 0;
  for (const key in usage) {
    if (classes >= MAX_CLASSES) break;
    const value = usage[key];
    const side = DETAILS.get(key);
    if (side !== undefined) {
      if (!isObject(value)) continue;
      for (const part in value) {
        const count = toCount(value[part]);
        if (count === undefined || classes >= MAX_CLASSES) continue;
        counts[`${side}_${toIndexableText(part, MAX_CLASS_BYTES)}`] = count;
        classes += 1;
        if (side === 'input') inputParts += count;
        else outputParts += count;
      }
      continue;
    }
    const count = toCount(value);
    if (count === undefined || NOT_COUNTS.has(key)) continue;
    const name = MAIN_CLASS.get(key) ?? toIndexableText(key, MAX_CLASS_BYTES);
    // A class under its own name beats the same one under another.
    if (name === key || counts[name] === undefined) counts[name] = count;
    classes += 1;
  }
  if (inputParts > 0 && counts['input'] !== undefined) counts['input'] = Math.max(0, counts['input'] - inputParts);
  if (outputParts > 0 && counts['output'] !== undefined) counts['output'] = Math.max(0, counts['output'] - outputParts);
}

function fill(counts: Record<string, number>, name: string, value: number | null | undefined): void {
  if (counts[name] !== undefined) return;
  const count = toCount(value);
  if (count !== undefined) counts[name] = count;
}

/** The unit of a usage object; undefined for tokens, which is what is meant where nothing is said. */
export function readUnit(usage: unknown, stated: string | null | undefined): string | undefined {
  const unit = isObject(usage) && typeof usage['unit'] === 'string' ? usage['unit'] : stated;
  if (typeof unit !== 'string' || unit === '' || unit.toUpperCase() === 'TOKENS') return undefined;
  return toIndexableText(unit, MAX_CLASS_BYTES);
}

/** Costs in USD that stand beside `usage`; each beats the one inside it. */
export interface StatedCosts {
  readonly input?: number | null;
  readonly output?: number | null;
  readonly total?: number | null;
}

/** The stated cost by class; undefined when none is. Negative and absurd amounts are left out. */
export function readCost(usage: unknown, stated: StatedCosts): CostDetails | undefined {
  const inside = isObject(usage) ? usage : undefined;
  const input = toUsd(stated.input) ?? toUsd(inside?.['inputCost'] ?? inside?.['input_cost']);
  const output = toUsd(stated.output) ?? toUsd(inside?.['outputCost'] ?? inside?.['output_cost']);
  const total = toUsd(stated.total) ?? toUsd(inside?.['totalCost'] ?? inside?.['total_cost']);
  if (input === undefined && output === undefined && total === undefined) return undefined;
  const cost: Record<string, number> = {};
  if (input !== undefined) cost['input'] = input;
  if (output !== undefined) cost['output'] = output;
  if (total !== undefined) cost['total'] = total;
  return cost;
}

/** An amount of USD from 0 to a million, else undefined. */
export function toUsd(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= MAX_COST_USD ? value : undefined;
}

export function toCount(value: unknown): number | undefined {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && value >= 0 && value <= MAX_COUNT ? value : undefined;
  }
  if (typeof value === 'string' && /^\d{1,12}$/.test(value)) return Number(value);
  return undefined;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
