import {
  hasUnstorableEscape,
  isWithinDepth,
  type JsonText,
  MAX_JSON_DEPTH,
  quoteText,
  toJsonText,
} from '../../domain/json.js';
import { type AttributeValue } from './otlp.span.js';

/** How attribute values become what is stored. Every result is storable: no U+0000, no lone surrogate. */

/**
 * The value as JSON. 64-bit integers beyond 2^53 and numbers JSON has no word for (NaN, Infinity) become strings, so
 * that no reader rounds or loses them.
 */
export function toJson(value: AttributeValue): JsonText {
  const text = writeJson(value, quoteText);
  return isStorableJson(text) ? text : writeJson(value, toJsonText);
}

/** Like `toJson`, for use inside a larger text that is checked as a whole. */
export function writeJson(value: AttributeValue, encode: (text: string) => string): string {
  switch (typeof value) {
    case 'string':
      return encode(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    case 'bigint':
      return `"${value}"`;
    case 'boolean':
      return value ? 'true' : 'false';
    default:
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return writeList(value as readonly AttributeValue[], encode);
  const members: string[] = [];
  for (const [key, item] of value as ReadonlyMap<string, AttributeValue>) {
    members.push(`${encode(key)}:${writeJson(item, encode)}`);
  }
  return `{${members.join(',')}}`;
}

function writeList(values: readonly AttributeValue[], encode: (text: string) => string): string {
  return `[${values.map((item) => writeJson(item, encode)).join(',')}]`;
}

/** Whether JSON text, as JSON.stringify writes it, stands for storable strings only. May err towards false. */
export function isStorableJson(text: string): boolean {
  return !hasUnstorableEscape(text);
}

/**
 * Input or output as JSON: text that is a JSON object or array is kept as it was written, any other text becomes a
 * JSON string, because a model's answer "42" is text.
 */
export function toContent(value: AttributeValue): JsonText {
  if (typeof value !== 'string') return toJson(value);
  return (parseContainer(value) === undefined ? undefined : toStorableJson(value)) ?? toJsonText(value);
}

/**
 * A metadata value as JSON, in the form JSON.stringify gives; undefined for null. Langfuse SDKs send every value that is
 * not a string as JSON text, so text that is JSON is read, but a number only as these SDKs would have written it.
 */
export function toMetadataValue(value: AttributeValue): JsonText | undefined {
  if (value === null) return undefined;
  if (typeof value !== 'string') return toJson(value);
  const container = parseContainer(value);
  if (container !== undefined) return toJsonText(container);
  if (value === 'null') return undefined;
  if (value === 'true' || value === 'false') return value;
  if (isNumberOfAnSdk(value)) return String(Number(value));
  if (value.startsWith('"') && value.endsWith('"')) {
    const text = parseJson(value);
    if (typeof text === 'string') return toJsonText(text);
  }
  return toJsonText(value);
}

/**
 * Text without the quotes of JSON: MLflow writes every value as JSON (`"CHAT_MODEL"`), as Langfuse's SDK for Python does
 * with metadata from version 5 on (`_serialize_metadata_value`).
 */
export function unquote(value: AttributeValue): AttributeValue {
  if (typeof value !== 'string' || value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value;
  try {
    return JSON.parse(value) as string;
  } catch {
    return value;
  }
}

const LONGEST_NUMBER = 24;

/** Whether it is what JavaScript or Python makes of a number: `1.2e-7` and `1.2e-07`, but not `3.10`, which is a version. */
function isNumberOfAnSdk(text: string): boolean {
  const first = text.charCodeAt(0);
  const mayBe = text.length <= LONGEST_NUMBER && ((first >= 48 && first <= 57) || first === 45);
  const number = mayBe ? Number(text) : NaN;
  return Number.isFinite(number) && (String(number) === text || pythonFloat(number) === text);
}

/** As `repr` and `json.dumps` of Python write a float: the shortest digits, a point always, exponents of two digits. */
function pythonFloat(number: number): string {
  const [digits, exponentText] = number.toExponential().split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  return Number.isInteger(number) ? `${String(number)}.0` : String(number);
}

/** Names, versions and ids as text: scalars as they read, lists and maps as JSON. */
export function toText(value: AttributeValue): string {
  return typeof value === 'string' ? value : typeof value === 'object' ? toJson(value) : String(value);
}

/** `true`, `"true"`, `"True"` and their opposites; undefined for anything else. */
export function toBoolean(value: AttributeValue | undefined): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string' || value.length > 5) return undefined;
  const word = value.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

/** A list of texts from a list, JSON text of a list, comma-separated text, or a single one. Empty ones are left out. */
export function toTextList(value: AttributeValue): string[] {
  const parsed = typeof value === 'string' && value.trimStart().startsWith('[') ? parseContainer(value) : undefined;
  let texts: string[];
  if (Array.isArray(parsed)) texts = parsed.map((item) => (typeof item === 'string' ? item : toJsonText(item)));
  else if (Array.isArray(value)) texts = (value as readonly AttributeValue[]).map(toText);
  else texts = toText(value).split(',');
  return texts.map((text) => text.trim()).filter((text) => text !== '' && text !== 'null');
}

/** The members of a key-value list or of JSON text of an object; undefined when it is neither. */
export function toMembers(value: AttributeValue | undefined): ReadonlyMap<string, unknown> | undefined {
  if (value instanceof Map) return value as ReadonlyMap<string, unknown>;
  if (typeof value !== 'string') return undefined;
  const parsed = parseContainer(value);
  if (parsed === undefined || Array.isArray(parsed)) return undefined;
  return new Map(Object.entries(parsed));
}

/** The object or list that `text` is JSON of, if it is and does not nest too deep. */
export function parseContainer(text: string): object | undefined {
  if (!isBracketed(text)) return undefined;
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null) return undefined;
  // Text of n characters nests at most n/2 levels.
  if (text.length > MAX_JSON_DEPTH * 2 && !isWithinDepth(value)) return undefined;
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// Looked at before parsing, because failing to parse costs many times more than these two characters.
function isBracketed(text: string): boolean {
  let start = 0;
  while (isJsonSpace(text.charCodeAt(start))) start += 1;
  const open = text.charCodeAt(start);
  if (open !== 0x7b && open !== 0x5b) return false;
  let end = text.length - 1;
  while (end > start && isJsonSpace(text.charCodeAt(end))) end -= 1;
  return text.charCodeAt(end) === open + 2;
}

function isJsonSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

// An escaped backslash, U+0000, a surrogate pair, or a surrogate on its own.
const ESCAPES =
  /\\\\|\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}/g;
const PAIR_LENGTH = '\\ud800\\udc00'.length;

/** Well-formed JSON text with what cannot be stored replaced by U+FFFD, otherwise unchanged. */
export function toStorableJson(text: string): JsonText {
  const wellFormed = text.toWellFormed();
  if (isStorableJson(wellFormed) && !wellFormed.includes('\\uD')) return wellFormed;
  return wellFormed.replace(ESCAPES, (match) => (match === '\\\\' || match.length === PAIR_LENGTH ? match : '\ufffd'));
}
