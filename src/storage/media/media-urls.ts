import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { isMediaType, isSha256, mediaIdOf, type MediaContent } from '../../domain/media.js';
import { type Project } from '../../domain/project.js';
import { type MediaSql } from './media-objects.js';

/** What a link to upload allows: these bytes, as this file, until then. */
export interface UploadGrant extends MediaContent {
  readonly projectId: string;
  readonly mediaId: string;
  readonly expiresAtSeconds: number;
}

/** What a link to read allows. */
export interface DownloadGrant {
  readonly projectId: string;
  readonly mediaId: string;
  readonly expiresAtSeconds: number;
}

export interface SignedUrl {
  readonly url: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

/** `expired` was genuine; `forged` was signed by nobody, or for something else. */
export type Refused = 'expired' | 'forged';

type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

const KEY_BYTES = 32;
/** Langfuse's own. */
const LIFETIME_SECONDS = 3600;
/** Links made in the same few minutes are equal, so that browsers find in their caches what they have shown. */
const ROUNDED_TO_SECONDS = 300;

/**
 * Links to files that need no credentials, because they are one: signed with a key of the database (HMAC-SHA-256) over
 * all that they allow. All processes on one database know each other's links.
 */
export class MediaUrls {
  private key: Promise<Buffer> | undefined;

  constructor(private readonly sql: MediaSql) {}

  /** @param base address of this server without a slash at the end */
  async signUpload(base: string, grant: Omit<UploadGrant, 'expiresAtSeconds'>, nowMs: number): Promise<SignedUrl> {
    const expiresAtSeconds = expiryAfter(nowMs);
    const signature = await this.sign(uploadParts({ ...grant, expiresAtSeconds }));
    const query = new URLSearchParams({
      project: grant.projectId,
      type: grant.contentType,
      length: String(grant.contentLength),
      sha256: grant.sha256,
      expires: String(expiresAtSeconds),
      signature,
    });
    return { url: `${contentUrl(base, grant.mediaId)}?${query.toString()}`, expiresAtMs: expiresAtSeconds * 1000 };
  }

  async signDownload(base: string, project: Project, mediaId: string, nowMs: number): Promise<SignedUrl> {
    const expiresAtSeconds = expiryAfter(nowMs);
    const signature = await this.sign(downloadParts({ projectId: project.id, mediaId, expiresAtSeconds }));
    const query = new URLSearchParams({ project: project.id, expires: String(expiresAtSeconds), signature });
    return { url: `${contentUrl(base, mediaId)}?${query.toString()}`, expiresAtMs: expiresAtSeconds * 1000 };
  }

  async readUpload(mediaId: string, query: Query, nowMs: number): Promise<UploadGrant | Refused> {
    const [projectId, contentType, length, sha256] = texts(query, ['project', 'type', 'length', 'sha256']);
    const expiresAtSeconds = wholeNumber(texts(query, ['expires'])[0]);
    const contentLength = wholeNumber(length);
    if (contentType === undefined || !isMediaType(contentType) || sha256 === undefined || !isSha256(sha256))
      return 'forged';
    if (projectId === undefined || expiresAtSeconds === undefined || contentLength === undefined) return 'forged';
    if (mediaIdOf(sha256) !== mediaId) return 'forged';
    const grant = { projectId, mediaId, contentType, contentLength, sha256, expiresAtSeconds };
    return (await this.isGenuine(uploadParts(grant), query)) ? inTime(grant, nowMs) : 'forged';
  }

  async readDownload(mediaId: string, query: Query, nowMs: number): Promise<DownloadGrant | Refused> {
    const [projectId, expires] = texts(query, ['project', 'expires']);
    const expiresAtSeconds = wholeNumber(expires);
    if (projectId === undefined || expiresAtSeconds === undefined) return 'forged';
    const grant = { projectId, mediaId, expiresAtSeconds };
    return (await this.isGenuine(downloadParts(grant), query)) ? inTime(grant, nowMs) : 'forged';
  }

  private async isGenuine(parts: readonly (string | number)[], query: Query): Promise<boolean> {
    const offered = Buffer.from(texts(query, ['signature'])[0] ?? '');
    const expected = Buffer.from(await this.sign(parts));
    return offered.length === expected.length && timingSafeEqual(offered, expected);
  }

  /** JSON, so that no two lists of parts are written alike. */
  private async sign(parts: readonly (string | number)[]): Promise<string> {
    return createHmac('sha256', await this.signingKey())
      .update(JSON.stringify(parts))
      .digest('base64url');
  }

  /** Made by whoever needs it first; asked for again after a failure. */
  private signingKey(): Promise<Buffer> {
    this.key ??= this.loadKey().catch((error: unknown) => {
      this.key = undefined;
      throw error;
    });
    return this.key;
  }

  private async loadKey(): Promise<Buffer> {
    const select = 'SELECT key FROM media_signing_keys WHERE no = 1';
    const [known] = await this.sql.query<{ key: Buffer }>(select);
    if (known !== undefined) return known.key;
    await this.sql.query(
      'INSERT INTO media_signing_keys (no, key, created_at) VALUES (1, $1, clock_timestamp()) ON CONFLICT DO NOTHING',
      [randomBytes(KEY_BYTES)],
    );
    return (await this.sql.query<{ key: Buffer }>(select))[0]!.key;
  }
}

function contentUrl(base: string, mediaId: string): string {
  return `${base}/api/public/media/${encodeURIComponent(mediaId)}/content`;
}

function expiryAfter(nowMs: number): number {
  return Math.ceil((nowMs / 1000 + LIFETIME_SECONDS) / ROUNDED_TO_SECONDS) * ROUNDED_TO_SECONDS;
}

function inTime<T extends { readonly expiresAtSeconds: number }>(grant: T, nowMs: number): T | 'expired' {
  return grant.expiresAtSeconds * 1000 > nowMs ? grant : 'expired';
}

function uploadParts(grant: UploadGrant): (string | number)[] {
  const { projectId, mediaId, contentType, contentLength, sha256, expiresAtSeconds } = grant;
  return ['PUT', projectId, mediaId, contentType, contentLength, sha256, expiresAtSeconds];
}

function downloadParts({ projectId, mediaId, expiresAtSeconds }: DownloadGrant): (string | number)[] {
  return ['GET', projectId, mediaId, expiresAtSeconds];
}

/** Of parameters given once; undefined for all others. */
function texts(query: Query, names: readonly string[]): (string | undefined)[] {
  return names.map((name) => (typeof query[name] === 'string' ? query[name] : undefined));
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}
