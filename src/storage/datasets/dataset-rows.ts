import { type Dataset, type DatasetItem, type DatasetRun, type DatasetRunItem } from '../../domain/dataset.js';
import { micros } from '../bulk-insert.js';

/** The present as clients are shown it: whole milliseconds. */
export const NOW = "date_trunc('milliseconds', clock_timestamp())";

/** The columns of `d`, a row of `datasets`. */
export const DATASET_COLUMNS =
  'd.id, d.name, d.description, d.metadata, d.input_schema AS "inputSchema", ' +
  'd.expected_output_schema AS "expectedOutputSchema", ' +
  `${micros('d.created_at')} AS "createdAt", ${micros('d.updated_at')} AS "updatedAt"`;

/** The columns of `i`, a row of `dataset_items`, with the name of `d`, its dataset. */
export const ITEM_COLUMNS =
  'i.id, i.dataset_id AS "datasetId", d.name AS "datasetName", i.status, i.input, i.expected_output AS "expectedOutput", ' +
  'i.metadata, i.source_trace_id AS "sourceTraceId", i.source_observation_id AS "sourceObservationId", ' +
  `${micros('i.created_at')} AS "createdAt", ${micros('i.valid_from')} AS "validFrom"`;

/** The columns of `r`, a row of `dataset_runs`, with the name of `d`, its dataset. */
export const RUN_COLUMNS =
  'r.id, r.name, r.description, r.metadata, r.dataset_id AS "datasetId", d.name AS "datasetName", ' +
  `${micros('r.created_at')} AS "createdAt", ${micros('r.updated_at')} AS "updatedAt"`;

/** The columns of `x`, a row of `dataset_run_items`, with the name of `r`, its run. */
export const RUN_ITEM_COLUMNS =
  'x.id, x.run_id AS "runId", r.name AS "runName", x.dataset_item_id AS "datasetItemId", x.trace_id AS "traceId", ' +
  `${micros('x.item_version')} AS "itemVersion", ` +
  `x.observation_id AS "observationId", ${micros('x.created_at')} AS "createdAt", ${micros('x.updated_at')} AS "updatedAt"`;

type Times = 'createdAt' | 'updatedAt' | 'validFrom' | 'itemVersion';

/** A row as `pg` gives it: int8 is text. */
export type RowOf<T> = { -readonly [K in keyof T]: K extends Times ? string : T[K] };

export function toDataset(row: RowOf<Dataset>): Dataset {
  return { ...row, createdAt: Number(row.createdAt), updatedAt: Number(row.updatedAt) };
}

export function toItem(row: RowOf<DatasetItem>): DatasetItem {
  return { ...row, createdAt: Number(row.createdAt), validFrom: Number(row.validFrom) };
}

export function toRun(row: RowOf<DatasetRun>): DatasetRun {
  return { ...row, createdAt: Number(row.createdAt), updatedAt: Number(row.updatedAt) };
}

export function toRunItem(row: RowOf<DatasetRunItem>): DatasetRunItem {
  const [createdAt, updatedAt] = [Number(row.createdAt), Number(row.updatedAt)];
  return { ...row, itemVersion: Number(row.itemVersion), createdAt, updatedAt };
}

/** The cursor of lists in order of creation. */
export function cursorOf(row: { readonly id: string; readonly createdAt: string }): { micros: number; id: string } {
  return { micros: Number(row.createdAt), id: row.id };
}
