import fc from 'fast-check';
import { compareBytewise } from './json.js';
import {
  applyMetadata,
  applyObservationPatch,
  applyPayload,
  applyTracePatch,
  newObservationState,
  newPayloadState,
  newTraceState,
  OBSERVATION_FIELDS,
  type ObservationState,
  type StampedMetadata,
  TRACE_FIELDS,
} from './merge.js';
import { LEVELS, type ObservationFields, OBSERVATION_TYPES, type ObservationPatch } from './observation.js';
import { decodeMetadata, decodeStamps, encodeMetadata, encodeStamps } from './stamp-codec.js';
import { inheritedStamp } from './time.js';
import { MAX_TAGS, type TraceFields, type TracePatch } from './trace.js';

// Few values and few stamps, so that messages collide; texts on both sides of U+FFFF, where UTF-16 order is not byte order.
const text = fc.constantFrom('', 'a', 'b', 'B', 'é', '\uff5e', '😀');
const stamp = fc.integer({ min: 1, max: 4 });
const time = fc.integer({ min: 1, max: 5 }).map((n) => n * 1000);
const orNull = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { freq: 3 });
const usage = fc.dictionary(fc.constantFrom('input', 'output', 'total', 'input_cached', '10', '9'), fc.nat(3), {
  maxKeys: 3,
  noNullPrototype: true,
});
const json = fc.oneof(
  fc.constantFrom(
    '1',
    'null',
    'true',
    '"x"',
    '"\uff5e"',
    '"😀"',
    '{"a":1}',
    '[["a",1]]',
    '{"b":2,"a":1}',
    '{"a":1,"b":2}',
  ),
  fc.json({ maxDepth: 2 }).map((value) => JSON.stringify(JSON.parse(value))),
);
const metadata = fc
  .array(fc.tuple(fc.constantFrom('k', '__proto__', 'constructor', 'é', '2', '10'), json), { maxLength: 3 })
  .map((entries) => new Map(entries));

const observationPatch: fc.Arbitrary<ObservationPatch> = fc
  .record(
    {
      stamp,
      endTime: orNull(time),
      completionStartTime: orNull(time),
      type: orNull(fc.constantFrom(...OBSERVATION_TYPES.slice(0, 3))),
      name: orNull(text),
      level: orNull(fc.constantFrom(...LEVELS)),
      statusMessage: orNull(text),
      model: orNull(text),
      modelParameters: orNull(fc.constantFrom('{}', '{"t":1}')),
      parentObservationId: orNull(text),
      version: orNull(text),
      promptId: orNull(text),
      promptName: orNull(text),
      promptVersion: orNull(text),
      usage: orNull(usage),
      statedCost: orNull(usage),
      usageUnit: orNull(text),
      statedLatencySeconds: orNull(fc.constantFrom(0, 0.5, 10, 9)),
      statedTimeToFirstTokenSeconds: orNull(fc.constantFrom(0, 0.25)),
      modelId: orNull(text),
      inputPriceUsd: orNull(fc.constantFrom(1e-7, 0.1)),
      outputPriceUsd: orNull(fc.constantFrom(1e-7, 0.1)),
      totalPriceUsd: orNull(fc.constantFrom(1e-7, 0.1)),
      startTime: time,
      environment: text,
      fallbackType: fc.constantFrom('GENERATION' as const),
      input: json,
      output: json,
      metadata,
    },
    { requiredKeys: ['stamp'], noNullPrototype: true },
  )
  .map((fields) => ({ kind: 'observation', index: 0, traceId: 't', id: 'o', ...fields }));

const tracePatch: fc.Arbitrary<TracePatch> = fc
  .record(
    {
      stamp: fc.oneof(
        stamp,
        time.map((start) => inheritedStamp(start, true)),
        time.map((start) => inheritedStamp(start, false)),
      ),
      name: orNull(text),
      userId: orNull(text),
      sessionId: orNull(text),
      release: orNull(text),
      version: orNull(text),
      public: orNull(fc.boolean()),
      bookmarked: orNull(fc.boolean()),
      externalId: orNull(text),
      statedLatencySeconds: orNull(fc.constantFrom(0, 0.5, 10, 9)),
      statedCostUsd: orNull(fc.constantFrom(0, 0.5)),
      timestamp: time,
      environment: text,
      tags: fc.array(text, { maxLength: 4 }),
      input: json,
      output: json,
      metadata,
    },
    { requiredKeys: ['stamp'], noNullPrototype: true },
  )
  .map((fields) => ({ kind: 'trace', index: 0, traceId: 't', ...fields }));

function foldObservation(patches: readonly ObservationPatch[], from = emptyObservation()) {
  for (const patch of patches) {
    applyObservationPatch(from.state, patch);
    applyPayload(from.payload, patch);
    if (patch.metadata !== undefined) applyMetadata(from.metadata, patch.metadata, patch.stamp);
  }
  return from;
}

function emptyObservation() {
  return { state: newObservationState(), payload: newPayloadState(), metadata: new Map() as StampedMetadata };
}

function foldTrace(patches: readonly TracePatch[], from = emptyTrace()) {
  for (const patch of patches) {
    applyTracePatch(from.state, patch);
    applyPayload(from.payload, patch);
    if (patch.metadata !== undefined) applyMetadata(from.metadata, patch.metadata, patch.stamp);
  }
  return from;
}

function emptyTrace() {
  return { state: newTraceState(), payload: newPayloadState(), metadata: new Map() as StampedMetadata };
}

/** What a record looks like in its row, and so what the next flush starts from. */
function storedStamps<S extends { values: object; stamps: number[]; environment: ObservationState['environment'] }>(
  fields: readonly string[],
  state: S,
  fresh: S,
): S {
  const { stamp: base, stamps } = encodeStamps(fields, state);
  const values = Object.fromEntries(
    fields.map((field) => [field, (state.values as Record<string, unknown>)[field] ?? null]),
  );
  decodeStamps(fields, fresh, {
    values,
    environment: state.environment?.value ?? null,
    stamp: base,
    stamps: stamps === null ? null : (JSON.parse(stamps) as Record<string, number>),
  });
  return fresh;
}

function storedMetadata(state: StampedMetadata): StampedMetadata {
  const encoded = encodeMetadata(state);
  return decodeMetadata(encoded.metadata, encoded.stamp, encoded.stamps);
}

/** Some patches, and the same again in another order and some of them twice. */
function disordered<T>(patch: fc.Arbitrary<T>): fc.Arbitrary<{ patches: T[]; disordered: T[] }> {
  return fc.array(patch, { minLength: 1, maxLength: 7 }).chain((patches) =>
    fc
      .subarray(patches)
      .chain((again) => {
        const all = [...patches, ...again];
        return fc.shuffledSubarray(all, { minLength: all.length });
      })
      .map((shuffled) => ({ patches, disordered: shuffled })),
  );
}

const RUNS = { numRuns: 500 };

describe('whatever the order and repetition of messages', () => {
  it('an observation comes out the same', () => {
    fc.assert(
      fc.property(disordered(observationPatch), (given) => {
        expect(foldObservation(given.disordered)).toEqual(foldObservation(given.patches));
      }),
      RUNS,
    );
  });

  it('a trace comes out the same', () => {
    fc.assert(
      fc.property(disordered(tracePatch), (given) => {
        expect(foldTrace(given.disordered)).toEqual(foldTrace(given.patches));
      }),
      RUNS,
    );
  });
});

describe('wherever a delivery is cut in two and the first part stored', () => {
  it('an observation comes out the same', () => {
    fc.assert(
      fc.property(disordered(observationPatch), fc.nat(14), (given, cut) => {
        const first = foldObservation(given.disordered.slice(0, cut));
        const fresh = newObservationState();
        fresh.startTime = first.state.startTime;
        const stored = {
          state: storedStamps(OBSERVATION_FIELDS, first.state, fresh),
          payload: first.payload,
          metadata: storedMetadata(first.metadata),
        };
        expect(foldObservation(given.disordered.slice(cut), stored)).toEqual(foldObservation(given.patches));
      }),
      RUNS,
    );
  });

  it('a trace comes out the same', () => {
    fc.assert(
      fc.property(disordered(tracePatch), fc.nat(14), (given, cut) => {
        const first = foldTrace(given.disordered.slice(0, cut));
        const fresh = newTraceState();
        fresh.statedTimestamp = first.state.statedTimestamp;
        fresh.tags = first.state.tags;
        const stored = {
          state: storedStamps(TRACE_FIELDS, first.state, fresh),
          payload: first.payload,
          metadata: storedMetadata(first.metadata),
        };
        expect(foldTrace(given.disordered.slice(cut), stored)).toEqual(foldTrace(given.patches));
      }),
      RUNS,
    );
  });
});

const observation = (stamp: number, fields: Omit<Partial<ObservationPatch>, 'stamp'>): ObservationPatch => ({
  kind: 'observation',
  index: 0,
  traceId: 't',
  id: 'o',
  stamp,
  ...fields,
});

const trace = (stamp: number, fields: Omit<Partial<TracePatch>, 'stamp'>): TracePatch => ({
  kind: 'trace',
  index: 0,
  traceId: 't',
  stamp,
  ...fields,
});

describe('the merge of observations', () => {
  it('lets the later message decide each field on its own', () => {
    const { state } = foldObservation([
      observation(2, { name: 'late', model: 'm1' }),
      observation(1, { name: 'early', model: 'm0', version: 'v0' }),
    ]);
    expect(state.values).toEqual({ name: 'late', model: 'm1', version: 'v0' });
  });

  it('never lets silence erase what was said', () => {
    const { state } = foldObservation([observation(1, { name: 'said' }), observation(2, {})]);
    expect(state.values.name).toBe('said');
  });

  it('keeps a field cleared until something later is said about it', () => {
    const cleared = [
      observation(1, { name: 'old' }),
      observation(3, { name: null }),
      observation(2, { name: 'between' }),
    ];
    expect(foldObservation(cleared).state.values.name).toBeNull();
    expect(foldObservation([...cleared, observation(4, { name: 'new' })]).state.values.name).toBe('new');
  });

  it('prefers a value to a clearing of the same moment', () => {
    expect(foldObservation([observation(1, { name: 'a' }), observation(1, { name: null })]).state.values.name).toBe(
      'a',
    );
  });

  it('takes the greater of two rivals of the same moment, by bytes', () => {
    // In UTF-16 units 😀 (U+1F600) comes before ～ (U+FF5E); in bytes, as in PostgreSQL, after it.
    const rivals = [observation(1, { name: '😀' }), observation(1, { name: '\uff5e' })];
    expect(foldObservation(rivals).state.values.name).toBe('😀');
  });

  it('keeps the earliest start time, whatever the stamps say', () => {
    const { state } = foldObservation([observation(9, { startTime: 5 }), observation(1, { startTime: 7 })]);
    expect(state.startTime).toBe(5);
  });

  it('keeps the environment that was stated first', () => {
    const { state } = foldObservation([
      observation(2, { environment: 'dev' }),
      observation(1, { environment: 'prod' }),
      observation(3, { environment: 'test' }),
    ]);
    expect(state.environment).toEqual({ value: 'prod', stamp: 1 });
  });

  it('assumes a type only while none is stated', () => {
    const assumed = observation(9, { fallbackType: 'GENERATION' });
    expect(foldObservation([assumed]).state.values.type).toBe('GENERATION');
    expect(foldObservation([assumed, observation(1, { type: 'SPAN' })]).state.values.type).toBe('SPAN');
    expect(foldObservation([observation(1, { type: 'SPAN' }), assumed]).state.values.type).toBe('SPAN');
  });

  it('replaces usage and cost as a whole', () => {
    const { state } = foldObservation([
      observation(1, { usage: { input: 1, output: 2 } }),
      observation(2, { usage: { total: 9 } }),
    ]);
    expect(state.values.usage).toEqual({ total: 9 });
  });

  it('merges metadata key by key and never inside a value', () => {
    const { metadata: merged } = foldObservation([
      observation(1, { metadata: new Map(Object.entries({ a: '{"x":1}', b: '[1,2]', only: '1' })) }),
      observation(2, { metadata: new Map(Object.entries({ a: '{"y":2}', b: '[3]' })) }),
    ]);
    expect([...merged].map(([key, { value }]) => [key, value])).toEqual([
      ['a', '{"y":2}'],
      ['b', '[3]'],
      ['only', '1'],
    ]);
  });

  it('treats __proto__ and constructor as any other metadata key', () => {
    const { metadata: merged } = foldObservation([
      observation(1, {
        metadata: new Map([
          ['__proto__', '{"polluted":1}'],
          ['constructor', '2'],
        ]),
      }),
    ]);
    expect(encodeMetadata(merged).metadata).toBe('{"__proto__":{"polluted":1},"constructor":2}');
    expect(storedMetadata(merged)).toEqual(merged);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('tells an object from a list of its entries when both are stated at the same moment', () => {
    const rivals = ['{"a":1}', '[["a",1]]'].map((value) => observation(1, { metadata: new Map([['k', value]]) }));
    expect(foldObservation(rivals)).toEqual(foldObservation(rivals.toReversed()));
  });

  it('keeps the later input and output, each on its own', () => {
    const { payload } = foldObservation([
      observation(1, { input: '"i1"', output: '"o1"' }),
      observation(2, { input: '"i2"' }),
    ]);
    expect(payload).toEqual({ input: { value: '"i2"', stamp: 2 }, output: { value: '"o1"', stamp: 1 } });
  });
});

describe('the merge of traces', () => {
  it('ranks what is stated on the trace above its root span, that above any other span, and the earlier span first', () => {
    const stated = trace(1, { name: 'stated' });
    const root = trace(inheritedStamp(9000, true), { name: 'root' });
    const early = trace(inheritedStamp(1000, false), { name: 'early span' });
    const late = trace(inheritedStamp(2000, false), { name: 'late span' });
    const winner = (...patches: TracePatch[]) => foldTrace(patches).state.values.name;
    expect(winner(late, root, stated, early)).toBe('stated');
    expect(winner(late, root, early)).toBe('root');
    expect(winner(late, early)).toBe('early span');
  });

  it('unites tags, sorted by bytes and without repetition', () => {
    const { state } = foldTrace([
      trace(2, { tags: ['😀', 'b'] }),
      trace(1, { tags: ['\uff5e', 'b', 'a'] }),
      trace(3, { tags: [] }),
    ]);
    expect(state.tags).toEqual(['a', 'b', '\uff5e', '😀']);
  });

  it('keeps the smallest tags when there are too many, in any order of arrival', () => {
    const many = Array.from({ length: MAX_TAGS + 100 }, (_, i) => `tag ${String(i).padStart(4, '0')}`);
    const kept = many.slice(0, MAX_TAGS);
    const batches = [many.slice(300), many.slice(0, 300)].map((tags) => trace(1, { tags }));
    expect(foldTrace(batches).state.tags).toEqual(kept);
    expect(foldTrace(batches.toReversed()).state.tags).toEqual(kept);
    expect(kept.toSorted(compareBytewise)).toEqual(kept);
  });

  it('keeps the earliest stated timestamp', () => {
    expect(foldTrace([trace(1, { timestamp: 7 }), trace(2, { timestamp: 5 })]).state.statedTimestamp).toBe(5);
  });
});

describe('the lists of fields that stamps decide', () => {
  it('name every such field once', () => {
    // Do not compile once a field is forgotten.
    const ofObservation: (field: keyof ObservationFields) => (typeof OBSERVATION_FIELDS)[number] = (field) => field;
    const ofTrace: (field: keyof TraceFields) => (typeof TRACE_FIELDS)[number] = (field) => field;
    expect(OBSERVATION_FIELDS).toContain(ofObservation('endTime'));
    expect(TRACE_FIELDS).toContain(ofTrace('name'));
    expect(new Set(OBSERVATION_FIELDS).size).toBe(OBSERVATION_FIELDS.length);
    expect(new Set(TRACE_FIELDS).size).toBe(TRACE_FIELDS.length);
  });
});
