import { type JsonText } from '../../domain/json.js';
import { type Bucket, type BucketSeries, type SeriesPage } from '../../domain/metric.js';
import { presentTime } from '../../domain/time.js';

/** The answer of GET /api/public/metrics/query (xtrace.md §7), as text because labels are JSON text already. */
export function presentSeriesPage({ series, latest, isTruncated }: SeriesPage): JsonText {
  const meta = {
    ...(latest === undefined ? {} : { latest_ts: presentTime(latest) }),
    series_count: series.length,
    truncated: isTruncated,
  };
  return `{"data":[${series.map(presentSeries).join(',')}],"meta":${JSON.stringify(meta)}}`;
}

function presentSeries({ labels, buckets }: BucketSeries): JsonText {
  return `{"labels":${labels},"values":[${buckets.map(presentBucket).join(',')}]}`;
}

function presentBucket({ start, value }: Bucket): JsonText {
  return `{"timestamp":"${presentTime(start)}","value":${JSON.stringify(value)}}`;
}
