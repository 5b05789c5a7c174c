import { type ClientBase } from 'pg';
import {
  applyMetadata,
  applyPayload,
  newPayloadState,
  type PayloadState,
  type StampedMetadata,
} from '../domain/merge.js';
import { type ObservationPatch } from '../domain/observation.js';
import { decodeMetadata, encodeMetadata, type EncodedMetadata } from '../domain/stamp-codec.js';
import { type TracePatch } from '../domain/trace.js';
import { BulkInsert, type Column, toNumber } from './bulk-insert.js';
import { KEYED, keyParameters, type ObservationKey, SAME_KEY } from './observation-table.js';
import { type StatementBatch } from './statement-batch.js';

/** What a flush says about the payload of one observation; metadata is merged with the stored one already. */
export interface ObservationPayloadRow extends ObservationKey {
  payload: PayloadState;
  metadata: EncodedMetadata;
}

/** What a flush says about the payload of one trace. */
export interface TracePayloadRow {
  projectNo: number;
  traceId: string;
  bucket: number;
  payload: PayloadState;
}

/** The payload row that `patches` ask for, or undefined when they say nothing about a payload. */
export function foldPayload(
  key: ObservationKey,
  storedMetadata: StampedMetadata | undefined,
  patches: readonly ObservationPatch[],
): ObservationPayloadRow | undefined {
  const payload = newPayloadState();
  let metadata: StampedMetadata | undefined;
  for (const patch of patches) {
    applyPayload(payload, patch);
    if (patch.metadata !== undefined)
      applyMetadata((metadata ??= storedMetadata ?? newMetadata()), patch.metadata, patch.stamp);
  }
  if (payload.input === null && payload.output === null && metadata === undefined) return undefined;
  return { ...key, payload, metadata: encodeMetadata(metadata ?? newMetadata()) };
}

function newMetadata(): StampedMetadata {
  return new Map();
}

export function foldTracePayload(
  key: { projectNo: number; traceId: string; bucket: number },
  patches: readonly TracePatch[],
): TracePayloadRow | undefined {
  const payload = newPayloadState();
  for (const patch of patches) applyPayload(payload, patch);
  return payload.input === null && payload.output === null ? undefined : { ...key, payload };
}

// The stored text is compared here rather than read: the same rule as domain/merge.ts, so that any order gives the same row.
function laterText(column: string): string {
  const isLater =
    `t.${column} IS NULL OR excluded.${column}_stamp > t.${column}_stamp OR (excluded.${column}_stamp = t.${column}_stamp ` +
    `AND excluded.${column} COLLATE "C" > t.${column} COLLATE "C")`;
  return (
    `${column} = CASE WHEN excluded.${column} IS NOT NULL AND (${isLater}) THEN excluded.${column} ELSE t.${column} END, ` +
    `${column}_stamp = greatest(t.${column}_stamp, excluded.${column}_stamp)`
  );
}

const kept = (column: string): string =>
  `${column} = CASE WHEN excluded.metadata IS NULL THEN t.${column} ELSE excluded.${column} END`;

const TEXT_COLUMNS: readonly Column<{ payload: PayloadState }>[] = [
  { name: 'input', type: 'text', value: (row) => row.payload.input?.value },
  { name: 'output', type: 'text', value: (row) => row.payload.output?.value },
  { name: 'input_stamp', type: 'int8', value: (row) => row.payload.input?.stamp },
  { name: 'output_stamp', type: 'int8', value: (row) => row.payload.output?.stamp },
];

const INSERT_OBSERVATION_PAYLOADS = new BulkInsert<ObservationPayloadRow>(
  'observation_payloads',
  [
    { name: 'project_no', type: 'int4', value: (row) => row.projectNo },
    { name: 'trace_id', type: 'text', value: (row) => row.traceId },
    { name: 'id', type: 'text', value: (row) => row.id },
    { name: 'bucket', type: 'int4', value: (row) => row.bucket },
    ...TEXT_COLUMNS,
    { name: 'metadata', type: 'text', value: (row) => row.metadata.metadata },
    { name: 'metadata_stamp', type: 'int8', value: (row) => row.metadata.stamp },
    { name: 'metadata_stamps', type: 'text', value: (row) => row.metadata.stamps },
  ],
  `(project_no, trace_id, id, bucket) DO UPDATE SET ${laterText('input')}, ${laterText('output')}, ` +
    `${kept('metadata')}, ${kept('metadata_stamp')}, ${kept('metadata_stamps')}`,
);

const INSERT_TRACE_PAYLOADS = new BulkInsert<TracePayloadRow>(
  'trace_payloads',
  [
    { name: 'project_no', type: 'int4', value: (row) => row.projectNo },
    { name: 'trace_id', type: 'text', value: (row) => row.traceId },
    { name: 'bucket', type: 'int4', value: (row) => row.bucket },
    ...TEXT_COLUMNS,
  ],
  `(project_no, trace_id, bucket) DO UPDATE SET ${laterText('input')}, ${laterText('output')}`,
);

/** `added` belong to observations that are not stored yet, `changed` to stored ones. */
export function writeObservationPayloads(
  batch: StatementBatch,
  added: readonly ObservationPayloadRow[],
  changed: readonly ObservationPayloadRow[],
): void {
  INSERT_OBSERVATION_PAYLOADS.addNewTo(batch, added);
  INSERT_OBSERVATION_PAYLOADS.addTo(batch, changed);
}

export function insertTracePayloads(batch: StatementBatch, rows: readonly TracePayloadRow[]): void {
  INSERT_TRACE_PAYLOADS.addTo(batch, rows);
}

const SELECT_METADATA =
  `SELECT k.n::int4 AS n, o.metadata, o.metadata_stamp, o.metadata_stamps FROM ${KEYED} CROSS JOIN LATERAL (SELECT ` +
  `o.metadata, o.metadata_stamp, o.metadata_stamps FROM observation_payloads o WHERE ${SAME_KEY} LIMIT 1) o`;

interface StoredMetadata {
  n: number;
  metadata: string | null;
  metadata_stamp: string | null;
  metadata_stamps: string | null;
}

/** The stored metadata of `keys`, at the keys' positions; undefined where there is none. */
export async function selectMetadata(
  client: ClientBase,
  keys: readonly ObservationKey[],
): Promise<(StampedMetadata | undefined)[]> {
  const found = new Array<StampedMetadata | undefined>(keys.length);
  if (keys.length === 0) return found;
  const result = await client.query<StoredMetadata>({
    name: 'select metadata',
    text: SELECT_METADATA,
    values: keyParameters(keys),
  });
  for (const row of result.rows)
    found[row.n - 1] = decodeMetadata(row.metadata, toNumber(row.metadata_stamp), row.metadata_stamps);
  return found;
}
