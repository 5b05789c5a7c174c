import { type JsonText } from './json.js';
import { isMediaType, type MediaType } from './media.js';

/** Stands in every data URI that is looked for, however its JSON is escaped. */
const MARK = ';base64,';
/** `data:` and the longest type, its slash escaped, with a parameter or two. */
const MAX_HEAD_LENGTH = 200;
/** The part before {@link MARK}; PHP writes `\/` in JSON. */
const HEAD = /data:([a-z]+)\\?\/([a-z0-9.+-]+)(?:;[a-z0-9=._+-]+)*$/i;

const BACKSLASH = 0x5c;
const SLASH = 0x2f;
const EQUALS = 0x3d;

/**
 * `text` with each base64 data URI of a known media type replaced by what `replace` gives for it; undefined leaves it
 * as it is, and a text in which nothing is replaced is the same string. Works on the JSON as it is written, also where
 * it is a text inside of a text. Costs one search of the text where there is none.
 */
export function replaceDataUris(
  text: JsonText,
  replace: (contentType: MediaType, base64: string) => string | undefined,
): JsonText {
  let out = '';
  let copied = 0;
  for (let mark = text.indexOf(MARK); mark >= 0; mark = text.indexOf(MARK, mark + MARK.length)) {
    const from = Math.max(copied, mark - MAX_HEAD_LENGTH);
    const head = HEAD.exec(text.slice(from, mark));
    if (head === null) continue;
    const contentType = `${head[1]!}/${head[2]!}`.toLowerCase();
    if (!isMediaType(contentType)) continue;
    const start = mark + MARK.length;
    const end = endOfBase64(text, start);
    const base64 = text.slice(start, end).replaceAll('\\/', '/');
    // One digit more than a multiple of four has no meaning.
    if (base64.replace(/=+$/, '').length % 4 === 1) continue;
    const by = base64 === '' ? undefined : replace(contentType, base64);
    if (by === undefined) continue;
    out += text.slice(copied, from + head.index) + by;
    copied = end;
    mark = end - MARK.length;
  }
  return copied === 0 ? text : out + text.slice(copied);
}

/** Just past the digits that begin at `start` and up to two signs of padding. */
function endOfBase64(text: string, start: number): number {
  let end = start;
  for (;;) {
    const code = text.charCodeAt(end);
    if (isDigit(code)) end += 1;
    else if (code === BACKSLASH && text.charCodeAt(end + 1) === SLASH) end += 2;
    else break;
  }
  for (let i = 0; i < 2 && text.charCodeAt(end) === EQUALS; i += 1) end += 1;
  return end;
}

/** A to Z, a to z, 0 to 9, plus and slash. */
function isDigit(code: number): boolean {
  const letter = code | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || (code >= 0x2f && code <= 0x39) || code === 0x2b;
}
