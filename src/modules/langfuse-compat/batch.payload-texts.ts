import { MAX_JSON_DEPTH, type JsonText } from '../../domain/json.js';

/** The payload of one item as its sender wrote it. A value that cannot be kept as it stands is missing. */
export interface PayloadTexts {
  input?: JsonText;
  output?: JsonText;
}

/** The payloads of a `POST /v1/l/batch` body, at the places of their items. */
export interface BatchTexts {
  readonly trace: PayloadTexts;
  readonly observations: readonly PayloadTexts[];
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;

/**
 * Finds the texts of `input` and `output` in `body`, so that what was parsed need not be turned into text again, which
 * for long payloads is the dearest step of a request. `body` must be text that JSON.parse has accepted: only then can
 * the walk rely on brackets and quotes alone.
 *
 * Left out, to be written anew from the parsed value, is what should not be stored as it stands: text with `\u`
 * escapes (it may hold U+0000 or lone surrogates, and takes up to six bytes for one), text that is laid out in lines,
 * numbers with exponents (readers fail at 1e400) and nesting beyond MAX_JSON_DEPTH. So is everything of an item that
 * writes a key with an escape: it may mean "input".
 */
export function readPayloadTexts(body: string): BatchTexts {
  return new Walker(body).batch();
}

/** The same for the bodies of the events of a `POST /api/public/ingestion` request, at the places of their events. */
export function readEventTexts(request: string): readonly PayloadTexts[] {
  return new Walker(request).events();
}

/** In JSON a letter E before a digit or a sign begins an exponent; that of `true` and `false` stands before a comma, a bracket or space. */
function isExponent(code: number, next: number): boolean {
  return (code | 0x20) === 0x65 && (next === 0x2b || next === 0x2d || (next >= 0x30 && next <= 0x39));
}

class Walker {
  private at = 0;
  /** Whether the value passed last may be kept as it stands. */
  private isKeepable = true;
  private readonly hasUnicodeEscapes: boolean;

  constructor(private readonly text: string) {
    this.hasUnicodeEscapes = text.includes('\\u');
  }

  batch(): BatchTexts {
    let trace: PayloadTexts = {};
    let observations: PayloadTexts[] = [];
    this.space();
    const isPlain = this.members((start, end) => {
      if (this.isKey(start, end, 'trace')) trace = this.item();
      else if (this.isKey(start, end, 'observations')) observations = this.items(() => this.item());
      else this.value();
    });
    return isPlain ? { trace, observations } : { trace: {}, observations: [] };
  }

  events(): PayloadTexts[] {
    let events: PayloadTexts[] = [];
    this.space();
    const isPlain = this.members((start, end) => {
      if (this.isKey(start, end, 'batch')) events = this.items(() => this.event());
      else this.value();
    });
    return isPlain ? events : [];
  }

  private event(): PayloadTexts {
    let texts: PayloadTexts = {};
    if (this.code() !== OPEN_BRACE) {
      this.value();
      return texts;
    }
    const isPlain = this.members((start, end) => {
      if (this.isKey(start, end, 'body')) texts = this.item();
      else this.value();
    });
    return isPlain ? texts : {};
  }

  private items(read: () => PayloadTexts): PayloadTexts[] {
    const items: PayloadTexts[] = [];
    if (this.code() !== OPEN_BRACKET) {
      this.value();
      return items;
    }
    this.at += 1;
    for (this.space(); this.code() !== CLOSE_BRACKET; this.space()) {
      if (this.code() === COMMA) {
        this.at += 1;
        this.space();
      }
      items.push(read());
    }
    this.at += 1;
    return items;
  }

  private item(): PayloadTexts {
    let texts: PayloadTexts = {};
    if (this.code() !== OPEN_BRACE) {
      this.value();
      return texts;
    }
    const isPlain = this.members((start, end) => {
      const name = this.isKey(start, end, 'input') ? 'input' : this.isKey(start, end, 'output') ? 'output' : undefined;
      const from = this.at;
      this.value();
      // Of equal keys the last one counts, as in JSON.parse.
      if (name !== undefined) texts[name] = this.keep(from);
    });
    if (!isPlain) texts = {};
    return texts;
  }

  private keep(from: number): JsonText | undefined {
    if (!this.isKeepable) return undefined;
    const value = this.text.slice(from, this.at);
    return this.hasUnicodeEscapes && value.includes('\\u') ? undefined : value;
  }

  /** Calls `visit` at the value of each member of an object with the place of its key; false when a key has an escape. */
  private members(visit: (start: number, end: number) => void): boolean {
    let isPlain = true;
    if (this.code() !== OPEN_BRACE) return isPlain;
    this.at += 1;
    for (this.space(); this.code() !== CLOSE_BRACE; this.space()) {
      if (this.code() === COMMA) {
        this.at += 1;
        this.space();
      }
      const start = this.at + 1;
      this.string();
      const end = this.at - 1;
      if (this.text.slice(start, end).includes('\\')) isPlain = false;
      this.space();
      // The colon.
      this.at += 1;
      this.space();
      visit(start, end);
    }
    this.at += 1;
    return isPlain;
  }

  private isKey(start: number, end: number, name: string): boolean {
    return end - start === name.length && this.text.startsWith(name, start);
  }

  /** Passes any value. */
  private value(): void {
    this.isKeepable = true;
    const code = this.code();
    if (code === QUOTE) this.string();
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) this.nested();
    else this.scalar();
  }

  private nested(): void {
    const { text } = this;
    let depth = 0;
    do {
      const code = text.charCodeAt(this.at);
      if (code === QUOTE) {
        this.string();
        continue;
      }
      this.at += 1;
      if (code === OPEN_BRACE || code === OPEN_BRACKET) {
        depth += 1;
        if (depth > MAX_JSON_DEPTH) this.isKeepable = false;
      } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
        depth -= 1;
      } else if (code < SPACE || isExponent(code, this.code())) {
        this.isKeepable = false;
      }
    } while (depth > 0 && this.at < text.length);
  }

  private scalar(): void {
    let code = this.code();
    while (code > SPACE && code !== COMMA && code !== CLOSE_BRACE && code !== CLOSE_BRACKET) {
      this.at += 1;
      const next = this.code();
      if (isExponent(code, next)) this.isKeepable = false;
      code = next;
    }
  }

  private string(): void {
    const { text } = this;
    let end = text.indexOf('"', this.at + 1);
    while (text.charCodeAt(end - 1) === BACKSLASH && this.isEscaped(end)) end = text.indexOf('"', end + 1);
    this.at = end + 1;
  }

  /** Whether an odd number of backslashes stands before `end`. */
  private isEscaped(end: number): boolean {
    let first = end - 1;
    while (this.text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
    return (end - first) % 2 === 1;
  }

  private space(): void {
    while (this.code() <= SPACE) this.at += 1;
  }

  private code(): number {
    return this.text.charCodeAt(this.at);
  }
}
