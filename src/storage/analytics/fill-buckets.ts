import {
  type AnalyticsQuery,
  type AnalyticsRow,
  type DimensionValue,
  type MetricValue,
} from '../../domain/analytics.js';
import { bucketStart, nextBucket } from '../../domain/time-bucket.js';

/** What stands in a bucket that has no rows. */
export interface EmptyBucket {
  readonly dimensions: readonly DimensionValue[];
  readonly metrics: readonly MetricValue[];
}

/**
 * `rows`, which are in the order of time, with one `empty` row for every bucket of the range that has none; at most
 * `limit` rows.
 */
export function fillBuckets(
  rows: readonly AnalyticsRow[],
  {
    from,
    to,
    granularity,
  }: Pick<AnalyticsQuery, 'from' | 'to'> & { granularity: NonNullable<AnalyticsQuery['granularity']> },
  empty: EmptyBucket,
  limit: number,
): AnalyticsRow[] {
  const filled: AnalyticsRow[] = [];
  let next = 0;
  for (
    let time = bucketStart(from, granularity);
    time <= to && filled.length < limit;
    time = nextBucket(time, granularity)
  ) {
    if (rows[next]?.time !== time) filled.push({ time, ...empty });
    while (filled.length < limit && rows[next]?.time === time) {
      filled.push(rows[next]!);
      next += 1;
    }
  }
  return filled;
}
