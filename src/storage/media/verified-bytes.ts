import { createHash } from 'node:crypto';
import { DomainError, InvalidInput, TooLarge } from '../../domain/errors.js';
import { type MediaContent } from '../../domain/media.js';

/** Of one chunk that is stored: few enough that many uploads fit into memory, and enough for few statements. */
export const MEDIA_CHUNK_BYTES = 256 * 1024;

/**
 * The bytes of `source` in chunks of one size, the last one of which is only given when length and hash of all of them
 * are those of `content`: a consumer that makes nothing last before the end keeps no file that is not what it says.
 * @throws TooLarge for more bytes, InvalidInput for other ones, and when `source` is cut off.
 */
export async function* verifiedBytes(
  source: AsyncIterable<Uint8Array>,
  { contentLength, sha256 }: Pick<MediaContent, 'contentLength' | 'sha256'>,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let total = 0;
  for await (const part of uncut(source)) {
    total += part.length;
    if (total > contentLength) throw new TooLarge(`The body has more than the ${contentLength} bytes announced`);
    hash.update(part);
    pending.push(part);
    pendingBytes += part.length;
    if (pendingBytes <= MEDIA_CHUNK_BYTES) continue;
    const bytes = Buffer.concat(pending, pendingBytes);
    let at = 0;
    for (; bytes.length - at > MEDIA_CHUNK_BYTES; at += MEDIA_CHUNK_BYTES) {
      yield bytes.subarray(at, at + MEDIA_CHUNK_BYTES);
    }
    pending = [bytes.subarray(at)];
    pendingBytes = bytes.length - at;
  }
  if (total !== contentLength) {
    throw new InvalidInput(`The body has ${total} bytes, not the ${contentLength} announced`);
  }
  if (hash.digest('base64') !== sha256) {
    throw new InvalidInput('The SHA-256 of the body is not the one announced: nothing was stored');
  }
  yield Buffer.concat(pending, pendingBytes);
}

/** A connection that breaks is the client's doing, not ours. */
async function* uncut(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    throw error instanceof DomainError ? error : new InvalidInput('The body was cut off');
  }
}
