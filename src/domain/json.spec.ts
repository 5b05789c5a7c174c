import fc from 'fast-check';
import {
  compareBytewise,
  isStorableText,
  isWithinDepth,
  MAX_JSON_DEPTH,
  quoteText,
  toJsonText,
  toStorableText,
} from './json.js';

/** Strings of every kind of UTF-16 unit: U+0000, lone and paired surrogates, backslashes, quotes. */
const anyString = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\0',
      '\ud800',
      '\udbff',
      '\udc00',
      '\udfff',
      '\\',
      '"',
      'u',
      'd800',
      '0000',
      '\ufffd',
      '😀',
      'é',
      'a',
    ),
    fc.string({ unit: 'binary', maxLength: 1 }),
  ),
});

/** What PostgreSQL refuses in JSON text: the escapes of U+0000 and of single surrogates. */
function refusedEscapes(text: string): RegExpMatchArray[] {
  return [...text.matchAll(/\\(?:\\|u0000|ud[89a-f][0-9a-f]{2})/gi)].filter((match) => match[0] !== '\\\\');
}

describe('JSON text for the database', () => {
  it('says what the value says when PostgreSQL can hold it', () => {
    const value = { a: [1, 'x', null, true, { é: '😀' }], 'b"\\': '\n\u0001\u2028' };
    expect(toJsonText(value)).toBe(JSON.stringify(value));
  });

  it.each([
    ['U+0000 in a value', 'a\0b', '"a\ufffdb"'],
    ['U+0000 in a key', { 'k\0': 1 }, '{"k\ufffd":1}'],
    ['a lone high surrogate', 'x\ud800y', '"x\ufffdy"'],
    ['a lone low surrogate', '\udfff', '"\ufffd"'],
    ['two surrogates in the wrong order', '\udc00\ud800', '"\ufffd\ufffd"'],
  ])('has U+FFFD for %s', (_case, value, expected) => {
    expect(toJsonText(value)).toBe(expected);
  });

  it.each([
    ['a backslash and the letters u0000', '\\u0000', '"\\\\u0000"'],
    ['a backslash and the letters ud800', '\\ud800', '"\\\\ud800"'],
    ['two backslashes and the letters u0000', '\\\\u0000', '"\\\\\\\\u0000"'],
    ['a surrogate pair', '\ud83d\ude00', '"😀"'],
    ['other control characters', '\u0001\u001f', '"\\u0001\\u001f"'],
  ])('keeps %s', (_case, value, expected) => {
    expect(toJsonText(value)).toBe(expected);
    expect(JSON.parse(toJsonText(value))).toBe(value);
  });

  it('has null where JSON has no word for a value', () => {
    expect(toJsonText([NaN, Infinity, -Infinity, undefined])).toBe('[null,null,null,null]');
    expect(toJsonText(undefined)).toBe('null');
    expect(toJsonText({ gone: undefined, kept: null })).toBe('{"kept":null}');
  });

  it('keeps keys such as __proto__', () => {
    const text = '{"__proto__":{"x":1},"constructor":2}';
    expect(toJsonText(JSON.parse(text))).toBe(text);
  });

  it('is readable, storable and faithful for any string', () => {
    fc.assert(
      fc.property(anyString, anyString, (value, key) => {
        const text = toJsonText({ [`${key}!`]: [value] });
        expect(isStorableText(text)).toBe(true);
        expect(refusedEscapes(text)).toEqual([]);
        expect(JSON.parse(text)).toEqual({ [toStorableText(`${key}!`)]: [toStorableText(value)] });
      }),
      { numRuns: 3000 },
    );
  });
});

describe('a text in quotes', () => {
  it('is what JSON.stringify makes of it, however long it is', () => {
    const unit = fc.constantFrom(
      'a',
      '\\',
      '"',
      '\n',
      '\t',
      '\r',
      '\0',
      '\u001f',
      '\u007f',
      'é',
      '\u2028',
      '😀',
      '\ud83d',
      '\ude00',
    );
    const text = fc.oneof(fc.string({ unit }), fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '$&', '東') }));
    fc.assert(
      fc.property(text, fc.constantFrom('', 'x'.repeat(200), '–'.repeat(200)), (part, padding) => {
        for (const whole of [part + padding, padding + part]) expect(quoteText(whole)).toBe(JSON.stringify(whole));
      }),
    );
  });
});

describe('text for the database', () => {
  it('is the very same string when there is nothing to replace', () => {
    for (const text of ['', 'plain', 'é😀\uffff', '\\u0000', '\ufffd']) {
      expect(isStorableText(text)).toBe(true);
      expect(toStorableText(text)).toBe(text);
    }
  });

  it('has U+FFFD for U+0000 and lone surrogates and nothing else changed', () => {
    expect(toStorableText('a\0b\ud800c\udc00\0')).toBe('a\ufffdb\ufffdc\ufffd\ufffd');
    for (const text of ['\0', '\ud800', '\udc00', 'a\ud800']) expect(isStorableText(text)).toBe(false);
  });

  it('is storable and of the same length for any string', () => {
    fc.assert(
      fc.property(anyString, (text) => {
        const storable = toStorableText(text);
        expect(isStorableText(storable)).toBe(true);
        expect(storable).toHaveLength(text.length);
        expect(Buffer.from(storable).toString()).toBe(storable);
        expect(storable === text).toBe(isStorableText(text));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the limit on nesting', () => {
  const nested = (levels: number, wrap: (inner: unknown) => unknown): unknown => {
    let value: unknown = 1;
    for (let i = 0; i < levels; i += 1) value = wrap(value);
    return value;
  };

  it.each([
    ['arrays', (inner: unknown) => [inner]],
    ['objects', (inner: unknown) => ({ k: inner })],
    ['the last of many values', (inner: unknown) => [1, null, 'x', inner]],
    ['keys of prototypes', (inner: unknown): unknown => JSON.parse(`{"__proto__":${JSON.stringify(inner)}}`)],
  ])('counts levels of %s', (_case, wrap) => {
    expect(isWithinDepth(nested(MAX_JSON_DEPTH, wrap))).toBe(true);
    expect(isWithinDepth(nested(MAX_JSON_DEPTH + 1, wrap))).toBe(false);
    expect(isWithinDepth(nested(3, wrap), 3)).toBe(true);
    expect(isWithinDepth(nested(4, wrap), 3)).toBe(false);
  });

  it('does not concern scalars', () => {
    for (const value of [1, 'x', null, true, undefined]) expect(isWithinDepth(value, 0)).toBe(true);
    expect(isWithinDepth([], 0)).toBe(false);
    expect(isWithinDepth({}, 0)).toBe(false);
  });

  it('is checked without overflowing the stack', () => {
    expect(isWithinDepth(nested(1_000_000, (inner) => [inner]))).toBe(false);
    expect(isWithinDepth(nested(1_000_000, (inner) => ({ k: inner })))).toBe(false);
  });
});

describe('bytewise order', () => {
  it('is that of the UTF-8 bytes, also above U+FFFF', () => {
    expect('\uff5e' < '😀').toBe(false);
    expect(compareBytewise('\uff5e', '😀')).toBeLessThan(0);
    expect(compareBytewise('a', 'ab')).toBeLessThan(0);
    expect(compareBytewise('B', 'a')).toBeLessThan(0);
    expect(compareBytewise('x', 'x')).toBe(0);
  });

  it('agrees with Buffer.compare for any strings', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareBytewise(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
        // + 0, because -0 is not 0 to Jest.
        expect(compareBytewise(a, b) + 0).toBe(-compareBytewise(b, a) + 0);
      }),
    );
  });
});
