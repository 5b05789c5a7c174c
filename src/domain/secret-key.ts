/**
 * Which names announce a secret. A name counts if it is or ends with one of these words, whatever its case and whatever
 * stands between its words: `x-api-key`, `http.request.header.authorization`, `OPENAI_API_KEY`, `clientSecret`.
 * Counts of tokens (`max_tokens`, `token_count`) and names that go on (`api_key_id`) do not.
 */

/** Words before `token` that make it a credential: a token alone is what a model writes. */
export const TOKEN_KINDS =
  'access|refresh|id|auth|oauth|authentication|bearer|session|security|csrf|xsrf|bot|api|hf|gh|github|gitlab|slack|npm|vault';
/** Words before `key` that make it a credential: most keys are names. */
export const KEY_KINDS = 'api|secret|private|access|signing|encryption|account|subscription|shared|master';

// Of words that nothing else ends with, the part before them may be anything: `dbpassword`, `xauthorization`.
const SECRET_NAME = new RegExp(
  '(?:authorization|passwords?|passwd|passphrase|secrets?|cookies?|' +
    `(?:^|_)(?:bearer|jwt|pwd|(?:${TOKEN_KINDS})_{0,2}token|(?:${KEY_KINDS})_{0,2}keys?)|apikeys?)(?:_\\d{1,4})?$`,
);
/** Longer than any name above. */
const TAIL_LENGTH = 64;

// Names are few and repeat in every message. Bounded, because clients choose them: when full it starts afresh.
const MAX_KNOWN_KEYS = 4096;
const MAX_KNOWN_KEY_LENGTH = 128;

/** `apiKey`, `API-Key` and `api.key` → `api_key`. */
function normalize(key: string): string {
  return key
    .replace(/[^A-Za-z0-9*]/g, '_')
    .replace(/([a-z0-9])(?=[A-Z])/g, '$1_')
    .replace(/([A-Z])(?=[A-Z][a-z])/g, '$1_')
    .toLowerCase();
}

/** Whether `text` can be one of the names that an operator adds, see {@link SecretKeys}. */
export function isKeyPattern(text: string): boolean {
  return /^!?[\w.*-]{2,100}$/.test(text) && longestWord(text).length >= 2;
}

/** What is known of a name. */
export interface KnownKey {
  readonly isSecret: boolean;
  /** The last value under it that held no secret. Clients repeat themselves, and comparing is cheaper than searching. */
  lastHarmless?: string;
}

/** The built-in names and those of an operator. Each is tested once; later it costs a look-up. */
export class SecretKeys {
  private readonly known = new Map<string, KnownKey>();
  private readonly added: readonly string[][];
  private readonly exempt: readonly string[][];

  /**
   * @param patterns names that count like the built-in ones; `*` in them stands for any characters, and a leading `!`
   *   takes back a name, an added one too
   */
  constructor(private readonly patterns: readonly string[] = []) {
    const pieces = (pattern: string): string[] => normalize(pattern.replace(/^!/, '')).split('*');
    this.added = patterns.filter((pattern) => !pattern.startsWith('!')).map(pieces);
    this.exempt = patterns.filter((pattern) => pattern.startsWith('!')).map(pieces);
  }

  has(key: string): boolean {
    return this.lookUp(key).isSecret;
  }

  lookUp(key: string): KnownKey {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const tested = { isSecret: this.test(key) };
    if (key.length <= MAX_KNOWN_KEY_LENGTH) {
      if (this.known.size >= MAX_KNOWN_KEYS) this.known.clear();
      this.known.set(key, tested);
    }
    return tested;
  }

  /** For each added name one run of letters and digits that is in every text that holds the name as a key, unless escaped. */
  get addedWords(): string[] {
    return this.patterns.filter((pattern) => !pattern.startsWith('!')).map(longestWord);
  }

  private test(key: string): boolean {
    const name = normalize(key);
    if (this.exempt.some((pieces) => endsWithPattern(name, pieces))) return false;
    return SECRET_NAME.test(name.slice(-TAIL_LENGTH)) || this.added.some((pieces) => endsWithPattern(name, pieces));
  }
}

/** The longest run without a separator: cut also where a key may have one and the pattern none, as `apiKey` is `api_key`. */
function longestWord(pattern: string): string {
  const words = normalize(pattern).split(/[_*]+/);
  return words.reduce((longest, word) => (word.length > longest.length ? word : longest), '');
}

/** Whether `name` is or ends with, as whole words, the pieces in their order with anything between them. Linear. */
function endsWithPattern(name: string, pieces: readonly string[]): boolean {
  const last = pieces.at(-1)!;
  const end = name.length - last.length;
  if (!name.endsWith(last)) return false;
  const first = pieces[0]!;
  if (pieces.length === 1) return end === 0 || name[end - 1] === '_' || last.startsWith('_');
  let at = 0;
  for (const piece of pieces.slice(0, -1)) {
    let found = name.indexOf(piece, at);
    while (piece === first && at === 0 && found > 0 && name[found - 1] !== '_') found = name.indexOf(piece, found + 1);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= end;
}
