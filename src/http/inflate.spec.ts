import { readFileSync } from 'node:fs';
import * as zlib from 'node:zlib';
import { InvalidInput, OverCapacity, TooLarge, Unavailable, UnsupportedMedia } from '../domain/errors.js';
import { inflate, readContentCoding } from './inflate.js';

const { deflateRawSync, deflateSync, gzipSync } = zlib;
const text = Buffer.from('the quick brown fox '.repeat(1000));
const ignore = () => {};

/** See test/fixtures/zstd/README.md. */
const zstdText = Buffer.from(
  Array.from({ length: 12000 }, (_, i) => `span ${i % 97} of step ${(i * i) % 89}\n`).join(''),
);
const zstdOf = (name: string) => readFileSync(`test/fixtures/zstd/${name}.zst`);

/** One block of `count` copies of 131,074 bytes each, all from the byte before (RFC 8878, 3.1.1.3.2). */
function slowBlock(count: number): Buffer {
  const literals = [0x08, 0x61];
  const sequences = [0xff, (count - 0x7f00) & 0xff, (count - 0x7f00) >> 8];
  const oneCodeEach = [0x54, 0, 0, 52];
  const content = Buffer.concat([
    Buffer.from([...literals, ...sequences, ...oneCodeEach]),
    Buffer.alloc(count * 2, 0xff),
    Buffer.from([1]),
  ]);
  const header = Buffer.alloc(9);
  header.writeUInt32LE(0xfd2fb528);
  header[5] = 0x38;
  header.writeUIntLE((content.length << 3) | (2 << 1) | 1, 6, 3);
  return Buffer.concat([header, content]);
}

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

  test.each(['text', 'text-19-no-check', 'text-streamed'])('zstd: %s gives the bytes that went in', async (name) => {
    expect((await inflate(zstdOf(name), 'zstd', zstdText.length, ignore)).equals(zstdText)).toBe(true);
  });

  test('zstd: frames one after another, skippable ones between them, are one body', async () => {
    const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const bytes = Buffer.concat([skippable, zstdOf('text'), skippable, zstdOf('text-streamed'), skippable]);
    const inflated = await inflate(bytes, 'zstd', 2 * zstdText.length, ignore);
    expect(inflated.equals(Buffer.concat([zstdText, zstdText]))).toBe(true);
  });

  test('an empty body is empty in every coding', async () => {
    for (const coding of ['gzip', 'deflate', 'zstd', 'identity'] as const) {
      expect(await inflate(Buffer.alloc(0), coding, 10, ignore)).toHaveLength(0);
    }
  });

  test.each([
    ['gzip', gzipSync(zstdText)],
    ['deflate', deflateSync(zstdText)],
    ['deflate', deflateRawSync(zstdText)],
    ['zstd', zstdOf('text')],
    ['zstd', zstdOf('text-streamed')],
  ] as const)('%s: one byte too many is refused', async (coding, bytes) => {
    await expect(inflate(bytes, coding, zstdText.length - 1, ignore)).rejects.toThrow(TooLarge);
  });

  const zeros = Buffer.alloc(64 * 1024 * 1024);
  test.each([
    ['gzip', gzipSync(zeros)],
    ['deflate', deflateSync(zeros)],
    ['deflate', deflateRawSync(zeros)],
    ['zstd', zstdOf('zeros-64-mib')],
    ['zstd', zstdOf('zeros-64-mib-announced')],
  ] as const)('%s: a bomb is stopped at the limit, long before its end', async (coding, bomb) => {
    let seen = 0;
    await expect(inflate(bomb, coding, 1024 * 1024, (count) => (seen += count))).rejects.toThrow(TooLarge);
    expect(seen).toBeLessThanOrEqual(1024 * 1024);
  });

  test('zstd: other work goes on between the blocks', async () => {
    let turns = 0;
    let isDone = false;
    const turn = () => {
      turns += 1;
      if (!isDone) setImmediate(turn);
    };
    setImmediate(turn);
    await inflate(zstdOf('zeros-64-mib'), 'zstd', zeros.length, ignore);
    isDone = true;
    expect(turns).toBeGreaterThanOrEqual(zeros.length / (128 * 1024) / 2);
  });

  test('zstd: a window of 128 MiB is refused, however little is in it', async () => {
    await expect(inflate(zstdOf('text-window-128-mib'), 'zstd', 1e9, ignore)).rejects.toThrow(/window/);
  });

  test('zstd: a block that asks for gigabytes of copies is given up', async () => {
    await expect(inflate(slowBlock(60_000), 'zstd', 1e9, ignore)).rejects.toThrow(
      // Node's own decoder, where there is one, sees through it at once.
      'createZstdDecompress' in zlib ? InvalidInput : Unavailable,
    );
  });

  test('zstd: any number of empty blocks is refused', async () => {
    const head = zstdOf('text-streamed').subarray(0, 6);
    const bytes = Buffer.concat([head, Buffer.alloc(3 * 100_000)]);
    await expect(inflate(bytes, 'zstd', 1024 * 1024, ignore)).rejects.toThrow(/more than \d+ blocks/);
  });

  test.each([
    ['garbage', Buffer.from('garbage'), 'gzip'],
    ['a cut-off body', gzipSync(text).subarray(0, -20), 'gzip'],
    ['a body without its checksum', gzipSync(text).subarray(0, -4), 'gzip'],
    ['a wrong checksum', Buffer.concat([gzipSync(text).subarray(0, -8), Buffer.alloc(8)]), 'gzip'],
    ['a cut-off body', deflateSync(text).subarray(0, -20), 'deflate'],
    ['garbage', Buffer.from([0xff, 0xff, 0xff]), 'deflate'],
    ['garbage', Buffer.from('garbage, long enough for a header'), 'zstd'],
    ['a cut-off body', zstdOf('text').subarray(0, -20), 'zstd'],
    ['a body without its checksum', zstdOf('text').subarray(0, -4), 'zstd'],
    ['a cut-off header', zstdOf('text').subarray(0, 5), 'zstd'],
    ['a damaged block', Buffer.concat([zstdOf('text').subarray(0, 12), Buffer.alloc(5000, 0xa5)]), 'zstd'],
  ] as const)('%s is the fault of the client', async (_, bytes, coding) => {
    await expect(inflate(bytes, coding, 1e9, ignore)).rejects.toThrow(InvalidInput);
  });

  test('whoever counts the bytes can stop it', async () => {
    const stop = () => {
      throw new OverCapacity('full');
    };
    await expect(inflate(gzipSync(text), 'gzip', 1e9, stop)).rejects.toThrow(OverCapacity);
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
