import { InvalidInput } from '../domain/errors.js';
import { isStorableText } from '../domain/json.js';
import { type PageRequest } from '../domain/page.js';
import { parseIsoTime, type Micros } from '../domain/time.js';

/**
 * A query string as Fastify parses it: an object without prototype, a list for a repeated key. Take it as
 * `@Query() query: QueryString` and read the keys you know; unknown ones are ignored.
 */
export type QueryString = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Bounds of a `limit` parameter, both inclusive, and its value when absent. */
export interface LimitBounds {
  readonly default: number;
  readonly max: number;
  /** 1 unless told. */
  readonly min?: number;
}

/** Longest opaque cursor that is worth decoding; ours are far shorter. */
const MAX_CURSOR_LENGTH = 4096;
/** Pages beyond this have no use, and page × limit stays a safe integer. */
const MAX_PAGE = 1_000_000_000;

/**
 * Every value of a repeatable parameter (`?tags=a&tags=b`) in the order sent, empty ones left out; commas stay.
 * @throws InvalidInput for text that PostgreSQL cannot hold (U+0000, lone surrogates).
 */
export function parseTexts(query: QueryString, name: string): string[] {
  const value = query[name];
  if (value === undefined) return [];
  const texts = (typeof value === 'string' ? [value] : value).filter((text) => text !== '');
  for (const text of texts) {
    if (!isStorableText(text)) throw new InvalidInput(`${name} must not contain U+0000 or a lone surrogate`, name);
  }
  return texts;
}

/** The text of a parameter that may be given once; undefined when absent or empty, for that is how SDKs send "not set". */
export function parseText(query: QueryString, name: string): string | undefined {
  const texts = parseTexts(query, name);
  if (texts.length > 1) throw new InvalidInput(`${name} must be given once, got ${texts.length} values`, name);
  return texts[0];
}

/** The text of a parameter that must be given. */
export function requireText(query: QueryString, name: string): string {
  const text = parseText(query, name);
  if (text === undefined) throw new InvalidInput(`${name} is required`, name);
  return text;
}

/** A comma-separated list (`?fields=core,io`), trimmed, empty items left out; undefined when the parameter is absent or empty. */
export function parseCommaList(query: QueryString, name: string): string[] | undefined {
  const text = parseText(query, name);
  return text === undefined ? undefined : splitCommaList(text);
}

/** The items of a list that some clients repeat (`?environment=a&environment=b`) and others join by commas. */
export function parseCommaLists(query: QueryString, name: string): string[] {
  return parseTexts(query, name).flatMap(splitCommaList);
}

/** The items of `list`, trimmed, empty ones left out. */
export function splitCommaList(list: string): string[] {
  return list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** A whole number from `min` to `max`; undefined when absent or empty. */
export function parseInteger(query: QueryString, name: string, min: number, max: number): number | undefined {
  const text = parseText(query, name);
  if (text === undefined) return undefined;
  const value = /^[+-]?\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) {
    throw new InvalidInput(`${name} must be a whole number from ${min} to ${max}, got ${shown(text)}`, name);
  }
  return value;
}

/** The page number, from 1; 1 when absent. Out of range is refused, not clamped. */
export function parsePage(query: QueryString, name = 'page'): number {
  return parseInteger(query, name, 1, MAX_PAGE) ?? 1;
}

/** The page size within `bounds`. Out of range is refused, not clamped. */
export function parseLimit(query: QueryString, bounds: LimitBounds, name = 'limit'): number {
  return parseInteger(query, name, bounds.min ?? 1, bounds.max) ?? bounds.default;
}

/** A finite decimal number; undefined when absent or empty. */
export function parseNumber(query: QueryString, name: string): number | undefined {
  const text = parseText(query, name);
  if (text === undefined) return undefined;
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value)) throw new InvalidInput(`${name} must be a number, got ${shown(text)}`, name);
  return value;
}

/** `true` or `false` in any case, or 1 or 0; undefined when absent or empty. */
export function parseBoolean(query: QueryString, name: string): boolean | undefined {
  const text = parseText(query, name)?.toLowerCase();
  if (text === undefined) return undefined;
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new InvalidInput(`${name} must be true or false, got ${shown(text)}`, name);
}

/** One of `choices`, exactly as written there; undefined when absent or empty. */
export function parseChoice<T extends string>(query: QueryString, name: string, choices: readonly T[]): T | undefined {
  const text = parseText(query, name);
  if (text === undefined) return undefined;
  const choice = choices.find((known) => known === text);
  if (choice === undefined) {
    throw new InvalidInput(`${name} must be one of ${choices.join(', ')}, got ${shown(text)}`, name);
  }
  return choice;
}

/** An ISO 8601 time with zone (`2026-01-31T09:30:00Z`); undefined when absent or empty. */
export function parseTime(query: QueryString, name: string): Micros | undefined {
  const text = parseText(query, name);
  if (text === undefined) return undefined;
  // A literal `+` in a query string means a space; clients that forget to encode the offset's sign mean the sign.
  const time = parseIsoTime(text.replace(/ (?=\d{2}:?\d{2}$)/, '+'));
  if (time === undefined) {
    throw new InvalidInput(
      `${name} must be an ISO 8601 time with a zone such as 2026-01-31T09:30:00Z, got ${shown(text)}`,
      name,
    );
  }
  return time;
}

/** A range of time, each end undefined when it is not given. Which ends it includes is the reader's business. */
export interface TimeRange {
  readonly from: Micros | undefined;
  readonly to: Micros | undefined;
}

/**
 * The range that the parameters `fromName` and `toName` bound; one moment is a range.
 * @throws InvalidInput naming `fromName` when the range ends before it begins, which an empty list would only hide.
 */
export function parseTimeRange(query: QueryString, fromName: string, toName: string): TimeRange {
  const from = parseTime(query, fromName);
  const to = parseTime(query, toName);
  if (from !== undefined && to !== undefined && from > to) {
    throw new InvalidInput(`${fromName} must not be after ${toName}`, fromName);
  }
  return { from, to };
}

/** An opaque cursor as an earlier page gave it; only its reader can tell whether it is one. */
export function parseCursor(query: QueryString, name = 'cursor'): string | undefined {
  const text = parseText(query, name);
  if (text === undefined) return undefined;
  if (text.length > MAX_CURSOR_LENGTH || !/^[\w=.~+/-]+$/.test(text)) {
    throw new InvalidInput(`${name} is no cursor of this server`, name);
  }
  return text;
}

/** Which part of a list that goes by page number and by cursor. */
export function parsePageRequest(query: QueryString, bounds: LimitBounds): PageRequest {
  const cursor = parseCursor(query);
  return { page: parsePage(query), limit: parseLimit(query, bounds), ...(cursor === undefined ? {} : { cursor }) };
}

/** What the caller sent, short enough for a message. */
function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60).toWellFormed()}…` : text);
}
