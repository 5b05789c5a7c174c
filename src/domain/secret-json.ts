import { type JsonText } from './json.js';
import { type SecretKeys } from './secret-key.js';
import { cleanCredentials, cleanText, REDACTED, type Cleaned } from './secret-text.js';

/**
 * How much of a JSON document is looked through. `metadata`: secret names anywhere, and every pattern in texts. `content`
 * is what users and models wrote, where a wrong guess does more harm: secret names only inside of objects called
 * `headers`, and in texts only credentials of well-known makers.
 */
export type Scope = 'metadata' | 'content';

/** JSON text in a string in JSON text …; each level doubles the backslashes, so that nobody needs more. */
const MAX_LEVELS = 8;

/**
 * `text` with its secrets replaced by `"[redacted]"`; everything else stays as it was written, character by character.
 * One pass without recursion into arrays and objects, so that no depth of nesting is a problem. Text that is no JSON
 * gives some text back and never throws.
 *
 * @param key under which the document stands, where that says something about it
 */
export function cleanJson(text: JsonText, scope: Scope, keys: SecretKeys, key = ''): Cleaned {
  return new JsonCleaner(text, scope, keys, 0, key).run();
}

// What is known of an open array or object.
const IS_OBJECT = 1;
/** It is, or is inside of, an object called `headers`. */
const IN_HEADERS = 2;
/** It declares members, as JSON Schema does: `"properties": {"password": {"type": "string"}}` is no password. */
const IS_SCHEMA = 4;
/** A text in it was a secret name, so that what follows is the secret: `["authorization", "Bearer …"]`. */
const AFTER_NAME = 8;

const HEADERS = /^headers$|[_-]headers$|Headers$/;
const QUOTE = 0x22;
const COLON = 0x3a;

/** A header's name, or an option of a command. */
const NAME_ALONE = /^[\w-]{1,64}$/;

/** Whether a value under a secret name is no secret: nothing, a yes or no, or what was redacted before. */
export function holdsNothing(value: JsonText): boolean {
  return (
    value.length <= MAX_NOTHING_LENGTH && /^\s*(?:""|"\[redacted\]"|null|true|false|\[\s*\]|\{\s*\}|)\s*$/.test(value)
  );
}

const MAX_NOTHING_LENGTH = 64;

class JsonCleaner {
  private at = 0;
  private out = '';
  private copied = 0;
  private count = 0;
  private readonly open: number[] = [];
  private frame = 0;
  private isKeyNext = false;

  constructor(
    private readonly text: string,
    private readonly scope: Scope,
    private readonly keys: SecretKeys,
    private readonly level: number,
    /** The key of the value that comes next; empty in arrays. */
    private key: string,
  ) {}

  run(): Cleaned {
    const { text } = this;
    while (this.at < text.length) {
      switch (text.charCodeAt(this.at)) {
        case QUOTE:
          if (this.isKeyNext) this.readKey();
          else this.readText();
          break;
        case 0x7b: // {
          this.enter(IS_OBJECT | (this.key === 'properties' ? IS_SCHEMA : 0));
          break;
        case 0x5b: // [
          this.enter(0);
          break;
        case 0x7d: // }
        case 0x5d: // ]
          this.frame = this.open.pop() ?? 0;
          this.isKeyNext = false;
          this.at += 1;
          break;
        case 0x2c: // ,
          this.isKeyNext = (this.frame & IS_OBJECT) !== 0;
          this.key = '';
          this.at += 1;
          break;
        default:
          this.at += 1;
      }
    }
    if (this.copied === 0) return { text, count: 0 };
    return { text: this.out + text.slice(this.copied), count: this.count };
  }

  private enter(kind: number): void {
    const inherited = (this.frame & IN_HEADERS) | (HEADERS.test(this.key) ? IN_HEADERS : 0);
    this.open.push(this.frame);
    this.frame = kind | inherited;
    this.isKeyNext = (kind & IS_OBJECT) !== 0;
    this.key = '';
    this.at += 1;
  }

  private readKey(): void {
    const { text } = this;
    const start = this.at;
    const end = endOfString(text, start);
    this.isKeyNext = false;
    this.key = decode(text.slice(start + 1, end - 1));
    this.at = skipSpace(text, end);
    if (text.charCodeAt(this.at) === COLON) this.at = skipSpace(text, this.at + 1);
    const cleanKey = cleanCredentials(this.key);
    if (cleanKey.count > 0) this.replace(start, end, JSON.stringify(cleanKey.text), cleanKey.count);
    const isPairValue = (this.frame & AFTER_NAME) !== 0 && /^values?$/i.test(this.key);
    const isSecret = isPairValue || (this.isNameSought() && this.keys.has(this.key));
    if (!isSecret) return;
    const first = text[this.at];
    if ((this.frame & IS_SCHEMA) !== 0 && first === '{') return;
    const valueEnd = endOfValue(text, this.at);
    if (holdsNothing(text.slice(this.at, valueEnd))) return;
    this.replace(this.at, valueEnd, `"${REDACTED}"`, 1);
    this.at = valueEnd;
  }

  private isNameSought(): boolean {
    return this.scope === 'metadata' || (this.frame & IN_HEADERS) !== 0;
  }

  private readText(): void {
    const start = this.at;
    const end = endOfString(this.text, start);
    this.at = end;
    const value = decode(this.text.slice(start + 1, end - 1));
    const isInArray = (this.frame & IS_OBJECT) === 0;
    if (isInArray && (this.frame & AFTER_NAME) !== 0) {
      this.frame &= ~AFTER_NAME;
      if (value !== '' && value !== REDACTED) this.replace(start, end, `"${REDACTED}"`, 1);
      return;
    }
    if ((isInArray || /^(?:name|key|header)$/i.test(this.key)) && this.announces(value)) this.frame |= AFTER_NAME;
    const cleaned = this.cleanValue(value);
    if (cleaned.count > 0) this.replace(start, end, JSON.stringify(cleaned.text), cleaned.count);
  }

  /** Whether a text that is no key says that the next one is a secret: a header's name, or an option of a command. */
  private announces(value: string): boolean {
    if (!NAME_ALONE.test(value)) return false;
    const isSought = (this.frame & IN_HEADERS) !== 0 || (this.scope === 'metadata' && value.startsWith('--'));
    return isSought && this.keys.has(value);
  }

  private cleanValue(value: string): Cleaned {
    const isInHeaders = (this.frame & IN_HEADERS) !== 0 || HEADERS.test(this.key);
    const scope = isInHeaders ? 'metadata' : this.scope;
    if (this.level < MAX_LEVELS && isJsonContainer(value)) {
      return new JsonCleaner(value, scope, this.keys, this.level + 1, isInHeaders ? 'headers' : '').run();
    }
    return scope === 'metadata' ? cleanText(value, this.keys) : cleanCredentials(value);
  }

  private replace(start: number, end: number, by: string, count: number): void {
    this.out += this.text.slice(this.copied, start) + by;
    this.copied = end;
    this.count += count;
  }
}

/** Just past the string that begins at `start`; the end of `text` if nothing closes it. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes += 1;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}

const VALUE_MARK = /["[\]{},]/g;

/** Just past the value that begins at `start`. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  VALUE_MARK.lastIndex = start;
  for (let mark = VALUE_MARK.exec(text); mark !== null; mark = VALUE_MARK.exec(text)) {
    const sign = mark[0];
    let end = mark.index + 1;
    if (sign === '"') VALUE_MARK.lastIndex = end = endOfString(text, mark.index);
    else if (sign === '[' || sign === '{') depth += 1;
    else if (depth === 0) return lastNonSpace(text, start, mark.index);
    else if (sign !== ',') depth -= 1;
    if (depth === 0 && sign !== ',') return end;
  }
  return text.length;
}

function lastNonSpace(text: string, start: number, end: number): number {
  let last = end;
  while (last > start && isSpace(text.charCodeAt(last - 1))) last -= 1;
  return last;
}

function skipSpace(text: string, at: number): number {
  let next = at;
  while (isSpace(text.charCodeAt(next))) next += 1;
  return next;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** The text that the inside of a JSON string stands for. */
function decode(raw: string): string {
  if (!raw.includes('\\')) return raw;
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return raw;
  }
}

function isJsonContainer(text: string): boolean {
  if (!/^\s{0,100}[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
