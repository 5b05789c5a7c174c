import { type CostDetails, type UsageDetails } from './observation.js';

export interface TokenCounts {
  inputTokens: number;
  outputTokens: number;
  totalTokens: number;
}

/**
 * The three sums that lists and rollups show of a usage map: every class whose name contains "input" or "output"
 * (Langfuse API, observation `usage`), and `total` as stated, else the sum of all classes.
 */
export function countTokens(usage: UsageDetails): TokenCounts {
  let inputTokens = 0;
  let outputTokens = 0;
  let sum = 0;
  for (const [name, count] of Object.entries(usage)) {
    if (name === 'total') continue;
    sum += count;
    if (name.includes('input')) inputTokens += count;
    else if (name.includes('output')) outputTokens += count;
  }
  return { inputTokens, outputTokens, totalTokens: usage['total'] ?? sum };
}

/** The total of a cost map in whole nano-USD: `total` as stated, else the sum of all classes. */
export function totalCostNanoUsd(cost: CostDetails): number {
  let sum = 0;
  for (const [name, usd] of Object.entries(cost)) if (name !== 'total') sum += usd;
  return Math.round((cost['total'] ?? sum) * 1e9);
}
