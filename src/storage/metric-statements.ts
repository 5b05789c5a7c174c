import {
  type Aggregation,
  DELTA_TEMPORALITY,
  MAX_BUCKETS,
  MAX_SERIES,
  type SeriesQuery,
  TEMPORALITY_LABEL,
} from '../domain/metric.js';
import { micros } from './bulk-insert.js';
import { lastOf, timestampLiteral, Where } from './sql/where.js';

// A query takes two statements: which series it shows, then their buckets. The second gets the series as an array, so
// that the planner sees how many there are and reads each by its primary key; joined in one statement it must guess.
// Neither is prepared by name: a generic plan could not leave out the days that are not asked for.

/** A statement with its parameters. */
export interface Statement {
  readonly sql: string;
  readonly parameters: unknown[];
}

/**
 * A row of {@link chosenSeriesSql}: the shown series or group `n` (from 1), its label text, one member, when that last had
 * a point, and for `increase` and `rate` whether its points are increments.
 */
export type ChosenColumns = [n: string, label: string | null, seriesId: number, latest: string, isDelta?: boolean];

/** A series of an answer. */
export interface Member {
  readonly seriesId: number;
  readonly n: number;
  readonly isDelta: boolean;
}

/**
 * How long before a range a counter's last total is looked for, to count from. Exporters send at least every minute; an
 * hour is for those that were held up. Without one the first total tells nothing of the range and is left out.
 */
const LOOKBACK_MICROS = 3_600_000_000;

/** Whether the aggregation is about how much counters grew. */
export function isOfGrowth(aggregation: Aggregation): aggregation is 'increase' | 'rate' {
  return aggregation === 'increase' || aggregation === 'rate';
}

/**
 * The first series by label text, or groups by label value, that have a point in the range: one more than an answer
 * shows, to tell whether there are more. A series costs one look-up of its newest point in the range, and the look-ups
 * stop with the last series shown (from PostgreSQL 15 on).
 */
export function chosenSeriesSql(projectNo: number, query: SeriesQuery): Statement {
  const where = new Where();
  const project = where.bind(projectNo, 'int4');
  where.and(`m.project_no = ${project}`).and(`m.name = ${where.bind(query.name, 'text')}`);
  if (query.labels !== undefined) where.and(`m.labels @> ${where.bind(query.labels, 'jsonb')}`);
  const label = query.groupBy === undefined ? 'm.labels::text' : `(m.labels ->> ${where.bind(query.groupBy, 'text')})`;
  const range = rangeOf(where, query);
  const isDelta = isOfGrowth(query.aggregation)
    ? `coalesce(m.labels ->> '${TEMPORALITY_LABEL}' = '${DELTA_TEMPORALITY}', false) AS is_delta`
    : undefined;
  const series =
    `SELECT m.series_id, ${label} COLLATE "C" AS label${isDelta === undefined ? '' : `, ${isDelta}`} ` +
    `FROM metric_series m WHERE ${where.sql} ORDER BY 2`;
  const passedOn = isDelta === undefined ? '' : ', s.is_delta';
  const latest =
    `SELECT p.ts FROM metric_points p WHERE p.project_no = ${project} AND p.series_id = s.series_id AND ${range} ` +
    'ORDER BY p.ts DESC LIMIT 1';
  const sql =
    `SELECT c.n, c.label, c.series_id, c.latest${passedOn.replace('s.', 'c.')} FROM (` +
    `SELECT dense_rank() OVER (ORDER BY s.label) AS n, s.label, s.series_id, ${micros('l.ts')} AS latest${passedOn} ` +
    `FROM (${series}) s CROSS JOIN LATERAL (${latest}) l) c WHERE c.n <= ${MAX_SERIES + 1}`;
  return { sql, parameters: where.parameters };
}

/**
 * A row of {@link bucketsSql}: all buckets of one series or group, as arrays in PostgreSQL's text. A row for each bucket
 * would cost Node more than all else in a query. `counts` is null unless values are sums to be divided by them.
 */
export type BucketColumns = [key: number, startSeconds: string, values: string, counts: string | null];

/** `last`: of points of several series at the same time the greatest, so that the answer does not depend on their order. */
const AGGREGATES: Readonly<Record<Exclude<Aggregation, 'increase' | 'rate'>, string>> = {
  avg: 'sum(p.value)',
  sum: 'sum(p.value)',
  max: 'max(p.value)',
  min: 'min(p.value)',
  last: '(array_agg(p.value ORDER BY p.ts DESC, p.value DESC))[1]',
  p50: 'percentile_cont(0.5) WITHIN GROUP (ORDER BY p.value)',
  p90: 'percentile_cont(0.9) WITHIN GROUP (ORDER BY p.value)',
  p99: 'percentile_cont(0.99) WITHIN GROUP (ORDER BY p.value)',
};

/**
 * The buckets of `members`, a row with all of them, oldest first: of each series, or of each group where the query has one; one more of each
 * than an answer shows. The division of an average is the caller's: in SQL it fails where the result is too small.
 */
export function bucketsSql(projectNo: number, query: SeriesQuery, members: readonly Member[]): Statement {
  if (isOfGrowth(query.aggregation)) return growthSql(projectNo, query, members);
  const where = new Where();
  const ids = where.bind(
    members.map((member) => member.seriesId),
    'int4[]',
  );
  where.and(`p.project_no = ${where.bind(projectNo, 'int4')}`).and(`p.series_id = ANY(${ids})`);
  where.and(rangeOf(where, query));
  const isGrouped = query.groupBy !== undefined;
  const isSum = query.aggregation === 'avg';
  const groups = isGrouped
    ? ` JOIN unnest(${ids}, ${where.bind(
        members.map((member) => member.n),
        'int4[]',
      )}) AS k(series_id, n) ON k.series_id = p.series_id`
    : '';
  const width = `make_interval(secs => ${where.bind(query.bucketWidthSeconds, 'float8')})`;
  const aggregated =
    `SELECT ${isGrouped ? 'k.n' : 'p.series_id'} AS key, date_bin(${width}, p.ts, 'epoch') AS start, ` +
    `${AGGREGATES[query.aggregation]} AS value, ${isSum ? 'count(*)' : 'NULL::int8'} AS count ` +
    `FROM metric_points p${groups} WHERE ${where.sql} GROUP BY 1, 2`;
  return { sql: asArrays(aggregated, isSum), parameters: where.parameters };
}

/** The first rows of `aggregated` for each key as one row of {@link BucketColumns}. */
function asArrays(aggregated: string, hasCounts: boolean): string {
  return (
    'SELECT r.key, array_agg(extract(epoch FROM r.start)::int8 ORDER BY r.nth)::text AS starts, ' +
    `array_agg(r.value ORDER BY r.nth)::text AS values, ${hasCounts ? 'array_agg(r.count ORDER BY r.nth)::text' : 'NULL'} AS counts FROM (` +
    `SELECT a.*, row_number() OVER (PARTITION BY a.key ORDER BY a.start) AS nth FROM (${aggregated}) a) r ` +
    `WHERE r.nth <= ${MAX_BUCKETS + 1} GROUP BY r.key`
  );
}

/**
 * By how much counters grew in each bucket: increments added up, totals by their differences, of which each counts for the
 * bucket of its later point. A total that fell was started anew from 0. What is read before the range serves to begin with.
 */
function growthSql(projectNo: number, query: SeriesQuery, members: readonly Member[]): Statement {
  const where = new Where();
  const bind = (values: readonly unknown[], type: string) => where.bind(values, type);
  const ids = bind(
    members.map((member) => member.seriesId),
    'int4[]',
  );
  const ns = bind(
    members.map((member) => member.n),
    'int4[]',
  );
  const kinds = bind(
    members.map((member) => member.isDelta),
    'bool[]',
  );
  where.and(`p.project_no = ${where.bind(projectNo, 'int4')}`).and(`p.series_id = ANY(${ids})`);
  where.and(rangeOf(where, { ...query, from: query.from - LOOKBACK_MICROS }));
  const from = where.bind(timestampLiteral(query.from), 'timestamptz');
  const width = where.bind(query.bucketWidthSeconds, 'float8');
  const totals =
    'SELECT p.series_id, k.n, k.is_delta, p.ts, p.value, lag(p.value) OVER (PARTITION BY p.series_id ORDER BY p.ts) AS before ' +
    `FROM metric_points p JOIN unnest(${ids}, ${ns}, ${kinds}) AS k(series_id, n, is_delta) ON k.series_id = p.series_id ` +
    `WHERE ${where.sql}`;
  const grown =
    'CASE WHEN t.is_delta OR t.value < t.before THEN t.value ELSE t.value - t.before END' +
    (query.aggregation === 'rate' ? ` / ${width}` : '');
  const aggregated =
    `SELECT ${query.groupBy === undefined ? 't.series_id' : 't.n'} AS key, ` +
    `date_bin(make_interval(secs => ${width}), t.ts, 'epoch') AS start, sum(${grown}) AS value ` +
    `FROM (${totals}) t WHERE t.ts >= ${from} AND (t.is_delta OR t.before IS NOT NULL) GROUP BY 1, 2`;
  return { sql: asArrays(aggregated, false), parameters: where.parameters };
}

/** Condition on `p.ts`, both ends included. */
function rangeOf(where: Where, { from, to }: Pick<SeriesQuery, 'from' | 'to'>): string {
  const bound = (time: number) => where.bind(timestampLiteral(time), 'timestamptz');
  return `p.ts >= ${bound(from)} AND p.ts <= ${bound(lastOf(to))}`;
}

/**
 * Distinct names by one index look-up each, however many series share them. Parameters: project, how many at most.
 */
export const METRIC_NAMES_SQL =
  'WITH RECURSIVE names AS (' +
  '(SELECT m.name FROM metric_series m WHERE m.project_no = $1::int4 ORDER BY m.name LIMIT 1) ' +
  'UNION ALL SELECT (SELECT m.name FROM metric_series m WHERE m.project_no = $1::int4 AND m.name > n.name ' +
  'ORDER BY m.name LIMIT 1) FROM names n WHERE n.name IS NOT NULL) ' +
  'SELECT n.name FROM names n WHERE n.name IS NOT NULL LIMIT $2::int4';
