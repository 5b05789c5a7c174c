import fc from 'fast-check';
import { type ObservationPatch } from '../../domain/observation.js';
import { ArrivalClock, eventStamp } from '../../domain/time.js';
import { type TracePatch } from '../../domain/trace.js';
import { mapBatch, MAX_LISTED_REJECTIONS, TYPE_KEY, type MappedBatch } from './batch.map.js';
import { CLOCK_KEY, ENVIRONMENT_KEY, LEVEL_KEY } from './item-values.js';
import { readBatch } from './batch.schema.js';

const NOW_MS = Date.parse('2026-11-20T10:00:00Z');
const NOW_MICROS = NOW_MS * 1000;

/** Maps a body as it comes over the wire. */
function send(body: unknown): MappedBatch {
  return sendText(typeof body === 'string' ? body : JSON.stringify(body));
}

function sendText(text: string): MappedBatch {
  const body = Buffer.from(text);
  const clock = new ArrivalClock(() => NOW_MS);
  return mapBatch(readBatch(body), { project: { no: 7, id: 'p' }, bytes: body.length, nowMs: NOW_MS, clock });
}

function sendTrace(trace: object): TracePatch {
  const { batch, rejected } = send({ trace: { id: 't', ...trace } });
  expect(rejected).toEqual([]);
  return batch.traces[0]!;
}

function sendObservation(observation: object): ObservationPatch {
  const { batch, rejected } = send({ observations: [{ id: 'o', traceId: 't', ...observation }] });
  expect(rejected).toEqual([]);
  return batch.observations[0]!;
}

function refuseObservation(observation: object) {
  const { batch, rejected } = send({ observations: [{ id: 'o', traceId: 't', ...observation }] });
  expect(batch.observations).toEqual([]);
  return rejected[0]!;
}

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('what an item states', () => {
  it('a trace keeps every documented field', () => {
    const patch = sendTrace({
      timestamp: '2026-11-20T09:30:00.123456Z',
      name: 'chat.turn',
      input: { q: 1 },
      output: 'yes',
      sessionId: 's',
      userId: 'u',
      externalId: 'x',
      metadata: { turn_id: 'turn-1' },
      tags: ['b', 'a', 'b'],
      public: true,
      bookmarked: false,
      environment: 'production',
      release: 'r1',
      version: 'v1',
      latency: 1.5,
      totalCost: 0.25,
    });
    expect(patch).toMatchObject({
      kind: 'trace',
      traceId: 't',
      timestamp: Date.parse('2026-11-20T09:30:00Z') * 1000 + 123_456,
      name: 'chat.turn',
      input: '{"q":1}',
      output: '"yes"',
      sessionId: 's',
      userId: 'u',
      externalId: 'x',
      tags: ['b', 'a'],
      public: true,
      bookmarked: false,
      environment: 'production',
      release: 'r1',
      version: 'v1',
      statedLatencySeconds: 1.5,
      statedCostUsd: 0.25,
    });
    expect([...patch.metadata!]).toEqual([['turn_id', '"turn-1"']]);
  });

  it('an observation keeps every documented field', () => {
    const patch = sendObservation({
      parentObservationId: 'p',
      type: 'TOOL',
      name: 'agent.tool',
      startTime: '2026-11-20T09:30:00Z',
      endTime: '2026-11-20T10:30:02+01:00',
      completionStartTime: '2026-11-20T09:30:01Z',
      model: 'qwen',
      modelParameters: { temperature: 0.5 },
      input: [1],
      output: false,
      metadata: { a: { b: 1 } },
      level: 'ERROR',
      statusMessage: 'no',
      environment: 'staging',
      version: '3',
      promptId: 'pid',
      promptName: 'pname',
      promptVersion: 4,
      usage: { input: 1, output: 2 },
      unit: 'CHARACTERS',
      modelId: 'm',
      inputPrice: 1,
      outputPrice: 2,
      totalPrice: 3,
      calculatedInputCost: 0.1,
      calculatedOutputCost: 0.2,
      calculatedTotalCost: 0.3,
      latency: 2,
      timeToFirstToken: 0.5,
    });
    const start = Date.parse('2026-11-20T09:30:00Z') * 1000;
    expect(patch).toMatchObject({
      kind: 'observation',
      index: 0,
      traceId: 't',
      id: 'o',
      parentObservationId: 'p',
      type: 'TOOL',
      name: 'agent.tool',
      startTime: start,
      endTime: start + 2_000_000,
      completionStartTime: start + 1_000_000,
      model: 'qwen',
      modelParameters: '{"temperature":0.5}',
      input: '[1]',
      output: 'false',
      level: 'ERROR',
      statusMessage: 'no',
      environment: 'staging',
      version: '3',
      promptId: 'pid',
      promptName: 'pname',
      promptVersion: '4',
      usage: { input: 1, output: 2, total: 3 },
      usageUnit: 'CHARACTERS',
      modelId: 'm',
      inputPriceUsd: 1,
      outputPriceUsd: 2,
      totalPriceUsd: 3,
      statedCost: { input: 0.1, output: 0.2, total: 0.3 },
      statedLatencySeconds: 2,
      statedTimeToFirstTokenSeconds: 0.5,
    });
    expect([...patch.metadata!]).toEqual([['a', '{"b":1}']]);
  });

  it('null, empty text and empty objects leave what is stored alone', () => {
    const names = 'name model startTime endTime statusMessage parentObservationId promptId promptVersion level type';
    for (const empty of [null, '']) {
      const stated = Object.fromEntries(names.split(' ').map((field) => [field, empty]));
      const { kind, index, traceId, id, stamp, fallbackType, ...rest } = sendObservation({
        ...stated,
        modelParameters: {},
        usage: {},
        metadata: {},
        input: empty,
        output: empty,
        promptTokens: null,
      });
      expect({ kind, index, traceId, id, fallbackType }).toMatchObject({ id: 'o', fallbackType: 'GENERATION' });
      expect(stamp).toBeGreaterThan(0);
      expect(Object.values(rest).filter((value) => value !== undefined)).toEqual([]);
    }
  });

  it('an input of 0 or false is an input', () => {
    expect(sendObservation({ input: 0, output: false })).toMatchObject({ input: '0', output: 'false' });
  });

  it('every documented field is also known by its snake_case name', () => {
    expect(
      sendTrace({ session_id: 's', user_id: 'u', external_id: 'x', total_cost: 2, updated_at: '2026-11-20T09:00:00Z' }),
    ).toMatchObject({
      sessionId: 's',
      userId: 'u',
      externalId: 'x',
      statedCostUsd: 2,
      stamp: Date.parse('2026-11-20T09:00:00Z') * 2000 + 1,
    });
    const { batch } = send({
      observations: [
        {
          id: 'o',
          trace_id: 't',
          parent_observation_id: 'p',
          start_time: '2026-11-20T09:30:00Z',
          end_time: '2026-11-20T09:30:01Z',
          completion_start_time: '2026-11-20T09:30:01Z',
          model_parameters: { a: 1 },
          status_message: 'm',
          prompt_tokens: 3,
          completion_tokens: 4,
          calculated_total_cost: 5,
          time_to_first_token: 6,
        },
      ],
    });
    expect(batch.observations[0]).toMatchObject({
      traceId: 't',
      parentObservationId: 'p',
      startTime: Date.parse('2026-11-20T09:30:00Z') * 1000,
      endTime: Date.parse('2026-11-20T09:30:01Z') * 1000,
      completionStartTime: Date.parse('2026-11-20T09:30:01Z') * 1000,
      modelParameters: '{"a":1}',
      statusMessage: 'm',
      usage: { input: 3, output: 4, total: 7 },
      statedCost: { total: 5 },
      statedTimeToFirstTokenSeconds: 6,
    });
  });

  it('a null camelCase field gives way to its snake_case twin, as the Rust client sends both', () => {
    expect(sendTrace({ externalId: null, external_id: 'x' }).externalId).toBe('x');
  });

  it('metadata that is no object is kept under the key metadata', () => {
    expect([...sendObservation({ metadata: [1, 'x'] }).metadata!]).toEqual([['metadata', '[1,"x"]']]);
    expect([...sendObservation({ metadata: 'note' }).metadata!]).toEqual([['metadata', '"note"']]);
  });

  it('the project comes from the credential, whatever the payload says', () => {
    const { batch } = send({
      trace: { id: 't', projectId: 'other' },
      observations: [{ id: 'o', traceId: 't', projectId: 'x' }],
    });
    expect(batch.project).toEqual({ no: 7, id: 'p' });
  });
});

describe('types, levels and environments', () => {
  it('an observation without a type is a generation only until a message states one', () => {
    const patch = sendObservation({ name: 'x' });
    expect(patch).toMatchObject({ type: undefined, fallbackType: 'GENERATION' });
  });

  it('a type that is none of ours is stored as SPAN with its own word in metadata', () => {
    const patch = sendObservation({ type: 'planner', metadata: { a: 1 } });
    expect(patch.type).toBe('SPAN');
    expect([...patch.metadata!]).toEqual([
      ['a', '1'],
      [TYPE_KEY, '"planner"'],
    ]);
  });

  it('a metadata key of that name does not make a SPAN', () => {
    expect(sendObservation({ metadata: { [TYPE_KEY]: 'x' } }).type).toBeUndefined();
  });

  it.each([
    ['generation', 'GENERATION'],
    ['AGENT', 'AGENT'],
  ])('type %s is %s', (type, stored) => expect(sendObservation({ type }).type).toBe(stored));

  it.each([
    ['warning', 'WARNING'],
    ['FATAL', undefined],
    [3, undefined],
  ])('level %p is %p and never refuses the item', (level, stored) => {
    expect(sendObservation({ level }).level).toBe(stored);
  });

  it.each([
    ['Production', 'production'],
    ['langfuse-langfuse_dev', 'dev'],
    ['a'.repeat(50), 'a'.repeat(40)],
    ['no spaces', undefined],
    [{}, undefined],
    [5, undefined],
  ])('environment %p is %p and never refuses the item', (environment, stored) => {
    expect(sendTrace({ environment }).environment).toBe(stored);
  });

  it('a level or environment that is none keeps its own word in metadata, and one that is leaves nothing there', () => {
    const unknown = sendObservation({ level: 'FATAL', environment: 'no spaces', metadata: { a: 1 } });
    expect(Object.fromEntries(unknown.metadata!)).toEqual({
      ...{ a: '1', [LEVEL_KEY]: '"FATAL"', [ENVIRONMENT_KEY]: '"no spaces"' },
    });
    expect(Object.fromEntries(sendTrace({ environment: '***' }).metadata!)).toEqual({ [ENVIRONMENT_KEY]: '"***"' });
    expect(sendObservation({ level: 'warning', environment: 'Production' }).metadata).toBeUndefined();
    expect(sendTrace({ environment: '' }).metadata).toBeUndefined();
  });

  it('a release or version of a wrong type is not stated; a number is text', () => {
    expect(sendTrace({ release: ['r'], version: 2 })).toMatchObject({ release: undefined, version: '2' });
  });
});

describe('the order of messages', () => {
  it('a later request wins over an earlier one, and a later item over an earlier one of the same request', () => {
    const { batch } = send({
      trace: { id: 't' },
      observations: [
        { id: 'o', traceId: 't' },
        { id: 'o', traceId: 't' },
      ],
    });
    const stamps = [batch.traces[0]!.stamp, ...batch.observations.map((patch) => patch.stamp)];
    expect(stamps).toEqual([NOW_MICROS * 2, (NOW_MICROS + 1) * 2, (NOW_MICROS + 2) * 2]);
  });

  it('updatedAt decides where it is stated, and no further ahead than the clock allows', () => {
    expect(sendObservation({ updatedAt: '2026-11-20T09:00:00Z' }).stamp).toBe(
      eventStamp(Date.parse('2026-11-20T09:00:00Z') * 1000, true, NOW_MS),
    );
    expect(sendObservation({ updatedAt: '2026-11-20T23:00:00Z' }).stamp).toBe(eventStamp(NOW_MICROS * 2, true, NOW_MS));
  });
});

describe('times', () => {
  it.each(['2026-11-20', '2026-11-20T09:30:00', 'yesterday', '+012026-01-01T00:00:00Z'])(
    'the time %p refuses the item and names the field',
    (startTime) => {
      expect(refuseObservation({ startTime })).toMatchObject({
        kind: 'observation',
        index: 0,
        id: 'o',
        field: 'startTime',
        code: 'INVALID_FIELD',
        message: 'startTime must be an ISO 8601 time with a zone such as 2026-01-31T09:30:00Z',
      });
    },
  );

  it('a number is no time', () => {
    expect(refuseObservation({ endTime: 1763631000000 })).toMatchObject({
      field: 'endTime',
      message: 'endTime must be either string or null',
    });
  });

  it('far times are clamped and kept as they were sent', () => {
    const patch = sendObservation({ startTime: '1970-01-01T00:00:00Z', endTime: '9999-12-31T23:59:59Z' });
    expect(patch.endTime).toBe((NOW_MS + 86_400_000) * 1000);
    expect(patch.startTime).toBeGreaterThan(Date.parse('2016-11-01T00:00:00Z') * 1000);
    expect(JSON.parse(patch.metadata!.get(CLOCK_KEY)!)).toEqual({
      startTime: '1970-01-01T00:00:00Z',
      endTime: '9999-12-31T23:59:59Z',
    });
    expect([...sendTrace({ timestamp: '1970-01-01T00:00:00Z' }).metadata!.keys()]).toEqual([CLOCK_KEY]);
  });
});

describe('what refuses an item', () => {
  it.each([
    ['name', 5, 'name must be either string or null'],
    ['promptTokens', '5', 'promptTokens must be either number or null'],
    ['modelParameters', [], 'modelParameters must be either object or null'],
    ['statusMessage', {}, 'statusMessage must be either string or null'],
    ['traceId', '', 'traceId must not be empty'],
    ['traceId', null, 'traceId is required'],
    ['id', 'x'.repeat(801), 'id must be at most 800 characters long, got 801'],
    ['id', '€'.repeat(400), 'id must be at most 1000 bytes of UTF-8'],
    ['parentObservationId', 'a\0b', 'parentObservationId must not contain U+0000 or a lone surrogate'],
    ['promptId', '\ud800', 'promptId must not contain U+0000 or a lone surrogate'],
  ])('%s = %p is refused by name', (field, value, message) => {
    expect(refuseObservation({ [field]: value })).toMatchObject({ field, message, code: 'INVALID_FIELD' });
  });

  it.each([
    ['public', 'yes', 'public must be either boolean or null'],
    ['tags', 'a,b', 'tags must be either array or null'],
    ['tags', ['a', 3], 'tags must hold only strings, element 1 is none'],
    ['sessionId', 'a\0', 'sessionId must not contain U+0000 or a lone surrogate'],
    ['userId', 7, 'userId must be either string or null'],
    ['latency', true, 'latency must be either number or null'],
  ])('trace %s = %p is refused by name', (field, value, message) => {
    const { batch, rejected } = send({ trace: { id: 't', [field]: value } });
    expect(batch.traces).toEqual([]);
    expect(rejected).toEqual([{ kind: 'trace', index: 0, id: 't', field, code: 'INVALID_FIELD', message }]);
  });

  it('a field is named as the caller wrote it', () => {
    expect(refuseObservation({ start_time: 'soon' }).field).toBe('start_time');
    expect(refuseObservation({ status_message: 1 }).field).toBe('status_message');
  });

  it.each([null, 3, 'x', [[]], true])('an item that is %p is refused as such', (item) => {
    const { rejected } = send({ observations: [{ id: 'o', traceId: 't' }, item] });
    expect(rejected).toEqual([
      {
        kind: 'observation',
        index: 1,
        id: undefined,
        field: undefined,
        code: 'INVALID_ITEM',
        message: 'observation must be an object',
      },
    ]);
  });

  it('one bad item harms only itself', () => {
    const { batch, rejected } = send({
      trace: { id: 't' },
      observations: [{ id: 'a', traceId: 't' }, { id: 'b' }, { id: 'c', traceId: 't' }],
    });
    expect(batch.traces).toHaveLength(1);
    expect(batch.observations.map(({ id, index }) => [id, index])).toEqual([
      ['a', 0],
      ['c', 2],
    ]);
    expect(rejected.map(({ index, id, field }) => [index, id, field])).toEqual([[1, 'b', 'traceId']]);
  });

  it('more refusals than an answer can list are counted', () => {
    const { rejected, rejectedCount } = send({ observations: Array.from({ length: 3000 }, () => ({})) });
    expect([rejected.length, rejectedCount]).toEqual([MAX_LISTED_REJECTIONS, 3000]);
  });
});

describe('poison', () => {
  it('U+0000 and lone surrogates in content become U+FFFD, escaped backslashes stay', () => {
    const text = String.raw`{"observations":[{"id":"o","traceId":"t","name":"a\u0000b","statusMessage":"\ud800","input":"x\u0000\\u0000\udc00","metadata":{"k\u0000":"\ud83d\ude00\ud83d"}}]}`;
    const patch = sendText(text).batch.observations[0]!;
    expect(patch).toMatchObject({
      name: 'a\ufffdb',
      statusMessage: '\ufffd',
      input: String.raw`"x` + '\ufffd' + String.raw`\\u0000` + '\ufffd"',
    });
    expect([...patch.metadata!]).toEqual([['k\ufffd', '"😀\ufffd"']]);
  });

  it.each(['input', 'output', 'metadata', 'modelParameters'])(
    '%s nested 100,000 deep is refused, its neighbours are not',
    (field) => {
      const deep = field === 'modelParameters' ? `{"a":${nested(100_000)}}` : nested(100_000);
      const { batch, rejected } = sendText(
        `{"trace":{"id":"t"},"observations":[{"id":"o","traceId":"t","${field}":${deep}},{"id":"n","traceId":"t"}]}`,
      );
      expect(batch.observations.map(({ id }) => id)).toEqual(['n']);
      expect(rejected[0]).toMatchObject({ index: 0, field, message: `${field} must not nest deeper than 200 levels` });
    },
  );

  it('depth where nobody looks is ignored', () => {
    const deep = nested(100_000);
    const { batch } = sendText(
      `{"x":${deep},"observations":[{"id":"o","traceId":"t","usage":${deep},"level":${deep},"unknown":${deep}}]}`,
    );
    expect(batch.observations).toHaveLength(1);
  });

  it('__proto__ is a key like any other and pollutes nothing', () => {
    const { batch } = sendText(
      '{"__proto__":{"polluted":1},"trace":{"id":"t","__proto__":{"name":"evil"},"metadata":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}},' +
        '"observations":[{"id":"o","traceId":"t","__proto__":{"polluted":1},"usage":{"__proto__":5,"input":1}}]}',
    );
    expect(batch.traces[0]!.name).toBeUndefined();
    expect([...batch.traces[0]!.metadata!]).toEqual([
      ['__proto__', '{"polluted":1}'],
      ['constructor', '{"prototype":{"polluted":1}}'],
    ]);
    expect(Object.entries(batch.observations[0]!.usage!)).toEqual([
      ['__proto__', 5],
      ['input', 1],
      ['total', 6],
    ]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('a number beyond what JSON readers hold is no number', () => {
    const { rejected } = sendText('{"observations":[{"id":"o","traceId":"t","latency":1e400}]}');
    expect(rejected[0]).toMatchObject({ field: 'latency' });
    expect(sendText('{"observations":[{"id":"o","traceId":"t","input":[1e400]}]}').batch.observations[0]!.input).toBe(
      '[null]',
    );
  });

  it('amounts out of range are not stated', () => {
    const patch = sendObservation({
      latency: -1,
      calculatedTotalCost: -5,
      inputPrice: 1e300,
      promptTokens: 1.5,
      totalTokens: 1e15,
    });
    expect(patch).toMatchObject({
      statedLatencySeconds: undefined,
      statedCost: undefined,
      inputPriceUsd: undefined,
      usage: undefined,
    });
  });

  it('names too long for an index lose their tail, not the item', () => {
    const patch = sendTrace({ name: 'n'.repeat(5000), tags: ['t'.repeat(5000), ''] });
    expect(patch.name).toHaveLength(1000);
    expect(patch.tags!.map((tag) => tag.length)).toEqual([1000]);
  });

  it('of too many tags the smallest are kept, as the merge would', () => {
    const tags = Array.from({ length: 600 }, (_, i) => `tag-${String(i).padStart(3, '0')}`);
    expect(sendTrace({ tags: tags.toReversed() }).tags).toEqual(tags.slice(0, 500));
  });
});

describe('any JSON at all', () => {
  const names = [
    'id',
    'traceId',
    'trace_id',
    'name',
    'input',
    'metadata',
    'usage',
    'tags',
    'startTime',
    'type',
    'level',
    '__proto__',
    'environment',
    'modelParameters',
    'updatedAt',
  ];
  const key = fc.oneof(fc.constantFrom(...names), fc.string());
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, fc.jsonValue(), fc.array(tie('value'), { maxLength: 4 }), tie('object')),
    object: fc.array(fc.tuple(key, tie('value')), { maxLength: 8 }).map(toJsonObject),
  }));

  /** With `__proto__` as a key of its own, as JSON.parse makes it. */
  function toJsonObject(entries: [string, unknown][]): unknown {
    return JSON.parse(`{${entries.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v) ?? 'null'}`).join(',')}}`);
  }

  it('is mapped or refused item by item, and never pollutes Object.prototype', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).sort();
    fc.assert(
      fc.property(value, fc.array(value, { maxLength: 5 }), (trace, observations) => {
        const { batch, rejected } = send({ trace, observations });
        const items = observations.length + (trace === null ? 0 : 1);
        expect(batch.traces.length + batch.observations.length + rejected.length).toBe(items);
      }),
      { numRuns: 2000 },
    );
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(before);
  });
});
