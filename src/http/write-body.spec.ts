import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { InvalidInput, OverCapacity, TooLarge } from '../domain/errors.js';
import { declaredLength, readBody } from './write-body.js';

const bounds = { maxBytes: 10, onBytes: () => {} };

describe('reading a body', () => {
  test.each([
    ['of a declared length', { declaredBytes: 6 }],
    ['of any length', {}],
  ])('joins the chunks of a body %s', async (_, declared) => {
    const source = new PassThrough();
    const body = readBody(source, { ...bounds, ...declared });
    source.write('abc');
    await turn();
    source.end('def');
    expect((await body).toString()).toBe('abcdef');
  });

  test.each([{ declaredBytes: 0 }, {}])('takes an empty body (%j)', async (declared) => {
    const source = new PassThrough();
    const body = readBody(source, { ...bounds, ...declared });
    source.end();
    expect(await body).toHaveLength(0);
  });

  test('stops at the limit but lets the client finish', async () => {
    const source = new PassThrough();
    const body = readBody(source, bounds);
    source.write(Buffer.alloc(11));
    await expect(body).rejects.toThrow(TooLarge);
    expect(source.destroyed).toBe(false);
    expect(source.isPaused()).toBe(false);
  });

  test.each([
    ['fewer', 3],
    ['more', 9],
  ])('refuses a body with %s bytes than declared', async (_, length) => {
    const source = new PassThrough();
    const body = readBody(source, { ...bounds, declaredBytes: 5 });
    source.end(Buffer.alloc(length));
    await expect(body).rejects.toThrow('The body does not have the 5 bytes that Content-Length declares');
  });

  test.each([
    ['without an error', undefined],
    ['with an error', new Error('ECONNRESET')],
  ])('notices a body that is cut off %s', async (_, error) => {
    const source = new PassThrough();
    const body = readBody(source, bounds);
    source.write('abc');
    await turn();
    source.destroy(error);
    await expect(body).rejects.toThrow(InvalidInput);
  });

  test('whoever counts the bytes can stop it', async () => {
    const source = new PassThrough();
    const counted: number[] = [];
    const body = readBody(source, {
      maxBytes: 10,
      onBytes: (count) => {
        counted.push(count);
        if (counted.length === 2) throw new OverCapacity('full');
      },
    });
    source.write('abc');
    await turn();
    source.write('de');
    await expect(body).rejects.toThrow(OverCapacity);
    expect(counted).toEqual([3, 2]);
  });

  test.each([
    ['12', 12],
    ['0', 0],
    [undefined, undefined],
    ['', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['1000000000000000', 1e15],
    ['18446744073709551615', 2 ** 64],
  ])('Content-Length %j declares %j', (header, length) => {
    expect(declaredLength(header)).toBe(length);
  });
});
