import { InvalidInput } from '../domain/errors.js';
import { type Filter } from '../domain/filter.js';
import { parseFilter } from '../domain/filter-parser.js';
import { parseText, type QueryString } from './query.js';

/** Node takes 16 KiB of headers with the address; this is what JSON.parse is let loose on whatever the server before it takes. */
const MAX_FILTER_LENGTH = 64 * 1024;

/**
 * The conditions of a query parameter that holds a JSON array of them; none when it is absent or empty.
 * @throws InvalidInput naming the condition and its column.
 */
export function parseFilterQuery(query: QueryString, name = 'filter'): Filter {
  const text = parseText(query, name);
  if (text === undefined) return [];
  if (text.length > MAX_FILTER_LENGTH) {
    throw new InvalidInput(`${name} has more than ${MAX_FILTER_LENGTH} characters`, name);
  }
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw new InvalidInput(`${name} must be a JSON array of conditions, URL-encoded`, name);
  }
  return parseFilter(list, name);
}
