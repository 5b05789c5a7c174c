import { type JsonText } from '../../domain/json.js';
import { type ExemplarPage, type SeriesExemplar } from '../../domain/metric.js';
import { presentTime } from '../../domain/time.js';

/** The answer of GET /api/public/metrics/exemplars, as text because labels are JSON text already. */
export function presentExemplars({ exemplars, isTruncated }: ExemplarPage): JsonText {
  return `{"data":[${exemplars.map(presentExemplar).join(',')}],"meta":{"truncated":${isTruncated}}}`;
}

function presentExemplar({ time, value, traceId, spanId, labels }: SeriesExemplar): JsonText {
  const fields = { timestamp: presentTime(time), value, traceId, spanId: spanId === '' ? null : spanId };
  return `${JSON.stringify(fields).slice(0, -1)},"labels":${labels}}`;
}
