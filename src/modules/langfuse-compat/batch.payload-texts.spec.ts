import fc from 'fast-check';
import { MAX_JSON_DEPTH } from '../../domain/json.js';
import { readPayloadTexts } from './batch.payload-texts.js';

interface Item {
  input?: unknown;
  output?: unknown;
}

/** Strings that look like structure, and keys like those that are looked for. */
const tricky = fc.oneof(
  fc.string(),
  fc.constantFrom('"', '\\', '\\"', '\\\\', '{"input":1}', '],[', 'input', 'output', ':', '😀', '\u2028', 'é'),
  fc.array(fc.constantFrom('\\', '"', 'a', '}'), { maxLength: 12 }).map((units) => units.join('')),
);
const value = fc.letrec<{ any: unknown; object: object }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    tricky,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(null, true, false, 0, -0.5e-7, 12345678901),
    fc.array(tie('any'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.oneof(tricky, fc.constantFrom('input', 'output', 'id')), tie('any'), {
    maxKeys: 4,
    noNullPrototype: true,
  }),
}));
const item = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record(
      { id: tricky, input: value.any, metadata: value.any, output: value.any },
      { requiredKeys: [] },
    ),
  },
  { weight: 1, arbitrary: value.any },
);

/** Every text that is kept must say what JSON.parse says of the whole. */
function expectFaithful(body: string): void {
  const parsed = JSON.parse(body) as { trace?: Item; observations?: Item[] };
  const texts = readPayloadTexts(body);
  const pairs = [[parsed.trace, texts.trace] as const];
  texts.observations.forEach((found, i) => pairs.push([parsed.observations![i], found]));
  for (const [meant, found] of pairs) {
    for (const name of ['input', 'output'] as const) {
      if (found[name] === undefined) continue;
      expect(JSON.stringify(JSON.parse(found[name]))).toBe(JSON.stringify(meant![name]));
      expect(found[name]).not.toMatch(/\\u|[\n\r\t]/);
    }
  }
}

describe('payload texts', () => {
  it('mean what JSON.parse makes of the same body, whatever it holds', () => {
    fc.assert(
      fc.property(
        item,
        fc.array(item, { maxLength: 5 }),
        fc.constantFrom(undefined, ' ', 2),
        (trace, observations, indent) =>
          expectFaithful(JSON.stringify({ trace, other: [{ input: 1 }], observations }, null, indent)),
      ),
      { numRuns: 400 },
    );
  });

  it('are found for every item of a compact body, at the item of the same place', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ input: fc.integer(), output: fc.integer() })), (observations) => {
        const found = readPayloadTexts(JSON.stringify({ observations })).observations;
        expect(found).toEqual(observations.map(({ input, output }) => ({ input: `${input}`, output: `${output}` })));
      }),
    );
  });

  it('keep what parsing would lose, and the spaces between values', () => {
    const body = '{ "trace" : { "input" : {"n": 12345678901234567890, "x": 1.0} , "output":"a\\n\\"b\\\\" } }';
    expect(readPayloadTexts(body).trace).toEqual({
      input: '{"n": 12345678901234567890, "x": 1.0}',
      output: '"a\\n\\"b\\\\"',
    });
  });

  it.each([
    ['an escape that may hide what cannot be stored', '{"trace":{"input":"\\u0000","output":"\\ud800"}}'],
    ['lines', '{"trace":{"input":{\n"a":1},"output":[\t1]}}'],
    [
      'nesting beyond the limit',
      `{"trace":{"input":${'['.repeat(MAX_JSON_DEPTH + 1)}${']'.repeat(MAX_JSON_DEPTH + 1)}}}`,
    ],
    ['exponents', '{"trace":{"input":[true,1e400],"output":2E-3}}'],
    ['an item whose key may mean input', '{"trace":{"input":1,"inp\\u0075t":2,"output":3}}'],
    ['a body whose key may mean trace', '{"trace":{"input":1},"tr\\u0061ce":{"input":2}}'],
    ['an item that is none', '{"trace":[{"input":1}],"observations":{"input":1}}'],
  ])('leave out %s', (_what, body) => {
    expect(readPayloadTexts(body)).toEqual({ trace: {}, observations: [] });
  });

  it('take nesting up to the limit', () => {
    const input = '['.repeat(MAX_JSON_DEPTH) + ']'.repeat(MAX_JSON_DEPTH);
    expect(readPayloadTexts(`{"trace":{"input":${input}}}`).trace).toEqual({ input });
  });

  it('take the last of equal keys, as JSON.parse does', () => {
    const body =
      '{"trace":{"input":0},"trace":{"input":1,"input":2},"observations":[{"input":3}],"observations":[{"input":4}]}';
    expect(readPayloadTexts(body)).toEqual({ trace: { input: '2' }, observations: [{ input: '4' }] });
  });
});
