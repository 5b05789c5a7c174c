import { type ClientBase } from 'pg';
import { type ScoreSource, type ScoreDataType } from '../../domain/score.js';
import { OPTIONAL_SCORE_FIELDS, type OptionalScoreField, type ScoreState } from '../../domain/score-merge.js';
import { type Micros } from '../../domain/time.js';
import { encodeArray } from '../binary-array.js';
import { BulkInsert, type Column, micros, replaceColumns } from '../bulk-insert.js';
import { type BinaryStatement, StatementBatch } from '../statement-batch.js';

export interface ScoreKey {
  readonly projectNo: number;
  readonly id: string;
}

/** A score on its way into `scores`. */
export interface ScoreRow extends ScoreKey {
  readonly state: ScoreState;
  readonly createdAt: Micros;
  readonly updatedAt: Micros;
}

const COLUMN_OF: Readonly<Record<OptionalScoreField, 'comment' | 'metadata' | `${string}_id`>> = {
  comment: 'comment',
  metadata: 'metadata',
  queueId: 'queue_id',
  authorUserId: 'author_user_id',
  executionTraceId: 'execution_trace_id',
};

const COLUMNS: readonly Column<ScoreRow>[] = [
  { name: 'project_no', type: 'int4', value: (row) => row.projectNo },
  { name: 'id', type: 'text', value: (row) => row.id },
  { name: 'ts', type: 'timestamptz', value: (row) => row.state.origin.value.timestamp },
  { name: 'trace_id', type: 'text', value: (row) => row.state.origin.value.traceId },
  { name: 'observation_id', type: 'text', value: (row) => row.state.origin.value.observationId },
  { name: 'session_id', type: 'text', value: (row) => row.state.origin.value.sessionId },
  { name: 'dataset_run_id', type: 'text', value: (row) => row.state.origin.value.datasetRunId },
  { name: 'environment', type: 'text', value: (row) => row.state.origin.value.environment },
  { name: 'name', type: 'text', value: (row) => row.state.verdict.value.name },
  { name: 'source', type: 'text', value: (row) => row.state.verdict.value.source },
  { name: 'data_type', type: 'text', value: (row) => row.state.verdict.value.dataType },
  { name: 'value', type: 'float8', value: (row) => row.state.verdict.value.value },
  { name: 'string_value', type: 'text', value: (row) => row.state.verdict.value.stringValue },
  { name: 'config_id', type: 'text', value: (row) => row.state.verdict.value.configId },
  ...OPTIONAL_SCORE_FIELDS.map((field): Column<ScoreRow> => ({
    name: COLUMN_OF[field],
    type: field === 'metadata' ? 'jsonb' : 'text',
    value: (row) => row.state.optional.get(field)?.value,
  })),
  { name: 'first_stamp', type: 'int8', value: (row) => row.state.origin.stamp },
  { name: 'stamp', type: 'int8', value: (row) => row.state.verdict.stamp },
  { name: 'stamps', type: 'jsonb', value: (row) => encodeStamps(row.state) },
  { name: 'created_at', type: 'timestamptz', value: (row) => row.createdAt },
  { name: 'updated_at', type: 'timestamptz', value: (row) => row.updatedAt },
];

const UPSERT = new BulkInsert<ScoreRow>(
  'scores',
  COLUMNS,
  `(project_no, id) DO UPDATE SET ${replaceColumns(COLUMNS, ['project_no', 'id', 'created_at'])}`,
);

/** Writes `rows`, whose keys are distinct, and runs `last` behind them. */
export async function upsertScores(
  client: ClientBase,
  rows: readonly ScoreRow[],
  last: BinaryStatement,
): Promise<void> {
  await StatementBatch.run(client, (batch) => {
    UPSERT.addTo(batch, rows);
    batch.add(last);
  });
}

interface StoredColumns {
  n: number;
  ts: string;
  trace_id: string | null;
  observation_id: string | null;
  session_id: string | null;
  dataset_run_id: string | null;
  environment: string | null;
  name: string;
  source: string;
  data_type: string;
  value: number | null;
  string_value: string | null;
  config_id: string | null;
  comment: string | null;
  metadata: string | null;
  queue_id: string | null;
  author_user_id: string | null;
  execution_trace_id: string | null;
  first_stamp: string;
  stamp: string;
  stamps: Record<string, number> | null;
  created_at: string;
}

const SELECT_STORED =
  `SELECT k.n::int4 AS n, ${micros('o.ts')} AS ts, o.trace_id, o.observation_id, o.session_id, o.dataset_run_id, ` +
  'o.environment, o.name, o.source, o.data_type, o.value, o.string_value, o.config_id, o.comment, ' +
  'o.metadata::text AS metadata, o.queue_id, o.author_user_id, o.execution_trace_id, o.first_stamp, o.stamp, o.stamps, ' +
  `${micros('o.created_at')} AS created_at ` +
  'FROM unnest($1::int4[], $2::text[]) WITH ORDINALITY AS k(p, i, n) ' +
  'CROSS JOIN LATERAL (SELECT * FROM scores s WHERE s.project_no = k.p AND s.id = k.i LIMIT 1) o';

/** What is stored under each of `keys`, at their positions; undefined where there is nothing. */
export async function selectScores(
  client: ClientBase,
  keys: readonly ScoreKey[],
): Promise<(Pick<ScoreRow, 'state' | 'createdAt'> | undefined)[]> {
  const result = await client.query<StoredColumns>({
    name: 'select scores',
    text: SELECT_STORED,
    values: encodeKeys(keys),
  });
  const found = new Array<Pick<ScoreRow, 'state' | 'createdAt'> | undefined>(keys.length);
  for (const row of result.rows) found[row.n - 1] = { state: decodeState(row), createdAt: Number(row.created_at) };
  return found;
}

/** Project numbers and ids in step, as parameters of an `unnest`. */
export function encodeKeys(keys: readonly ScoreKey[]): Buffer[] {
  return [
    encodeArray(
      'key.project_no',
      'int4',
      keys.map((key) => key.projectNo),
    ),
    encodeArray(
      'key.id',
      'text',
      keys.map((key) => key.id),
    ),
  ];
}

function encodeStamps({ verdict, optional }: ScoreState): string | null {
  const others = [...optional].filter(([, { stamp }]) => stamp !== verdict.stamp);
  return others.length === 0
    ? null
    : JSON.stringify(Object.fromEntries(others.map(([field, { stamp }]) => [field, stamp])));
}

function decodeState(row: StoredColumns): ScoreState {
  const stamp = Number(row.stamp);
  const optional: ScoreState['optional'] = new Map(
    OPTIONAL_SCORE_FIELDS.flatMap((field) => {
      const value = row[COLUMN_OF[field] as 'comment'];
      return value === null ? [] : [[field, { value, stamp: row.stamps?.[field] ?? stamp }] as const];
    }),
  );
  return {
    origin: {
      value: {
        traceId: row.trace_id,
        observationId: row.observation_id,
        sessionId: row.session_id,
        datasetRunId: row.dataset_run_id,
        timestamp: Number(row.ts),
        environment: row.environment,
      },
      stamp: Number(row.first_stamp),
    },
    verdict: {
      value: {
        name: row.name,
        source: row.source as ScoreSource,
        dataType: row.data_type as ScoreDataType,
        value: row.value,
        stringValue: row.string_value,
        configId: row.config_id,
      },
      stamp,
    },
    optional,
  };
}
