import { type MediaType } from '../../domain/media.js';

/** What browsers show without running anything of it; an SVG is a page with scripts. */
const SHOWN = /^(?:image\/(?!svg)|audio\/|video\/|text\/plain$|application\/pdf$)/;

/**
 * Headers of a file that somebody else made, opened in a browser at an address of ours: its type as announced and never
 * guessed, nothing in it runs, and what a browser cannot show plainly is saved.
 */
export function contentHeaders(contentType: MediaType, mediaId: string): Record<string, string> {
  return {
    'content-type': contentType === 'text/plain' ? 'text/plain; charset=utf-8' : contentType,
    'x-content-type-options': 'nosniff',
    'content-disposition': `${SHOWN.test(contentType) ? 'inline' : 'attachment'}; filename="${mediaId}"`,
    'content-security-policy': "sandbox; default-src 'none'",
    // The address is a credential.
    'referrer-policy': 'no-referrer',
    etag: etagOf(mediaId),
    'accept-ranges': 'bytes',
  };
}

/** The id is a hash of the content. */
function etagOf(mediaId: string): string {
  return `"${mediaId}"`;
}

/** Whether an If-None-Match header names the file, so that its bytes need not be sent. */
export function isKnown(ifNoneMatch: string | undefined, mediaId: string): boolean {
  return (
    ifNoneMatch !== undefined &&
    ifNoneMatch.split(',').some((tag) => ['*', etagOf(mediaId)].includes(tag.trim().replace(/^W\//, '')))
  );
}

/** Bytes of a file, both ends inclusive. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * What a Range header asks for of `length` bytes (RFC 9110 §14): one range; undefined where there is none that is
 * understood, so that all is sent; `outside` where the file has no such bytes.
 */
export function parseRange(
  range: string | undefined,
  length: number,
  ifRange?: { readonly value: string | undefined; readonly mediaId: string },
): ByteRange | 'outside' | undefined {
  if (ifRange?.value !== undefined && ifRange.value !== etagOf(ifRange.mediaId)) return undefined;
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range ?? '');
  if (match === null) return undefined;
  const [, first, last] = match as unknown as [string, string, string];
  if (first === '' && last === '') return undefined;
  if (first === '') return last === '0' ? 'outside' : { from: Math.max(0, length - Number(last)), to: length - 1 };
  const from = Number(first);
  const to = last === '' ? length - 1 : Math.min(Number(last), length - 1);
  if (last !== '' && Number(last) < from) return undefined;
  return from < length ? { from, to } : 'outside';
}
