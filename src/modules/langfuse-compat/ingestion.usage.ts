import { toIndexableText } from '../../domain/identifier.js';
import { type CostDetails, type UsageDetails } from '../../domain/observation.js';
import { restsOfWholes } from '../../domain/usage.js';
import {
  isObject,
  MAX_CLASS_BYTES,
  MAX_CLASSES,
  readClasses,
  readCost,
  toCount,
  toUsd,
  withTotal,
} from './batch.usage.js';

type Counts = Record<string, number>;

/**
 * What `usage` and `usageDetails` of one generation say together (langfuse.md §3.7): the classes of the details beat
 * those of the older field, and `total`, where neither states it, is the sum of all. Undefined when they say nothing.
 */
export function combineUsage(usage: unknown, usageDetails: unknown): UsageDetails | undefined {
  // Without a prototype, so that a class called `__proto__` is a class like any other.
  const counts = Object.create(null) as Counts;
  if (isObject(usage)) readClasses(usage, counts);
  if (isObject(usageDetails)) readDetails(usageDetails, counts);
  return withTotal(counts);
}

/** What `usage` and `costDetails` say in USD, the latter first; undefined when they say nothing. */
export function combineCost(usage: unknown, costDetails: unknown): CostDetails | undefined {
  const isOpenAi = isObject(usage) && CAMEL_CASE.some((key) => Object.hasOwn(usage, key));
  const cost = Object.create(null) as Counts;
  Object.assign(cost, isOpenAi ? undefined : readCost(usage, {}));
  if (isObject(costDetails)) {
    let classes = 0;
    for (const key in costDetails) {
      const usd = toUsd(costDetails[key]);
      if (usd === undefined) continue;
      if ((classes += 1) > MAX_CLASSES) break;
      cost[className(key)] = usd;
    }
  }
  for (const _ in cost) return cost;
  return undefined;
}

/** Usage as OpenAI's SDK for JavaScript names it, which has no costs. */
const CAMEL_CASE = ['promptTokens', 'completionTokens', 'totalTokens'];

interface OpenAiUsage {
  readonly input: string;
  readonly output: string;
  readonly total: string;
  readonly inputParts: string;
  readonly outputParts: string;
}

/** Usage objects of OpenAI's chat and responses APIs, by the names of their counts. */
const OPENAI: readonly OpenAiUsage[] = [
  {
    input: 'prompt_tokens',
    output: 'completion_tokens',
    total: 'total_tokens',
    inputParts: 'prompt_tokens_details',
    outputParts: 'completion_tokens_details',
  },
  {
    input: 'input_tokens',
    output: 'output_tokens',
    total: 'total_tokens',
    inputParts: 'input_tokens_details',
    outputParts: 'output_tokens_details',
  },
];

function readDetails(details: Readonly<Record<string, unknown>>, counts: Counts): void {
  const openAi = OPENAI.find((names) => isWhole(details, names));
  if (openAi !== undefined) return readOpenAi(details, openAi, counts);
  let classes = 0;
  for (const key in details) {
    const count = toCount(details[key]);
    if (count === undefined) continue;
    if ((classes += 1) > MAX_CLASSES) break;
    counts[className(key)] = count;
  }
  Object.assign(counts, restsOfWholes(counts, Object.entries(counts)));
}

/** Whether it is an object of OpenAI's and nothing else: a map that only looks like one keeps its own classes. */
function isWhole(details: Readonly<Record<string, unknown>>, names: OpenAiUsage): boolean {
  for (const key in details) {
    const value = details[key];
    if (key === names.input || key === names.output || key === names.total) {
      if (typeof value !== 'number' || toCount(value) === undefined) return false;
    } else if (key === names.inputParts || key === names.outputParts) {
      if (value !== null && !(isObject(value) && Object.values(value).every(isPart))) return false;
    } else {
      return false;
    }
  }
  return [names.input, names.output, names.total].every((key) => Object.hasOwn(details, key));
}

function isPart(value: unknown): boolean {
  return value === null || (typeof value === 'number' && toCount(value) !== undefined);
}

/** Parts become classes of their own and are taken out of what they are parts of. */
function readOpenAi(details: Readonly<Record<string, unknown>>, names: OpenAiUsage, counts: Counts): void {
  counts['total'] = details[names.total] as number;
  for (const [side, whole, parts] of [
    ['input', names.input, names.inputParts],
    ['output', names.output, names.outputParts],
  ] as const) {
    let rest = details[whole] as number;
    for (const [part, count] of Object.entries(details[parts] ?? {}).slice(0, MAX_CLASSES)) {
      if (count === null) continue;
      counts[`${side}_${className(part)}`] = count as number;
      rest -= count as number;
    }
    counts[side] = Math.max(0, rest);
  }
}

function className(key: string): string {
  return toIndexableText(key, MAX_CLASS_BYTES);
}
