import { type RunningServer } from '../support/server-process.js';
import { Api, BATCH, type JsonObject, observationNamed, OTLP, startE2eServer, uniqueId, aSpan } from './support/api.js';
import { memoryOf } from './support/process-memory.js';

jest.setTimeout(60_000);

const MIB = 1024 * 1024;
const DEEP = 100_000;

let server: RunningServer;
let api: Api;
let traceId: string;

beforeAll(async () => {
  server = await startE2eServer();
  api = new Api(server.url);
});
beforeEach(() => {
  traceId = uniqueId('trace');
});
afterEach(async () => {
  expect((await api.get('/healthz')).status).toBe(200);
});
afterAll(async () => {
  await server.stop();
});

describe('an observation that cannot be stored', () => {
  const long = 'x'.repeat(801);
  const wide = 'ü'.repeat(501);
  const refused: [string, string, JsonObject][] = [
    ['with a name that is a number', 'name', { name: 5 }],
    ['with a name that is an object', 'name', { name: { a: 1 } }],
    ['with a start that is no time', 'startTime', { startTime: 'tomorrow' }],
    ['with a start on 30 February', 'startTime', { startTime: '2026-02-30T00:00:00Z' }],
    ['with model parameters that are text', 'modelParameters', { modelParameters: 'temperature=1' }],
    ['with a token count that is text', 'promptTokens', { promptTokens: '12' }],
    ['without an id', 'id', { id: null }],
    ['with an empty id', 'id', { id: '' }],
    ['with an id that is a number', 'id', { id: 7 }],
    ['with an id of 801 characters', 'id', { id: long }],
    ['with an id of 1,002 bytes', 'id', { id: wide }],
    ['with U+0000 in its id', 'id', { id: 'a\0b' }],
    ['with half a surrogate pair in its id', 'id', { id: 'a\ud800' }],
    ['without a trace', 'traceId', { traceId: null }],
    ['with a trace id of 801 characters', 'traceId', { traceId: long }],
    ['with U+0000 in its parent', 'parentObservationId', { parentObservationId: '\0' }],
  ];

  it.each(refused)('%s is refused alone, by the name of its field', async (_, field, fields) => {
    const good = (id: string) => ({ id, traceId, name: id });
    const bad = { id: 'bad', traceId, name: 'bad', ...fields };
    const answer = await api.postJson(BATCH, { trace: { id: traceId }, observations: [good('a'), bad, good('b')] });
    expect(answer.status).toBe(207);
    const { message, data, errors } = answer.json() as { message: string; data: unknown; errors: JsonObject[] };
    expect(message).toBe('1 of 4 items was refused; everything else is stored');
    expect(data).toBeNull();
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ index: 1, kind: 'observation', field, code: 'INVALID_FIELD' });
    expect(errors[0]!['message']).toMatch(new RegExp(`^${field} `));
    expect((await api.trace(traceId)).observations.map(({ id }) => id).sort()).toEqual(['a', 'b']);
  });

  it.each([[null], ['text'], [42], [[]]])('because it is %j is refused alone', async (item) => {
    const answer = await api.postJson(BATCH, { observations: [item, { id: 'a', traceId }] });
    expect(answer.status).toBe(207);
    expect(answer.json()['errors']).toEqual([expect.objectContaining({ index: 0, message: expect.any(String) })]);
    expect((await api.trace(traceId)).observations).toHaveLength(1);
  });

  it('is found among a thousand, and the other 999 are stored', async () => {
    const observations = Array.from({ length: 1000 }, (_, n) => ({ id: n === 617 ? '' : `step-${n}`, traceId }));
    const answer = await api.postJson(BATCH, { observations });
    expect(answer.status).toBe(207);
    expect(answer.json()['errors']).toEqual([expect.objectContaining({ index: 617, field: 'id' })]);
    expect((await api.trace(traceId)).observations).toHaveLength(999);
  });

  it('makes the answer 400 with the same list when nothing else was there', async () => {
    const answer = await api.postJson(BATCH, { trace: { id: 5 }, observations: [{ id: 'a', traceId, name: [] }] });
    expect(answer.status).toBe(400);
    const { code, data, errors } = answer.json();
    expect({ code, data }).toEqual({ code: 'BAD_REQUEST', data: null });
    expect(errors).toEqual([
      expect.objectContaining({ kind: 'trace', index: 0, field: 'id' }),
      expect.objectContaining({ kind: 'observation', index: 0, id: 'a', field: 'name' }),
    ]);
    expect(await api.hasTrace(traceId)).toBe(false);
  });

  it('does not keep its trace from being stored, nor a bad trace its observations', async () => {
    const answer = await api.postJson(BATCH, {
      trace: { id: traceId, tags: ['a', 5] },
      observations: [{ id: 'a', traceId }],
    });
    expect(answer.status).toBe(207);
    expect(answer.json()['errors']).toEqual([expect.objectContaining({ kind: 'trace', field: 'tags' })]);
    expect((await api.trace(traceId)).observations).toHaveLength(1);
  });
});

describe('an observation that says something odd', () => {
  const readBack = async (fields: JsonObject) => {
    await api.write(BATCH, { observations: [{ id: 'odd', traceId, ...fields }] });
    return (await api.trace(traceId)).observations[0]!;
  };

  it('of an unknown type is a span that keeps the word, and one of an unknown level has none', async () => {
    const read = await readBack({ type: 'SORCERY', level: 'LOUD' });
    expect(read).toMatchObject({ type: 'SPAN', level: 'DEFAULT', metadata: { 'xtrace.type': 'SORCERY' } });
  });

  it('keeps its content with U+FFFD where PostgreSQL cannot hold a character', async () => {
    const read = await readBack({
      name: 'n\0n',
      input: { 'k\0': 'a\0b', list: ['\ud800', '\udc00x'] },
      output: 'literally \\u0000 and \\ud800',
      metadata: { '\ud800': '\0', kept: '\\u0000' },
    });
    expect(read).toMatchObject({ name: 'n\ufffdn', output: 'literally \\u0000 and \\ud800' });
    expect(read.input).toEqual({ 'k\ufffd': 'a\ufffdb', list: ['\ufffd', '\ufffdx'] });
    expect(read.metadata).toEqual({ '\ufffd': '\ufffd', kept: '\\u0000' });
  });

  it('keeps a time that cannot be as a note beside one that can', async () => {
    const read = await readBack({ startTime: '0001-01-01T00:00:00Z', endTime: '9999-12-31T23:59:59Z' });
    expect(Date.parse(read['startTime'] as string)).toBeGreaterThan(Date.UTC(2000, 0));
    expect(Date.parse(read['endTime'] as string)).toBeLessThan(Date.now() + 2 * 86_400_000);
    expect(read.metadata).toEqual({
      'xtrace.clock': { startTime: '0001-01-01T00:00:00Z', endTime: '9999-12-31T23:59:59Z' },
    });
  });

  it.each([[-1], [1.5], [1e30], [2 ** 63], ['many'], [null], [{}]])('counts no %j tokens', async (count) => {
    const read = await readBack({ name: 'odd', usage: { input: count, output: 5 } });
    expect(read['usageDetails']).toMatchObject({ output: 5 });
    expect((read['usageDetails'] as JsonObject)['input']).toBeUndefined();
  });

  it('may have numbers of any size in its content', async () => {
    const answer = await api.post(
      BATCH,
      `{"observations":[{"id":"odd","traceId":"${traceId}","input":[1e400,-1e400,1e-400,123456789012345678901234567890]}]}`,
    );
    expect(answer.status).toBe(200);
    const { input } = (await api.trace(traceId)).observations[0]!;
    expect(input).toEqual([null, null, 0, 1.2345678901234568e29]);
  });

  it('is cut in its name, not refused, when that is too long for an index', async () => {
    const read = await readBack({ name: 'ü'.repeat(5000), model: 'm'.repeat(5000) });
    expect(read).toMatchObject({ name: 'ü'.repeat(500), model: 'm'.repeat(1000) });
  });

  it('cannot change its own trace through a name of the prototype', async () => {
    const polluting = '{"polluted":true,"name":"polluted","toString":"polluted"}';
    const hostile = (id: string) =>
      `{"id":"${id}","traceId":"${traceId}","__proto__":${polluting},"constructor":{"prototype":${polluting}},` +
      `"metadata":{"__proto__":${polluting},"constructor":{"prototype":${polluting}},"a.__proto__.b":1},` +
      `"input":{"__proto__":${polluting}},"modelParameters":{"__proto__":1,"top_p":1},` +
      `"usage":{"__proto__":7,"constructor":8,"input":9}}`;
    const body = `{"__proto__":${polluting},"trace":${hostile(traceId)},"observations":[${hostile('a')},{"id":"b","traceId":"${traceId}"}]}`;
    expect((await api.post(BATCH, body)).status).toBe(200);

    const trace = await api.trace(traceId);
    const [a, b] = [trace.observations[0]!, trace.observations[1]!];
    const metadata = JSON.parse(
      `{"__proto__":${polluting},"constructor":{"prototype":${polluting}},"a.__proto__.b":1}`,
    ) as object;
    expect(membersOf(trace.metadata)).toEqual(membersOf(metadata));
    expect(membersOf(a.metadata)).toEqual(membersOf(metadata));
    expect(membersOf(a.input)).toEqual(new Map([['__proto__', JSON.parse(polluting)]]));
    expect(membersOf(a['modelParameters'])).toEqual(
      new Map([
        ['__proto__', 1],
        ['top_p', 1],
      ]),
    );
    // Neither the item itself nor the one after it has got the name.
    expect([trace['name'], a.name, b.name]).toEqual([null, null, null]);
    expect(b.metadata).toEqual({});
    expect((await api.get('/api/public/traces/none')).text).not.toContain('polluted');
    expect(({} as JsonObject)['polluted']).toBeUndefined();
  });
});

describe('nesting', () => {
  const nested = (open: string, close: string) => open.repeat(DEEP) + close.repeat(DEEP);

  it.each([
    ['lists', nested('[', ']')],
    ['objects', `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`],
  ])('of a hundred thousand %s costs only its own item, and little memory', async (_, value) => {
    const before = memoryOf(server.pid).resident;
    for (const field of ['input', 'output', 'metadata']) {
      const bad = `{"id":"deep","traceId":"${traceId}","${field}":${value}}`;
      const answer = await api.post(BATCH, `{"observations":[${bad},{"id":"flat","traceId":"${traceId}"}]}`);
      expect(answer.status).toBe(207);
      expect(answer.json()['errors']).toEqual([
        expect.objectContaining({
          index: 0,
          id: 'deep',
          field,
          message: `${field} must not nest deeper than 200 levels`,
        }),
      ]);
    }
    expect((await api.trace(traceId)).observations.map(({ id }) => id)).toEqual(['flat']);
    expect(memoryOf(server.pid).resident - before).toBeLessThan(64 * MIB);
  });

  it('of a hundred thousand levels in an OTLP attribute costs only its own span', async () => {
    const deep = `${'{"arrayValue":{"values":['.repeat(DEEP)}{"intValue":1}${']}}'.repeat(DEEP)}`;
    const bad = JSON.stringify(aSpan({ name: 'deep' })).replace(/}$/, `,"attributes":[{"key":"x","value":${deep}}]}`);
    const good = aSpan({ name: 'flat' });
    const body = `{"resourceSpans":[{"scopeSpans":[{"spans":[${bad},${JSON.stringify(good)}]}]}]}`;
    const answer = await api.post(OTLP, body);
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ partialSuccess: { rejectedSpans: '1' } });
    expect(observationNamed(await api.trace(good['traceId'] as string), 'flat').id).toBe(good['spanId']);
  });

  it('of a hundred thousand levels around everything is 400', async () => {
    const answer = await api.post(BATCH, nested('[', ']'));
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'BAD_REQUEST', data: null });
  });
});

/** The own members of an object, whatever they are called. */
function membersOf(value: unknown): Map<string, unknown> {
  return new Map(Object.entries(value as object));
}
