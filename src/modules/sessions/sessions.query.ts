import { type PageRequest } from '../../domain/page.js';
import { type QueryString, parseCursor, parseLimit, parsePage, parseTexts, parseTime } from '../../http/query.js';
import { type SessionFilter } from '../../storage/sql/filter.js';

/** What GET /api/public/sessions asks for. */
export interface SessionListRequest {
  readonly filter: SessionFilter;
  readonly page: PageRequest;
}

const LIMIT = { default: 50, max: 200 };

/** @throws InvalidInput naming the parameter. Keys that are not known are ignored. */
export function parseSessionList(query: QueryString): SessionListRequest {
  const from = parseTime(query, 'fromTimestamp');
  const to = parseTime(query, 'toTimestamp');
  // Names of environments hold no commas; some SDKs join a list with them.
  const environments = parseTexts(query, 'environment')
    .flatMap((list) => list.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return {
    filter: {
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(environments.length === 0 ? {} : { environments }),
    },
    page: parsePageRequest(query),
  };
}

/** Page, limit and cursor, in the list of sessions and within one session. */
export function parsePageRequest(query: QueryString): PageRequest {
  const cursor = parseCursor(query);
  return { page: parsePage(query), limit: parseLimit(query, LIMIT), ...(cursor === undefined ? {} : { cursor }) };
}
