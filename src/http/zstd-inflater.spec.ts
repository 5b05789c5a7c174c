import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import * as zlib from 'node:zlib';
import ts from 'typescript';
import { InvalidInput, OverCapacity, TooLarge, Unavailable } from '../domain/errors.js';
import { inflate } from './inflate.js';
import { ZstdInflater } from './zstd-inflater.js';

/** The thread runs JavaScript, and no build is asked for here. */
function compileThread(): URL {
  const source = readFileSync('src/http/zstd-worker.ts', 'utf8');
  const { outputText } = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.ESNext } });
  const script = outputText.replace(`'fzstd'`, `'${pathToFileURL(require.resolve('fzstd')).href}'`);
  return new URL(`data:text/javascript,${encodeURIComponent(script)}`);
}

/** See test/fixtures/zstd/README.md. */
const text = Buffer.from(Array.from({ length: 12000 }, (_, i) => `span ${i % 97} of step ${(i * i) % 89}\n`).join(''));
const fixture = (name: string) => readFileSync(`test/fixtures/zstd/${name}.zst`);

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

/** The lengths of its blocks are right, their content is not: only the decoder can tell. */
function damagedInside(): Buffer {
  const bytes = fixture('text');
  return bytes.fill(0xff, 20, 200);
}

describe('inflating zstd', () => {
  const inflater = new ZstdInflater(compileThread());
  const inflateZstd = (bytes: Buffer, maxBytes = 1e9, onBytes: (count: number) => void = () => {}): Promise<Buffer> =>
    inflater.inflate(bytes, { maxBytes, onBytes });

  afterAll(() => inflater.onApplicationShutdown());

  test.each(['text', 'text-19-no-check', 'text-streamed'])('%s gives the bytes that went in', async (name) => {
    expect((await inflateZstd(fixture(name), text.length)).equals(text)).toBe(true);
  });

  test('frames one after another, skippable ones between them, are one body', async () => {
    const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const bytes = Buffer.concat([skippable, fixture('text'), skippable, fixture('text-streamed'), skippable]);
    const whole = Buffer.concat([text, text]);
    expect((await inflateZstd(bytes, whole.length)).equals(whole)).toBe(true);
    await expect(inflateZstd(bytes, whole.length - 1)).rejects.toThrow(TooLarge);
  });

  test('an empty body, and one that only has frames to skip, are empty', async () => {
    expect(await inflateZstd(Buffer.alloc(0))).toHaveLength(0);
    expect(await inflateZstd(Buffer.from([0x53, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]))).toHaveLength(0);
  });

  test('bodies at once each get their own bytes', async () => {
    const names = ['text', 'text-streamed', 'text-19-no-check', 'text'];
    const all = await Promise.all(names.map((name) => inflateZstd(fixture(name))));
    expect(all.map((bytes) => bytes.equals(text))).toEqual([true, true, true, true]);
  });

  test.each(['text', 'text-streamed'])('%s: one byte too many is refused', async (name) => {
    await expect(inflateZstd(fixture(name), text.length - 1)).rejects.toThrow(TooLarge);
  });

  test.each(['zeros-64-mib', 'zeros-64-mib-announced'])('%s is stopped at the limit', async (name) => {
    let seen = 0;
    await expect(inflateZstd(fixture(name), 1024 * 1024, (count) => (seen += count))).rejects.toThrow(TooLarge);
    expect(seen).toBeLessThanOrEqual(1024 * 1024);
  });

  test('a body that announces less than it has is stopped at the limit all the same', async () => {
    const bytes = fixture('zeros-64-mib-announced');
    // The size of its content, little-endian, behind magic and descriptor.
    const at = bytes.indexOf(Buffer.from([0, 0, 0, 4]), 5);
    bytes.writeUInt32LE(1000, at);
    await expect(inflateZstd(bytes, 1024 * 1024)).rejects.toThrow(
      'createZstdDecompress' in zlib ? InvalidInput : TooLarge,
    );
  });

  test('other work goes on while a block asks for gigabytes of copies, which is given up', async () => {
    const settled: string[] = [];
    const slow = inflateZstd(slowBlock(60_000)).finally(() => settled.push('slow'));
    const refused = expect(slow).rejects.toThrow(
      // Node's own decoder, where there is one, sees through it at once.
      'createZstdDecompress' in zlib ? InvalidInput : Unavailable,
    );
    // Its last chunk passes through the event loop of this thread.
    await inflate(zlib.gzipSync(text), 'gzip', { maxBytes: 1e9, onBytes: () => {} });
    settled.push('gzip');
    await refused;
    if (!('createZstdDecompress' in zlib)) expect(settled).toEqual(['gzip', 'slow']);
    expect((await inflateZstd(fixture('text'))).equals(text)).toBe(true);
  });

  test('a window of 128 MiB is refused, however little is in it', async () => {
    await expect(inflateZstd(fixture('text-window-128-mib'))).rejects.toThrow(/window/);
  });

  test('any number of empty blocks is refused', async () => {
    const head = fixture('text-streamed').subarray(0, 6);
    const bytes = Buffer.concat([head, Buffer.alloc(3 * 100_000)]);
    await expect(inflateZstd(bytes, 1024 * 1024)).rejects.toThrow(/more than \d+ blocks/);
  });

  test.each([
    ['garbage', Buffer.from('garbage, long enough for a header')],
    ['a cut-off body', fixture('text').subarray(0, -20)],
    ['a body without its checksum', fixture('text').subarray(0, -4)],
    ['a cut-off header', fixture('text').subarray(0, 5)],
    ['a damaged block', Buffer.concat([fixture('text').subarray(0, 12), Buffer.alloc(5000, 0xa5)])],
    ['a damaged block behind a whole header', damagedInside()],
  ])('%s is the fault of the client', async (_, bytes) => {
    await expect(inflateZstd(bytes)).rejects.toThrow(InvalidInput);
  });

  test('whoever counts the bytes can stop it', async () => {
    const stop = () => {
      throw new OverCapacity('full');
    };
    await expect(inflateZstd(fixture('text'), 1e9, stop)).rejects.toThrow(OverCapacity);
  });
});
