import { createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { InvalidInput, TooLarge, UnsupportedMedia } from '../domain/errors.js';

export type ContentCoding = 'identity' | 'gzip' | 'deflate';

/** Larger than Node's 16 KiB: each chunk is a trip to a worker thread. */
const CHUNK_BYTES = 64 * 1024;

const CODINGS: ReadonlyMap<string, ContentCoding> = new Map([
  ['', 'identity'],
  ['identity', 'identity'],
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
]);

/**
 * The coding that a Content-Encoding header names; absent means identity.
 * @throws UnsupportedMedia for any other coding and for several at once.
 */
export function readContentCoding(header: string | undefined): ContentCoding {
  const coding = CODINGS.get((header ?? '').trim().toLowerCase());
  if (coding === undefined) {
    throw new UnsupportedMedia(`Unsupported Content-Encoding: ${header?.slice(0, 60)}; use gzip, deflate or none`);
  }
  return coding;
}

/**
 * The bytes behind `coding`, on a worker thread. `onBytes` hears of every chunk before it is kept and may stop the work
 * by throwing. `deflate` is zlib's format (RFC 9110) or, as some clients send it, the raw one.
 * @throws TooLarge as soon as there are more than `maxBytes`, InvalidInput when the bytes are damaged or cut off.
 */
export function inflate(
  bytes: Buffer,
  coding: ContentCoding,
  maxBytes: number,
  onBytes: (count: number) => void,
): Promise<Buffer> {
  if (coding === 'identity' || bytes.length === 0) return Promise.resolve(bytes);
  return new Promise((resolve, reject) => {
    const inflater = createInflater(bytes, coding);
    const chunks: Buffer[] = [];
    let total = 0;
    const fail = (error: Error): void => {
      inflater.destroy();
      reject(error);
    };
    inflater.on('data', (chunk: Buffer) => {
      total += chunk.length;
      if (total > maxBytes) return fail(new TooLarge(`The inflated body is larger than ${maxBytes} bytes`));
      try {
        onBytes(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        fail(error as Error);
      }
    });
    inflater.on('end', () => resolve(Buffer.concat(chunks, total)));
    inflater.on('error', (error) => fail(new InvalidInput(`The body is not valid ${coding}: ${error.message}`)));
    inflater.end(bytes);
  });
}

function createInflater(bytes: Buffer, coding: ContentCoding) {
  if (coding === 'gzip') return createGunzip({ chunkSize: CHUNK_BYTES });
  return hasZlibHeader(bytes)
    ? createInflate({ chunkSize: CHUNK_BYTES })
    : createInflateRaw({ chunkSize: CHUNK_BYTES });
}

/** RFC 1950: method 8 in the low bits, and the first two bytes are a multiple of 31. */
function hasZlibHeader(bytes: Buffer): boolean {
  return bytes.length >= 2 && (bytes[0]! & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0;
}
