import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { InvalidInput, OverCapacity, TooLarge, UnsupportedMedia } from '../domain/errors.js';
import { inflate, readContentCoding } from './inflate.js';

const text = Buffer.from('the quick brown fox '.repeat(1000));
const ignore = () => {};

describe('inflating', () => {
  test.each([
    ['gzip', gzipSync(text), 'gzip'],
    ['deflate as zlib', deflateSync(text), 'deflate'],
    ['deflate as raw', deflateRawSync(text), 'deflate'],
    ['gzip of two members', Buffer.concat([gzipSync(text.subarray(0, 100)), gzipSync(text.subarray(100))]), 'gzip'],
    ['identity', text, 'identity'],
  ] as const)('%s gives the bytes that went in', async (_, bytes, coding) => {
    expect((await inflate(bytes, coding, text.length, ignore)).equals(text)).toBe(true);
  });

  test('an empty body is empty in every coding', async () => {
    for (const coding of ['gzip', 'deflate', 'identity'] as const) {
      expect(await inflate(Buffer.alloc(0), coding, 10, ignore)).toHaveLength(0);
    }
  });

  test('one byte too many is refused', async () => {
    await expect(inflate(gzipSync(text), 'gzip', text.length - 1, ignore)).rejects.toThrow(TooLarge);
  });

  test('a bomb is stopped at the limit, long before its end', async () => {
    let seen = 0;
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    await expect(inflate(bomb, 'gzip', 1024 * 1024, (count) => (seen += count))).rejects.toThrow(TooLarge);
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
    await expect(inflate(bytes, coding, 1e9, ignore)).rejects.toThrow(InvalidInput);
  });

  test('whoever counts the bytes can stop it', async () => {
    const stop = () => {
      throw new OverCapacity('full');
    };
    await expect(inflate(gzipSync(text), 'gzip', 1e9, stop)).rejects.toThrow(OverCapacity);
  });

  test.each(['br', 'zstd', 'gzip, gzip', 'gzip;q=1', 'raw'])('the encoding %j is refused by name', (header) => {
    expect(() => readContentCoding(header)).toThrow(UnsupportedMedia);
    expect(() => readContentCoding(header)).toThrow(header);
  });

  test.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['Identity', 'identity'],
    [' GZIP ', 'gzip'],
    ['x-gzip', 'gzip'],
    ['deflate', 'deflate'],
  ])('the encoding %j is %s', (header, coding) => {
    expect(readContentCoding(header)).toBe(coding);
  });
});
