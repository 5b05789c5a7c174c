import { type ExemplarQuery } from '../../domain/metric.js';
import { parseLimit, type QueryString, requireText } from '../../http/query.js';
import { parseLabels, parseRange } from './series.query.js';

export const EXEMPLAR_LIMIT = { default: 100, max: 1000 } as const;

/** What GET /api/public/metrics/exemplars asks for. @throws InvalidInput naming the parameter; unknown keys are ignored. */
export function parseExemplarQuery(query: QueryString, nowMs: number): ExemplarQuery {
  const labels = parseLabels(query);
  return {
    name: requireText(query, 'name'),
    ...parseRange(query, nowMs),
    ...(labels === undefined ? {} : { labels }),
    limit: parseLimit(query, EXEMPLAR_LIMIT),
  };
}
