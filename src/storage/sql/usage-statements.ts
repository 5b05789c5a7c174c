import { COST, TOKENS } from '../../domain/repeated-usage.js';
import { type Micros } from '../../domain/time.js';
import { SUMS_PER_MODEL } from '../trace-usage.js';
import { type TraceFilter } from './filter.js';
import { whereTraces } from './trace-where.js';
import { timestampLiteral, type Where } from './where.js';

const DAY_MICROS = 86_400_000_000;

/** Which traces count, and which observations through them; time bounds are apart. */
export type UsageFilter = Omit<TraceFilter, 'from' | 'to'>;

/** A part of one day, both ends included. */
export interface DayPart {
  readonly day: number;
  readonly first: Micros;
  readonly last: Micros;
}

/** A range of times, cut at midnights in UTC. */
export interface DayRange {
  /** Of everything, both ends included; `last` is absent for no end. */
  readonly first: Micros;
  readonly last?: Micros;
  /** Days that lie in it whole: `wholeFrom` to before `wholeTo`, which is absent for no end. */
  readonly wholeFrom: number;
  readonly wholeTo?: number;
  /** What is left at its ends; at most two. */
  readonly parts: readonly DayPart[];
}

/** Cuts [first, last] at midnights. */
export function cutAtMidnights(first: Micros, last: Micros | undefined): DayRange {
  const wholeFrom = Math.ceil(first / DAY_MICROS);
  const range = last === undefined ? { first } : { first, last };
  const firstDay = Math.floor(first / DAY_MICROS);
  const wholeTo = last === undefined ? undefined : Math.floor((last + 1) / DAY_MICROS);
  if (wholeTo !== undefined && wholeTo < wholeFrom) {
    return { ...range, wholeFrom: 0, wholeTo: 0, parts: [{ day: firstDay, first, last: last! }] };
  }
  const parts: DayPart[] = [];
  if (firstDay < wholeFrom) parts.push({ day: firstDay, first, last: wholeFrom * DAY_MICROS - 1 });
  if (wholeTo === undefined) return { ...range, wholeFrom, parts };
  if (wholeTo * DAY_MICROS <= last!) parts.push({ day: wholeTo, first: wholeTo * DAY_MICROS, last: last! });
  return { ...range, wholeFrom, wholeTo, parts };
}

/** A row of {@link dailyUsageSql} as `pg` gives it: sums are text. All but `total` are null when the page is empty. */
export interface UsageColumns {
  /** Days on all pages. */
  total: string;
  day: number | null;
  model: string | null;
  trace_count: string;
  model_trace_count: string;
  observation_count: string;
  input_tokens: string;
  output_tokens: string;
  total_tokens: string;
  cost_nano_usd: string;
}

const SUMMED = [
  'trace_count',
  'model_trace_count',
  'observation_count',
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'cost_nano_usd',
];
const SUMS = SUMMED.map((name) => `sum(x.${name}) AS ${name}`).join(', ');
/**
 * Always true, and nothing that a parallel worker may ask: with workers the planner underrates the rows that come out of
 * arrays, sorts them instead of hashing, and spends twice the CPU.
 */
const IN_ONE_PROCESS = 'pg_backend_pid() <> 0';
const TRACE_DAY = `(t.ts AT TIME ZONE 'UTC')::date - DATE '1970-01-01'`;

/**
 * The days of a range that have a trace or an observation, newest first, by model. Days that lie in the range whole come
 * from sums: of all traces from `usage_hourly`, of filtered ones from the rows of the traces, which have theirs by day
 * and model. The ends of the range are counted from observations.
 */
export function dailyUsageSql(
  projectNo: number,
  filter: UsageFilter,
  range: DayRange,
  page: { limit: number; offset: number },
): { sql: string; parameters: unknown[] } {
  const where = whereTraces(projectNo, filter);
  const sources = isEmpty(filter) ? allTraces(where, range) : filteredTraces(where, range);
  // Materialized, so that the order wanted in the end does not tempt the planner to sort every row of every source.
  const sql =
    `WITH parts AS MATERIALIZED (${sources.join(' UNION ALL ')}), ` +
    `days AS (SELECT x.day, x.model, ${SUMS}, dense_rank() OVER (ORDER BY x.day DESC) AS nth FROM parts x ` +
    'GROUP BY x.day, x.model HAVING sum(x.trace_count) <> 0 OR sum(x.observation_count) <> 0) ' +
    'SELECT p.total, d.* FROM (SELECT coalesce(max(nth), 0) AS total FROM days) p LEFT JOIN days d ' +
    `ON d.nth > ${page.offset} AND d.nth <= ${page.offset + page.limit} ORDER BY d.nth`;
  return { sql, parameters: where.parameters };
}

/** Whether the project has anything in a part of a day; a row with `found`. Parameters: project, first, last. */
export const HAS_USAGE_SQL =
  'SELECT EXISTS (SELECT FROM traces t WHERE t.project_no = $1::int4 AND t.ts BETWEEN $2::timestamptz AND $3::timestamptz) ' +
  'OR EXISTS (SELECT FROM observations o WHERE o.project_no = $1::int4 AND o.start_time BETWEEN $2::timestamptz AND $3::timestamptz) ' +
  'OR EXISTS (SELECT FROM observations o WHERE o.project_no = $1::int4 AND o.start_time IS NULL ' +
  'AND o.created_at BETWEEN $2::timestamptz AND $3::timestamptz) AS found';

function isEmpty({ tagSets, environments, ...rest }: UsageFilter): boolean {
  const isAny = Object.values(rest).some((value) => value !== undefined);
  return !isAny && !tagSets?.length && !environments?.length;
}

function allTraces(where: Where, { wholeFrom, wholeTo, parts }: DayRange): string[] {
  const sources: string[] = [];
  if (wholeTo === undefined || wholeFrom < wholeTo) {
    const bounds = [`u.hour >= ${bindTime(where, wholeFrom * DAY_MICROS)}`];
    if (wholeTo !== undefined) bounds.push(`u.hour < ${bindTime(where, wholeTo * DAY_MICROS)}`);
    sources.push(
      `SELECT (u.hour AT TIME ZONE 'UTC')::date - DATE '1970-01-01' AS day, u.model, ` +
        `${SUMMED.map((name) => `sum(u.${name}) AS ${name}`).join(', ')} ` +
        `FROM usage_hourly u WHERE u.project_no = $1::int4 AND ${bounds.join(' AND ')} GROUP BY 1, 2`,
    );
  }
  for (const part of parts) {
    const between = `BETWEEN ${bindTime(where, part.first)} AND ${bindTime(where, part.last)}`;
    const columns = 'o.trace_id, o.model, o.input_tokens, o.output_tokens, o.total_tokens, o.cost_nano_usd, o.repeated';
    const observations =
      `SELECT ${columns} FROM observations o WHERE o.project_no = $1::int4 AND o.start_time ${between} UNION ALL ` +
      `SELECT ${columns} FROM observations o WHERE o.project_no = $1::int4 AND o.start_time IS NULL AND o.created_at ${between}`;
    sources.push(
      ofObservations(part.day, `(${observations}) o`),
      `SELECT ${part.day}, '', count(*), 0, 0, 0, 0, 0, 0 FROM traces t WHERE t.project_no = $1::int4 AND t.ts ${between}`,
    );
  }
  return sources;
}

/** `where` has the conditions on `t`, a row of `traces`. */
function filteredTraces(where: Where, range: DayRange): string[] {
  const filter = where.sql;
  const bounds = [`t.ts >= ${bindTime(where, range.first)}`];
  if (range.last !== undefined) bounds.push(`t.ts <= ${bindTime(where, range.last)}`);
  const days = [`${modelSum(0)} >= ${range.wholeFrom}`];
  if (range.wholeTo !== undefined) days.push(`${modelSum(0)} < ${range.wholeTo}`);
  // The trace itself is row 0, its sums are the rows after it: one pass over the traces counts both. OFFSET 0 keeps the
  // planner from merging the steps and then sorting rows that still carry both arrays.
  const rowsOf = (condition: string) =>
    'SELECT t.ts, t.model_names, t.model_sums, generate_series(0, cardinality(t.model_names)) AS n ' +
    `FROM traces t WHERE ${filter} AND ${condition} AND ${IN_ONE_PROCESS}`;
  const [near, far] = nearAndFar(where, range);
  const rows = `${rowsOf(near)} UNION ALL ${rowsOf(far)} OFFSET 0`;
  const isTrace = (yes: string, no: string) => `CASE WHEN t.n = 0 THEN ${yes} ELSE ${no} END`;
  const columns = [
    `${isTrace(TRACE_DAY, `${modelSum(0)}::int4`)} AS day`,
    `${isTrace(`''`, 't.model_names[t.n]')} COLLATE "C" AS model`,
    `${isTrace('1', '0')} AS trace_count`,
    `${isTrace('0', '1')} AS model_trace_count`,
    ...SUMMED.slice(2).map((name, i) => `coalesce(${modelSum(i + 1)}, 0) AS ${name}`),
  ];
  const counted =
    `SELECT ${columns.join(', ')} FROM (${rows}) t ` +
    `WHERE ${isTrace(`(${bounds.join(' AND ')})`, `(${days.join(' AND ')})`)} OFFSET 0`;
  const sources = [`SELECT x.day, x.model, ${SUMS} FROM (${counted}) x GROUP BY 1, 2`];
  for (const part of range.parts) {
    const between = `BETWEEN ${bindTime(where, part.first)} AND ${bindTime(where, part.last)}`;
    // Whoever has no observation on the day does not have its number among its sums.
    const tracesOf = (condition: string) =>
      `SELECT t.project_no, t.trace_id, t.bucket FROM traces t WHERE ${filter} AND ${condition} AND ${part.day} = ANY(t.model_sums)`;
    const [nearPart, farPart] = nearAndFar(where, part);
    sources.push(
      ofObservations(
        part.day,
        `(${tracesOf(nearPart)} UNION ALL ${tracesOf(farPart)} OFFSET 0) t ` +
          'JOIN observations o ON o.project_no = t.project_no AND o.trace_id = t.trace_id AND o.bucket = t.bucket ' +
          `AND coalesce(o.start_time, o.created_at) ${between}`,
      ),
    );
  }
  return sources;
}

/**
 * Two conditions that leave every trace with anything in the range, each once: that of the many whose timestamp is near
 * it, which indexes serve, and that of the few that stray.
 */
function nearAndFar(where: Where, { first, last }: { first: Micros; last?: Micros }): [near: string, far: string] {
  const bounds = [`t.ts >= ${bindTime(where, (Math.floor(first / DAY_MICROS) - 1) * DAY_MICROS)}`];
  if (last !== undefined) bounds.push(`t.ts < ${bindTime(where, (Math.floor(last / DAY_MICROS) + 2) * DAY_MICROS)}`);
  const near = bounds.join(' AND ');
  return [near, `t.strays AND NOT (${near})`];
}

/** One day's part of the sums over observations `o`. */
function ofObservations(day: number, from: string): string {
  return (
    `SELECT ${day} AS day, coalesce(o.model, '') COLLATE "C" AS model, 0 AS trace_count, ` +
    'count(DISTINCT o.trace_id) AS model_trace_count, count(*) AS observation_count, ' +
    `${SUMMED.slice(3)
      .map((name) => `coalesce(sum(o.${name}) FILTER (WHERE ${isSummed(name)}), 0) AS ${name}`)
      .join(', ')} FROM ${from} GROUP BY 2`
  );
}

/** What repeats other usage of its trace is left out. */
function isSummed(name: string): string {
  return `coalesce(o.repeated, 0) & ${name === 'cost_nano_usd' ? COST : TOKENS} = 0`;
}

/** Number `i` of entry `t.n` of a trace's sums. */
function modelSum(i: number): string {
  return `t.model_sums[${SUMS_PER_MODEL} * t.n - ${SUMS_PER_MODEL - 1 - i}]`;
}

function bindTime(where: Where, time: Micros): string {
  return where.bind(timestampLiteral(time), 'timestamptz');
}
