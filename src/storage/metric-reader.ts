import { Injectable } from '@nestjs/common';
import { type JsonText } from '../domain/json.js';
import {
  type Bucket,
  type BucketSeries,
  type ExemplarPage,
  type ExemplarQuery,
  MAX_BUCKETS,
  MAX_SERIES,
  type SeriesExemplar,
  type SeriesPage,
  type SeriesQuery,
} from '../domain/metric.js';
import { type Project } from '../domain/project.js';
import { type ExemplarColumns, exemplarsSql } from './metric-exemplars.js';
import {
  bucketsSql,
  chosenSeriesSql,
  METRIC_NAMES_SQL,
  type BucketColumns,
  type ChosenColumns,
  type Member,
} from './metric-statements.js';
import { ReadPool } from './read-pool.js';

/** More names than a person can choose from; a project that has them puts data into names. */
const MAX_NAMES = 10_000;

/** Reads time series. What it aggregates from is its own affair: points today, sums over them where those will do. */
@Injectable()
export class MetricReader {
  constructor(private readonly pool: ReadPool) {}

  /**
   * Aggregates points into buckets aligned to the Unix epoch. Reads (project, series, time) by index, so that cost grows
   * with the points in the range; percentiles and `last` sort them. When a range has more than MAX_BUCKETS buckets with
   * points, the oldest are shown.
   */
  async querySeries(project: Project, query: SeriesQuery): Promise<SeriesPage> {
    const statement = chosenSeriesSql(project.no, query);
    const rows = await this.pool.queryArrays<ChosenColumns>(statement.sql, statement.parameters);
    const members = rows.map(([n, label, seriesId, latest, isDelta = false]) => ({
      n: Number(n),
      label,
      seriesId,
      latest: Number(latest),
      isDelta,
    }));
    const shown = members.filter(({ n }) => n <= MAX_SERIES);
    if (shown.length === 0) return { series: [], latest: undefined, isTruncated: false };

    const buckets = await this.bucketsByKey(project, query, shown);
    const series: BucketSeries[] = [];
    let hasMoreBuckets = false;
    let lastShown = 0;
    const withBuckets = new Set<number>();
    for (const { n, label, seriesId } of shown.sort((a, b) => a.n - b.n)) {
      if (n === lastShown) continue;
      lastShown = n;
      const all = buckets.get(query.groupBy === undefined ? seriesId : n) ?? [];
      // One total says nothing of growth; and retention may have taken the points between the two statements.
      if (all.length === 0) continue;
      withBuckets.add(n);
      hasMoreBuckets ||= all.length > MAX_BUCKETS;
      series.push({ labels: labelsOf(query, label), buckets: all.slice(0, MAX_BUCKETS) });
    }
    if (series.length === 0) return { series, latest: undefined, isTruncated: shown.length < members.length };
    const latest = shown.reduce(
      (newest, { n, latest: time }) => (withBuckets.has(n) ? Math.max(newest, time) : newest),
      -Infinity,
    );
    return { series, latest, isTruncated: hasMoreBuckets || shown.length < members.length };
  }

  /** Names of all metrics that have points, or had some until a day ago, sorted bytewise; the first 10,000. */
  async listNames(project: Project): Promise<string[]> {
    const rows = await this.pool.query<{ name: string }>(METRIC_NAMES_SQL, [project.no, MAX_NAMES], 'metric names');
    return rows.map(({ name }) => name);
  }

  /** Observations of a metric that name their trace, the greatest first. */
  async findExemplars(project: Project, query: ExemplarQuery): Promise<ExemplarPage> {
    const { sql, parameters } = exemplarsSql(project.no, query);
    const rows = await this.pool.queryArrays<ExemplarColumns>(sql, parameters);
    const exemplars = rows.map(([labels, time, value, traceId, spanId]): SeriesExemplar => ({
      ...{ labels, time: Number(time), value, traceId, spanId },
    }));
    return { exemplars: exemplars.slice(0, query.limit), isTruncated: exemplars.length > query.limit };
  }

  private async bucketsByKey(
    project: Project,
    query: SeriesQuery,
    members: readonly Member[],
  ): Promise<Map<number, Bucket[]>> {
    const { sql, parameters } = bucketsSql(project.no, query, members);
    const buckets = new Map<number, Bucket[]>();
    for (const [key, starts, values, counts] of await this.pool.queryArrays<BucketColumns>(sql, parameters)) {
      const numbers = numbersOf(values);
      const divisors = counts === null ? undefined : numbersOf(counts);
      const of = numbersOf(starts).map((startSeconds, i) => ({
        start: startSeconds * 1_000_000,
        value: divisors === undefined ? numbers[i]! : numbers[i]! / divisors[i]!,
      }));
      buckets.set(key, of);
    }
    return buckets;
  }
}

/** Without a group key the label text of a series is its labels; with one it is the value under that key. */
function labelsOf({ groupBy }: SeriesQuery, label: string | null): JsonText {
  return groupBy === undefined ? label! : `{${JSON.stringify(groupBy)}:${JSON.stringify(label)}}`;
}

/** An array of finite numbers as PostgreSQL writes it: the text of JSON but for its brackets. */
function numbersOf(array: string): number[] {
  return JSON.parse(`[${array.slice(1, -1)}]`) as number[];
}
