import { Readable } from 'node:stream';
import { toBody } from './json-body.js';

async function bytesOf(body: Buffer | Readable): Promise<Buffer> {
  return Buffer.isBuffer(body) ? body : Buffer.concat((await body.toArray()) as Buffer[]);
}

describe('a body made of pieces', () => {
  it.each([[[]], [['']], [['{"a":', '1', '}']], [['ä', '😀', '漢字']]])(
    'is sent at once when it is short: %j',
    (pieces) => {
      expect(toBody(pieces)).toEqual(Buffer.from(pieces.join('')));
    },
  );

  it('is streamed when it is long, every piece whole, in order and in UTF-8', async () => {
    const pieces = Array.from({ length: 1000 }, (_, i) => `${i}:${'ä😀x'.repeat((i * 37) % 900)}|`);
    const body = toBody(pieces);
    expect(body).toBeInstanceOf(Readable);
    expect((await bytesOf(body)).equals(Buffer.from(pieces.join('')))).toBe(true);
  });

  it('may have pieces that are bytes already, between texts', async () => {
    const texts = Array.from({ length: 3000 }, (_, i) => `${i}:${'ä😀x'.repeat((i * 37) % 90)}|`);
    const pieces = texts.map((text, i) => (i % 3 === 0 ? text : Buffer.from(text)));
    expect((await bytesOf(toBody(pieces))).equals(Buffer.from(texts.join('')))).toBe(true);
    expect(toBody(['[', Buffer.from('1'), ']'])).toEqual(Buffer.from('[1]'));
  });

  it('may have a piece far longer than a chunk', async () => {
    const pieces = ['[', `"${'é'.repeat(3_000_000)}"`, ']'];
    expect((await bytesOf(toBody(pieces))).equals(Buffer.from(pieces.join('')))).toBe(true);
  });

  it('makes pieces only as they are read', () => {
    let made = 0;
    const pieces = (function* () {
      for (; made < 100; made += 1) yield 'x'.repeat(100_000);
    })();
    toBody(pieces);
    expect(made).toBeLessThan(10);
  });
});
