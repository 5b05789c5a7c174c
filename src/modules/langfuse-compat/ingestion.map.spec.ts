import fc from 'fast-check';
import { eventStamp } from '../../domain/time.js';
import { type MappedEvents, mapEvents } from './ingestion.map.js';
import { EVENT_KINDS, readEnvelope } from './ingestion.schema.js';

const NOW_MS = Date.parse('2026-11-20T10:00:00Z');
const TIME = '2026-11-20T09:30:00.000Z';
const TIME_MICROS = Date.parse(TIME) * 1000;

/** Maps events as they come over the wire. */
function map(batch: unknown, onlyScores = false): MappedEvents {
  const bytes = Buffer.from(typeof batch === 'string' ? batch : JSON.stringify({ batch }));
  return mapEvents(readEnvelope(bytes), { nowMs: NOW_MS, onlyScores });
}

const event = (type: string, body: unknown, fields: object = {}) => ({
  id: 'e',
  type,
  timestamp: TIME,
  body,
  ...fields,
});

/** The one observation that an event of `type` with `body` gives. */
function observe(type: string, body: object) {
  const { observations, strays, refused } = map([event(type, { id: 'o', traceId: 't', ...body })]);
  expect([refused, strays, observations.length]).toEqual([[], [], 1]);
  return observations[0]!;
}

function trace(body: object) {
  const { traces, refused } = map([event('trace-create', { id: 't', ...body })]);
  expect([refused, traces.length]).toEqual([[], 1]);
  return traces[0]!;
}

describe('an event', () => {
  it('is stamped with its own time, an update above the create of the same instant', () => {
    const [create, update] = ['span-create', 'span-update'].map((type) => observe(type, {}).stamp);
    expect([create, update]).toEqual([TIME_MICROS * 2, TIME_MICROS * 2 + 1]);
    expect(trace({}).stamp).toBe(eventStamp(TIME_MICROS, false, NOW_MS));
    const { traces } = map([event('trace-create', { id: 't' }, { timestamp: '2030-01-01T00:00:00Z' })]);
    expect(traces[0]!.stamp).toBe((NOW_MS + 300_000) * 2000);
  });

  it('that creates an observation began then, unless it says when; an update says nothing about it', () => {
    expect(observe('event-create', {}).startTime).toBe(TIME_MICROS);
    expect(observe('span-create', { startTime: '2026-11-20T09:00:00.000001+00:00' }).startTime).toBe(
      Date.parse('2026-11-20T09:00:00Z') * 1000 + 1,
    );
    expect(observe('span-update', {}).startTime).toBeUndefined();
  });

  it.each([
    ['span-update', 'SPAN'],
    ['generation-create', 'GENERATION'],
    ['embedding-create', 'EMBEDDING'],
  ])('%s says that its observation is a %s', (type, expected) => {
    expect(observe(type, { type: 'TOOL' }).type).toBe(expected);
  });

  it('of the legacy types says so in its body', () => {
    expect(observe('observation-create', { type: 'GENERATION', model: 'm' })).toMatchObject({
      ...{ type: 'GENERATION', model: 'm' },
    });
    const { observations } = map([event('observation-create', { type: 'SPAN' })]);
    expect(observations[0]).toMatchObject({ id: 'e', traceId: 'e' });
  });

  it('has only the fields of its kind: others are ignored, whatever they hold', () => {
    const span = observe('span-create', { model: 7, usage: { input: 1 }, promptName: 'p', endTime: TIME });
    expect([span.model, span.usage, span.promptName, span.endTime]).toEqual([
      undefined,
      undefined,
      undefined,
      TIME_MICROS,
    ]);
    expect(observe('event-create', { endTime: 'never' }).endTime).toBeUndefined();
  });
});

describe('null', () => {
  it('clears what Langfuse lets it clear, and is not stated elsewhere', () => {
    const nothing = { name: null, userId: null, sessionId: null, release: null, version: null };
    expect(trace({ ...nothing, input: null, tags: null, metadata: null, public: null, timestamp: null })).toEqual({
      ...nothing,
      ...{ kind: 'trace', index: 0, traceId: 't', stamp: TIME_MICROS * 2 },
    });
    const fields = [
      'statusMessage',
      'parentObservationId',
      'version',
      'endTime',
      'completionStartTime',
      'usageDetails',
    ];
    const others = [...fields, 'modelParameters', 'metadata', 'input', 'output', 'promptName', 'promptVersion'];
    const patch = observe(
      'generation-update',
      Object.fromEntries([...others, 'name', 'model', 'level'].map((key) => [key, null])),
    );
    const stated = Object.entries(patch).filter(([, value]) => value !== undefined);
    expect(Object.fromEntries(stated)).toEqual({
      ...{ kind: 'observation', index: 0, traceId: 't', id: 'o', stamp: TIME_MICROS * 2 + 1 },
      ...{ type: 'GENERATION', name: null, model: null, level: null },
    });
  });
});

describe('an input or output', () => {
  it.each([['""'], ['0'], ['false'], ['null'], ['-0']])('of %s is not stated', (value) => {
    const { observations } = map(
      `{"batch":[{"id":"e","type":"span-create","timestamp":"${TIME}","body":{"id":"o","input":${value}}}]}`,
    );
    expect(observations[0]!.input).toBeUndefined();
  });

  it('stays as it was sent', () => {
    const { observations, traces } = map(
      `{"batch":[{"id":"e","type":"span-create","timestamp":"${TIME}","body":{"id":"o","input":{"n": 12345678901234567890},"output":"é\\n"}},` +
        `{"body":{"id":"t","output":[ 1.0 ]},"id":"f","type":"trace-create","timestamp":"${TIME}"}]}`,
    );
    expect(observations[0]).toMatchObject({ input: '{"n": 12345678901234567890}', output: '"é\\n"' });
    expect(traces[0]!.output).toBe('[ 1.0 ]');
  });
});

describe('metadata', () => {
  it.each([
    [
      { a: { b: [1] }, c: 'x' },
      { a: '{"b":[1]}', c: '"x"' },
    ],
    ['text', { metadata: '"text"' }],
    [['a'], { metadata: '["a"]' }],
    [5, { metadata: '5' }],
  ])('%j is kept by key', (metadata, expected) => {
    expect(Object.fromEntries(trace({ metadata }).metadata!)).toEqual(expected);
  });

  it('notes a level and an environment that are none, and times that were clamped', () => {
    const body = { level: 'FATAL', environment: 'no spaces', endTime: '1970-01-01T00:00:00Z' };
    const { metadata, level, endTime } = observe('span-create', body);
    expect([level, Object.fromEntries(metadata!)]).toEqual([
      undefined,
      {
        ...{ 'xtrace.level': '"FATAL"', 'xtrace.environment': '"no spaces"' },
        'xtrace.clock': '{"endTime":"1970-01-01T00:00:00Z"}',
      },
    ]);
    expect(endTime).toBeGreaterThan(0);
  });
});

describe('a prompt', () => {
  it.each([
    [{ promptName: 'p', promptVersion: 3 }, 'p', '3'],
    [{ promptName: 'p', promptVersion: '3' }, 'p', '3'],
    [{ promptName: '', promptVersion: 0 }, undefined, undefined],
  ])('is linked by %j', (body, name, version) => {
    const { promptName, promptVersion } = observe('generation-create', body);
    expect([promptName, promptVersion]).toEqual([name, version]);
  });

  it.each([
    [{ promptName: 'p' }, 'body.promptVersion'],
    [{ promptName: 'p', promptVersion: 0 }, 'body.promptVersion'],
    [{ promptVersion: 2 }, 'body.promptName'],
    [{ promptName: 'p', promptVersion: 1.5 }, 'body.promptVersion'],
  ])('is refused as %j', (body, field) => {
    const { refused } = map([event('generation-create', { id: 'o', ...body })]);
    expect(refused).toEqual([expect.objectContaining({ index: 0, id: 'e', field, reason: 'invalid' })]);
  });
});

describe('a trace that is not named', () => {
  it('is that of the observation itself when it is created, and unknown when it is updated', () => {
    const { observations, strays, taken } = map([
      event('span-create', { id: 'a' }),
      event('span-update', { id: 'b' }, { id: 'f' }),
    ]);
    expect(observations.map(({ traceId }) => traceId)).toEqual(['a']);
    expect(strays).toEqual([expect.objectContaining({ id: 'b', traceId: '', index: 1 })]);
    expect(taken).toEqual(['e', 'f']);
  });

  it('is that of another event about the same observation, wherever it stands', () => {
    const named = [event('span-create', { id: 'a', traceId: 'z' }), event('span-update', { id: 'a', traceId: 'y' })];
    const stray = event('span-update', { id: 'a', name: 'stray' });
    for (const batch of [
      [stray, ...named],
      [...named.reverse(), stray],
    ]) {
      const { observations, strays } = map(batch);
      expect(strays).toEqual([]);
      expect(observations.find(({ name }) => name === 'stray')!.traceId).toBe('y');
    }
  });
});

describe('a caller with nothing but a public key', () => {
  it('may send scores and logs', () => {
    const score = event('score-create', { traceId: 't', name: 'n', value: 1 }, { id: 's' });
    const { scores, traces, taken, refused } = map(
      [score, event('trace-create', { id: 't' }), event('sdk-log', {})],
      true,
    );
    expect([scores.length, traces.length, taken]).toEqual([1, 0, ['s', undefined, undefined]]);
    expect(scores[0]).toMatchObject({ id: 's', index: 0, stamp: TIME_MICROS * 2, timestamp: TIME_MICROS });
    expect(refused).toEqual([{ index: 1, id: 'e', reason: 'forbidden', message: 'Access Scope Denied' }]);
  });
});

describe('whatever is sent', () => {
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.record({
      id: fc.oneof(fc.string(), fc.jsonValue()),
      type: fc.oneof(fc.constantFrom(...[...EVENT_KINDS.keys()].map(String)), fc.jsonValue()),
      timestamp: fc.oneof(fc.constant(TIME), fc.jsonValue()),
      body: fc.dictionary(
        fc.constantFrom(
          'id',
          'traceId',
          'name',
          'metadata',
          'usage',
          'tags',
          'input',
          'level',
          '__proto__',
          'promptVersion',
        ),
        fc.jsonValue(),
        { noNullPrototype: true },
      ),
    }),
  );

  it('is taken, refused by itself, or a log', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 6 }), (batch) => {
        const { traces, observations, strays, scores, taken, refused } = map(batch);
        const patches = [...traces, ...observations, ...strays, ...scores].map(({ index }) => index);
        const ids = taken.flatMap((id, index) => (id === undefined ? [] : [index]));
        expect(patches.sort()).toEqual(ids.sort());
        expect(new Set([...patches, ...refused.map(({ index }) => index)]).size).toBe(patches.length + refused.length);
      }),
      { numRuns: 500 },
    );
  });
});
