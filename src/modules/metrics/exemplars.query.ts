import { InvalidInput } from '../../domain/errors.js';
import { type ExemplarQuery } from '../../domain/metric.js';
import { parseLimit, parseText, type QueryString } from '../../http/query.js';
import { parseLabels, parseRange } from './series.query.js';

export const EXEMPLAR_LIMIT = { default: 100, max: 1000 } as const;

/** What GET /api/public/metrics/exemplars asks for. @throws InvalidInput naming the parameter; unknown keys are ignored. */
export function parseExemplarQuery(query: QueryString, nowMs: number): ExemplarQuery {
  const name = parseText(query, 'name');
  if (name === undefined) throw new InvalidInput('name is required', 'name');
  const labels = parseLabels(query);
  return {
    name,
    ...parseRange(query, nowMs),
    ...(labels === undefined ? {} : { labels }),
    limit: parseLimit(query, EXEMPLAR_LIMIT),
  };
}
