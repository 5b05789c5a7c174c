import { KEY_SCOPES, type KeyScope } from '../../domain/api-key.js';
import { InvalidInput } from '../../domain/errors.js';
import { type Members, readLine, toMembers } from '../../domain/members.js';
import type { Redactor } from '../../domain/redaction.js';
import { type Micros, parseIsoTime } from '../../domain/time.js';
import type { NewApiKey } from '../../storage/projects/api-key-store.js';

const MAX_NOTE = 500;
/** Fits every header, twice. */
const MAX_KEY = 500;
/** As settings in production ask for: shorter secrets can be guessed, and their hashes reversed. */
const MIN_SECRET = 16;
/** What most clients need. Langfuse's keys open writing and reading alike. */
const DEFAULT_SCOPES: readonly KeyScope[] = ['ingest', 'read'];
/** Time to bring the new key to all clients, who usually restart at the next deployment. */
const DEFAULT_OVERLAP_SECONDS = 86_400;
const MAX_OVERLAP_SECONDS = 30 * 86_400;

/** What POST …/apiKeys asks for. @throws InvalidInput naming the field. Unknown fields are ignored. */
export function parseNewApiKey(body: unknown, nowMs: number): NewApiKey {
  const members = toMembers(body ?? {});
  const publicKey = readKey(members, 'publicKey');
  const secretKey = readKey(members, 'secretKey');
  if ((publicKey === undefined) !== (secretKey === undefined)) {
    const absent = publicKey === undefined ? 'publicKey' : 'secretKey';
    throw new InvalidInput('publicKey and secretKey must be given together, or neither', absent);
  }
  if (publicKey?.includes(':') === true) throw new InvalidInput('publicKey must not contain a colon', 'publicKey');
  if (secretKey !== undefined && (secretKey.length < MIN_SECRET || secretKey === publicKey))
    throw new InvalidInput(
      `secretKey must have at least ${MIN_SECRET} characters and differ from publicKey`,
      'secretKey',
    );
  return {
    scopes: readScopes(members),
    note: readLine(members, 'note', MAX_NOTE) ?? null,
    expiresAt: readExpiry(members, nowMs),
    ...(publicKey === undefined || secretKey === undefined ? {} : { pair: { publicKey, secretKey } }),
  };
}

/** Seconds that the former key goes on, of POST …/rotate. @throws InvalidInput */
export function parseOverlap(body: unknown): number {
  const value = toMembers(body ?? {}).get('overlapSeconds') ?? DEFAULT_OVERLAP_SECONDS;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > MAX_OVERLAP_SECONDS) {
    throw new InvalidInput(`overlapSeconds must be a whole number from 0 to ${MAX_OVERLAP_SECONDS}`, 'overlapSeconds');
  }
  return value;
}

/** `key` with a note that holds no secret: people paste them there. */
export function redactNote(key: NewApiKey, redactor: Redactor): NewApiKey {
  return { ...key, note: redactor.redactText(key.note) };
}

function readKey(members: Members, field: string): string | undefined {
  const text = readLine(members, field, MAX_KEY);
  // It travels in a header.
  if (text !== undefined && !/^[\x21-\x7e]+$/.test(text))
    throw new InvalidInput(`${field} must be visible ASCII characters without spaces`, field);
  return text;
}

function readScopes(members: Members): readonly KeyScope[] {
  const value = members.get('scopes');
  if (value === undefined || value === null) return DEFAULT_SCOPES;
  const isFine = Array.isArray(value) && value.length > 0 && value.every((one) => KEY_SCOPES.includes(one as KeyScope));
  if (!isFine) throw new InvalidInput(`scopes must be a list of ${KEY_SCOPES.join(', ')}`, 'scopes');
  return [...new Set(value as KeyScope[])];
}

function readExpiry(members: Members, nowMs: number): Micros | null {
  const value = members.get('expiresAt');
  if (value === undefined || value === null) return null;
  const time = typeof value === 'string' ? parseIsoTime(value) : undefined;
  if (time === undefined || time <= nowMs * 1000)
    throw new InvalidInput('expiresAt must be an ISO 8601 time with a zone, and to come', 'expiresAt');
  return time;
}
