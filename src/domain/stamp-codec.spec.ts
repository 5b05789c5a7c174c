import fc from 'fast-check';
import { type Stamped, type StampedMetadata, UNSTATED } from './merge.js';
import { decodeMetadata, decodeStamps, encodeMetadata, encodeStamps } from './stamp-codec.js';

const FIELDS = ['a', 'b', 'c'];

interface State {
  values: Record<string, string | null>;
  stamps: number[];
  environment: Stamped<string> | null;
}

function stateOf(fields: Record<string, [string | null, number]>, environment?: [string, number]): State {
  return {
    values: Object.fromEntries(Object.entries(fields).map(([name, [value]]) => [name, value])),
    stamps: FIELDS.map((name) => fields[name]?.[1] ?? UNSTATED),
    environment: environment === undefined ? null : { value: environment[0], stamp: environment[1] },
  };
}

function roundTrip(state: State): State {
  const { stamp, stamps } = encodeStamps(FIELDS, state);
  const decoded: State = { values: {}, stamps: FIELDS.map(() => UNSTATED), environment: null };
  decodeStamps(FIELDS, decoded, {
    values: Object.fromEntries(FIELDS.map((name) => [name, state.values[name] ?? null])),
    environment: state.environment?.value ?? null,
    stamp,
    stamps: stamps === null ? null : (JSON.parse(stamps) as Record<string, number>),
  });
  return decoded;
}

describe('stamps in a row', () => {
  it('need no map when every field was stated at once', () => {
    expect(encodeStamps(FIELDS, stateOf({ a: ['x', 5], c: ['y', 5] }, ['prod', 5]))).toEqual({
      stamp: 5,
      stamps: null,
    });
  });

  it('list only the fields that are older than the newest', () => {
    const state = stateOf({ a: ['x', 5], b: ['y', 7], c: ['z', 7] }, ['prod', 3]);
    expect(encodeStamps(FIELDS, state)).toEqual({ stamp: 7, stamps: '{"a":5,"environment":3}' });
  });

  it('are empty when nothing was stated', () => {
    expect(encodeStamps(FIELDS, stateOf({}))).toEqual({ stamp: null, stamps: null });
  });

  it('remember when a field was cleared, and tell it from one that was never stated', () => {
    const state = stateOf({ a: [null, 9], b: ['y', 7] });
    expect(encodeStamps(FIELDS, state)).toEqual({ stamp: 7, stamps: '{"a":9}' });
    expect(roundTrip(state)).toEqual(state);
    const onlyCleared = stateOf({ a: [null, 9] });
    expect(encodeStamps(FIELDS, onlyCleared)).toEqual({ stamp: null, stamps: '{"a":9}' });
    expect(roundTrip(onlyCleared)).toEqual(onlyCleared);
  });

  it('come back as they were, for any state, and equal states give equal rows', () => {
    const field = fc.option(fc.tuple(fc.option(fc.constantFrom('x', '')), fc.integer({ min: -3, max: 3 })), {
      nil: undefined,
    });
    fc.assert(
      fc.property(
        fc.tuple(field, field, field),
        fc.option(fc.tuple(fc.constant('prod'), fc.integer({ min: -3, max: 3 })), { nil: undefined }),
        (fields, environment) => {
          const stated = FIELDS.flatMap((name, i) => (fields[i] === undefined ? [] : [[name, fields[i]] as const]));
          const state = stateOf(Object.fromEntries(stated), environment);
          const decoded = roundTrip(state);
          expect(decoded).toEqual(state);
          expect(encodeStamps(FIELDS, decoded)).toEqual(encodeStamps(FIELDS, state));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('metadata in a row', () => {
  const metadata: fc.Arbitrary<StampedMetadata> = fc
    .array(
      fc.tuple(
        fc.oneof(
          fc.constantFrom('__proto__', 'constructor', 'toString', '10', '9', '"', '\\', '😀', '\uff5e'),
          fc.string(),
        ),
        fc.record({
          value: fc.json({ maxDepth: 2 }).map((text) => JSON.stringify(JSON.parse(text))),
          stamp: fc.nat(3),
        }),
      ),
      { maxLength: 6 },
    )
    .map((entries) => new Map(entries));

  it('is empty without keys', () => {
    expect(encodeMetadata(new Map())).toEqual({ metadata: null, stamp: null, stamps: null });
    expect(decodeMetadata(null, null, null)).toEqual(new Map());
  });

  it('has its keys in the order of their bytes, and lists only the older stamps', () => {
    const state: StampedMetadata = new Map([
      ['😀', { value: '1', stamp: 4 }],
      ['\uff5e', { value: '2', stamp: 3 }],
      ['a', { value: '{"x":[]}', stamp: 4 }],
    ]);
    expect(encodeMetadata(state)).toEqual({
      metadata: '{"a":{"x":[]},"\uff5e":2,"😀":1}',
      stamp: 4,
      stamps: '{"\uff5e":3}',
    });
  });

  it('comes back as it was, for any keys and values, and equal metadata gives equal rows', () => {
    fc.assert(
      fc.property(metadata, (state) => {
        const encoded = encodeMetadata(state);
        const decoded = decodeMetadata(encoded.metadata, encoded.stamp, encoded.stamps);
        expect(decoded).toEqual(state);
        expect(encodeMetadata(decoded)).toEqual(encoded);
        expect(encodeMetadata(new Map([...state].toReversed()))).toEqual(encoded);
      }),
      { numRuns: 2000 },
    );
  });
});
