import { idProblem, toIndexableText } from '../../domain/identifier.js';
import { InvalidInput, TooLarge } from '../../domain/errors.js';
import { type Members, toMembers } from '../../domain/members.js';
import {
  isMediaType,
  isSha256,
  MEDIA_FIELDS,
  type Media,
  type MediaContent,
  type MediaField,
  type MediaLink,
  type MediaOwner,
} from '../../domain/media.js';

/** Of what a client says about an upload that failed. */
const MAX_ERROR_BYTES = 1000;

/** What POST /api/public/media announces. */
export interface Announcement {
  readonly content: MediaContent;
  readonly link: MediaLink;
}

/** @throws InvalidInput naming the field, TooLarge beyond `maxBytes`. Unknown fields are ignored. */
export function parseAnnouncement(body: unknown, maxBytes: number): Announcement {
  const members = toMembers(body);
  const contentType = members.get('contentType');
  if (typeof contentType !== 'string' || !isMediaType(contentType))
    throw new InvalidInput('contentType must be a media type that is known, such as image/png', 'contentType');
  const contentLength = members.get('contentLength');
  if (typeof contentLength !== 'number' || !Number.isSafeInteger(contentLength) || contentLength < 1)
    throw new InvalidInput('contentLength must be a whole number of bytes above 0', 'contentLength');
  if (contentLength > maxBytes)
    throw new TooLarge(`The file of ${contentLength} bytes is larger than ${maxBytes} bytes (MEDIA_MAX_BYTES)`);
  const sha256 = members.get('sha256Hash');
  if (typeof sha256 !== 'string' || !isSha256(sha256))
    throw new InvalidInput('sha256Hash must be a SHA-256 in base64, 44 characters', 'sha256Hash');
  const owner = parseOwner(members);
  return { content: { contentType, contentLength, sha256 }, link: { owner, field: parseField(members, owner) } };
}

/**
 * What PATCH /api/public/media/{mediaId} says of an upload; undefined for one that went well.
 * @throws InvalidInput naming the field.
 */
export function parseUploadReport(body: unknown): Media['uploadFailure'] {
  const members = toMembers(body);
  const status = members.get('uploadHttpStatus');
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 0 || status > 999)
    throw new InvalidInput('uploadHttpStatus must be an HTTP status', 'uploadHttpStatus');
  const message = members.get('uploadHttpError') ?? null;
  if (message !== null && typeof message !== 'string')
    throw new InvalidInput('uploadHttpError must be text', 'uploadHttpError');
  if (status >= 200 && status < 300) return null;
  return { status, message: message === null || message === '' ? null : toIndexableText(message, MAX_ERROR_BYTES) };
}

function parseOwner(members: Members): MediaOwner {
  const traceId = readId(members, 'traceId');
  const observationId = readId(members, 'observationId');
  const datasetId = readId(members, 'datasetId');
  const itemId = readId(members, 'datasetItemId');
  if (traceId !== null && datasetId === null && itemId === null) return { kind: 'trace', traceId, observationId };
  if (traceId === null && observationId === null && datasetId !== null && itemId !== null)
    return { kind: 'dataset-item', datasetId, itemId };
  throw new InvalidInput('Either traceId, or datasetId and datasetItemId, must say whose file it is', 'traceId');
}

function parseField(members: Members, { kind }: MediaOwner): MediaField {
  const stated = members.get('field');
  const allowed = MEDIA_FIELDS.filter((field) => field !== (kind === 'trace' ? 'expectedOutput' : 'output'));
  const field = allowed.find((known) => known === stated);
  if (field === undefined) throw new InvalidInput(`field must be one of ${allowed.join(', ')}`, 'field');
  return field;
}

function readId(members: Members, name: string): string | null {
  const value = members.get(name) ?? null;
  if (value === null) return null;
  const problem = typeof value === 'string' ? idProblem(value) : 'must be text';
  if (problem !== undefined) throw new InvalidInput(`${name} ${problem}`, name);
  return value as string;
}
