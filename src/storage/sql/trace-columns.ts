import { type Totals, type Trace } from '../../domain/trace.js';
import { micros, toNumber } from '../bulk-insert.js';

/** The columns of `t` that a trace is made of. Metadata can be large and is read only when it is asked for. */
export function traceColumns(withMetadata: boolean): string {
  return (
    `t.trace_id, t.bucket, ${micros('t.ts')} AS ts, ${micros('t.first_start')} AS first_start, ` +
    `${micros('t.last_end')} AS last_end, ${micros('t.created_at')} AS created_at, ${micros('t.updated_at')} AS updated_at, ` +
    't.name, t.user_id, t.session_id, t.release, t.version, t.environment, t.external_id, t.public, t.bookmarked, ' +
    't.stated_latency_seconds, t.stated_cost_usd, t.tags, t.observation_count, t.generation_count, t.error_count, ' +
    't.input_tokens, t.output_tokens, t.total_tokens, t.cost_nano_usd, ' +
    `${withMetadata ? 't.metadata::text' : 'NULL::text'} AS metadata`
  );
}

/** The sums of a row of `traces` or `sessions` as `pg` gives them: int8 is text. */
export interface TotalColumns {
  observation_count: string;
  generation_count: string;
  error_count: string;
  input_tokens: string;
  output_tokens: string;
  total_tokens: string;
  cost_nano_usd: string;
}

/** A row of `traceColumns` as `pg` gives it: int8 is text. */
export interface TraceColumns extends TotalColumns {
  trace_id: string;
  bucket: number;
  ts: string;
  first_start: string | null;
  last_end: string | null;
  created_at: string;
  updated_at: string;
  name: string | null;
  user_id: string | null;
  session_id: string | null;
  release: string | null;
  version: string | null;
  environment: string | null;
  external_id: string | null;
  public: boolean | null;
  bookmarked: boolean | null;
  stated_latency_seconds: number | null;
  stated_cost_usd: number | null;
  tags: string[];
  metadata: string | null;
}

/** The trace of a row, its input and output still missing. */
export function decodeTrace(row: TraceColumns): Trace {
  return {
    traceId: row.trace_id,
    timestamp: Number(row.ts),
    name: row.name,
    userId: row.user_id,
    sessionId: row.session_id,
    release: row.release,
    version: row.version,
    environment: row.environment,
    externalId: row.external_id,
    public: row.public,
    bookmarked: row.bookmarked,
    statedLatencySeconds: row.stated_latency_seconds,
    statedCostUsd: row.stated_cost_usd,
    tags: row.tags,
    totals: decodeTotals(row),
    firstStart: toNumber(row.first_start),
    lastEnd: toNumber(row.last_end),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    input: null,
    output: null,
    metadata: row.metadata,
  };
}

export function decodeTotals(row: TotalColumns): Totals {
  return {
    observationCount: Number(row.observation_count),
    generationCount: Number(row.generation_count),
    errorCount: Number(row.error_count),
    inputTokens: Number(row.input_tokens),
    outputTokens: Number(row.output_tokens),
    totalTokens: Number(row.total_tokens),
    costNanoUsd: Number(row.cost_nano_usd),
  };
}
