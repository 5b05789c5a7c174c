import { InvalidInput } from '../domain/errors.js';
import * as read from './query.js';

const bounds = { default: 50, max: 200 };

describe('query parameters', () => {
  test('an absent or empty parameter means its default', () => {
    for (const query of [{}, { page: '', limit: '', from: '', tags: '', fields: '', on: '' }]) {
      expect(read.parsePage(query)).toBe(1);
      expect(read.parseLimit(query, bounds)).toBe(50);
      expect(read.parseTime(query, 'from')).toBeUndefined();
      expect(read.parseTexts(query, 'tags')).toEqual([]);
      expect(read.parseCommaList(query, 'fields')).toBeUndefined();
      expect(read.parseBoolean(query, 'on')).toBeUndefined();
      expect(read.parseNumber(query, 'on')).toBeUndefined();
      expect(read.parseChoice(query, 'on', ['a'])).toBeUndefined();
      expect(read.parseCursor(query)).toBeUndefined();
    }
  });

  test('both ends of a limit are allowed', () => {
    expect(read.parseLimit({ limit: '1' }, bounds)).toBe(1);
    expect(read.parseLimit({ limit: '200' }, bounds)).toBe(200);
    expect(read.parseLimit({ limit: '0' }, { ...bounds, min: 0 })).toBe(0);
  });

  test.each(['0', '201', '-1', '1.5', '1e2', 'ten', ' 5', '0x10', '９', '99999999999999999999', 'NaN'])(
    'a limit of %j is refused by name, not clamped',
    (limit) => {
      expect(() => read.parseLimit({ limit }, bounds)).toThrow(InvalidInput);
      expect(() => read.parseLimit({ limit }, bounds)).toThrow(/^limit must be a whole number from 1 to 200, got "/);
    },
  );

  test.each(['0', '-1', 'x', '2147483648000'])('page %j is refused by name', (page) => {
    expect(() => read.parsePage({ page })).toThrow(/^page must be/);
  });

  test('times are read to the microsecond, with any offset, even one whose plus sign was not encoded', () => {
    const expected = Date.UTC(2026, 0, 31, 9, 30) * 1000;
    expect(read.parseTime({ t: '2026-01-31T09:30:00Z' }, 't')).toBe(expected);
    expect(read.parseTime({ t: '2026-01-31T09:30:00.000001Z' }, 't')).toBe(expected + 1);
    expect(read.parseTime({ t: '2026-01-31T10:30:00+01:00' }, 't')).toBe(expected);
    expect(read.parseTime({ t: '2026-01-31T10:30:00 01:00' }, 't')).toBe(expected);
  });

  test.each(['2026-01-31', '2026-01-31T09:30:00', 'yesterday', '1769851800', '2026-13-01T00:00:00Z'])(
    'the time %j is refused by name',
    (t) => {
      expect(() => read.parseTime({ fromTimestamp: t }, 'fromTimestamp')).toThrow(/^fromTimestamp must be an ISO 8601/);
    },
  );

  test('a repeated key is a list, and commas in it are kept', () => {
    expect(read.parseTexts({ tags: ['a', '', 'b,c'] }, 'tags')).toEqual(['a', 'b,c']);
    expect(read.parseTexts({ tags: 'a' }, 'tags')).toEqual(['a']);
  });

  test('a comma list is split and trimmed', () => {
    expect(read.parseCommaList({ fields: 'core, io,,metrics' }, 'fields')).toEqual(['core', 'io', 'metrics']);
    expect(read.parseCommaList({ fields: ',' }, 'fields')).toEqual([]);
  });

  test('a single-valued parameter that is given twice is refused', () => {
    expect(() => read.parseText({ userId: ['a', 'b'] }, 'userId')).toThrow('userId must be given once, got 2 values');
  });

  test.each([
    ['true', true],
    ['TRUE', true],
    ['1', true],
    ['false', false],
    ['0', false],
  ])('the boolean %j is %j', (text, value) => {
    expect(read.parseBoolean({ b: text }, 'b')).toBe(value);
  });

  test('anything else is no boolean', () => {
    expect(() => read.parseBoolean({ b: 'yes' }, 'b')).toThrow('b must be true or false, got "yes"');
  });

  test('numbers are finite decimals', () => {
    expect(read.parseNumber({ n: '-1.5e3' }, 'n')).toBe(-1500);
    for (const n of ['Infinity', '1e999', 'NaN', '0x10', '1,5', 'one']) {
      expect(() => read.parseNumber({ n }, 'n')).toThrow(/^n must be a number/);
    }
  });

  test('a choice must be one of those that exist', () => {
    expect(read.parseChoice({ o: 'b' }, 'o', ['a', 'b'])).toBe('b');
    expect(() => read.parseChoice({ o: 'c' }, 'o', ['a', 'b'])).toThrow('o must be one of a, b, got "c"');
  });

  test('text that PostgreSQL cannot hold is refused before it gets there', () => {
    for (const text of ['a\0b', 'a\ud800b']) {
      expect(() => read.parseText({ userId: text }, 'userId')).toThrow(/^userId must not contain/);
      expect(() => read.parseTexts({ tags: ['fine', text] }, 'tags')).toThrow(/^tags must not contain/);
    }
  });

  test('a message repeats only the start of a long value', () => {
    expect(() => read.parsePage({ page: 'x'.repeat(10_000) })).toThrow(/^.{0,200}$/);
  });

  test('a range of time must not end before it begins; one moment is a range', () => {
    const at = (from: string, to: string) => read.parseTimeRange({ from, to }, 'from', 'to');
    const [early, late] = ['2026-01-31T09:30:00Z', '2026-01-31T09:30:00.000001Z'];
    const micros = Date.parse(early) * 1000;
    expect(at(early, late)).toEqual({ from: micros, to: micros + 1 });
    expect(at(early, early)).toEqual({ from: micros, to: micros });
    expect(at(early, '')).toEqual({ from: micros, to: undefined });
    expect(at('', early)).toEqual({ from: undefined, to: micros });
    expect(() => at(late, early)).toThrow(
      expect.objectContaining({ message: 'from must not be after to', field: 'from' }),
    );
  });

  test('what is no cursor is refused', () => {
    expect(read.parseCursor({ cursor: 'eyJ0Ijox-_=' })).toBe('eyJ0Ijox-_=');
    expect(() => read.parseCursor({ cursor: 'a b' })).toThrow('cursor is no cursor of this server');
    expect(() => read.parseCursor({ cursor: 'a'.repeat(5000) })).toThrow('cursor is no cursor of this server');
  });

  test('a key that every object has is no parameter', () => {
    expect(read.parseText(Object.create(null) as read.QueryString, 'constructor')).toBeUndefined();
  });
});
