import { InvalidInput } from '../../domain/errors.js';
import { idProblem } from '../../domain/identifier.js';
import { isStorableText, isWithinDepth, type JsonText, MAX_JSON_DEPTH, toJsonText } from '../../domain/json.js';
import { parseIsoTime, type Micros } from '../../domain/time.js';

/** The fields of a body; no field becomes a property name. */
export type Members = ReadonlyMap<string, unknown>;

/** Of a description; a page of text. */
const MAX_TEXT_LENGTH = 20_000;

/** @throws InvalidInput unless the body is an object. */
export function toMembers(body: unknown): Members {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new InvalidInput('The body must be a JSON object');
  }
  return new Map(Object.entries(body));
}

/** A name or an id that must be there: 1 to 800 characters. */
export function readName(members: Members, field: string): string {
  const name = readId(members, field);
  if (name === undefined) throw new InvalidInput(`${field} is required`, field);
  return name;
}

/** A name that will stand in paths. What makes a URL takes `.` and `..` out of it, encoded or not: nobody could ask for it. */
export function readPathName(members: Members, field: string): string {
  const name = readName(members, field);
  if (name === '.' || name === '..') throw new InvalidInput(`${field} must not be . or ..`, field);
  return name;
}

/** A name or an id, undefined when absent or null. */
export function readId(members: Members, field: string): string | undefined {
  const value = members.get(field);
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new InvalidInput(`${field} must be text`, field);
  const problem = idProblem(value);
  if (problem !== undefined) throw new InvalidInput(`${field} ${problem}`, field);
  return value;
}

/** A longer text; undefined when absent, null when it is null. */
export function readText(members: Members, field: string): string | null | undefined {
  const value = members.get(field);
  if (value === undefined || value === null) return value;
  if (typeof value !== 'string' || value.length > MAX_TEXT_LENGTH || !isStorableText(value)) {
    throw new InvalidInput(
      `${field} must be text of at most ${MAX_TEXT_LENGTH} characters, without U+0000 or lone surrogates`,
      field,
    );
  }
  return value;
}

/** Any JSON; undefined when absent, null when it is null. */
export function readJson(members: Members, field: string): JsonText | null | undefined {
  const value = members.get(field);
  if (value === undefined || value === null) return value;
  if (!isWithinDepth(value)) {
    throw new InvalidInput(`${field} is nested deeper than ${MAX_JSON_DEPTH} levels`, field);
  }
  return toJsonText(value);
}

/** One of `choices`; undefined when absent or null. */
export function readChoice<T extends string>(members: Members, field: string, choices: readonly T[]): T | undefined {
  const value = members.get(field);
  if (value === undefined || value === null) return undefined;
  const choice = choices.find((known) => known === value);
  if (choice === undefined) throw new InvalidInput(`${field} must be one of ${choices.join(', ')}`, field);
  return choice;
}

/** An ISO 8601 time with zone; undefined when absent or null. */
export function readTime(members: Members, field: string): Micros | undefined {
  const value = members.get(field);
  if (value === undefined || value === null) return undefined;
  const time = typeof value === 'string' ? parseIsoTime(value) : undefined;
  if (time === undefined) {
    throw new InvalidInput(`${field} must be an ISO 8601 time with a zone such as 2026-01-31T09:30:00Z`, field);
  }
  return time;
}
