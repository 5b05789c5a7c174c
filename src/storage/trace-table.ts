import { type ClientBase } from 'pg';
import { compareBytewise, type JsonText } from '../domain/json.js';
import {
  applyMetadata,
  applyTracePatch,
  newTraceState,
  type StampedMetadata,
  TRACE_FIELDS,
  type TraceState,
} from '../domain/merge.js';
import { decodeMetadata, decodeStamps, encodeMetadata, encodeStamps } from '../domain/stamp-codec.js';
import { type Totals, type TraceFields, type TracePatch } from '../domain/trace.js';
import { type Micros } from '../domain/time.js';
import { encodeArray } from './binary-array.js';
import { BulkInsert, type Column, micros, replaceColumns, toNumber } from './bulk-insert.js';
import { newTotals } from './rollup.js';
import { decodeTotals, type TraceColumns } from './sql/trace-columns.js';
import { type StatementBatch } from './statement-batch.js';
import { TraceUsage, type TraceUsageColumns } from './trace-usage.js';

export interface TraceKey {
  projectNo: number;
  traceId: string;
}

/** A row of `traces` before its stamps are encoded. Totals and bounds are changed in place while observations are counted. */
export interface TraceRow extends TraceKey {
  bucket: number;
  state: TraceState;
  metadata: StampedMetadata;
  totals: Totals;
  usage: TraceUsage;
  /** Ids that may yet turn out to be calls which others, stored below them, repeat. */
  awaitedParents: Set<string>;
  /** Any further observation may change whose usage counts. */
  isUsageOpen: boolean;
  firstStart: Micros | null;
  lastEnd: Micros | null;
  createdAt: Micros;
  updatedAt: Micros;
}

export function newTraceRow(key: TraceKey, bucket: number, now: Micros): TraceRow {
  return {
    ...key,
    bucket,
    state: newTraceState(),
    metadata: new Map(),
    totals: newTotals(),
    usage: new TraceUsage(),
    awaitedParents: new Set(),
    isUsageOpen: false,
    firstStart: null,
    lastEnd: null,
    createdAt: now,
    updatedAt: now,
  };
}

export function applyTracePatches(row: TraceRow, patches: readonly TracePatch[]): void {
  for (const patch of patches) {
    applyTracePatch(row.state, patch);
    if (patch.metadata !== undefined) applyMetadata(row.metadata, patch.metadata, patch.stamp);
  }
}

/** Stated, else the start of the first observation, else the arrival of the first message. */
export function timestampOf(row: TraceRow): Micros {
  return row.state.statedTimestamp ?? row.firstStart ?? row.createdAt;
}

interface EncodedRow {
  row: TraceRow;
  usage: TraceUsageColumns;
  stamp: number | null;
  stamps: JsonText | null;
  metadata: JsonText | null;
  metadataStamp: number | null;
  metadataStamps: JsonText | null;
}

function encodeRow(row: TraceRow): EncodedRow {
  const metadata = encodeMetadata(row.metadata);
  return {
    row,
    usage: row.usage.encode(),
    ...encodeStamps(TRACE_FIELDS, row.state),
    metadata: metadata.metadata,
    metadataStamp: metadata.stamp,
    metadataStamps: metadata.stamps,
  };
}

function field(name: keyof TraceFields): (encoded: EncodedRow) => unknown {
  return ({ row }) => row.state.values[name];
}

function total(name: keyof Totals): (encoded: EncodedRow) => unknown {
  return ({ row }) => row.totals[name];
}

const COLUMNS: readonly Column<EncodedRow>[] = [
  { name: 'project_no', type: 'int4', value: ({ row }) => row.projectNo },
  { name: 'trace_id', type: 'text', value: ({ row }) => row.traceId },
  { name: 'bucket', type: 'int4', value: ({ row }) => row.bucket },
  { name: 'ts', type: 'timestamptz', value: ({ row }) => timestampOf(row) },
  { name: 'stated_ts', type: 'timestamptz', value: ({ row }) => row.state.statedTimestamp },
  { name: 'first_start', type: 'timestamptz', value: ({ row }) => row.firstStart },
  { name: 'last_end', type: 'timestamptz', value: ({ row }) => row.lastEnd },
  { name: 'created_at', type: 'timestamptz', value: ({ row }) => row.createdAt },
  { name: 'updated_at', type: 'timestamptz', value: ({ row }) => row.updatedAt },
  { name: 'name', type: 'text', value: field('name') },
  { name: 'user_id', type: 'text', value: field('userId') },
  { name: 'session_id', type: 'text', value: field('sessionId') },
  { name: 'release', type: 'text', value: field('release') },
  { name: 'version', type: 'text', value: field('version') },
  { name: 'environment', type: 'text', value: ({ row }) => row.state.environment?.value },
  { name: 'external_id', type: 'text', value: field('externalId') },
  { name: 'public', type: 'bool', value: field('public') },
  { name: 'bookmarked', type: 'bool', value: field('bookmarked') },
  { name: 'stated_latency_seconds', type: 'float8', value: field('statedLatencySeconds') },
  { name: 'stated_cost_usd', type: 'float8', value: field('statedCostUsd') },
  // An array of arrays must be rectangular, so each row's tags travel as one JSON array.
  {
    name: 'tags',
    type: 'jsonb',
    value: ({ row }) => JSON.stringify(row.state.tags),
    expression: 'ARRAY(SELECT jsonb_array_elements_text(x.tags))',
  },
  { name: 'metadata', type: 'jsonb', value: (encoded) => encoded.metadata },
  { name: 'observation_count', type: 'int8', value: total('observationCount') },
  { name: 'generation_count', type: 'int8', value: total('generationCount') },
  { name: 'error_count', type: 'int8', value: total('errorCount') },
  { name: 'input_tokens', type: 'int8', value: total('inputTokens') },
  { name: 'output_tokens', type: 'int8', value: total('outputTokens') },
  { name: 'total_tokens', type: 'int8', value: total('totalTokens') },
  { name: 'cost_nano_usd', type: 'int8', value: total('costNanoUsd') },
  { name: 'model_names', type: 'text', value: ({ usage }) => usage.names, expression: 'x.model_names::text[]' },
  { name: 'model_sums', type: 'text', value: ({ usage }) => usage.sums, expression: 'x.model_sums::int8[]' },
  { name: 'strays', type: 'bool', value: ({ row }) => row.usage.strays(timestampOf(row)) },
  // As the tags: an array each.
  {
    name: 'awaited_parents',
    type: 'jsonb',
    value: ({ row: { awaitedParents } }) =>
      awaitedParents.size === 0 ? null : JSON.stringify([...awaitedParents].sort(compareBytewise)),
    expression:
      'CASE WHEN x.awaited_parents IS NOT NULL THEN ARRAY(SELECT jsonb_array_elements_text(x.awaited_parents)) END',
  },
  { name: 'usage_is_open', type: 'bool', value: ({ row }) => row.isUsageOpen || null },
  { name: 'stamp', type: 'int8', value: (encoded) => encoded.stamp },
  { name: 'stamps', type: 'jsonb', value: (encoded) => encoded.stamps },
  { name: 'metadata_stamp', type: 'int8', value: (encoded) => encoded.metadataStamp },
  { name: 'metadata_stamps', type: 'jsonb', value: (encoded) => encoded.metadataStamps },
];

const INSERT = new BulkInsert(
  'traces',
  COLUMNS,
  `(project_no, trace_id) DO UPDATE SET ${replaceColumns(COLUMNS, ['project_no', 'trace_id', 'bucket', 'created_at'])}`,
);

export function insertTraces(batch: StatementBatch, rows: readonly TraceRow[]): void {
  INSERT.addTo(batch, rows.map(encodeRow));
}

const SELECT_STORED =
  `SELECT k.n::int4 AS n, t.* FROM unnest($1::int4[], $2::text[]) WITH ORDINALITY AS k(p, t, n) CROSS JOIN LATERAL (SELECT ` +
  `t.bucket, ${micros('t.stated_ts')} AS stated_ts, ${micros('t.first_start')} AS first_start, ` +
  `${micros('t.last_end')} AS last_end, ${micros('t.created_at')} AS created_at, ` +
  `t.name, t.user_id, t.session_id, t.release, t.version, t.environment, t.external_id, t.public, t.bookmarked, ` +
  `t.stated_latency_seconds, t.stated_cost_usd, t.tags, t.metadata::text AS metadata, ` +
  `t.observation_count, t.generation_count, t.error_count, t.input_tokens, t.output_tokens, t.total_tokens, t.cost_nano_usd, ` +
  `t.model_names, t.model_sums, t.awaited_parents, t.usage_is_open, t.stamp, t.stamps, t.metadata_stamp, t.metadata_stamps::text AS metadata_stamps ` +
  `FROM traces t WHERE t.project_no = k.p AND t.trace_id = k.t LIMIT 1) t`;

interface StoredColumns extends Omit<TraceColumns, 'trace_id' | 'ts' | 'updated_at'> {
  n: number;
  stated_ts: string | null;
  model_names: string[];
  model_sums: string[];
  awaited_parents: string[] | null;
  usage_is_open: boolean | null;
  stamp: string | null;
  stamps: Record<string, number> | null;
  metadata_stamp: string | null;
  metadata_stamps: string | null;
}

/** The stored rows of `keys`, at the keys' positions; undefined where there is none. `updatedAt` is `now`. */
export async function selectTraces(
  client: ClientBase,
  keys: readonly TraceKey[],
  now: Micros,
): Promise<(TraceRow | undefined)[]> {
  const found = new Array<TraceRow | undefined>(keys.length);
  const values = [
    encodeArray(
      'key.project_no',
      'int4',
      keys.map((key) => key.projectNo),
    ),
    encodeArray(
      'key.trace_id',
      'text',
      keys.map((key) => key.traceId),
    ),
  ];
  const result = await client.query<StoredColumns>({ name: 'select traces', text: SELECT_STORED, values });
  for (const row of result.rows) found[row.n - 1] = decodeRow(keys[row.n - 1]!, row, now);
  return found;
}

function decodeRow(key: TraceKey, row: StoredColumns, now: Micros): TraceRow {
  const state = newTraceState();
  state.statedTimestamp = toNumber(row.stated_ts);
  state.tags = row.tags;
  decodeStamps(TRACE_FIELDS, state, {
    values: {
      name: row.name,
      userId: row.user_id,
      sessionId: row.session_id,
      release: row.release,
      version: row.version,
      public: row.public,
      bookmarked: row.bookmarked,
      externalId: row.external_id,
      statedLatencySeconds: row.stated_latency_seconds,
      statedCostUsd: row.stated_cost_usd,
    },
    environment: row.environment,
    stamp: toNumber(row.stamp),
    stamps: row.stamps,
  });
  return {
    projectNo: key.projectNo,
    traceId: key.traceId,
    bucket: row.bucket,
    state,
    metadata: decodeMetadata(row.metadata, toNumber(row.metadata_stamp), row.metadata_stamps),
    totals: decodeTotals(row),
    usage: new TraceUsage(row.model_names, row.model_sums.map(Number)),
    awaitedParents: new Set(row.awaited_parents),
    isUsageOpen: row.usage_is_open === true,
    firstStart: toNumber(row.first_start),
    lastEnd: toNumber(row.last_end),
    createdAt: Number(row.created_at),
    updatedAt: now,
  };
}

const SELECT_LAST_END =
  `SELECT k.n::int4 AS n, ${micros('(SELECT max(greatest(o.start_time, o.end_time)) FROM observations o WHERE ' + 'o.project_no = k.p AND o.trace_id = k.t AND o.bucket = k.b)')} AS last_end ` +
  `FROM unnest($1::int4[], $2::text[], $3::int4[]) WITH ORDINALITY AS k(p, t, b, n)`;

/** Finds `lastEnd` of `rows` anew from their stored observations, for traces whose last one moved to an earlier time. */
export async function recomputeLastEnd(client: ClientBase, rows: readonly TraceRow[]): Promise<void> {
  if (rows.length === 0) return;
  const values = [
    encodeArray(
      'key.project_no',
      'int4',
      rows.map((row) => row.projectNo),
    ),
    encodeArray(
      'key.trace_id',
      'text',
      rows.map((row) => row.traceId),
    ),
    encodeArray(
      'key.bucket',
      'int4',
      rows.map((row) => row.bucket),
    ),
  ];
  const result = await client.query<{ n: number; last_end: string | null }>({
    name: 'last end',
    text: SELECT_LAST_END,
    values,
  });
  for (const found of result.rows) rows[found.n - 1]!.lastEnd = toNumber(found.last_end);
}
