import { type AnalyticsAggregation, type AnalyticsQuery, metricName } from '../../domain/analytics.js';
import { type Granularity } from '../../domain/time-bucket.js';

/** The rows that are aggregated, as a SELECT without the columns that are asked of it. */
export interface RowSource {
  /** FROM and WHERE, of each part: together they are the rows. */
  readonly from: readonly string[];
  /** SQL of the time, of each dimension, and of each value of `values`. */
  readonly at: string;
  readonly dimensions: readonly string[];
  readonly values: readonly string[];
}

/** A metric over the values of a source; `value` is the position there, undefined for "how many rows". */
export interface ScanMetric {
  readonly aggregation: AnalyticsAggregation;
  readonly value: number | undefined;
  readonly isMoney: boolean;
}

const PERCENTILES: ReadonlyMap<AnalyticsAggregation, number> = new Map([
  ['p50', 0.5],
  ['p75', 0.75],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
]);

/** Needs every value, where the others need only sums and bounds. */
function isByValue(aggregation: AnalyticsAggregation): boolean {
  return PERCENTILES.has(aggregation) || aggregation === 'histogram' || aggregation === 'uniq';
}

/** What the simple aggregations are made of, as SQL over the rows of a group. */
interface Totals {
  readonly sum: string;
  readonly count: string;
  readonly min: string;
  readonly max: string;
}

/** Rows that are sums of others. */
export interface TotalsSource extends Omit<RowSource, 'values'> {
  /** How many rows are in one. */
  readonly count: string;
  readonly sums: readonly string[];
}

/** A metric over such sums; `sum` is the position there. Every summed row has a value. */
export interface TotalsMetric {
  readonly aggregation: AnalyticsAggregation;
  readonly sum: number | undefined;
  readonly isMoney: boolean;
}

type Shape = Pick<AnalyticsQuery, 'granularity' | 'order' | 'bins'>;

/** One statement that aggregates `source`: the time in µs with a granularity, dimensions and metrics in the order of the query. */
export function aggregateSql(query: Shape, source: RowSource, metrics: readonly ScanMetric[], limit: number): string {
  const { names, columns } = keysOf(query, source);
  const values = source.values.map((sql, i) => `${sql} AS v${i}`);
  const selected = ['1 AS one', ...columns, ...values].join(', ');
  const rows = unionSql(selected, source.from);
  return answerSql(query, names, groupSql(rows, names, metrics, query.bins), metrics.length, limit);
}

/** The same over rows that are sums already. */
export function aggregateTotalsSql(
  query: Shape,
  source: TotalsSource,
  metrics: readonly TotalsMetric[],
  limit: number,
): string {
  const { names, columns } = keysOf(query, source);
  const sums = source.sums.map((sql, i) => `${sql} AS s${i}`);
  const rows = unionSql([...columns, `${source.count} AS n`, ...sums].join(', '), source.from);
  const shown = metrics.map((metric, i) => {
    const totals = { sum: `sum(s${metric.sum})`, count: 'sum(n)', min: '', max: '' };
    return `${simpleSql(metric, totals)} AS m${i}`;
  });
  // Sums that came back to nothing are no group.
  const isAny = names.length === 0 ? '' : ' HAVING sum(n) <> 0';
  const groups = `SELECT ${[...names, ...shown].join(', ')} FROM (${rows}) r GROUP BY ${groupBy(names)}${isAny}`;
  return answerSql(query, names, groups, metrics.length, limit);
}

function unionSql(columns: string, parts: readonly string[]): string {
  return parts.map((part) => `SELECT ${columns} ${part}`).join(' UNION ALL ');
}

function keysOf(
  { granularity }: Shape,
  source: Pick<RowSource, 'at' | 'dimensions'>,
): { names: string[]; columns: string[] } {
  const keys = [...(granularity === null ? [] : [bucketSql(granularity, source.at)]), ...source.dimensions];
  return { names: keys.map((_, i) => `k${i}`), columns: keys.map((sql, i) => `${sql} AS k${i}`) };
}

function answerSql(query: Shape, names: readonly string[], groups: string, metricCount: number, limit: number): string {
  const shown = names.map((name, i) =>
    query.granularity !== null && i === 0 ? `(date_part('epoch', g.${name}) * 1000000)::float8 AS t` : `g.${name}`,
  );
  const metrics = Array.from({ length: metricCount }, (_, i) => `g.m${i}`);
  return (
    `SELECT ${[...shown, ...metrics].join(', ')} FROM (${groups}) g ` +
    `ORDER BY ${orderSql(query, names, metricCount)} LIMIT ${limit}`
  );
}

/** Start of the bucket that a time lies in, in UTC. */
export function bucketSql(granularity: Granularity, at: string): string {
  return `date_trunc('${granularity}', ${at}, 'UTC')`;
}

/** Groups of `rows`; every value of which each occurrence counts costs a pass of its own, the rest goes with the first. */
function groupSql(rows: string, names: readonly string[], metrics: readonly ScanMetric[], bins: number): string {
  const byValue = [...new Set(metrics.filter((one) => isByValue(one.aggregation)).map(({ value }) => value!))];
  const [first, ...others] = byValue;
  const isLater = (metric: ScanMetric) => others.includes(metric.value!) && isByValue(metric.aggregation);
  const numbered = metrics.map((metric, i) => ({ metric, name: `m${i}` }));
  const early = numbered.filter(({ metric }) => !isLater(metric));
  const base = first === undefined ? plainGroups(rows, names, early) : valueGroups(rows, names, first, early, bins);
  if (others.length === 0) return base;
  // Rows that are equal as records are the same group, NULLs included; columns one by one would not find these.
  const key = (of: string) => `ROW(${names.map((name) => `${of}.${name}`).join(', ')})`;
  const joins = others.map((value, i) => {
    const own = numbered.filter(({ metric }) => isLater(metric) && metric.value === value);
    const groups = valueGroups(rows, names, value, own, bins);
    if (names.length === 0) return `CROSS JOIN (${groups}) o${i}`;
    return `JOIN (SELECT ${key('x')} AS k, x.* FROM (${groups}) x) o${i} ON o${i}.k = b.k`;
  });
  const laterColumns = others.flatMap((value, i) =>
    numbered.filter(({ metric }) => isLater(metric) && metric.value === value).map(({ name }) => `o${i}.${name}`),
  );
  const baseColumns = [...names, ...early.map(({ name }) => name)].map((name) => `b.${name}`);
  const keyed = names.length === 0 ? `(${base}) b` : `(SELECT ${key('x')} AS k, x.* FROM (${base}) x) b`;
  return `SELECT ${[...baseColumns, ...laterColumns].join(', ')} FROM ${keyed} ${joins.join(' ')}`;
}

interface NamedMetric {
  readonly metric: ScanMetric;
  readonly name: string;
}

/** One pass that workers can share. */
function plainGroups(rows: string, names: readonly string[], metrics: readonly NamedMetric[]): string {
  const columns = metrics.map(({ metric, name }) => `${simpleSql(metric, rowTotals(metric.value))} AS ${name}`);
  return `SELECT ${[...names, ...columns].join(', ')} FROM (${rows}) r GROUP BY ${groupBy(names)}`;
}

/**
 * Groups of which every occurrence of `value` counts: first how often each value occurs in each group, which workers can
 * share and which leaves few rows, for most values are whole milliseconds or tokens; then the groups of these.
 */
function valueGroups(
  rows: string,
  names: readonly string[],
  value: number,
  metrics: readonly NamedMetric[],
  bins: number,
): string {
  const others = [...new Set(metrics.filter(({ metric }) => metric.value !== value).map(({ metric }) => metric.value))];
  const position = new Map(others.map((other, i) => [other, i]));
  const partial = others.flatMap((other, i) => {
    const { sum, count, min, max } = rowTotals(other);
    // Text has no sum, and is only counted.
    const wanted = metrics.filter(({ metric }) => metric.value === other).map(({ metric }) => metric.aggregation);
    const parts: readonly (readonly [string, string, boolean])[] = [
      ['s', sum, wanted.some((one) => one === 'sum' || one === 'avg')],
      ['c', count, true],
      ['l', min, wanted.includes('min')],
      ['h', max, wanted.includes('max')],
    ];
    return parts.filter(([, , isWanted]) => isWanted).map(([letter, sql]) => `${sql} AS ${letter}${i}`);
  });
  const distinct =
    `SELECT ${[...names, `v${value} AS v`, 'count(*) AS n', ...partial].join(', ')} FROM (${rows}) r ` +
    `GROUP BY ${[...names, `v${value}`].join(', ')}`;
  const isSpread = metrics.some(
    ({ metric }) => metric.value === value && metric.aggregation !== 'uniq' && isByValue(metric.aggregation),
  );
  // A row of NULLs is a row of its group, but no occurrence.
  const over = (order: string) =>
    `OVER (${[names.length > 0 ? `PARTITION BY ${names.join(', ')}` : '', order].join(' ')})`;
  const occurs = 'CASE WHEN f.v IS NULL THEN 0 ELSE f.n END';
  const spread = isSpread
    ? `SELECT f.*, (sum(${occurs}) ${over('ORDER BY f.v ROWS UNBOUNDED PRECEDING')})::float8 AS seen, ` +
      `(sum(${occurs}) ${over('')})::float8 AS total, (min(f.v) ${over('')})::float8 AS least, ` +
      `(max(f.v) ${over('')})::float8 AS greatest FROM (${distinct}) f`
    : distinct;
  // Rounding may put the greatest value, or one just below it, past the last bin.
  const isBinned = metrics.some(({ metric }) => metric.value === value && metric.aggregation === 'histogram');
  const binned = isBinned
    ? `SELECT b.*, CASE WHEN b.v IS NULL THEN NULL WHEN b.least = b.greatest THEN 0 ` +
      `ELSE least(${bins - 1}, floor((b.v - b.least) * ${bins} / (b.greatest - b.least))) END AS bin FROM (${spread}) b`
    : spread;
  const columns = metrics.map(({ metric, name }) => {
    if (metric.value !== value) return `${simpleSql(metric, partTotals(position.get(metric.value)!))} AS ${name}`;
    return `${isByValue(metric.aggregation) ? spreadSql(metric, bins) : simpleSql(metric, VALUE_TOTALS)} AS ${name}`;
  });
  return `SELECT ${[...names, ...columns].join(', ')} FROM (${binned}) w GROUP BY ${groupBy(names)}`;
}

function groupBy(names: readonly string[]): string {
  return names.length === 0 ? '()' : names.join(', ');
}

function rowTotals(value: number | undefined): Totals {
  if (value === undefined) return { sum: 'count(*)', count: 'count(*)', min: 'min(1)', max: 'max(1)' };
  return { sum: `sum(v${value})`, count: `count(v${value})`, min: `min(v${value})`, max: `max(v${value})` };
}

/** Over groups that have been made one step finer. */
function partTotals(i: number): Totals {
  return { sum: `sum(s${i})`, count: `sum(c${i})`, min: `min(l${i})`, max: `max(h${i})` };
}

/** Over the values of a group and how often each occurs. */
const VALUE_TOTALS: Totals = {
  sum: 'sum(v * n)',
  count: 'sum(n) FILTER (WHERE v IS NOT NULL)',
  min: 'min(v)',
  max: 'max(v)',
};

/** The sum of nothing is 0; the mean, least and greatest of nothing are NULL. */
function simpleSql({ aggregation, isMoney }: Omit<ScanMetric, 'value'>, totals: Totals): string {
  const usd = isMoney ? ' / 1e9::float8' : '';
  switch (aggregation) {
    case 'count':
      return `coalesce(${totals.count}, 0)::float8`;
    case 'sum':
      return `coalesce(${totals.sum}, 0)::float8${usd}`;
    case 'avg':
      // One division of the same two numbers, however they were added up.
      return `(${totals.sum})::float8 / nullif(${totals.count}, 0)::float8${usd}`;
    case 'min':
      return `(${totals.min})::float8${usd}`;
    case 'max':
      return `(${totals.max})::float8${usd}`;
    default:
      throw new Error(`${metricName({ measure: '', aggregation })} is not made of sums`);
  }
}

function spreadSql({ aggregation, isMoney }: ScanMetric, bins: number): string {
  const usd = isMoney ? ' / 1e9::float8' : '';
  if (aggregation === 'uniq') return 'count(v)::float8';
  if (aggregation === 'histogram') {
    const counts = Array.from({ length: bins }, (_, i) => `coalesce(sum(n) FILTER (WHERE bin = ${i}), 0)::float8`);
    return `ARRAY[min(least)${usd}, max(greatest)${usd}, ${counts.join(', ')}]`;
  }
  // As PostgreSQL's percentile_cont: between the two values around the position.
  const position = `${PERCENTILES.get(aggregation)!}::float8 * (total - 1)`;
  const at = (round: string) => `min(v::float8) FILTER (WHERE v IS NOT NULL AND seen > ${round}(${position}))`;
  const fraction = `(${PERCENTILES.get(aggregation)!}::float8 * (max(total) - 1) - floor(${PERCENTILES.get(aggregation)!}::float8 * (max(total) - 1)))`;
  return `(${at('floor')} + ${fraction} * (${at('ceil')} - ${at('floor')}))${usd}`;
}

/** As asked; else by time, else the first metric downwards, else the first dimension. What is left of ties goes by the groups. */
function orderSql({ granularity, order }: Shape, names: readonly string[], metricCount: number): string {
  const firstDimension = granularity === null ? 0 : 1;
  const terms = order.map(({ target, direction }) => {
    const column =
      target.kind === 'metric'
        ? `m${target.index}`
        : target.kind === 'time'
          ? 'k0'
          : `k${firstDimension + target.index}`;
    return `g.${column} ${direction} NULLS LAST`;
  });
  if (terms.length === 0 && granularity === null && metricCount > 0) terms.push('g.m0 DESC NULLS LAST');
  return [...terms, ...names.map((name) => `g.${name} NULLS LAST`)].join(', ');
}
