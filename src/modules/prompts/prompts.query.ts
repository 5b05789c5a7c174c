import { InvalidInput } from '../../domain/errors.js';
import { type PageRequest } from '../../domain/page.js';
import { PRODUCTION, type PromptSelector } from '../../domain/prompt.js';
import { parseFilterQuery } from '../../http/filter-query.js';
import {
  parseBoolean,
  parseInteger,
  parseLimit,
  parsePage,
  parseText,
  parseTimeRange,
  type QueryString,
} from '../../http/query.js';
import { type PromptFilter } from '../../storage/prompts/prompt-reader.js';

const LIMIT = { default: 10, max: 100 };
const MAX_VERSION = 2 ** 31 - 1;

/** What GET /api/public/v2/prompts asks for. @throws InvalidInput naming the parameter. */
export function parsePromptList(query: QueryString): { filter: PromptFilter; page: PageRequest } {
  // As Langfuse's documentation says: the plain parameters count for nothing beside a filter, be it an empty one.
  const isFiltered = parseText(query, 'filter') !== undefined;
  return {
    filter: isFiltered ? { conditions: parseFilterQuery(query) } : parsePlainFilter(query),
    page: { page: parsePage(query), limit: parseLimit(query, LIMIT) },
  };
}

function parsePlainFilter(query: QueryString): PromptFilter {
  const filter: { -readonly [K in keyof PromptFilter]: PromptFilter[K] } = {};
  for (const key of ['name', 'tag', 'label'] as const) {
    const value = parseText(query, key);
    if (value !== undefined) filter[key] = value;
  }
  const version = parseVersion(query);
  if (version !== undefined) filter.version = version;
  const { from, to } = parseTimeRange(query, 'fromUpdatedAt', 'toUpdatedAt');
  if (from !== undefined) filter.from = from;
  if (to !== undefined) filter.to = to;
  return filter;
}

/** Which version `version` or `label` asks for; undefined without either. @throws InvalidInput when both are given. */
export function parseSelector(query: QueryString): PromptSelector | undefined {
  const version = parseVersion(query);
  const label = parseText(query, 'label');
  if (version !== undefined && label !== undefined)
    throw new InvalidInput('Cannot specify both version and label', 'label');
  if (version !== undefined) return { version };
  return label === undefined ? undefined : { label };
}

/** One prompt: without version and label that in production, with what it includes unless told otherwise. */
export function parsePromptRequest(query: QueryString): { selector: PromptSelector; isResolved: boolean } {
  return {
    selector: parseSelector(query) ?? { label: PRODUCTION },
    isResolved: parseBoolean(query, 'resolve') ?? true,
  };
}

/** A version in a path. @throws InvalidInput when it is none. */
export function parsePathVersion(text: string): number {
  const version = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (version < 1 || version > MAX_VERSION) throw new InvalidInput('version must be a whole number from 1', 'version');
  return version;
}

/** Clients send 0 for "not set". */
function parseVersion(query: QueryString): number | undefined {
  return parseInteger(query, 'version', 0, MAX_VERSION) || undefined;
}
