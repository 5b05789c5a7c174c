import type { ApiKeyDescription } from '../../domain/api-key.js';
import { presentTime } from '../../domain/time.js';
import type { MadeApiKey } from '../../storage/projects/api-key-store.js';
import type { ApiKeyDto, MadeApiKeyDto } from './api-keys.dto.js';

export function presentApiKey(key: ApiKeyDescription): ApiKeyDto {
  return {
    id: key.id,
    createdAt: presentTime(key.createdAt),
    expiresAt: key.expiresAt === null ? null : presentTime(key.expiresAt),
    lastUsedAt: key.lastUsedAt === null ? null : presentTime(key.lastUsedAt),
    note: key.note,
    publicKey: key.publicKey,
    displaySecretKey: key.displaySecret,
    scopes: key.scopes,
  };
}

export function presentMadeApiKey({ key, secretKey }: MadeApiKey): MadeApiKeyDto {
  return { ...presentApiKey(key), secretKey };
}
