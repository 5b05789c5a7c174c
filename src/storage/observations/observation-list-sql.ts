import { micros } from '../bulk-insert.js';
import { OBSERVATION_COLUMNS } from '../sql/observation-columns.js';
import { timestampLiteral, type Where } from '../sql/where.js';
import { type ObservationCursor } from './observation-cursor.js';

/**
 * Where rows come from: an index each for those that have a start and for the few that have none, which are shown with
 * the time of their arrival. One statement over both would find no index for the time that is either.
 */
const SOURCES = [
  '(SELECT *, start_time AS at_time FROM observations WHERE start_time IS NOT NULL) o',
  '(SELECT *, created_at AS at_time FROM observations WHERE start_time IS NULL) o',
];

const WITH_TRACE = 'JOIN traces t ON t.project_no = o.project_no AND t.trace_id = o.trace_id AND t.bucket = o.bucket';
const NEWEST_FIRST = 'at_time DESC, trace_id DESC, id DESC';

/** Which observations a list shows: conditions on `o`, and on `t`, its trace, where that is joined. */
export interface ObservationWhere {
  readonly where: Where;
  readonly joinsTrace: boolean;
  /** Whether conditions speak of `at_time`. */
  readonly isByTime: boolean;
}

/** Of a count that has nothing to do with the time: an index that knows no times may then serve it alone. */
const ANY_TIME = 'observations o';

function rowsSql(source: string, selection: string, { where, joinsTrace }: ObservationWhere): string {
  return `SELECT ${selection} FROM ${source}${joinsTrace ? ` ${WITH_TRACE}` : ''} WHERE ${where.sql}`;
}

/** The keys of a page, newest first. */
export function observationKeysSql(shown: ObservationWhere, page: { limit: number; offset: number }): string {
  const order = NEWEST_FIRST.replace(/\b(at_time|trace_id|id)\b/g, 'o.$1');
  const parts = SOURCES.map((source) => {
    const rows = rowsSql(source, 'o.trace_id, o.id, o.bucket, o.at_time', shown);
    return `(${rows} ORDER BY ${order} LIMIT ${page.limit + page.offset})`;
  });
  return (
    `SELECT trace_id, id, bucket, ${micros('at_time')} AS at FROM (${parts.join(' UNION ALL ')}) k ` +
    `ORDER BY ${NEWEST_FIRST} LIMIT ${page.limit} OFFSET ${page.offset}`
  );
}

/** One row for each observation, to be counted. */
export function observationRowsSql(counted: ObservationWhere): string {
  const sources = counted.isByTime ? SOURCES : [ANY_TIME];
  return sources.map((source) => rowsSql(source, '1', counted)).join(' UNION ALL ');
}

/** Adds that rows come after `cursor`. The bare comparison of times is there for the index. */
export function whereAfterObservation(where: Where, { at, traceId, id }: ObservationCursor): void {
  const time = where.bind(timestampLiteral(at), 'timestamptz');
  where.and(`o.at_time <= ${time}`);
  where.and(`(o.at_time, o.trace_id, o.id) < (${time}, ${where.bind(traceId, 'text')}, ${where.bind(id, 'text')})`);
}

// Look-ups for the rows of a page, as for those of a page of traces (`sql/trace-statements.ts`): LATERAL with LIMIT keeps
// the planner from hashing a partition, the list of distinct buckets lets it leave out all others.
const SAME_KEY = 'o.project_no = $1::int4 AND o.trace_id = k.t AND o.id = k.i AND o.bucket = k.b';

/** Parameters: project, trace ids, ids and buckets in step, the distinct buckets. */
export const OBSERVATIONS_BY_KEY_SQL =
  'SELECT k.n::int4 AS n, o.* FROM unnest($2::text[], $3::text[], $4::int4[]) WITH ORDINALITY AS k(t, i, b, n) ' +
  `CROSS JOIN LATERAL (SELECT ${OBSERVATION_COLUMNS} FROM observations o WHERE ${SAME_KEY} ` +
  'AND o.bucket = ANY($5::int4[]) LIMIT 1) o';

/** For copying out: n (from 0), input, output, metadata. Parameters: project, keys as a JSON array of {n, t, i, b}, the distinct buckets. */
export function payloadsByKeySql({ io, metadata }: { io: boolean; metadata: boolean }): string {
  const columns = [
    io ? 'o.input' : 'NULL::text',
    io ? 'o.output' : 'NULL::text',
    metadata ? 'o.metadata' : 'NULL::text',
  ];
  return (
    `SELECT k.n, o.* FROM json_to_recordset($2::json) AS k(n int4, t text, i text, b int4) CROSS JOIN LATERAL ` +
    `(SELECT ${columns.join(', ')} FROM observation_payloads o WHERE ${SAME_KEY} AND o.bucket = ANY($3::int4[]) LIMIT 1) o`
  );
}

/** What observations show of their traces. Parameters: project, trace ids. */
export const TRACE_FACTS_SQL =
  'SELECT t.trace_id, t.name, t.user_id, t.session_id, t.release, t.tags, t.public, t.bookmarked FROM traces t ' +
  'WHERE t.project_no = $1::int4 AND t.trace_id = ANY($2::text[])';
