import * as zlib from 'node:zlib';
import { InvalidInput, OverCapacity, TooLarge, UnsupportedMedia } from '../domain/errors.js';
import { inflate, readContentCoding } from './inflate.js';

const { deflateRawSync, deflateSync, gzipSync } = zlib;
const text = Buffer.from('the quick brown fox '.repeat(10_000));
const ignore = () => {};

describe('inflating', () => {
  test.each([
    ['gzip', gzipSync(text), 'gzip'],
    ['deflate as zlib', deflateSync(text), 'deflate'],
    ['deflate as raw', deflateRawSync(text), 'deflate'],
    ['gzip of two members', Buffer.concat([gzipSync(text.subarray(0, 100)), gzipSync(text.subarray(100))]), 'gzip'],
  ] as const)('%s gives the bytes that went in', async (_, bytes, coding) => {
    expect((await inflate(bytes, coding, { maxBytes: text.length, onBytes: ignore })).equals(text)).toBe(true);
  });

  test('an empty body is empty in every coding', async () => {
    for (const coding of ['gzip', 'deflate'] as const) {
      expect(await inflate(Buffer.alloc(0), coding, { maxBytes: 10, onBytes: ignore })).toHaveLength(0);
    }
  });

  test.each([
    ['gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
  ] as const)('%s: one byte too many is refused', async (coding, bytes) => {
    await expect(inflate(bytes, coding, { maxBytes: text.length - 1, onBytes: ignore })).rejects.toThrow(TooLarge);
  });

  const zeros = Buffer.alloc(64 * 1024 * 1024);
  test.each([
    ['gzip', gzipSync(zeros)],
    ['deflate', deflateSync(zeros)],
    ['deflate', deflateRawSync(zeros)],
  ] as const)('%s: a bomb is stopped at the limit, long before its end', async (coding, bomb) => {
    let seen = 0;
    await expect(inflate(bomb, coding, { maxBytes: 1024 * 1024, onBytes: (count) => (seen += count) })).rejects.toThrow(
      TooLarge,
    );
    expect(seen).toBeLessThanOrEqual(1024 * 1024);
  });

  test.each([
    ['garbage', Buffer.from('garbage'), 'gzip'],
    ['a cut-off body', gzipSync(text).subarray(0, -20), 'gzip'],
    ['a body without its checksum', gzipSync(text).subarray(0, -4), 'gzip'],
    ['a wrong checksum', Buffer.concat([gzipSync(text).subarray(0, -8), Buffer.alloc(8)]), 'gzip'],
    ['a cut-off body', deflateSync(text).subarray(0, -20), 'deflate'],
    ['garbage', Buffer.from([0xff, 0xff, 0xff]), 'deflate'],
  ] as const)('%s is the fault of the client', async (_, bytes, coding) => {
    await expect(inflate(bytes, coding, { maxBytes: 1e9, onBytes: ignore })).rejects.toThrow(InvalidInput);
  });

  test('whoever counts the bytes can stop it', async () => {
    const stop = () => {
      throw new OverCapacity('full');
    };
    await expect(inflate(gzipSync(text), 'gzip', { maxBytes: 1e9, onBytes: stop })).rejects.toThrow(OverCapacity);
  });

  test.each(['br', 'snappy', 'gzip, gzip', 'gzip;q=1', 'raw'])('the encoding %j is refused by name', (header) => {
    expect(() => readContentCoding(header)).toThrow(UnsupportedMedia);
    expect(() => readContentCoding(header)).toThrow(header);
    expect(() => readContentCoding(header)).toThrow('use gzip, deflate, zstd or none');
  });

  test.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['Identity', 'identity'],
    [' GZIP ', 'gzip'],
    ['x-gzip', 'gzip'],
    ['deflate', 'deflate'],
    ['zlib', 'deflate'],
    ['zstd', 'zstd'],
  ])('the encoding %j is %s', (header, coding) => {
    expect(readContentCoding(header)).toBe(coding);
  });
});
