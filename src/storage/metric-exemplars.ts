import { type ClientBase } from 'pg';
import {
  EXEMPLAR_SUFFIX,
  type Exemplar,
  type ExemplarQuery,
  EXEMPLARS_PER_MINUTE,
  type Point,
  SERIES_SUFFIXES,
} from '../domain/metric.js';
import { type Micros } from '../domain/time.js';
import { BulkInsert, micros } from './bulk-insert.js';
import { type Statement } from './metric-statements.js';
import { lastOf, timestampLiteral, Where } from './sql/where.js';

const MINUTE_MICROS = 60_000_000;

interface ExemplarRow {
  readonly projectNo: number;
  readonly seriesId: number;
  readonly minute: Micros;
  readonly slot: number;
  readonly exemplar: Exemplar;
}

const RANK = (row: string) => `(${row}.value, ${row}.ts, ${row}.trace_id, ${row}.span_id)`;

/** The greater value stays, so that any order and repetition of deliveries gives the same rows. */
const exemplarTable = new BulkInsert<ExemplarRow>(
  'metric_exemplars',
  [
    { name: 'project_no', type: 'int4', value: (row) => row.projectNo },
    { name: 'series_id', type: 'int4', value: (row) => row.seriesId },
    { name: 'minute', type: 'timestamptz', value: (row) => row.minute },
    { name: 'slot', type: 'int4', value: (row) => row.slot },
    { name: 'ts', type: 'timestamptz', value: (row) => row.exemplar.time },
    { name: 'value', type: 'float8', value: (row) => row.exemplar.value },
    { name: 'trace_id', type: 'text', value: (row) => row.exemplar.traceId },
    { name: 'span_id', type: 'text', value: (row) => row.exemplar.spanId },
  ],
  '(project_no, series_id, minute, slot) DO UPDATE SET ts = excluded.ts, value = excluded.value, ' +
    `trace_id = excluded.trace_id, span_id = excluded.span_id WHERE ${RANK('excluded')} > ${RANK('t')}`,
);

/** A point whose series has its number. */
interface ResolvedPoint {
  readonly projectNo: number;
  readonly seriesId: number | undefined;
  readonly point: Point;
}

/** Writes the exemplars of `points` in one transaction; nothing when there are none. */
export async function insertExemplars(client: ClientBase, points: readonly ResolvedPoint[]): Promise<void> {
  const rows = new Map<string, ExemplarRow>();
  for (const { projectNo, seriesId, point } of points) {
    if (point.exemplars === undefined || seriesId === undefined) continue;
    for (const exemplar of point.exemplars) {
      const minute = Math.floor(exemplar.time / MINUTE_MICROS) * MINUTE_MICROS;
      // The low digits of a trace id are random also where the high ones are a time.
      const slot = Number.parseInt(exemplar.traceId.slice(-2), 16) % EXEMPLARS_PER_MINUTE;
      const key = `${projectNo} ${seriesId} ${minute} ${slot}`;
      const known = rows.get(key);
      if (known === undefined || isGreater(exemplar, known.exemplar)) {
        rows.set(key, { projectNo, seriesId, minute, slot, exemplar });
      }
    }
  }
  if (rows.size > 0) await exemplarTable.run(client, [...rows.values()].sort(byKey));
}

/** The order of `RANK`; ids are ASCII. */
function isGreater(a: Exemplar, b: Exemplar): boolean {
  if (a.value !== b.value) return a.value > b.value;
  if (a.time !== b.time) return a.time > b.time;
  return a.traceId + a.spanId > b.traceId + b.spanId;
}

function byKey(a: ExemplarRow, b: ExemplarRow): number {
  return a.projectNo - b.projectNo || a.seriesId - b.seriesId || a.minute - b.minute || a.slot - b.slot;
}

/** A row of {@link exemplarsSql}. */
export type ExemplarColumns = [labels: string, micros: string, value: number, traceId: string, spanId: string];

/** The exemplars with the greatest values, these first: one more than asked for, to tell whether there are more. */
export function exemplarsSql(projectNo: number, query: ExemplarQuery): Statement {
  const where = new Where();
  const project = where.bind(projectNo, 'int4');
  where.and(`m.project_no = ${project}`).and(`m.name = ANY(${where.bind(namesOf(query.name), 'text[]')})`);
  if (query.labels !== undefined) where.and(`m.labels @> ${where.bind(query.labels, 'jsonb')}`);
  const bound = (time: Micros) => where.bind(timestampLiteral(time), 'timestamptz');
  const minutes = `e.minute >= date_trunc('minute', ${bound(query.from)}) AND e.minute <= ${bound(query.to)}`;
  const range = `e.ts >= ${bound(query.from)} AND e.ts <= ${bound(lastOf(query.to))}`;
  const sql =
    `SELECT m.labels::text, ${micros('e.ts')} AS ts, e.value, e.trace_id, e.span_id FROM metric_series m ` +
    `CROSS JOIN LATERAL (SELECT e.* FROM metric_exemplars e WHERE e.project_no = ${project} ` +
    `AND e.series_id = m.series_id AND ${minutes} AND ${range} ORDER BY e.value DESC LIMIT ${query.limit + 1}) e ` +
    `WHERE ${where.sql} ORDER BY e.value DESC, e.ts DESC, e.trace_id, e.span_id LIMIT ${query.limit + 1}`;
  return { sql, parameters: where.parameters };
}

/** The series that may have the exemplars of a metric: its own, and that of a histogram, whichever of its series is named. */
function namesOf(name: string): string[] {
  const suffix = SERIES_SUFFIXES.find((one) => name.endsWith(one));
  const names = [name, name + EXEMPLAR_SUFFIX];
  return suffix === undefined ? names : [...names, name.slice(0, -suffix.length) + EXEMPLAR_SUFFIX];
}

/** Rows of one statement. */
const CHUNK = 5000;

/** Removes exemplars from before `beforeMs` and returns how many went. */
export async function removeExpiredExemplars(
  client: ClientBase,
  beforeMs: number,
  isStopping: () => boolean,
): Promise<number> {
  let removed = 0;
  while (!isStopping()) {
    const { rowCount } = await client.query(
      'DELETE FROM metric_exemplars WHERE ctid = ANY(ARRAY(SELECT ctid FROM metric_exemplars WHERE minute < $1 ' +
        'ORDER BY minute LIMIT $2 FOR UPDATE SKIP LOCKED))',
      [new Date(beforeMs), CHUNK],
    );
    removed += rowCount ?? 0;
    if ((rowCount ?? 0) < CHUNK) break;
  }
  return removed;
}
