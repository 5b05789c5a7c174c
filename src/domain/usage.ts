import { sideOf } from './usage-class.js';

export interface TokenCounts {
  inputTokens: number;
  outputTokens: number;
  totalTokens: number;
}

/** In whole nano-USD. */
export interface Cost {
  costNanoUsd: number;
  /** Of the classes that are input by their names, rounded by itself. */
  inputCostNanoUsd: number;
  outputCostNanoUsd: number;
  /** Which of the price's conditional tiers held, counted from 0; absent where none did. */
  tierIndex?: number | undefined;
}

/**
 * The three sums that lists and rollups show of a usage map: every class whose name contains "input" or "output"
 * (Langfuse API, observation `usage`), and `total` as stated, else the sum of all classes.
 */
export function countTokens(usage: Readonly<Record<string, number>>): TokenCounts {
  let inputTokens = 0;
  let outputTokens = 0;
  let sum = 0;
  for (const [name, count] of Object.entries(usage)) {
    if (name === 'total') continue;
    sum += count;
    const side = sideOf(name);
    if (side === 'input') inputTokens += count;
    else if (side === 'output') outputTokens += count;
  }
  return { inputTokens, outputTokens, totalTokens: usage['total'] ?? sum };
}

/** A cost map in whole nano-USD: `total` as stated, else the sum of all classes. */
export function statedCost(cost: Readonly<Record<string, number>>): Cost {
  let usdOfAll = 0;
  const usd = { input: 0, output: 0 };
  for (const [name, value] of Object.entries(cost)) {
    if (name === 'total') continue;
    usdOfAll += value;
    const side = sideOf(name);
    if (side !== undefined) usd[side] += value;
  }
  return {
    costNanoUsd: Math.round((cost['total'] ?? usdOfAll) * 1e9),
    inputCostNanoUsd: Math.round(usd.input * 1e9),
    outputCostNanoUsd: Math.round(usd.output * 1e9),
  };
}

/** OpenAI's parts with the name of their whole in front, as Langfuse's SDKs for JavaScript up to 4 flatten them. */
const FLATTENED_PART = /^(input|output)_[a-z_]+_tokens$/;

/**
 * What is left of `input` and `output` without such parts where the total is the sum of these two, and so says that the
 * parts are in them: they would be billed twice. Undefined where it does not, or where parts are more than their whole.
 */
export function restsOfWholes(
  { input, output, total }: { readonly input?: number; readonly output?: number; readonly total?: number },
  classes: Iterable<readonly [name: string, count: number]>,
): { readonly input: number; readonly output: number } | undefined {
  if (input === undefined || output === undefined || total !== input + output) return undefined;
  const rests = { input, output };
  for (const [name, count] of classes) {
    const side = FLATTENED_PART.exec(name)?.[1] as 'input' | 'output' | undefined;
    if (side !== undefined) rests[side] -= count;
  }
  return rests.input < 0 || rests.output < 0 ? undefined : rests;
}
