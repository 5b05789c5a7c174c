import { type PageRequest } from '../../domain/page.js';
import { type Micros } from '../../domain/time.js';
import { parseLimit, parsePage, parseText, parseTimeRange, type QueryString } from '../../http/query.js';
import { type DailyUsageQuery } from '../../storage/usage-reader.js';
import { parseLists } from './traces.query.js';

/** What GET /api/public/metrics/daily asks for. */
export interface DailyMetricsRequest {
  readonly query: DailyUsageQuery;
  readonly page: PageRequest;
}

const LIMIT = { default: 50, max: 200 };
const DAY_MICROS = 86_400_000_000;
const DEFAULT_DAYS = 30;

const TEXTS = { traceName: 'name', userId: 'userId', version: 'version', release: 'release' } as const;

/** @throws InvalidInput naming the parameter. Keys that are not known are ignored. */
export function parseDailyMetrics(query: QueryString, nowMs: number): DailyMetricsRequest {
  const texts: Partial<Record<(typeof TEXTS)[keyof typeof TEXTS], string>> = {};
  for (const [name, field] of Object.entries(TEXTS)) {
    const value = parseText(query, name);
    if (value !== undefined) texts[field as 'name'] = value;
  }
  const { from: asked, to } = parseTimeRange(query, 'fromTimestamp', 'toTimestamp');
  const from = asked ?? defaultFrom(to ?? nowMs * 1000);
  return {
    query: { filter: { ...texts, ...parseLists(query) }, from, ...(to === undefined ? {} : { to }) },
    page: { page: parsePage(query), limit: parseLimit(query, LIMIT) },
  };
}

/** Thirty days, that of `end` included, from midnight on: half a day at the beginning would only look like a bad day. */
function defaultFrom(end: Micros): Micros {
  return (Math.floor(end / DAY_MICROS) - DEFAULT_DAYS + 1) * DAY_MICROS;
}
