import { InvalidInput } from './errors.js';
import { idProblem } from './identifier.js';
import { isStorableText } from './json.js';
import { parseIsoTime, type Micros } from './time.js';

/** The fields of a JSON object by name: a map, so that no name a client chose becomes a property of ours. */
export type Members = ReadonlyMap<string, unknown>;

// Each reader takes the member `name` and blames `field`, which tells where the object stands in the body. A member
// that is absent or null is undefined.

/** @throws InvalidInput unless `value`, the body or what stands at `field`, is a JSON object. */
export function toMembers(value: unknown, field = 'body'): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidInput(`${field === 'body' ? 'The body' : field} must be a JSON object`, field);
  }
  return new Map(Object.entries(value));
}

/** For what must be there: `readText(members, 'name', 200) ?? missing('name')`. */
export function missing(field: string): never {
  throw new InvalidInput(`${field} is required`, field);
}

/** Text of 1 to `maxLength` characters, without U+0000 and lone surrogates. */
export function readText(members: Members, name: string, maxLength: number, field = name): string | undefined {
  const value = members.get(name) ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '' || value.length > maxLength || !isStorableText(value)) {
    throw new InvalidInput(`${field} must be text of 1 to ${maxLength} characters`, field);
  }
  return value;
}

/** The same without control characters, line ends among them. */
export function readLine(members: Members, name: string, maxLength: number): string | undefined {
  const value = members.get(name) ?? undefined;
  if (value === undefined) return undefined;
  const isText = typeof value === 'string' && value !== '' && value.length <= maxLength && isStorableText(value);
  if (!isText || /\p{Cc}/u.test(value)) {
    throw new InvalidInput(`${name} must be text of 1 to ${maxLength} characters on one line`, name);
  }
  return value;
}

/** An id, or a name that is looked up like one; see `idProblem`. */
export function readId(members: Members, name: string): string | undefined {
  const value = members.get(name) ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new InvalidInput(`${name} must be text`, name);
  const problem = idProblem(value);
  if (problem !== undefined) throw new InvalidInput(`${name} ${problem}`, name);
  return value;
}

/** One of `choices`, exactly as written there. */
export function readChoice<T extends string>(
  members: Members,
  name: string,
  choices: readonly T[],
  field = name,
): T | undefined {
  const value = members.get(name) ?? undefined;
  if (value === undefined) return undefined;
  const choice = choices.find((known) => known === value);
  if (choice === undefined) throw new InvalidInput(`${field} must be one of ${choices.join(', ')}`, field);
  return choice;
}

export function readBoolean(members: Members, name: string, field = name): boolean | undefined {
  const value = members.get(name) ?? undefined;
  if (value !== undefined && typeof value !== 'boolean') {
    throw new InvalidInput(`${field} must be true or false`, field);
  }
  return value;
}

/** An ISO 8601 time with zone. */
export function readTime(members: Members, name: string): Micros | undefined {
  const value = members.get(name) ?? undefined;
  if (value === undefined) return undefined;
  const time = typeof value === 'string' ? parseIsoTime(value) : undefined;
  if (time === undefined) {
    throw new InvalidInput(`${name} must be an ISO 8601 time with a zone such as 2026-01-31T09:30:00Z`, name);
  }
  return time;
}
