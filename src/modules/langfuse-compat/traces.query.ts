import { InvalidInput } from '../../domain/errors.js';
import { type PageRequest } from '../../domain/page.js';
import { parseFilterQuery } from '../../http/filter-query.js';
import {
  type QueryString,
  parseCommaLists,
  parsePageRequest,
  parseText,
  parseTexts,
  parseTimeRange,
  splitCommaList,
} from '../../http/query.js';
import { TRACE_SORT_KEYS, type TraceFilter, type TraceOrder } from '../../storage/sql/filter.js';
import { type FieldGroups } from './traces.present.js';

/** What GET /api/public/traces asks for. */
export interface TraceListRequest {
  readonly filter: TraceFilter;
  readonly page: PageRequest;
  readonly order: TraceOrder;
  readonly groups: FieldGroups;
}

const LIMIT = { default: 50, max: 200 };
const NEWEST_FIRST: TraceOrder = { key: 'timestamp', direction: 'desc' };

/** @throws InvalidInput naming the parameter. Keys that are not known are ignored. */
export function parseTraceList(query: QueryString): TraceListRequest {
  const page = parsePageRequest(query, LIMIT);
  const order = parseOrder(query);
  if (page.cursor !== undefined && order.key !== 'timestamp') {
    throw new InvalidInput('cursor works only with orderBy=timestamp.desc or timestamp.asc', 'cursor');
  }
  return {
    filter: parseFilter(query),
    page,
    order,
    groups: parseFieldGroups(query),
  };
}

/** The groups named in `fields`, a comma list. Unknown names are dropped; when nothing is left, or nothing given, all. */
export function parseFieldGroups(query: QueryString): FieldGroups {
  const named = new Set(parseCommaLists(query, 'fields'));
  const isAll = !['core', 'io', 'scores', 'observations', 'metrics'].some((name) => named.has(name));
  const has = (name: string) => isAll || named.has(name);
  return { io: has('io'), scores: has('scores'), observations: has('observations'), metrics: has('metrics') };
}

function parseFilter(query: QueryString): TraceFilter {
  const filter: { -readonly [K in keyof TraceFilter]: TraceFilter[K] } = {};
  for (const name of ['userId', 'name', 'sessionId', 'version', 'release'] as const) {
    const value = parseText(query, name);
    if (value !== undefined) filter[name] = value;
  }
  const { from, to } = parseTimeRange(query, 'fromTimestamp', 'toTimestamp');
  if (from !== undefined) filter.from = from;
  if (to !== undefined) filter.to = to;
  const conditions = parseFilterQuery(query);
  return { ...filter, ...parseLists(query), ...(conditions.length === 0 ? {} : { conditions }) };
}

/** `tags` and `environment`, which may be repeated; absent where they are. */
export function parseLists(query: QueryString): Pick<TraceFilter, 'tagSets' | 'environments'> {
  const tags = parseTexts(query, 'tags');
  const environments = parseCommaLists(query, 'environment');
  return {
    ...(tags.length === 0 ? {} : { tagSets: tagSets(tags) }),
    ...(environments.length === 0 ? {} : { environments }),
  };
}

/** Langfuse's JS SDK v3 joins a list with commas, but a tag may hold commas itself: one such text means either. */
function tagSets(tags: readonly string[]): readonly (readonly string[])[] {
  const parts = tags.length === 1 ? splitCommaList(tags[0]!) : [];
  return parts.length > 1 ? [tags, parts] : [tags];
}

function parseOrder(query: QueryString): TraceOrder {
  const value = parseText(query, 'orderBy');
  if (value === undefined) return NEWEST_FIRST;
  const [field, direction, ...rest] = value.split('.');
  const key = TRACE_SORT_KEYS.find((known) => known === field);
  if (key === undefined || (direction !== 'asc' && direction !== 'desc') || rest.length > 0) {
    throw new InvalidInput(
      `orderBy must be a field and a direction such as timestamp.desc; fields are ${TRACE_SORT_KEYS.join(', ')}`,
      'orderBy',
    );
  }
  return { key, direction };
}
