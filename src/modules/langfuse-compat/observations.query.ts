import { InvalidInput } from '../../domain/errors.js';
import { type FilterCondition } from '../../domain/filter.js';
import { type ObservationListFilter, type ObservationParts } from '../../domain/observation-list.js';
import { LEVELS, OBSERVATION_TYPES } from '../../domain/observation.js';
import { type PageRequest } from '../../domain/page.js';
import { parseFilterQuery } from '../../http/filter-query.js';
import {
  parseBoolean,
  parseChoice,
  parseCommaLists,
  parseLimit,
  parsePageRequest,
  parseText,
  parseTimeRange,
  type QueryString,
} from '../../http/query.js';
import { OBSERVATION_GROUPS, type ObservationGroup, type ObservationShape } from './observations-v2.present.js';

/** What GET /api/public/observations asks for. */
export interface ObservationListRequest {
  readonly filter: ObservationListFilter;
  readonly page: PageRequest;
}

/** What GET /api/public/v2/observations asks for. */
export interface ObservationSliceRequest {
  readonly filter: ObservationListFilter;
  readonly slice: { readonly limit: number; readonly cursor?: string };
  readonly shape: ObservationShape;
  readonly parts: ObservationParts;
}

const PAGE_LIMIT = { default: 50, max: 100 };
const SLICE_LIMIT = { default: 50, min: 0, max: 1000 };
const DEFAULT_GROUPS: readonly ObservationGroup[] = ['core', 'basic'];

/** @throws InvalidInput naming the parameter. Keys that are not known are ignored. */
export function parseObservationList(query: QueryString): ObservationListRequest {
  return {
    filter: { plain: parsePlain(query), conditions: parseFilterQuery(query) },
    page: parsePageRequest(query, PAGE_LIMIT),
  };
}

/** @throws InvalidInput naming the parameter. Keys that are not known are ignored. */
export function parseObservationSlice(query: QueryString): ObservationSliceRequest {
  if (parseBoolean(query, 'parseIoAsJson') === true) {
    throw new InvalidInput('parseIoAsJson=true is not offered: inputs and outputs are given as text', 'parseIoAsJson');
  }
  // Only the reader says what is wrong with it, in the words that clients know.
  const cursor = parseText(query, 'cursor');
  const plain = parsePlain(query);
  const sessionId = parseText(query, 'sessionId');
  if (sessionId !== undefined) plain.push(equals('sessionId', sessionId));
  const isRoot = parseBoolean(query, 'isRootObservation');
  if (isRoot !== undefined) {
    plain.push({ type: 'boolean', column: 'isRootObservation', operator: '=', value: isRoot });
  }
  if (query['parentObservationId'] === '') plain.push(equals('parentObservationId', ''));
  const groups = parseGroups(query);
  return {
    filter: { plain, conditions: parseFilterQuery(query) },
    slice: { limit: parseLimit(query, SLICE_LIMIT), ...(cursor === undefined ? {} : { cursor }) },
    shape: { groups, expandMetadata: new Set(parseCommaLists(query, 'expandMetadata')) },
    parts: {
      io: groups.has('io'),
      metadata: groups.has('metadata'),
      trace: groups.has('basic') || groups.has('trace_context'),
      prompt: groups.has('prompt'),
    },
  };
}

/** The conditions that the parameters of both lists make. */
function parsePlain(query: QueryString): FilterCondition[] {
  const plain: FilterCondition[] = [];
  for (const name of ['name', 'userId', 'traceId', 'parentObservationId', 'version'] as const) {
    const value = parseText(query, name);
    if (value !== undefined) plain.push(equals(name, value));
  }
  const type = parseChoice(query, 'type', OBSERVATION_TYPES);
  if (type !== undefined) plain.push(equals('type', type));
  const level = parseChoice(query, 'level', LEVELS);
  if (level !== undefined) plain.push(equals('level', level));
  const environments = parseCommaLists(query, 'environment');
  if (environments.length > 0) {
    plain.push({ type: 'stringOptions', column: 'environment', operator: 'any of', value: environments });
  }
  const { from, to } = parseTimeRange(query, 'fromStartTime', 'toStartTime');
  if (from !== undefined) plain.push({ type: 'datetime', column: 'startTime', operator: '>=', value: from });
  if (to !== undefined) plain.push({ type: 'datetime', column: 'startTime', operator: '<', value: to });
  return plain;
}

function equals(column: string, value: string): FilterCondition {
  return { type: 'string', column, operator: '=', value };
}

/** Unknown names are dropped; when nothing is left, or nothing given, the default. */
function parseGroups(query: QueryString): ReadonlySet<ObservationGroup> {
  const named = parseCommaLists(query, 'fields');
  const groups = OBSERVATION_GROUPS.filter((group) => named.includes(group));
  return new Set(groups.length === 0 ? DEFAULT_GROUPS : groups);
}
