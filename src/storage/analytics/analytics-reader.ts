import { Injectable, Optional } from '@nestjs/common';
import {
  type AnalyticsQuery,
  type AnalyticsRow,
  type DimensionRule,
  type DimensionValue,
  type MetricValue,
} from '../../domain/analytics.js';
import { InvalidInput } from '../../domain/errors.js';
import { type PriceSnapshot } from '../../domain/price.js';
import { type Project } from '../../domain/project.js';
import { countBuckets } from '../../domain/time-bucket.js';
import { ReadPool } from '../read-pool.js';
import { lastOf } from '../sql/where.js';
import { encodePrices, PRICES_PARAMETER } from './cost-classes.js';
import { fillBuckets } from './fill-buckets.js';
import { allRules, scanSql } from './scan-query.js';
import { usageSql } from './usage-statement.js';

/** More rows than this are no chart, and some hundred bytes of memory each; whoever needs them asks piece by piece. */
const MAX_ROWS = 100_000;
const TOO_MANY = `the answer has more than ${MAX_ROWS} rows: set config.row_limit, narrow the time range, or leave out a dimension`;

/** For one statement: room to group without going to disk, and no compiling, which takes longer than it saves. */
const SCAN_SETTINGS = { work_mem: '64MB', hash_mem_multiplier: '2', jit: 'off' };
const SET_SQL = `SELECT ${Object.keys(SCAN_SETTINGS)
  .map((name, i) => `set_config('${name}', $${i + 1}, true)`)
  .join(', ')}`;

/** Answers the metrics query language. */
@Injectable()
export class AnalyticsReader {
  constructor(
    private readonly pool: ReadPool,
    /** Whether sums by hour are used; without them every query is a scan. */
    @Optional() private readonly usesSums: boolean = true,
  ) {}

  /**
   * The rows of the answer in their order. From sums by hour where these say enough, else from the rows themselves, which
   * costs what the time range holds.
   * @throws InvalidInput for a condition that its column does not take, and when there are too many rows; QueryTimeout.
   */
  async query(project: Project, query: AnalyticsQuery): Promise<AnalyticsRow[]> {
    const limit = query.rowLimit ?? MAX_ROWS;
    const { granularity } = query;
    const isFilled = granularity !== null && query.order.length === 0;
    if (isFilled && query.rowLimit === null && countBuckets(query.from, query.to, granularity) > MAX_ROWS) {
      throw new InvalidInput(TOO_MANY, 'query');
    }
    const records = await this.read(project, query, limit + 1);
    if (query.rowLimit === null && records.length > MAX_ROWS) throw new InvalidInput(TOO_MANY, 'query');
    const rows = records.slice(0, limit).map((record) => decodeRow(query, record));
    return isFilled ? fillBuckets(rows, { ...query, granularity }, emptyBucket(query), limit) : rows;
  }

  private async read(project: Project, query: AnalyticsQuery, limit: number): Promise<unknown[][]> {
    const last = lastOf(query.to);
    const usage = this.usesSums ? usageSql(project.no, query, last, limit) : undefined;
    if (usage !== undefined) return this.pool.queryArrays(usage.sql, usage.parameters);
    return this.scan(project, query, limit);
  }

  /** Without the sums by hour. */
  private async scan(project: Project, query: AnalyticsQuery, limit: number): Promise<unknown[][]> {
    const { sql, where } = scanSql(project.no, query, lastOf(query.to), limit);
    const text = sql.includes(PRICES_PARAMETER)
      ? sql.replaceAll(PRICES_PARAMETER, where.bind(encodePrices(await this.prices()), 'jsonb'))
      : sql;
    return this.pool.transaction(async (run) => {
      await run(SET_SQL, Object.values(SCAN_SETTINGS));
      return (await run<Record<string, unknown>>(text, where.parameters)).map((row) => Object.values(row));
    });
  }

  private async prices(): Promise<(readonly [string, PriceSnapshot])[]> {
    const rows = await this.pool.query<{ key: string; snapshot: string }>('SELECT key, snapshot FROM price_snapshots');
    return rows.map(({ key, snapshot }) => [key, JSON.parse(snapshot) as PriceSnapshot] as const);
  }
}

function decodeRow({ granularity, dimensions, metrics }: AnalyticsQuery, record: unknown[]): AnalyticsRow {
  const [time, ...rest] = granularity === null ? [null, ...record] : record;
  return {
    time: time as number | null,
    dimensions: rest.slice(0, dimensions.length) as DimensionValue[],
    metrics: rest.slice(dimensions.length).map((value, i) => decodeMetric(metrics[i]?.aggregation, value)),
  };
}

function decodeMetric(aggregation: string | undefined, value: unknown): MetricValue {
  if (aggregation !== 'histogram') return value as number | null;
  const [least, greatest, ...counts] = value as [number | null, number | null, ...number[]];
  return { least: least ?? 0, greatest: greatest ?? 0, counts: least === null ? [] : counts };
}

/** Nothing: no value of a dimension, and 0 of everything. */
function emptyBucket(query: AnalyticsQuery): { dimensions: DimensionValue[]; metrics: MetricValue[] } {
  const rules: ReadonlyMap<string, DimensionRule> = allRules(query.view);
  const metrics = query.metrics.map(({ aggregation }) =>
    aggregation === 'histogram' ? { least: 0, greatest: 0, counts: [] } : 0,
  );
  return {
    dimensions: query.dimensions.map((name) => (rules.get(name)!.kind === 'texts' ? [] : null)),
    metrics: metrics.length === 0 ? [0] : metrics,
  };
}
