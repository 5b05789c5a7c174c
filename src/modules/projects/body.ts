import { InvalidInput } from '../../domain/errors.js';
import { isStorableText } from '../../domain/json.js';

/** The fields of a JSON object by name. */
export type Members = ReadonlyMap<string, unknown>;

/** @throws InvalidInput unless `body` is a JSON object. */
export function readMembers(body: unknown): Members {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new InvalidInput('body must be a JSON object', 'body');
  return new Map(Object.entries(body));
}

/** Text of 1 to `maxLength` characters without control characters; undefined when absent or null. @throws InvalidInput */
export function readText(members: Members, field: string, maxLength: number): string | undefined {
  const value = members.get(field);
  if (value === undefined || value === null) return undefined;
  const isFine =
    typeof value === 'string' &&
    value !== '' &&
    value.length <= maxLength &&
    isStorableText(value) &&
    !/\p{Cc}/u.test(value);
  if (!isFine) throw new InvalidInput(`${field} must be text of 1 to ${maxLength} characters on one line`, field);
  return value;
}
