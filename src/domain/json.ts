/** Any value that JSON can carry. Objects come from JSON.parse and may own keys such as `__proto__`: never copy them key by key into a plain object. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** A JSON document as text, well-formed and free of U+0000, ready to be stored and to be spliced into an answer. Not always as JSON.stringify writes it. */
export type JsonText = string;

/** The same as UTF-8 bytes: how reads get payloads of which there may be many, because an answer takes them over as they are. */
export type JsonBytes = Uint8Array;

/** How deep arrays and objects may nest in anything a client sends. Deeper values overflow the stack of JSON.stringify and of readers. */
export const MAX_JSON_DEPTH = 200;

/** Whether `value` nests at most `limit` levels of arrays and objects (a scalar has none). Costs one visit per node. */
export function isWithinDepth(value: unknown, limit: number = MAX_JSON_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (limit === 0) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && !isWithinDepth(item, limit - 1)) return false;
    return true;
  }
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key];
    if (typeof item === 'object' && !isWithinDepth(item, limit - 1)) return false;
  }
  return true;
}

// Matches an escaped backslash first, so that the text `\\u0000` (a backslash and five characters) is left alone.
const UNSTORABLE_ESCAPE = /\\\\|\\u0000|\\ud[89a-f][0-9a-f]{2}/g;

/** Below it JSON.stringify is as fast. */
const LONG_TEXT = 128;
// Each is replaced in one go; only these stand in texts that people and models write.
const BACKSLASHES = /\\/g;
const QUOTES = /"/g;
const NEWLINES = /\n/g;
// eslint-disable-next-line no-control-regex -- These are what JSON.stringify escapes besides.
const OTHER_ESCAPED = /[\u0000-\u0009\u000b-\u001f\ud800-\udfff]/;

/** What JSON.stringify makes of `text`; of a long one in half the time. */
export function quoteText(text: string): string {
  if (text.length < LONG_TEXT || OTHER_ESCAPED.test(text)) return JSON.stringify(text);
  return `"${text.replace(BACKSLASHES, '\\\\').replace(QUOTES, '\\"').replace(NEWLINES, '\\n')}"`;
}

/**
 * `value` as JSON text in which U+0000 and lone surrogates, which PostgreSQL cannot hold, are U+FFFD.
 * The caller has checked the depth. Numbers JSON cannot carry (NaN, Infinity) become null, as in JSON.stringify.
 */
export function toJsonText(value: unknown): JsonText {
  const text = typeof value === 'string' ? quoteText(value) : (JSON.stringify(value) ?? 'null');
  if (!hasUnstorableEscape(text)) return text;
  // JSON.stringify escapes only lone surrogates, in lower case; pairs stay characters.
  return text.replace(UNSTORABLE_ESCAPE, (match) => (match === '\\\\' ? match : '\ufffd'));
}

/** Whether JSON text, as JSON.stringify writes it, stands for a text that PostgreSQL cannot hold. May err towards true. */
export function hasUnstorableEscape(text: string): boolean {
  // Few texts have any such escape: one search instead of two.
  return text.includes('\\u') && (text.includes('\\u0000') || text.includes('\\ud'));
}

/** `text` with U+0000 and lone surrogates replaced by U+FFFD; returns the same string when there is nothing to replace. */
export function toStorableText(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  return wellFormed.includes('\0') ? wellFormed.replaceAll('\0', '\ufffd') : wellFormed;
}

/** Whether PostgreSQL can hold `text` as it is: no U+0000 and no lone surrogate. */
export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/**
 * Compares two strings by their UTF-8 bytes, as PostgreSQL's collation "C" does; JavaScript's `<` compares UTF-16
 * units and disagrees above U+FFFF.
 */
export function compareBytewise(a: string, b: string): number {
  if (a === b) return 0;
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    // Only surrogates, which stand for what lies above U+FFFF, sort differently in UTF-16: before U+E000 to U+FFFF.
    if (left !== right)
      return left < 0xd800 || right < 0xd800 ? left - right : codePointOrder(left) - codePointOrder(right);
  }
  return a.length - b.length;
}

function codePointOrder(unit: number): number {
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
