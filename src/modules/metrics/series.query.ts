import { InvalidInput } from '../../domain/errors.js';
import { isStorableText, type JsonText } from '../../domain/json.js';
import { AGGREGATIONS, type SeriesQuery } from '../../domain/metric.js';
import { type Micros } from '../../domain/time.js';
import { parseChoice, parseText, parseTime, type QueryString, requireText } from '../../http/query.js';

const HOUR_MICROS = 3_600_000_000;

/** Widths of buckets as the API calls them. */
export const STEPS = ['1m', '5m', '1h', '1d'] as const;
const STEP_SECONDS: Readonly<Record<(typeof STEPS)[number], number>> = { '1m': 60, '5m': 300, '1h': 3600, '1d': 86400 };

/** What GET /api/public/metrics/query asks for. @throws InvalidInput naming the parameter; unknown keys are ignored. */
export function parseSeriesQuery(query: QueryString, nowMs: number): SeriesQuery {
  const { from, to } = parseRange(query, nowMs);
  const labels = parseLabels(query);
  const groupBy = parseText(query, 'group_by');
  return {
    name: requireText(query, 'name'),
    from,
    to,
    bucketWidthSeconds: STEP_SECONDS[parseWord(query, 'step', STEPS) ?? '1m'],
    aggregation: parseWord(query, 'agg', AGGREGATIONS) ?? 'avg',
    ...(labels === undefined ? {} : { labels }),
    ...(groupBy === undefined ? {} : { groupBy }),
  };
}

/** Default: the hour before `to`, which is by default now. */
export function parseRange(query: QueryString, nowMs: number): { from: Micros; to: Micros } {
  const to = parseTime(query, 'to') ?? nowMs * 1000;
  const from = parseTime(query, 'from') ?? to - HOUR_MICROS;
  if (from > to) throw new InvalidInput('from must not be after to', 'from');
  return { from, to };
}

/** One of `choices` in any case and with spaces around it, as the reference takes it. */
function parseWord<T extends string>(query: QueryString, name: string, choices: readonly T[]): T | undefined {
  return parseChoice({ [name]: parseText(query, name)?.trim().toLowerCase() }, name, choices);
}

export function parseLabels(query: QueryString): JsonText | undefined {
  const text = parseText(query, 'labels');
  if (text === undefined || text.trim() === '') return undefined;
  const labels = parseJson(text);
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) throw notLabels();
  for (const [key, value] of Object.entries(labels)) {
    if (typeof value !== 'string') throw notLabels();
    // As escapes they get past the check of the parameter's own text.
    if (!isStorableText(key) || !isStorableText(value)) {
      throw new InvalidInput('labels must not contain U+0000 or a lone surrogate', 'labels');
    }
  }
  return JSON.stringify(labels);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notLabels();
  }
}

function notLabels(): InvalidInput {
  return new InvalidInput('labels must be a JSON object of strings such as {"node_id":"node-1"}', 'labels');
}
