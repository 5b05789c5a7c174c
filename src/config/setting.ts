import { resolve } from 'node:path';
import { isKeyPattern } from '../domain/secret-key.js';

/** One environment variable, declared once: `.env.example` repeats name, default and doc, and a test compares them. */
export interface Setting<T> {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** The text that an unset variable stands for; absent = no value. */
  readonly default?: string;
  readonly doc: string;
  /** What a good value looks like, completes "expected …". */
  readonly expected: string;
  /** Never repeat the value in a message. */
  readonly secret?: boolean;
  /** `undefined` refuses the text. May throw an error whose message is more exact than `expected`. */
  readonly parse: (text: string) => T | undefined;
}

/** Where to listen. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Text that fits into an HTTP header as it is. */
export function visibleAscii(text: string): string | undefined {
  return /^[\x21-\x7e]+$/.test(text) ? text : undefined;
}

/** A secret that is sent in an HTTP header. */
export function secretText(): Pick<Setting<string>, 'expected' | 'secret' | 'parse'> {
  return { expected: 'visible ASCII characters without spaces', secret: true, parse: visibleAscii };
}

/** A path, made absolute from the working directory. */
export function path(): Pick<Setting<string>, 'expected' | 'parse'> {
  return { expected: 'a path', parse: (text) => resolve(text) };
}

/** `host:port` or `[IPv6]:port`. */
export function address(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-f:.]+(?:%\w+)?)\]|([^:[\]\s/]+)):(\d{1,5})$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host !== undefined && port <= 65535 ? { host, port } : undefined;
}

/** A whole number; both bounds are included. */
export function integer(min: number, max: number): Pick<Setting<number>, 'expected' | 'parse'> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    parse: (text) => (/^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined),
  };
}

/** The usual words, in any case. */
export function boolean(): Pick<Setting<boolean>, 'expected' | 'parse'> {
  const words: Record<string, boolean> = {
    '1': true,
    true: true,
    yes: true,
    on: true,
    '0': false,
    false: false,
    no: false,
    off: false,
  };
  return {
    expected: '1, true, yes, on, 0, false, no or off',
    parse: (text) => (Object.hasOwn(words, text.toLowerCase()) ? words[text.toLowerCase()] : undefined),
  };
}

/** One of a closed list, in any case. */
export function oneOf<T extends string>(...words: T[]): Pick<Setting<T>, 'expected' | 'parse'> {
  return {
    expected: `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
    parse: (text) => words.find((word) => word === text.toLowerCase()),
  };
}

/** Names separated by commas, each once, none longer than a label's key may be. */
export function nameList(max: number): Pick<Setting<readonly string[]>, 'expected' | 'parse'> {
  return {
    expected: `names of at most 200 characters separated by commas, at most ${max} of them`,
    parse: (text) => {
      const names = text.split(',').map((name) => name.trim());
      const stated = [...new Set(names.filter((name) => name !== ''))];
      return stated.length <= max && stated.every((name) => name.length <= 200) ? stated : undefined;
    },
  };
}

/** Patterns of keys separated by commas, see `SecretKeys`. */
export function keyPatterns(): Pick<Setting<readonly string[]>, 'expected' | 'parse'> {
  return {
    expected:
      'names of ASCII letters, digits, - _ . and *, separated by commas, such as customer_ssn,patient_*,!cookie',
    parse: (text) => {
      const patterns = text.split(',').map((pattern) => pattern.trim());
      const stated = patterns.filter((pattern) => pattern !== '');
      return stated.every(isKeyPattern) ? stated : undefined;
    },
  };
}

/** Origins of web pages as browsers send them (RFC 6454), separated by commas, or `*` alone. */
export function originList(): Pick<Setting<readonly string[]>, 'expected' | 'parse'> {
  return {
    expected: 'origins separated by commas, such as https://app.example.com,http://localhost:3000, or * alone',
    parse: (text) => {
      const origins = text.split(',').flatMap((origin) => origin.trim().toLowerCase() || []);
      const isOrigin = (origin: string) =>
        !origin.includes('*') && URL.canParse(origin) && new URL(origin).origin === origin;
      return origins.every(isOrigin) || (origins.length === 1 && origins[0] === '*') ? origins : undefined;
    },
  };
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What `env` has for the setting: of a variable and its alias the variable, and nothing where it is blank. */
export function lookUp(env: Environment, setting: Setting<unknown>): { name: string; text: string } | undefined {
  for (const name of [setting.name, ...(setting.aliases ?? [])]) {
    const text = env[name]?.trim();
    if (text) return { name, text };
  }
  return undefined;
}

/** The text as a message may repeat it. */
export function shown(text: string, setting: Setting<unknown>): string {
  if (setting.secret) return `not usable (${text.length} characters, not shown)`;
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
