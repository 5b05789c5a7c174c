import { InvalidInput } from '../../domain/errors.js';
import { decodeCursor, encodeCursor } from './cursor.js';

describe('a cursor', () => {
  it.each([
    { micros: 1_769_851_800_123_456, id: 'trace-1' },
    { micros: -1, id: 'a:b:c' },
    { micros: 0, id: 'line\nbreak ä😀' },
    { micros: 1, id: 'x'.repeat(800) },
  ])('comes back as it was made: %j', (cursor) => {
    expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
  });

  it('needs no escaping in a URL', () => {
    expect(encodeCursor({ micros: 1_769_851_800_123_456, id: '???>>>ÿÿÿ' })).toMatch(/^[\w-]+$/);
  });

  const encode = (text: string) => Buffer.from(text).toString('base64url');
  it.each([
    '',
    'x',
    encode('no colon'),
    encode('1:'),
    encode('1.5:a'),
    encode('01:a'),
    encode('9999999999999999:a'),
    encode('1:nul\0'),
    `${encode('1:a')}=`,
    encode('1:a').slice(0, -1),
  ])('that this server did not make is refused: %j', (text) => {
    expect(() => decodeCursor(text)).toThrow(new InvalidInput('cursor is no cursor of this server', 'cursor'));
  });
});
