import { type SecretKeys } from './secret-key.js';

/** What stands where a secret was, so that one sees that there was one. */
export const REDACTED = '[redacted]';

/** A text without its secrets, and how many they were. */
export interface Cleaned {
  readonly text: string;
  readonly count: number;
}

/**
 * Credentials that are known by their look alone: keys of OpenAI, Anthropic, Langfuse and the like (`sk-`), Stripe, AWS,
 * Google, GitHub, Slack, Hugging Face, Groq, private keys in PEM and JSON Web Tokens. Each begins with a prefix that
 * its maker chose so that scanners find it, which is why they are looked for in a user's own content as well.
 */
const CREDENTIAL = new RegExp(
  '(?<![A-Za-z0-9])(?:' +
    [
      'sk-[\\w-]{16,}',
      '(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}',
      'AKIA[A-Z0-9]{16}(?![A-Za-z0-9])',
      'AIza[\\w-]{35}',
      'gh[opsur]_[A-Za-z0-9]{30,}',
      'github_pat_\\w{30,}',
      'xox[a-z]-[A-Za-z0-9-]{10,}',
      'hf_[A-Za-z0-9]{30,}',
      'gsk_[A-Za-z0-9]{30,}',
      // At the start of a run only: its three parts may take any length, and a run could hold thousands of starts.
      '(?<![\\w-])eyJ[\\w-]{10,}\\.eyJ[\\w-]{10,}\\.[\\w-]{10,}',
    ].join('|') +
    ')|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?',
  'g',
);

/** `sk-` begins slugs too (`sk-learn-pipeline-example`): a key has a maker's mark, a long run, or digits and both cases. */
function isCredential(match: string): boolean {
  if (!match.startsWith('sk-')) return true;
  if (/^sk-(?:proj|svcacct|admin|ant|or|lf|xt)-/.test(match)) return /\d/.test(match);
  return /\d/.test(match) && (/[A-Za-z0-9]{20}/.test(match) || (/[a-z]/.test(match) && /[A-Z]/.test(match)));
}

/** `text` without credentials of well-known makers. */
export function cleanCredentials(text: string): Cleaned {
  let count = 0;
  const cleaned = text.replace(CREDENTIAL, (match) => {
    if (!isCredential(match)) return match;
    count += 1;
    return REDACTED;
  });
  return { text: cleaned, count };
}

/** The password in `scheme://user:password@host`. */
const USER_INFO = /(:(?:\\*\/){2}[^\s/?#:@"'\\]*:)([^\s/?#"']+)(@)/g;
/** Parameters that are secrets in an address, though not everywhere. */
const QUERY = /([?&;](?:token|sig|signature|x-amz-signature)=)([^\s&;"'<>#\\]+)/gi;
const SCHEME = /(\b(?:bearer|basic)(?:\s{1,4}|%20|\+))([\w.~+/=-]{8,})/gi;
const FLAG = /(--[\w-]{0,60}(?:key|token|secret|password|passwd|passphrase)[ \t]{1,4})([^\s"'\\-][^\s"'\\]*)/gi;

/** Free text without its secrets: credentials, passwords in addresses, and what is assigned to a name of `keys`. */
export function cleanText(text: string, keys: SecretKeys): Cleaned {
  let count = 0;
  const hide = (test: (before: string, secret: string) => boolean) => {
    return (match: string, before: string, secret: string, after: unknown): string => {
      if (secret.startsWith(REDACTED) || !test(before, secret)) return match;
      count += 1;
      return before + REDACTED + (after === '@' ? '@' : '');
    };
  };
  const assigned = cleanAssignments(text, keys);
  const plain = assigned.text
    .replace(
      USER_INFO,
      hide(() => true),
    )
    .replace(
      QUERY,
      hide(() => true),
    )
    .replace(
      FLAG,
      hide((flag, value) => keys.has(flag.trim()) && !isPlaceholder(value)),
    )
    .replace(
      SCHEME,
      hide((scheme, token) => (/^basic/i.test(scheme) ? isBasicPair(token) : looksRandom(token))),
    );
  const credentials = cleanCredentials(plain);
  return { text: credentials.text, count: assigned.count + count + credentials.count };
}

/** A word of a sentence is no secret: `bearer authentication`, `password: required`. */
function looksRandom(text: string): boolean {
  return /\d/.test(text) || text.length >= 24;
}

function isBasicPair(text: string): boolean {
  return /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(text, 'base64').toString('latin1'));
}

/** What code and messages write where a secret would be. */
function isPlaceholder(text: string): boolean {
  return /^(?:none|null|undefined|nil|true|false|required|\$.*|%.*%|\*+|(?:os|process|settings|config|self)\..*)$/i.test(
    text,
  );
}

const ASSIGNMENT =
  /(?:authorization|passwords?|passwd|passphrase|secrets?|cookies?|bearer|jwt|pwd|token|keys?)(?:_?\d{1,4})?(\\*["'])?\s{0,4}(?:=>|[:=])\s{0,4}/gi;
const SCHEME_ALONE = /^(?:bearer|basic|token|digest|apikey|negotiate)(?:%20)?$/i;
const BARE = /[^\s,;&"'<>()[\]{}\\]+/y;
const SCHEME_AND_TOKEN = /(?:bearer|basic|token|digest|apikey|negotiate)(?:%20|\s{1,4})([^\s,;&"'<>()[\]{}\\]+)/iy;
const COOKIES = /[^\s=;,"'\\[]+=[^\s=;,"'\\]*(?:=*;\s{0,2}[^\s=;,"'\\[]+=[^\s=;,"'\\]*)*/y;

/** Replaces what follows `name=`, `name:`, `"name":` and `'name':` in text that is no JSON, or JSON that was cut off. */
function cleanAssignments(text: string, keys: SecretKeys): Cleaned {
  ASSIGNMENT.lastIndex = 0;
  let cleaned = '';
  let copied = 0;
  let count = 0;
  for (let match = ASSIGNMENT.exec(text); match !== null; match = ASSIGNMENT.exec(text)) {
    const [whole, quote] = match;
    const nameEnd = match.index + /^\w+/.exec(whole)![0].length;
    const name = nameBefore(text, Math.max(copied, nameEnd - MAX_NAME_LENGTH), nameEnd);
    if (!keys.has(name)) continue;
    const start = match.index + whole.length;
    const secret = findSecret(text, start, { name, quote, isColon: whole.trimEnd().endsWith(':') });
    if (secret === undefined) continue;
    cleaned += text.slice(copied, secret.start) + secret.replacement;
    copied = secret.end;
    count += 1;
    ASSIGNMENT.lastIndex = copied;
  }
  return count === 0 ? { text, count } : { text: cleaned + text.slice(copied), count };
}

const MAX_NAME_LENGTH = 64;
const NAME_CHARACTER = /[\w.-]/;

/** The name that ends at `end`; one word more where it alone says nothing, as in `API key: …`. */
function nameBefore(text: string, from: number, end: number): string {
  let start = end;
  while (start > from && NAME_CHARACTER.test(text[start - 1]!)) start -= 1;
  if (text[start - 1] === ' ' && /^(?:keys?|token)$/i.test(text.slice(start, end))) {
    start -= 1;
    while (start > from && NAME_CHARACTER.test(text[start - 1]!)) start -= 1;
  }
  return text.slice(Math.max(start, from), end);
}

interface Assignment {
  readonly name: string;
  /** Around the name, with the backslashes before it. */
  readonly quote: string | undefined;
  readonly isColon: boolean;
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

function findSecret(text: string, at: number, { name, quote, isColon }: Assignment): Span | undefined {
  let opening = at;
  while (text[opening] === '\\') opening += 1;
  const first = text[opening];
  if (first === '"' || first === "'") {
    const start = opening + 1;
    const end = endOfQuoted(text, start, first, opening - at);
    const content = text.slice(start, end);
    return content === '' || content === REDACTED ? undefined : { start, end, replacement: REDACTED };
  }
  if ((first === '[' || first === '{') && quote !== undefined && opening === at) {
    if (/^(?:\[\s*\]|\{\s*\}|\{\s*\\*["'](?:type|description|title|anyOf|\$ref))/.test(text.slice(at, at + 40)))
      return undefined;
    return { start: at, end: endOfBrackets(text, at), replacement: quote + REDACTED + quote };
  }
  const cookies = /cookies?$/i.test(name) ? matchAt(COOKIES, text, at) : undefined;
  if (cookies !== undefined) return { start: at, end: at + cookies[0].length, replacement: REDACTED };
  const bare = matchAt(BARE, text, at);
  if (bare === undefined || isPlaceholder(bare[0])) return undefined;
  const scheme = matchAt(SCHEME_AND_TOKEN, text, at);
  if (scheme !== undefined) {
    const end = at + scheme[0].length;
    return looksRandom(scheme[1]!) ? { start: end - scheme[1]!.length, end, replacement: REDACTED } : undefined;
  }
  if (SCHEME_ALONE.test(bare[0]) || (isColon && !looksRandom(bare[0]))) return undefined;
  return {
    start: at,
    end: at + bare[0].length,
    replacement: quote === undefined ? REDACTED : quote + REDACTED + quote,
  };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

/** Where the content ends whose opening `quote` had `depth` backslashes before it; the end of `text` if it was cut off. */
function endOfQuoted(text: string, start: number, quote: string, depth: number): number {
  for (let at = text.indexOf(quote, start); at >= 0; at = text.indexOf(quote, at + 1)) {
    let slashes = 0;
    while (at - slashes > start && text[at - slashes - 1] === '\\') slashes += 1;
    if (slashes % (2 * depth + 2) === depth) return at - depth;
  }
  return text.length;
}

/** Where the list or object ends that begins at `start`, brackets in quotes left aside; the end of `text` if it was cut off. */
function endOfBrackets(text: string, start: number): number {
  const marks = /["'[\]{}]/g;
  marks.lastIndex = start;
  let depth = 0;
  let quote: string | undefined;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    const [sign] = mark;
    if (quote !== undefined) {
      if (sign === quote && text[mark.index - 1] !== '\\') quote = undefined;
    } else if (sign === '"' || sign === "'") quote = sign;
    else depth += sign === '[' || sign === '{' ? 1 : -1;
    if (depth === 0) return mark.index + 1;
  }
  return text.length;
}
