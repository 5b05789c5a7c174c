import { createHash, randomBytes } from 'node:crypto';
import { type ApiKeyDescription, type KeyScope } from '../../domain/api-key.js';
import { type Micros } from '../../domain/time.js';

/** A row of `api_keys` without the hash of its secret. */
export interface ApiKeyColumns {
  id: string;
  project_no: number;
  public_key: string;
  display_secret: string;
  scopes: KeyScope[];
  note: string | null;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
}

export const API_KEY_COLUMNS =
  'id, project_no, public_key, display_secret, scopes, note, created_at, expires_at, last_used_at';

export function toDescription(row: ApiKeyColumns): ApiKeyDescription {
  return {
    id: row.id,
    publicKey: row.public_key,
    displaySecret: row.display_secret,
    scopes: row.scopes,
    note: row.note,
    createdAt: toMicros(row.created_at),
    expiresAt: row.expires_at && toMicros(row.expires_at),
    lastUsedAt: row.last_used_at && toMicros(row.last_used_at),
  };
}

function toMicros(date: Date): Micros {
  return date.getTime() * 1000;
}

/** The two halves of a key. */
export interface KeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

/** 256 bits each: the hash of such a secret needs no salt and no slowness, see ops/docs/adr/027-projects-and-keys.md. */
export function generatePair(): KeyPair {
  const random = () => randomBytes(32).toString('base64url');
  return { publicKey: `pk-xt-${random()}`, secretKey: `sk-xt-${random()}` };
}

/** What is stored of a secret. */
export function hashSecret(secretKey: string): Buffer {
  return createHash('sha256').update(secretKey).digest();
}

/** What secrets of ours and of Langfuse begin with; it says nothing of the rest. */
const KNOWN_START = /^sk-(?:xt|lf)-/;

/**
 * As much of a secret as lists show, in Langfuse's form. Of one that was taken over and begins in another way its end
 * alone: a short one could be guessed from ten characters and its hash.
 */
export function displaySecret(secretKey: string): string {
  return `${KNOWN_START.exec(secretKey)?.[0] ?? ''}...${secretKey.slice(-4)}`;
}
