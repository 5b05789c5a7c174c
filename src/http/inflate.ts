import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { InvalidInput, TooLarge, UnsupportedMedia } from '../domain/errors.js';
import { inflateZstdFrame, readZstdFrames } from './zstd.js';

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

/** From Node 22.15 on; the types are those of Node 20. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: (options: zlib.ZlibOptions) => Transform };

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

/**
 * The bytes behind `coding`, on a worker thread where Node has the decoder, else in slices. `onBytes` hears of every
 * chunk before it is kept and may stop the work by throwing. `deflate` is zlib's format (RFC 9110) or, as some clients
 * send it, the raw one.
 * @throws TooLarge as soon as there are more than `maxBytes`, InvalidInput when the bytes are damaged or cut off.
 */
export async function inflate(
  bytes: Buffer,
  coding: ContentCoding,
  maxBytes: number,
  onBytes: (count: number) => void,
): Promise<Buffer> {
  if (coding === 'identity' || bytes.length === 0) return bytes;
  const chunks: Uint8Array[] = [];
  let total = 0;
  const keep = (chunk: Uint8Array): void => {
    total += chunk.length;
    if (total > maxBytes) throw new TooLarge(`The inflated body is larger than ${maxBytes} bytes`);
    onBytes(chunk.length);
    chunks.push(chunk);
  };
  if (coding !== 'zstd') await pump(createInflater(bytes, coding), bytes, coding, keep);
  else {
    for (const frame of readZstdFrames(bytes, maxBytes)) {
      if (createZstdDecompress === undefined) await inflateZstdFrame(bytes, frame, keep);
      else await pump(createZstdDecompress(OPTIONS), bytes.subarray(frame.start, frame.blockEnds.at(-1)), coding, keep);
    }
  }
  return Buffer.concat(chunks, total);
}

function pump(
  inflater: Transform,
  bytes: Buffer,
  coding: ContentCoding,
  keep: (chunk: Uint8Array) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      inflater.destroy();
      reject(error);
    };
    inflater.on('data', (chunk: Buffer) => {
      try {
        keep(chunk);
      } catch (error) {
        fail(error as Error);
      }
    });
    inflater.on('end', resolve);
    inflater.on('error', (error) => fail(new InvalidInput(`The body is not valid ${coding}: ${error.message}`)));
    inflater.end(bytes);
  });
}

function createInflater(bytes: Buffer, coding: ContentCoding): Transform {
  if (coding === 'gzip') return zlib.createGunzip(OPTIONS);
  return hasZlibHeader(bytes) ? zlib.createInflate(OPTIONS) : zlib.createInflateRaw(OPTIONS);
}

/** RFC 1950: method 8 in the low bits, and the first two bytes are a multiple of 31. */
function hasZlibHeader(bytes: Buffer): boolean {
  return bytes.length >= 2 && (bytes[0]! & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0;
}
