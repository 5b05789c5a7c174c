import {
  type AnalyticsQuery,
  type AnalyticsRow,
  COUNT_COLUMN,
  type Histogram,
  metricName,
  type MetricValue,
  TIME_DIMENSION,
} from '../../domain/analytics.js';
import { type Granularity } from '../../domain/time-bucket.js';
import { type Micros, presentTime } from '../../domain/time.js';
import { type MetricsResultDto } from './metrics-query.dto.js';

type Wire = MetricsResultDto['data'][number][string];

/** Rows as objects (Langfuse API, metrics): dimensions, time and metrics by their names. */
export function presentMetrics(query: AnalyticsQuery, rows: readonly AnalyticsRow[]): MetricsResultDto {
  const columns = query.metrics.length === 0 ? [COUNT_COLUMN] : query.metrics.map(metricName);
  return {
    data: rows.map((row) => {
      const members: [string, Wire][] = query.dimensions.map((name, i) => [name, row.dimensions[i] as Wire]);
      if (query.granularity !== null) members.push([TIME_DIMENSION, presentBucket(row.time!, query.granularity)]);
      columns.forEach((name, i) => members.push([name, presentValue(row.metrics[i]!)]));
      return Object.fromEntries(members);
    }),
  };
}

function presentBucket(time: Micros, granularity: Granularity): string {
  const text = presentTime(time);
  return granularity === 'minute' || granularity === 'hour' ? text : text.slice(0, 'YYYY-MM-DD'.length);
}

function presentValue(value: MetricValue): Wire {
  return typeof value === 'object' && value !== null ? presentHistogram(value) : value;
}

/** Each bin as lower bound, upper bound and how many values lie in it. */
function presentHistogram({ least, greatest, counts }: Histogram): [number, number, number][] {
  const bound = (i: number) => (i === counts.length ? greatest : least + ((greatest - least) * i) / counts.length);
  return counts.map((count, i) => [bound(i), bound(i + 1), count]);
}
