import { type ClientBase } from 'pg';
import { OPTIONAL_SCORE_FIELDS, type OptionalScoreField, type ScoreState } from '../../domain/score-merge.js';
import { type Micros } from '../../domain/time.js';
import { encodeArray } from '../binary-array.js';
import { BulkInsert, type Column, replaceColumns } from '../bulk-insert.js';
import { type BinaryStatement, StatementBatch } from '../statement-batch.js';
import { decodeScore, SCORE_COLUMNS, type ScoreColumns } from './score-statements.js';

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

interface StoredColumns extends ScoreColumns {
  n: number;
  first_stamp: string;
  stamp: string;
  stamps: Record<string, number> | null;
}

const SELECT_STORED =
  `SELECT k.n::int4 AS n, ${SCORE_COLUMNS}, s.first_stamp, s.stamp, s.stamps ` +
  'FROM unnest($1::int4[], $2::text[]) WITH ORDINALITY AS k(p, i, n) ' +
  'CROSS JOIN LATERAL (SELECT * FROM scores o WHERE o.project_no = k.p AND o.id = k.i LIMIT 1) s';

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
  const score = decodeScore(row);
  const { traceId, observationId, sessionId, datasetRunId, timestamp, environment } = score;
  const { name, source, dataType, value, stringValue, configId } = score;
  return {
    origin: {
      value: { traceId, observationId, sessionId, datasetRunId, timestamp, environment },
      stamp: Number(row.first_stamp),
    },
    verdict: { value: { name, source, dataType, value, stringValue, configId }, stamp },
    optional: new Map(
      OPTIONAL_SCORE_FIELDS.flatMap((field) => {
        const stated = score[field];
        return stated === null ? [] : [[field, { value: stated, stamp: row.stamps?.[field] ?? stamp }] as const];
      }),
    ),
  };
}
