import { type Micros } from './time.js';

/** The media types that Langfuse's clients may send (`MediaContentType` of their API): nothing else is stored or served. */
export const MEDIA_TYPES = [
  ...(['image/png', 'image/jpeg', 'image/jpg', 'image/webp', 'image/gif', 'image/svg+xml', 'image/tiff'] as const),
  ...(['image/bmp', 'image/avif', 'image/heic'] as const),
  ...(['audio/mpeg', 'audio/mp3', 'audio/wav', 'audio/ogg', 'audio/oga', 'audio/aac', 'audio/mp4'] as const),
  ...(['audio/flac', 'audio/opus', 'audio/webm'] as const),
  ...(['video/mp4', 'video/webm', 'video/ogg', 'video/mpeg', 'video/quicktime', 'video/x-msvideo'] as const),
  ...(['video/x-matroska'] as const),
  ...(['text/plain', 'text/html', 'text/css', 'text/csv', 'text/markdown', 'text/x-python'] as const),
  ...(['text/x-typescript'] as const),
  ...(['application/javascript', 'application/x-yaml', 'application/pdf', 'application/msword'] as const),
  ...(['application/vnd.ms-excel', 'application/zip', 'application/json', 'application/xml'] as const),
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  ...(['application/octet-stream', 'application/rtf', 'application/x-ndjson'] as const),
  ...(['application/vnd.apache.parquet', 'application/gzip', 'application/x-tar'] as const),
  'application/x-7z-compressed',
] as const;
export type MediaType = (typeof MEDIA_TYPES)[number];

/** Where in its owner a file stands. */
export const MEDIA_FIELDS = ['input', 'output', 'metadata', 'expectedOutput'] as const;
export type MediaField = (typeof MEDIA_FIELDS)[number];

/** What a file is, before anybody has seen its bytes. */
export interface MediaContent {
  readonly contentType: MediaType;
  /** Whole bytes, at least 1. */
  readonly contentLength: number;
  /** SHA-256 of the bytes, 44 characters of standard base64. */
  readonly sha256: string;
}

/** Who has a file. A trace, observation or dataset item need not exist yet. */
export type MediaOwner =
  | { readonly kind: 'trace'; readonly traceId: string; readonly observationId: string | null }
  | { readonly kind: 'dataset-item'; readonly datasetId: string; readonly itemId: string };

export interface MediaLink {
  readonly owner: MediaOwner;
  readonly field: MediaField;
}

/** A file that a project has announced. */
export interface Media {
  /** See {@link mediaIdOf}. */
  readonly id: string;
  readonly contentType: MediaType;
  readonly contentLength: number;
  /** Null until its bytes are stored. */
  readonly uploadedAt: Micros | null;
  /** What the client said of an upload that failed; null without such a report. */
  readonly uploadFailure: { readonly status: number; readonly message: string | null } | null;
}

const MEDIA_TYPE_SET: ReadonlySet<string> = new Set(MEDIA_TYPES);

export function isMediaType(text: string): text is MediaType {
  return MEDIA_TYPE_SET.has(text);
}

/** The id of the file with that hash: clients work it out themselves and stop at any other (langfuse.md §2.9). */
export function mediaIdOf(sha256: string): string {
  return sha256.replaceAll('+', '-').replaceAll('/', '_').slice(0, 22);
}

/** Whether `text` is a SHA-256 in standard base64: 43 digits, of which the last has no bits to spare, and its padding. */
export function isSha256(text: string): boolean {
  return /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(text);
}
