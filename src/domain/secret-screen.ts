import { type JsonText } from './json.js';
import { KEY_KINDS, TOKEN_KINDS } from './secret-key.js';
import { type Scope } from './secret-json.js';

/**
 * Tells the many texts without secrets from the few that may hold one. It is asked for every value that is written, so it
 * is built for speed: about 3 ns a character of metadata, half of one of content, where the search for the same words in
 * one plain expression takes 8. Each alternative begins with a letter that is rare in texts and looks back for the rest,
 * so that nearly all characters are passed over by one comparison. Says yes to everything that secret-json.ts would change.
 */

/** Between the words of a name, escapes included. */
const GAP = '[^A-Za-z0-9]{0,4}';

/** Names in any case, split where their rarest letter stands: before, letter, after. */
const NAMES: readonly Anchored[] = [
  ['coo', 'k', 'ie'],
  [`(?:${TOKEN_KINDS})~to`, 'k', 'en'],
  [`(?:${KEY_KINDS})~`, 'k', 'ey'],
  ['authori', 'z', 'ation'],
  ['pass', 'w', '(?:or)?d'],
  ['p', 'w', 'd'],
  ['j', 'w', 't'],
  ['pass', 'p', 'hrase'],
  ['se', 'c', 'ret'],
  ['', 'b', 'earer'],
  ['', 'b', 'asic'],
  ['[?&;](?:token|sig|signature|x-amz-signature)', '=', ''],
];

/** Credentials known by their look, the same as in secret-text.ts. */
const CREDENTIALS: readonly Anchored[] = [
  ['s', 'k', String.raw`-[\w-]{16}`],
  ['[sr]', 'k', '_(?:live|test)_'],
  ['A', 'K', 'IA[A-Z0-9]{16}'],
  ['PRIVATE ', 'K', 'EY-----'],
  ['AI', 'z', String.raw`a[\w-]{35}`],
  ['ey', 'J', String.raw`[\w-]{10}`],
  ['', 'x', 'ox[a-z]-'],
  ['(?:gh[opsur]|hf|gsk|github_pat)', '_', String.raw`\w{30}`],
];
const PASSWORD_IN_ADDRESS = String.raw`:(?:\\*\/){2}[^\s\/?#:@"']*:[^\s\/?#"']+@`;
/** A letter or sign could be written so, and any name with it. */
const ESCAPE = String.raw`\\u00[2-7]`;

/** What every text has that CREDENTIALS, ESCAPE or an object called `headers` could be in: found faster than a pattern. */
const CONTENT_MARKS = ['k-', 'J', 'xox', 'KIA', 'AIza', '_', 'KEY--', '\\u00', '"headers', 'Headers', '-headers'];

const CONTENT = new RegExp(`${byAnchor(CREDENTIALS)}|${ESCAPE}`);
const HEADERS = /headers\\*"/i;
/** Too short for a secret with its name, or for any credential: `"Bearer 12345678"` is longer. */
const MIN_LENGTH = 9;

export class SecretScreen {
  private readonly metadata: RegExp;

  /** @param addedWords runs of letters and digits; a text with one may hold a name that an operator added */
  constructor(addedWords: readonly string[] = []) {
    const names = [...NAMES, ...addedWords.map((word): Anchored => ['', word[0]!, word.slice(1)])].map(inAnyCase);
    this.metadata = new RegExp(`${byAnchor([...names, ...CREDENTIALS])}|${PASSWORD_IN_ADDRESS}|${ESCAPE}`);
  }

  /** Whether `text` may hold a secret in that scope; false is certain. */
  mayHold(text: JsonText, scope: Scope): boolean {
    if (text.length < MIN_LENGTH) return false;
    if (scope === 'metadata') return this.metadata.test(text);
    if (!CONTENT_MARKS.some((mark) => text.includes(mark))) return false;
    return CONTENT.test(text) || (HEADERS.test(text) && this.metadata.test(text));
  }
}

/** An expression in three parts: what stands before a rare letter or sign, that letter, and what follows. */
type Anchored = readonly [before: string, anchor: string, after: string];

function inAnyCase([before, anchor, after]: Anchored): Anchored {
  const fold = (pattern: string): string =>
    pattern.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`).replaceAll('~', GAP);
  return [fold(before), fold(anchor), fold(after)];
}

/** Alternatives with the same letter share one comparison. */
function byAnchor(patterns: readonly Anchored[]): string {
  const groups = new Map<string, string[]>();
  for (const [before, anchor, after] of patterns) {
    // Both cases in one group, the exact one in the expression that looks back.
    const letter = anchor.replace(/^\[(.).\]$/, '$1').toLowerCase();
    const group = groups.get(letter) ?? [];
    groups.set(letter, group);
    group.push(`(?<=${before}${anchor})${after}`);
  }
  return [...groups]
    .map(([letter, group]) => {
      const upper = letter.toUpperCase();
      return `${upper === letter ? letter : `[${letter}${upper}]`}(?:${group.join('|')})`;
    })
    .join('|');
}
