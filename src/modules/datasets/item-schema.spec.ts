import { ItemSchemas, MAX_SCHEMA_DEPTH, UnusableSchema } from './item-schema.js';

const schemas = new ItemSchemas();
const mismatch = (schema: unknown, document: unknown) =>
  schemas.findMismatch(JSON.stringify(schema), JSON.stringify(document));
const compiling = (schema: unknown) => () => schemas.compile(JSON.stringify(schema));

const QUESTION = {
  type: 'object',
  properties: { question: { type: 'string', minLength: 1 } },
  required: ['question'],
};

describe('a schema of items', () => {
  it('says where a document does not fit', () => {
    expect(mismatch(QUESTION, { question: 'q' })).toBeUndefined();
    expect(mismatch(QUESTION, {})).toBe("must have required property 'question'");
    expect(mismatch(QUESTION, { question: 1 })).toBe('/question must be string');
    expect(mismatch(QUESTION, null)).toBe('must be object');
    expect(mismatch(true, { any: 'thing' })).toBeUndefined();
    expect(mismatch(false, {})).toBe('boolean schema is false');
  });

  it('is read by the draft it names, and by the newest or the one before where it names none', () => {
    const pair = { prefixItems: [{ type: 'string' }, { type: 'number' }], items: false };
    expect(mismatch(pair, ['a', 1])).toBeUndefined();
    expect(mismatch(pair, ['a', 'b'])).toBe('/1 must be number');
    expect(mismatch({ items: [{ type: 'string' }] }, [1])).toBe('/0 must be string');
    for (const $schema of [
      'https://json-schema.org/draft/2020-12/schema',
      'https://json-schema.org/draft/2019-09/schema',
      'http://json-schema.org/draft-07/schema#',
    ]) {
      expect(mismatch({ $schema, type: 'number' }, 'x')).toBe('must be number');
    }
    expect(compiling({ $schema: 'http://json-schema.org/draft-04/schema#' })).toThrow('draft 2020-12, 2019-09 or 7');
  });

  it('matches patterns in linear time and keeps two of them apart', () => {
    const two = {
      properties: { a: { pattern: '^(a+)+$' }, b: { pattern: '^b$' } },
      patternProperties: { '^c': { type: 'null' } },
    };
    // A backtracking engine would need 2^50,000 steps.
    expect(mismatch(two, { a: `${'a'.repeat(50_000)}!` })).toContain('/a must match pattern');
    expect(mismatch(two, { a: 'aa', b: 'b', c1: null })).toBeUndefined();
    expect(mismatch(two, { b: 'aa' })).toContain('/b must match pattern');
    expect(mismatch(two, { c1: 1 })).toBe('/c1 must be null');
  });

  it.each<[unknown, string]>([
    [[], 'must be a JSON object'],
    ['text', 'must be a JSON object'],
    [{ type: 'nothing' }, 'schema is invalid'],
    [{ pattern: '(?=x)y' }, 'is no RE2 expression'],
    [{ $ref: 'https://example.com/schema.json' }, "can't resolve reference"],
    [{ $async: true, type: 'string' }, 'must not be asynchronous'],
    [JSON.parse('{"not":'.repeat(MAX_SCHEMA_DEPTH + 1) + '{}' + '}'.repeat(MAX_SCHEMA_DEPTH + 1)), 'nests deeper'],
    [{ description: 'x'.repeat(70_000) }, 'larger than 65536 bytes'],
  ])('is refused as %.60j', (schema, message) => {
    expect(compiling(schema)).toThrow(UnusableSchema);
    expect(compiling(schema)).toThrow(message);
  });

  it('that refers to itself without end is refused when it is used, one that follows the document is not', () => {
    expect(() => mismatch({ $ref: '#' }, 1)).toThrow(UnusableSchema);
    const tree = { type: 'object', properties: { child: { $ref: '#' } }, additionalProperties: false };
    expect(mismatch(tree, { child: { child: {} } })).toBeUndefined();
    expect(mismatch(tree, { child: { child: 1 } })).toBe('/child/child must be object');
  });

  it('sees names that an object has by nature as what they are', () => {
    const named = JSON.parse('{"required":["__proto__"],"properties":{"constructor":{"type":"string"}}}') as object;
    expect(mismatch(named, {})).toContain('__proto__');
    expect(
      schemas.findMismatch(JSON.stringify({ properties: { constructor: { type: 'string' } } }), '{}'),
    ).toBeUndefined();
  });
});
