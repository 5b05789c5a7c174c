import { InvalidInput } from '../../domain/errors.js';
import { isStorableText, isWithinDepth, type JsonText, MAX_JSON_DEPTH, toJsonText } from '../../domain/json.js';
import { type Members, missing, readId } from '../../domain/members.js';

/** Of a description; a page of text. */
const MAX_TEXT_LENGTH = 20_000;

/** A name or an id that must be there: 1 to 800 characters. */
export function readName(members: Members, field: string): string {
  return readId(members, field) ?? missing(field);
}

/** A name that will stand in paths. What makes a URL takes `.` and `..` out of it, encoded or not: nobody could ask for it. */
export function readPathName(members: Members, field: string): string {
  const name = readName(members, field);
  if (name === '.' || name === '..') throw new InvalidInput(`${field} must not be . or ..`, field);
  return name;
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
