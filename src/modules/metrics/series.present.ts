import { type JsonText } from '../../domain/json.js';
import { type BucketSeries, type SeriesPage } from '../../domain/metric.js';
import { type Micros, presentTime } from '../../domain/time.js';

/** The answer of GET /api/public/metrics/query (xtrace.md §7), as text because labels are JSON text already. */
export function presentSeriesPage({ series, latest, isTruncated }: SeriesPage): JsonText {
  const meta = {
    ...(latest === undefined ? {} : { latest_ts: presentTime(latest) }),
    series_count: series.length,
    truncated: isTruncated,
  };
  const times = new Map<Micros, string>();
  return `{"data":[${series.map((one) => presentSeries(one, times)).join(',')}],"meta":${JSON.stringify(meta)}}`;
}

/** @param times texts of bucket starts, which the series of an answer share: making one costs more than all else here. */
function presentSeries({ labels, buckets }: BucketSeries, times: Map<Micros, string>): JsonText {
  let values = '';
  for (const { start, value } of buckets) {
    let time = times.get(start);
    if (time === undefined) times.set(start, (time = presentTime(start)));
    values += `${values === '' ? '' : ','}{"timestamp":"${time}","value":${value}}`;
  }
  return `{"labels":${labels},"values":[${values}]}`;
}
