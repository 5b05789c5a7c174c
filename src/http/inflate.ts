import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { InvalidInput, TooLarge, UnsupportedMedia } from '../domain/errors.js';

export type ContentCoding = 'identity' | 'gzip' | 'deflate' | 'zstd';

/** Larger than Node's 16 KiB: each chunk is a trip to a worker thread. */
const OPTIONS = { chunkSize: 64 * 1024 };

const CODINGS: ReadonlyMap<string, ContentCoding> = new Map([
  ['', 'identity'],
  ['identity', 'identity'],
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  // The Collector's name for it, besides the registered one.
  ['zlib', 'deflate'],
  ['zstd', 'zstd'],
]);

/**
 * The coding that a Content-Encoding header names; absent means identity.
 * @throws UnsupportedMedia for any other coding and for several at once.
 */
export function readContentCoding(header: string | undefined): ContentCoding {
  const coding = CODINGS.get((header ?? '').trim().toLowerCase());
  if (coding === undefined) {
    throw new UnsupportedMedia(
      `Unsupported Content-Encoding: ${header?.slice(0, 60)}; use gzip, deflate, zstd or none`,
    );
  }
  return coding;
}

/** What the inflated bytes are held to. */
export interface InflateBounds {
  readonly maxBytes: number;
  /** Hears of every chunk before it is kept and may stop the work by throwing. */
  readonly onBytes: (count: number) => void;
}

/** One of those of `node:zlib`: its decoders work on other threads. */
export type InflaterFactory = (options: zlib.ZlibOptions) => Transform;

/**
 * The bytes behind `coding`. `deflate` is zlib's format (RFC 9110) or, as some clients send it, the raw one.
 * @throws TooLarge as soon as there are more than `maxBytes`, InvalidInput when the bytes are damaged or cut off.
 */
export async function inflate(bytes: Buffer, coding: 'gzip' | 'deflate', bounds: InflateBounds): Promise<Buffer> {
  if (bytes.length === 0) return bytes;
  return inflateStream(factoryOf(bytes, coding), bytes, coding, bounds);
}

/** @throws as {@link inflate} */
export function inflateStream(
  create: InflaterFactory,
  bytes: Buffer,
  coding: ContentCoding,
  { maxBytes, onBytes }: InflateBounds,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const inflater = create(OPTIONS);
    const chunks: Buffer[] = [];
    let total = 0;
    const fail = (error: Error): void => {
      inflater.destroy();
      reject(error);
    };
    inflater.on('data', (chunk: Buffer) => {
      try {
        total += chunk.length;
        if (total > maxBytes) throw new TooLarge(`The inflated body is larger than ${maxBytes} bytes`);
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

function factoryOf(bytes: Buffer, coding: 'gzip' | 'deflate'): InflaterFactory {
  if (coding === 'gzip') return zlib.createGunzip;
  return hasZlibHeader(bytes) ? zlib.createInflate : zlib.createInflateRaw;
}

/** RFC 1950: method 8 in the low bits, and the first two bytes are a multiple of 31. */
function hasZlibHeader(bytes: Buffer): boolean {
  return bytes.length >= 2 && (bytes[0]! & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0;
}
