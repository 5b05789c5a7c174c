import { type PageRequest } from '../../domain/page.js';
import { type QueryString, parseCommaLists, parsePageRequest, parseTimeRange } from '../../http/query.js';
import { type SessionFilter } from '../../storage/sql/filter.js';

/** What GET /api/public/sessions asks for. */
export interface SessionListRequest {
  readonly filter: SessionFilter;
  readonly page: PageRequest;
}

const LIMIT = { default: 50, max: 200 };

/** @throws InvalidInput naming the parameter. Keys that are not known are ignored. */
export function parseSessionList(query: QueryString): SessionListRequest {
  const { from, to } = parseTimeRange(query, 'fromTimestamp', 'toTimestamp');
  const environments = parseCommaLists(query, 'environment');
  return {
    filter: {
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(environments.length === 0 ? {} : { environments }),
    },
    page: parseSessionPage(query),
  };
}

/** Page, limit and cursor, in the list of sessions and within one session. */
export function parseSessionPage(query: QueryString): PageRequest {
  return parsePageRequest(query, LIMIT);
}
