import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { DomainError, InvalidInput } from '../../domain/errors.js';
import { MEDIA_CHUNK_BYTES, verifiedBytes } from './verified-bytes.js';

const facts = (bytes: Buffer) => ({
  contentLength: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('base64'),
});

/** What a consumer has seen, and why it saw no more. */
async function consume(sent: readonly Buffer[], announced: Buffer): Promise<{ chunks: Buffer[]; error?: unknown }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of verifiedBytes(Readable.from(sent), facts(announced))) chunks.push(chunk);
    return { chunks };
  } catch (error) {
    return { chunks, error };
  }
}

describe('the bytes of an upload', () => {
  const bytes = randomBytes(2 * MEDIA_CHUNK_BYTES + 1234);
  const pieces = [bytes.subarray(0, 10), bytes.subarray(10, 11), bytes.subarray(11)];

  it('come in chunks of one size, however they were sent', async () => {
    const { chunks, error } = await consume(pieces, bytes);
    expect(error).toBeUndefined();
    expect(chunks.map(({ length }) => length)).toEqual([MEDIA_CHUNK_BYTES, MEDIA_CHUNK_BYTES, 1234]);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  it.each([1, MEDIA_CHUNK_BYTES, MEDIA_CHUNK_BYTES + 1])(
    'of a file of %i bytes are never an empty chunk',
    async (n) => {
      const { chunks } = await consume([bytes.subarray(0, n)], bytes.subarray(0, n));
      expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBe(n);
      expect(chunks.every(({ length }) => length > 0)).toBe(true);
    },
  );

  it.each<[string, (whole: Buffer) => Buffer]>([
    ['one byte is another', (whole) => Buffer.concat([whole.subarray(0, -1), Buffer.of(whole.at(-1)! ^ 1)])],
    ['one is missing', (whole) => whole.subarray(1)],
    ['there is one more', (whole) => Buffer.concat([whole, Buffer.of(0)])],
    ['there are none', () => Buffer.alloc(0)],
  ])('are refused, and the last chunk withheld, when %s', async (_, change) => {
    const { chunks, error } = await consume([change(bytes)], bytes);
    expect(error).toBeInstanceOf(DomainError);
    expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(bytes.length);
  });

  it('are the fault of the client when the line breaks', async () => {
    const source = Readable.from(pieces);
    const broken = (async function* () {
      yield* source;
      throw new Error('aborted');
    })();
    await expect(verifiedBytes(broken, facts(Buffer.concat([bytes, bytes]))).next()).resolves.toBeDefined();
    const reading = (async () => {
      for await (const _ of verifiedBytes(broken, facts(bytes))) continue;
    })();
    await expect(reading).rejects.toThrow(InvalidInput);
  });
});
