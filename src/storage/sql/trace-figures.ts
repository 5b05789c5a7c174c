import { type Trace } from '../../domain/trace.js';

/** Latency of a trace in seconds: derived from its observations, else as stated, else 0. `LATENCY_SQL` is the same. */
export function traceLatencySeconds(trace: Pick<Trace, 'firstStart' | 'lastEnd' | 'statedLatencySeconds'>): number {
  if (trace.firstStart === null || trace.lastEnd === null) return trace.statedLatencySeconds ?? 0;
  return Math.max(0, trace.lastEnd - trace.firstStart) / 1e6;
}

export const LATENCY_SQL =
  'CASE WHEN t.first_start IS NOT NULL AND t.last_end IS NOT NULL ' +
  "THEN greatest(date_part('epoch', t.last_end - t.first_start), 0) " +
  'ELSE coalesce(t.stated_latency_seconds, 0) END';

/** Cost of a trace in USD: the sum over its observations, else as stated, else 0. `COST_SQL` is the same. */
export function traceCostUsd(trace: Pick<Trace, 'totals' | 'statedCostUsd'>): number {
  return trace.totals.costNanoUsd === 0 ? (trace.statedCostUsd ?? 0) : trace.totals.costNanoUsd / 1e9;
}

export const COST_SQL =
  'CASE WHEN t.cost_nano_usd = 0 THEN coalesce(t.stated_cost_usd, 0) ELSE t.cost_nano_usd / 1e9::float8 END';
