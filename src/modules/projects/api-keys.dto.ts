import { ApiProperty } from '@nestjs/swagger';
import { KEY_SCOPES, type KeyScope } from '../../domain/api-key.js';

const SCOPES = { enum: KEY_SCOPES, isArray: true, example: ['ingest', 'read'] } as const;

/** A key without its secret. */
export class ApiKeyDto {
  @ApiProperty({ example: '5b0d2f9c-8f4e-4c53-9a43-0d8f3c1c9a10' })
  id!: string;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T09:30:00.000Z' })
  createdAt!: string;

  /** From when on it opens nothing; null: never. */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true, example: null })
  expiresAt!: string | null;

  /** To the minute; null: never used. */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true, example: '2026-01-31T10:00:00.000Z' })
  lastUsedAt!: string | null;

  @ApiProperty({ type: 'string', nullable: true, example: 'production' })
  note!: string | null;

  /** As a bearer token it opens writing scores alone, for keys that open `ingest` or `scores`. */
  @ApiProperty({ example: 'pk-xt-Yq3v1pTQGZlR7c0n0K3hVtq3m8m1m1mJ0E0d7k9y8wA' })
  publicKey!: string;

  /** First and last characters, to tell keys apart by. */
  @ApiProperty({ example: 'sk-xt-...8wAx' })
  displaySecretKey!: string;

  /** What it opens. */
  @ApiProperty(SCOPES)
  scopes!: readonly KeyScope[];
}

/** A key with its secret, which is shown this once. */
export class MadeApiKeyDto extends ApiKeyDto {
  /** With the public key a Basic pair, alone a bearer token. */
  @ApiProperty({ example: 'sk-xt-1fJ5oZ4wq7cM2nB8vR6tY0uI3pA9sD5gH7jK1lZ8wAx' })
  secretKey!: string;
}

/** Langfuse's form of the list. */
export class ApiKeyListDto {
  /** Newest first; the credentials of the settings are not among them. */
  @ApiProperty({ type: [ApiKeyDto] })
  apiKeys!: ApiKeyDto[];
}

export class NewApiKeyDto {
  /** What it is for, 1 to 500 characters. */
  @ApiProperty({ required: false, example: 'production' })
  note?: string;

  /** `ingest` writes, `read` reads, `admin` changes keys and prices of the project, `scores` writes scores alone. */
  @ApiProperty({ required: false, default: ['ingest', 'read'], ...SCOPES })
  scopes?: KeyScope[];

  /** ISO 8601 with a zone. Default: never. */
  @ApiProperty({ required: false, format: 'date-time', example: '2027-01-31T00:00:00Z' })
  expiresAt?: string;

  /** Halves that clients have already, such as those of another server; made when left out. */
  @ApiProperty({ required: false, example: 'pk-lf-7a6e5c0b-3f0d-4b52-8a44-5a2b7f1f7c11' })
  publicKey?: string;

  /** At least 16 characters. */
  @ApiProperty({ required: false, example: 'sk-lf-0f7b1a52-6a2c-4d0f-9f0e-1a6a3f5d9b22' })
  secretKey?: string;
}

export class RotateApiKeyDto {
  /** Seconds that the former key goes on opening what it opened; 0: it ends at once. */
  @ApiProperty({ required: false, type: 'integer', minimum: 0, maximum: 2_592_000, default: 86_400, example: 3600 })
  overlapSeconds?: number;
}

export class DeletedApiKeyDto {
  @ApiProperty({ example: true })
  success!: boolean;
}
