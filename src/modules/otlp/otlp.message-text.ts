import { isWithinDepth } from '../../domain/json.js';
import { parseContainer } from './otlp.values.js';

/** JSON text of messages as values. */

/** Normal form adds a few levels, and arguments of calls nest inside messages: all must stay within what readers take. */
const MAX_CONTENT_DEPTH = 90;

/** So many digits in a row a double may not hold. */
const LONG_NUMBER_DIGITS = 16;
/** Numbers outside strings; strings are matched first so that digits in them are left alone. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]{15,}/g;

/**
 * The object or list that `text` is JSON of, or undefined when it is none, is cut off, or nests too deep to be put in
 * another form. Integers that a double cannot hold become text, as they do in attributes.
 */
export function parseSafely(text: string): object | undefined {
  const value = parseContainer(hasLongNumber(text) ? quoteLongNumbers(text) : text);
  // Text of n characters nests at most n/2 levels.
  if (value !== undefined && text.length > MAX_CONTENT_DEPTH * 2 && !isWithinDepth(value, MAX_CONTENT_DEPTH))
    return undefined;
  return value;
}

/** Looks at every sixteenth character only: a run of sixteen digits cannot lie between two of them. */
function hasLongNumber(text: string): boolean {
  for (let i = LONG_NUMBER_DIGITS - 1; i < text.length; i += LONG_NUMBER_DIGITS) {
    if (!isDigit(text, i)) continue;
    let start = i;
    let end = i + 1;
    while (isDigit(text, start - 1)) start -= 1;
    while (isDigit(text, end)) end += 1;
    if (end - start >= LONG_NUMBER_DIGITS) return true;
  }
  return false;
}

/** False beyond the ends of the text. */
function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

function quoteLongNumbers(text: string): string {
  try {
    return text.replace(STRING_OR_NUMBER, (token) =>
      token.startsWith('"') || Number.isSafeInteger(Number(token)) || !/^-?[0-9]+$/.test(token) ? token : `"${token}"`,
    );
  } catch {
    // A string of many megabytes can exhaust the matcher; its numbers are then read as JavaScript reads them.
    return text;
  }
}
