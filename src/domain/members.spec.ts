import { InvalidInput } from './errors.js';
import { missing, readBoolean, readChoice, readId, readLine, readText, readTime, toMembers } from './members.js';

describe('the fields of a body', () => {
  it('are those of an object, whatever their names', () => {
    expect(toMembers(JSON.parse('{"__proto__":1,"constructor":2}'))).toEqual(
      new Map([
        ['__proto__', 1],
        ['constructor', 2],
      ]),
    );
  });

  it.each([undefined, null, [], 'text', 1])('are not those of %j', (body) => {
    expect(() => toMembers(body)).toThrow(new InvalidInput('The body must be a JSON object', 'body'));
    expect(() => toMembers(body, 'tiers[0]')).toThrow('tiers[0] must be a JSON object');
  });

  it('are undefined where they are absent or null', () => {
    for (const members of [toMembers({}), toMembers({ a: null })]) {
      expect(readText(members, 'a', 5)).toBeUndefined();
      expect(readLine(members, 'a', 5)).toBeUndefined();
      expect(readId(members, 'a')).toBeUndefined();
      expect(readChoice(members, 'a', ['x'])).toBeUndefined();
      expect(readBoolean(members, 'a')).toBeUndefined();
      expect(readTime(members, 'a')).toBeUndefined();
      expect(() => readText(members, 'a', 5) ?? missing('a')).toThrow('a is required');
    }
  });

  it.each<[string, unknown, (value: unknown) => unknown]>([
    ['a must be text of 1 to 5 characters', '', (a) => readText(toMembers({ a }), 'a', 5)],
    ['a must be text of 1 to 5 characters', 'longer', (a) => readText(toMembers({ a }), 'a', 5)],
    ['a must be text of 1 to 5 characters', '\ud800', (a) => readText(toMembers({ a }), 'a', 5)],
    ['x.a must be text of 1 to 5 characters', 1, (a) => readText(toMembers({ a }), 'a', 5, 'x.a')],
    ['a must be text of 1 to 5 characters on one line', 'b\nc', (a) => readLine(toMembers({ a }), 'a', 5)],
    ['a must be text', 1, (a) => readId(toMembers({ a }), 'a')],
    ['a must not be empty', '', (a) => readId(toMembers({ a }), 'a')],
    ['x.a must be one of p, q', 'P', (a) => readChoice(toMembers({ a }), 'a', ['p', 'q'], 'x.a')],
    ['x.a must be true or false', 'true', (a) => readBoolean(toMembers({ a }), 'a', 'x.a')],
    ['a must be an ISO 8601 time', '2026-01-31T09:30:00', (a) => readTime(toMembers({ a }), 'a')],
  ])('say "%s" of %j', (message, value, read) => {
    expect(() => read(value)).toThrow(InvalidInput);
    expect(() => read(value)).toThrow(message);
  });

  it('are read as they were sent', () => {
    const members = toMembers({ text: 'b\nc', id: 'i', choice: 'p', flag: false, time: '1970-01-01T00:00:01+00:00' });
    expect(readText(members, 'text', 3)).toBe('b\nc');
    expect(readId(members, 'id')).toBe('i');
    expect(readChoice(members, 'choice', ['p'])).toBe('p');
    expect(readBoolean(members, 'flag')).toBe(false);
    expect(readTime(members, 'time')).toBe(1_000_000);
  });
});
