import fc from 'fast-check';
import { encodeArray } from './binary-array.js';
import { type ElementType, EncodeError } from './binary-value.js';

function problemOf(type: ElementType, values: readonly unknown[]): unknown {
  try {
    encodeArray('table.column', type, values);
  } catch (error) {
    return error;
  }
  return undefined;
}

/** The elements of PostgreSQL's binary array format, read as its documentation describes them. */
function elementsOf(array: Buffer): (Buffer | null)[] {
  expect(array.readInt32BE(0)).toBe(1);
  expect(array.readInt32BE(4)).toBe(1);
  expect(array.readInt32BE(16)).toBe(1);
  const elements: (Buffer | null)[] = [];
  let at = 20;
  for (let count = array.readInt32BE(12); count > 0; count -= 1) {
    const length = array.readInt32BE(at);
    at += 4;
    elements.push(length === -1 ? null : array.subarray(at, at + length));
    at += Math.max(length, 0);
  }
  expect(at).toBe(array.length);
  return elements;
}

describe('a value that its column cannot hold', () => {
  it.each<[string, ElementType, unknown, string]>([
    ['NaN', 'int4', NaN, 'is not a 32-bit integer'],
    ['2^31', 'int4', 2 ** 31, 'is not a 32-bit integer'],
    // PostgreSQL could hold it, but nothing of ours is ever that small.
    ['-2^31', 'int4', -(2 ** 31), 'is not a 32-bit integer'],
    ['a fraction', 'int4', 1.5, 'is not a 32-bit integer'],
    ['digits', 'int4', '7', 'is not a 32-bit integer'],
    ['a bigint', 'int4', 7n, 'is not a 32-bit integer'],
    ['NaN', 'int8', NaN, 'is not a safe integer'],
    ['Infinity', 'int8', Infinity, 'is not a safe integer'],
    ['2^53', 'int8', 2 ** 53, 'is not a safe integer'],
    ['a fraction', 'int8', 0.1, 'is not a safe integer'],
    ['digits', 'int8', '7', 'is not a safe integer'],
    ['a bigint', 'int8', 7n, 'is not a safe integer'],
    ['NaN', 'timestamptz', NaN, 'is not a whole number of microseconds'],
    ['an invalid date', 'timestamptz', new Date(NaN), 'is not a whole number of microseconds'],
    ['a date', 'timestamptz', new Date(0), 'is not a whole number of microseconds'],
    ['an ISO time', 'timestamptz', '2026-01-01T00:00:00Z', 'is not a whole number of microseconds'],
    ['a fraction of a microsecond', 'timestamptz', 0.5, 'is not a whole number of microseconds'],
    ['a time that is no safe integer once counted from 2000', 'timestamptz', -(2 ** 53) + 1, 'is not a safe integer'],
    ['NaN', 'float8', NaN, 'is not a finite number'],
    ['Infinity', 'float8', -Infinity, 'is not a finite number'],
    ['digits', 'float8', '1.5', 'is not a finite number'],
    ['the word false', 'bool', 'false', 'is not a boolean'],
    ['0', 'bool', 0, 'is not a boolean'],
    ['a number', 'text', 5, 'is not a string'],
    ['false', 'text', false, 'is not a string'],
    ['a list', 'text', ['x'], 'is not a string'],
    ['an object', 'jsonb', { a: 1 }, 'is not a string'],
  ])('is refused with its column and row: %s as %s', (_case, type, value, problem) => {
    const error = problemOf(type, [null, undefined, value, value]);
    expect(error).toBeInstanceOf(EncodeError);
    expect(error).toMatchObject({ column: 'table.column', row: 2, message: `table.column[2]: ${problem}` });
  });
});

describe('an encoded column', () => {
  it('has NULL for null and undefined, for every type', () => {
    for (const type of ['bool', 'int4', 'int8', 'text', 'float8', 'timestamptz', 'jsonb'] as const) {
      expect(elementsOf(encodeArray('c', type, [null, undefined]))).toEqual([null, null]);
      expect(elementsOf(encodeArray('c', type, []))).toEqual([]);
    }
  });

  it('has whole numbers of 32 and 64 bits exactly', () => {
    const numbers = fc.array(
      fc.option(fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.constantFrom(-1, -0, 2 ** 53 - 1))),
    );
    fc.assert(
      fc.property(numbers, (values) => {
        const expected = values.map((value) => (value === null ? null : BigInt(value)));
        const elements = elementsOf(encodeArray('c', 'int8', values));
        expect(elements.map((element) => element?.readBigInt64BE() ?? null)).toEqual(expected);
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -(2 ** 31) + 1 })), (values) => {
        expect(elementsOf(encodeArray('c', 'int4', values)).map((element) => element?.readInt32BE())).toEqual(values);
      }),
    );
  });

  it('has texts of any length and script, also where the first guess at their size was too small', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ unit: fc.constantFrom('a', 'é', '\uff5e', '😀'), maxLength: 200 }),
    );
    fc.assert(
      fc.property(fc.array(fc.option(text), { maxLength: 12 }), (values) => {
        const elements = elementsOf(encodeArray('c', 'text', values));
        expect(elements.map((element) => element?.toString() ?? null)).toEqual(values);
        const documents = elementsOf(encodeArray('c', 'jsonb', values));
        expect(documents.map((element) => element?.toString('utf8', 1) ?? null)).toEqual(values);
        expect(documents.every((element) => element === null || element[0] === 1)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('has U+FFFD for a lone surrogate, and U+0000 as it is, which PostgreSQL then refuses', () => {
    const elements = elementsOf(encodeArray('c', 'text', ['a\ud800', '\udc00b', 'c\0']));
    expect(elements.map((element) => element?.toString())).toEqual(['a\ufffd', '\ufffdb', 'c\0']);
  });
});
