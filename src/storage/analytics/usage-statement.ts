import { type AnalyticsAggregation, type AnalyticsQuery } from '../../domain/analytics.js';
import { type Micros } from '../../domain/time.js';
import { FilterColumns } from '../filter/filter-columns.js';
import { whereFilter } from '../filter/filter-sql.js';
import { timestampLiteral, Where } from '../sql/where.js';
import { OBSERVATION_VIEW } from './observation-view.js';
import { aggregateTotalsSql, type TotalsMetric } from './scan-statement.js';
import { TRACE_VIEW } from './trace-view.js';
import { type ViewSql } from './view-sql.js';

/** The columns of `usage_hourly` hold sums of whole hours. */
const HOUR_MICROS = 3_600_000_000;

/** A view as far as `usage_hourly` knows it. */
interface UsageView {
  readonly view: ViewSql;
  readonly dimensions: ReadonlyMap<string, string>;
  /** What its rows are summed up as. */
  readonly count: string;
  /** Measures that every row has a value of, with the column of their sums. */
  readonly sums: ReadonlyMap<string, string>;
  readonly scope: string;
}

const VIEWS: ReadonlyMap<string, UsageView> = new Map([
  [
    'observations',
    {
      view: OBSERVATION_VIEW,
      dimensions: new Map([
        ['providedModelName', 'x.model'],
        ['startTimeMonth', `to_char(x.at AT TIME ZONE 'UTC', 'YYYY-MM')`],
      ]),
      count: 'observation_count',
      sums: new Map([
        ['inputTokens', 'input_tokens'],
        ['outputTokens', 'output_tokens'],
        ['totalTokens', 'total_tokens'],
        ['totalCost', 'cost_nano_usd'],
      ]),
      scope: 'u.project_no = $1::int4',
    },
  ],
  [
    'traces',
    {
      view: TRACE_VIEW,
      dimensions: new Map([['timestampMonth', `to_char(x.at AT TIME ZONE 'UTC', 'YYYY-MM')`]]),
      count: 'trace_count',
      sums: new Map(),
      scope: `u.project_no = $1::int4 AND u.model = ''`,
    },
  ],
]);

/** Aggregations that sums and counts are enough for. */
const FROM_SUMS: readonly AnalyticsAggregation[] = ['sum', 'avg', 'count'];

/**
 * The query answered from `usage_hourly`, some rows an hour however many observations they sum up; what the time range
 * cuts off of its first and last hour is read from the rows themselves. Undefined where these sums do not say enough: then
 * the same answer comes from a scan.
 */
export function usageSql(
  projectNo: number,
  query: AnalyticsQuery,
  last: Micros,
  limit: number,
): { sql: string; parameters: unknown[] } | undefined {
  const usage = VIEWS.get(query.view);
  if (usage === undefined || query.granularity === 'minute') return undefined;
  const whole = {
    from: Math.ceil(query.from / HOUR_MICROS) * HOUR_MICROS,
    to: Math.floor((last + 1) / HOUR_MICROS) * HOUR_MICROS,
  };
  if (whole.from >= whole.to) return undefined;
  const dimensions = query.dimensions.map((name) => usage.dimensions.get(name));
  const metrics = query.metrics.map(({ measure, aggregation }) => toTotals(usage, measure, aggregation));
  if (metrics.length === 0) metrics.push(ROWS);
  const isKnown = query.filter.every(({ column }) => usage.dimensions.has(column));
  if (!isKnown || dimensions.includes(undefined) || metrics.includes(undefined)) return undefined;

  const where = new Where();
  where.bind(projectNo, 'int4');
  const time = (micros: Micros) => where.bind(timestampLiteral(micros), 'timestamptz');
  const sums = [...usage.sums];
  const parts = [
    `SELECT u.hour AS at, nullif(u.model, '') AS model, u.${usage.count} AS n${sums.map(([, column]) => `, u.${column}`).join('')} ` +
      `FROM usage_hourly u WHERE ${usage.scope} AND u.hour >= ${time(whole.from)} AND u.hour < ${time(whole.to)}`,
  ];
  const { view } = usage;
  const model = view.dimensions.get('providedModelName')?.sql ?? 'NULL::text';
  const columns = sums.map(([measure, column]) => `, ${view.measures.get(measure)!.sql} AS ${column}`).join('');
  const rows = (first: Micros, end: Micros) =>
    view
      .between(time(first), time(end))
      .map((part) => `SELECT ${view.at}, ${model}, 1${columns} FROM ${view.from} WHERE ${view.scope} AND ${part}`);
  if (query.from < whole.from) parts.push(...rows(query.from, whole.from - 1));
  if (whole.to <= last) parts.push(...rows(whole.to, last));
  const filterable = new FilterColumns(
    [...usage.dimensions].map(([name, sql]) => ({ name, kind: 'text', sql: `(${sql})` })),
  );
  whereFilter(where, filterable.resolve(query.filter, 'query.filters'));
  const condition = where.sql === '' ? '' : ` WHERE ${where.sql}`;
  const source = {
    from: [`FROM (${parts.join(' UNION ALL ')}) x${condition}`],
    at: 'x.at',
    dimensions: dimensions as string[],
    count: 'x.n',
    sums: sums.map(([, column]) => `x.${column}`),
  };
  return { sql: aggregateTotalsSql(query, source, metrics as TotalsMetric[], limit), parameters: where.parameters };
}

const ROWS: TotalsMetric = { aggregation: 'count', sum: undefined, isMoney: false };

/** Undefined for what cannot be told from sums. */
function toTotals(usage: UsageView, measure: string, aggregation: AnalyticsAggregation): TotalsMetric | undefined {
  if (!FROM_SUMS.includes(aggregation)) return undefined;
  // The count of a row is 1, and so are all its means.
  if (measure === 'count') return aggregation === 'avg' ? undefined : ROWS;
  const sum = [...usage.sums.keys()].indexOf(measure);
  return sum === -1 ? undefined : { aggregation, sum, isMoney: measure === 'totalCost' };
}
