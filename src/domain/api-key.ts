import type { Project } from './project.js';
import type { Micros } from './time.js';

/**
 * What a key opens. `ingest`: writing, `read`: reading, `admin`: the keys, prices and name of its project, `scores`:
 * writing scores and nothing else; `ingest` includes it.
 */
export const KEY_SCOPES = ['ingest', 'read', 'admin', 'scores'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

/** A key that opens something at this moment: neither revoked nor expired. */
export interface ApiKey {
  readonly id: string;
  readonly project: Project;
  readonly scopes: readonly KeyScope[];
}

/** A key as the administrators of its project see it. The secret is not in it: nobody knows it any more. */
export interface ApiKeyDescription {
  readonly id: string;
  readonly publicKey: string;
  /** First and last characters of the secret, to tell keys apart by. */
  readonly displaySecret: string;
  readonly scopes: readonly KeyScope[];
  readonly note: string | null;
  readonly createdAt: Micros;
  readonly expiresAt: Micros | null;
  /** To the minute. */
  readonly lastUsedAt: Micros | null;
}

/**
 * Which keys open this server, besides the credentials of its settings. Storage provides it; authentication asks it with
 * every request, so that it answers from memory. Each answer counts as a use of the key.
 */
export abstract class KeyDirectory {
  /** The key of a Basic pair; both halves have to be right. */
  abstract findByPair(publicKey: string, secretKey: string): ApiKey | undefined;
  /** The key whose secret was sent as a bearer token. */
  abstract findBySecret(secretKey: string): ApiKey | undefined;
  /** The key whose public half was sent as a bearer token: it proves nothing, so little may follow from it. */
  abstract findByPublicKey(publicKey: string): ApiKey | undefined;
}
