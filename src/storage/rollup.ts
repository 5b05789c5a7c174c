import { COST, TOKENS } from '../domain/repeated-usage.js';
import { type Totals } from '../domain/trace.js';
import { type Micros } from '../domain/time.js';

/** The part of an observation that sums are made of. */
export interface Contribution extends Totals {
  /** Start of the hour it counts in, by its start time, else its arrival. */
  hour: Micros;
  /** Empty when no model is known. */
  model: string;
  /** Null when no start is known. */
  firstStart: Micros | null;
  /** End, else start; never before the start. Null when neither is known. */
  lastEnd: Micros | null;
}

export interface ContributingRow {
  startTime: Micros | null;
  endTime: Micros | null;
  createdAt: Micros;
  type: string | null;
  level: string | null;
  model: string | null;
  inputTokens: number | null;
  outputTokens: number | null;
  totalTokens: number | null;
  costNanoUsd: number | null;
  /** Bits of what repeats other usage and is left out of sums; null: nothing. */
  repeated: number | null;
}

const HOUR_MICROS = 3_600_000_000;

/** Start of the hour of `time`. */
export function hourOf(time: Micros): Micros {
  return Math.floor(time / HOUR_MICROS) * HOUR_MICROS;
}

/** What one stored observation adds to every sum. A pure function of its row, so old rows can be subtracted exactly. */
export function contributionOf(row: ContributingRow): Contribution {
  const repeated = row.repeated ?? 0;
  const tokens = (count: number | null): number => ((repeated & TOKENS) === 0 ? (count ?? 0) : 0);
  return {
    hour: hourOf(row.startTime ?? row.createdAt),
    model: row.model ?? '',
    firstStart: row.startTime,
    lastEnd: latest(row.startTime, row.endTime),
    observationCount: 1,
    generationCount: row.type === 'GENERATION' ? 1 : 0,
    errorCount: row.level === 'ERROR' ? 1 : 0,
    inputTokens: tokens(row.inputTokens),
    outputTokens: tokens(row.outputTokens),
    totalTokens: tokens(row.totalTokens),
    costNanoUsd: (repeated & COST) === 0 ? (row.costNanoUsd ?? 0) : 0,
  };
}

const TOTAL_FIELDS = [
  'observationCount',
  'generationCount',
  'errorCount',
  'inputTokens',
  'outputTokens',
  'totalTokens',
  'costNanoUsd',
] as const satisfies readonly (keyof Totals)[];

export function newTotals(): Totals {
  return {
    observationCount: 0,
    generationCount: 0,
    errorCount: 0,
    inputTokens: 0,
    outputTokens: 0,
    totalTokens: 0,
    costNanoUsd: 0,
  };
}

/** Adds `sign` × `amount` to `totals`. */
export function addTotals(totals: Totals, amount: Totals, sign: 1 | -1): void {
  totals.observationCount += sign * amount.observationCount;
  totals.generationCount += sign * amount.generationCount;
  totals.errorCount += sign * amount.errorCount;
  totals.inputTokens += sign * amount.inputTokens;
  totals.outputTokens += sign * amount.outputTokens;
  totals.totalTokens += sign * amount.totalTokens;
  totals.costNanoUsd += sign * amount.costNanoUsd;
}

export function isZero(totals: Totals): boolean {
  return TOTAL_FIELDS.every((field) => totals[field] === 0);
}

export function earliest(a: Micros | null, b: Micros | null): Micros | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

export function latest(a: Micros | null, b: Micros | null): Micros | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}
