import { randomUUID } from 'node:crypto';
import { makeProject, type TestProject } from '../support/projects.js';
import {
  removeFolder,
  type RunningServer,
  temporaryFolder,
  TEST_PUBLIC_KEY,
  TEST_SECRET_KEY,
} from '../support/server-process.js';
import {
  Api,
  type Answer,
  type JsonObject,
  observationNamed,
  startE2eServer,
  type TraceAnswer,
  uniqueId,
} from './support/api.js';
import { queryEmbedded } from './support/recount.js';

jest.setTimeout(60_000);

const INGESTION = '/api/public/ingestion';
const MIB = 1024 * 1024;
const ORIGIN = 'https://app.example.com';

let dataDir: string;
let server: RunningServer;
let api: Api;
let traceId: string;

beforeAll(async () => {
  dataDir = temporaryFolder();
  server = await startE2eServer({ dataDir, env: { CORS_ORIGINS: ORIGIN } });
  api = new Api(server.url);
});
beforeEach(() => {
  traceId = uniqueId('trace');
});
afterAll(async () => {
  await server.stop();
  removeFolder(dataDir);
});

const at = (second: number): string => `2026-11-20T09:30:${String(second).padStart(2, '0')}.000Z`;

const event = (type: string, second: number, body: unknown, id: string = randomUUID()): JsonObject => ({
  id,
  type,
  timestamp: at(second),
  body,
});

interface EventAnswer {
  readonly successes: readonly { id: string; status: number }[];
  readonly errors: readonly { id: string; status: number; message: string; error: string }[];
}

const send = (...batch: unknown[]): Promise<Answer> => api.postJson(INGESTION, { batch, metadata: { batch_size: 1 } });

/** Writes what must be taken whole. */
async function write(...batch: JsonObject[]): Promise<void> {
  const answer = await send(...batch);
  expect(answer.json()).toEqual({ successes: batch.map(({ id }) => ({ id, status: 201 })), errors: [] });
  expect(answer.status).toBe(207);
}

describe('a batch of events', () => {
  it('as JavaScript clients send it is read back by the fields of the Langfuse API', async () => {
    await write(
      event('trace-create', 0, {
        ...{
          id: traceId,
          timestamp: at(0),
          name: 'chat.turn',
          sessionId: 's-1',
          userId: 'ada',
          environment: 'Staging',
        },
        ...{ input: { q: 1 }, tags: ['b', 'a'], metadata: { plan: 'pro' }, release: 'r1', version: 'v1', public: true },
      }),
      event('span-create', 1, { id: 'span', traceId, name: 'plan', startTime: at(1), environment: 'staging' }),
      event('generation-create', 2, {
        ...{ id: 'call', traceId, name: 'call', parentObservationId: 'span', startTime: at(2), model: 'gpt-x' },
        ...{ modelParameters: { temperature: 0.2, stop: ['a'] }, input: [{ role: 'user', content: 'hi' }] },
        ...{ promptName: 'greeting', promptVersion: 3 },
      }),
      event('generation-update', 4, {
        ...{ id: 'call', traceId, endTime: at(4), completionStartTime: at(3), output: 'hello', level: 'WARNING' },
        usage: { promptTokens: 10, completionTokens: 5, totalTokens: 15 },
      }),
      event('event-create', 3, { id: 'event', traceId, name: 'handed over', startTime: at(3) }),
      event('span-update', 5, { id: 'span', traceId, endTime: at(5), output: { ok: true }, statusMessage: 'done' }),
      event('trace-create', 6, { id: traceId, output: { a: 2 }, tags: ['c', 'a'], metadata: { seats: 3 } }),
    );
    const trace = await api.trace(traceId);
    expect(trace).toMatchObject({
      ...{ id: traceId, timestamp: at(0), name: 'chat.turn', sessionId: 's-1', userId: 'ada', environment: 'staging' },
      ...{ input: { q: 1 }, output: { a: 2 }, tags: ['a', 'b', 'c'], metadata: { plan: 'pro', seats: 3 } },
      ...{ release: 'r1', version: 'v1', public: true, latency: 4 },
    });
    expect(trace.observations.map(({ id }) => id).sort()).toEqual(['call', 'event', 'span']);
    expect(observationNamed(trace, 'call')).toMatchObject({
      ...{ type: 'GENERATION', parentObservationId: 'span', startTime: at(2), endTime: at(4), model: 'gpt-x' },
      ...{ completionStartTime: at(3), timeToFirstToken: 1, latency: 2, level: 'WARNING' },
      ...{ modelParameters: { temperature: 0.2, stop: ['a'] }, input: [{ role: 'user', content: 'hi' }] },
      ...{ output: 'hello', usageDetails: { input: 10, output: 5, total: 15 }, promptTokens: 10 },
      ...{ promptId: null, promptName: 'greeting', promptVersion: 3 },
    });
    expect(observationNamed(trace, 'plan')).toMatchObject({ type: 'SPAN', endTime: at(5), statusMessage: 'done' });
    expect(observationNamed(trace, 'handed over')).toMatchObject({ type: 'EVENT', level: 'DEFAULT' });
  });

  it('as the SDK for Python 2 sends it: without nulls, times with an offset and microseconds', async () => {
    const body = `{"batch":[{"id":"5f0c","type":"trace-create","body":{"id":"${traceId}","timestamp":"2026-11-20T10:30:00.123456+01:00","name":"py","input":{"args":["é\\ud83d\\ude00"],"kwargs":{}},"public":false,"tags":["x"]},"timestamp":"2026-11-20T09:30:00.123999Z"},{"id":"5f0d","type":"generation-create","body":{"traceId":"${traceId}","name":"llm","startTime":"2026-11-20T09:30:01.000001Z","metadata":"text","input":"Prompt","parentObservationId":null,"id":"g/1:ü","model":"gpt-x","modelParameters":{"n":1,"top_p":null},"usage":{"input":1,"output":2,"total":null,"unit":"TOKENS","inputCost":0.5,"outputCost":null,"totalCost":null}},"timestamp":"2026-11-20T09:30:01.000002Z"}],"metadata":{"batch_size":2,"sdk_integration":"default","sdk_name":"python","sdk_version":"2.60.10","public_key":"pk-lf-1"}}`;
    const answer = await api.post(INGESTION, body);
    expect([answer.status, (answer.json() as unknown as EventAnswer).errors]).toEqual([207, []]);
    const trace = await api.trace(traceId);
    expect(trace).toMatchObject({
      timestamp: '2026-11-20T09:30:00.123Z',
      name: 'py',
      input: { args: ['é😀'], kwargs: {} },
    });
    expect(trace.observations[0]).toMatchObject({
      ...{ id: 'g/1:ü', input: 'Prompt', metadata: { metadata: 'text' }, startTime: '2026-11-20T09:30:01.000Z' },
      ...{ usageDetails: { input: 1, output: 2, total: 3 }, costDetails: { input: 0.5, total: 0.5 } },
    });
  });

  it('leads to the same whatever the order, repetition and split of its events', async () => {
    const events = (id: string) => [
      event('trace-create', 0, { id, timestamp: at(0), name: 'first', userId: 'u', tags: ['b'] }),
      event('generation-create', 1, {
        id: `${id}-g`,
        traceId: id,
        name: 'call',
        model: 'm',
        input: 'in',
        metadata: { a: 1 },
      }),
      event('generation-update', 1, { id: `${id}-g`, traceId: id, model: 'n', output: 0, metadata: { b: 2 } }),
      event('generation-update', 3, { id: `${id}-g`, traceId: id, endTime: at(3), output: 'out', metadata: { a: 3 } }),
      event('trace-create', 4, { id, name: null, tags: ['a'], output: '' }),
    ];
    const shown = async (id: string) =>
      JSON.parse(JSON.stringify(await api.trace(id)).replaceAll(id, 'ID'), (key, value: unknown) =>
        key === 'createdAt' || key === 'updatedAt' ? undefined : value,
      ) as TraceAnswer;
    const ids = ['a', 'b', 'c'].map((name) => `${traceId}-${name}`);
    await write(...events(ids[0]!));
    const backwards = events(ids[1]!).reverse();
    await write(...backwards);
    await write(...backwards);
    const [one, two, three, four, five] = events(ids[2]!);
    for (const each of [four!, one!, five!, three!, two!]) await write(each, each);
    const [first, ...others] = await Promise.all(ids.map(shown));
    expect(first).toMatchObject({ name: null, userId: 'u', tags: ['a', 'b'], output: null });
    expect(observationNamed(first!, 'call')).toMatchObject({
      ...{ startTime: at(1), endTime: at(3), model: 'n', input: 'in', output: 'out', metadata: { a: 3, b: 2 } },
    });
    for (const other of others) expect(other).toEqual(first);
  });

  it('takes every type of event', async () => {
    const kinds = ['agent', 'tool', 'chain', 'retriever', 'evaluator', 'embedding', 'guardrail'];
    await write(
      ...kinds.map((kind, i) => event(`${kind}-create`, i, { id: kind, traceId, name: kind, input: i })),
      event('observation-create', 8, { id: 'legacy', traceId, type: 'GENERATION', name: 'legacy', model: 'm' }),
      event('observation-update', 9, { id: 'legacy', traceId, type: 'GENERATION', output: 'o' }),
    );
    const { observations } = await api.trace(traceId);
    expect(Object.fromEntries(observations.map(({ id, ...rest }) => [id, rest['type']]))).toEqual({
      ...Object.fromEntries(kinds.map((kind) => [kind, kind.toUpperCase()])),
      legacy: 'GENERATION',
    });
    const log = await send(
      event('sdk-log', 0, { log: { anything: 1 } }),
      event('event-create', 1, { id: 'e', traceId }),
    );
    expect(log.json()).toEqual({ successes: [{ id: expect.any(String), status: 201 }], errors: [] });
  });

  it('may be empty', async () => {
    const answer = await send();
    expect([answer.status, answer.json()]).toEqual([207, { successes: [], errors: [] }]);
  });

  it('gives a trace that names none the id of its event, so that sending it again is the same trace', async () => {
    const create = event('trace-create', 0, { name: 'nameless' }, traceId);
    await write(create);
    await write(create);
    expect(await api.trace(traceId)).toMatchObject({ id: traceId, name: 'nameless' });
  });

  it('may score what is not there yet', async () => {
    await write(event('score-create', 0, { traceId, name: 'accuracy', value: 0.97, comment: 'good' }, `${traceId}-s`));
    expect(await api.hasTrace(traceId)).toBe(false);
    const [score] = await queryEmbedded(dataDir, `SELECT trace_id, name, value FROM scores WHERE id = '${traceId}-s'`);
    expect(score).toEqual({ trace_id: traceId, name: 'accuracy', value: 0.97 });
  });
});

describe('an observation whose trace is not stated', () => {
  it('is created in a trace of its own id, where updates find it', async () => {
    await write(event('span-create', 0, { id: traceId, name: 'lone' }));
    await write(event('span-update', 1, { id: traceId, output: 'found' }));
    expect(observationNamed(await api.trace(traceId), 'lone')).toMatchObject({ id: traceId, output: 'found' });
  });

  it('is updated in the trace it is in, be that known from before or from the same batch', async () => {
    const [one, two] = [`${traceId}-1`, `${traceId}-2`];
    await write(event('span-create', 0, { id: one, traceId, name: 'one' }));
    await write(
      event('span-update', 1, { id: one, output: 1 }),
      event('span-update', 1, { id: two, output: 2 }),
      event('span-create', 0, { id: two, traceId, name: 'two' }),
    );
    const trace = await api.trace(traceId);
    expect([observationNamed(trace, 'one').output, observationNamed(trace, 'two').output]).toEqual([1, 2]);
  });
});

describe('a single write of the time before batches', () => {
  const patch = async (path: string, body: JsonObject) => {
    const headers = { ...basic(TEST_PUBLIC_KEY, TEST_SECRET_KEY), 'content-type': 'application/json' };
    const answer = await fetch(server.url + path, { method: 'PATCH', headers, body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as JsonObject };
  };

  it('does what its event does, and answers the id', async () => {
    expect((await api.postJson('/api/public/traces', { id: traceId, name: 'legacy' })).json()).toEqual({ id: traceId });
    const { id } = (await api.postJson('/api/public/spans', { traceId, name: 'made up' })).json();
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const generation = { id: `${traceId}-g`, traceId, name: 'call', model: 'm' };
    expect((await api.postJson('/api/public/generations', generation)).json()).toEqual({ id: generation.id });
    expect((await api.postJson('/api/public/events', { traceId, name: 'happened' })).status).toBe(200);
    expect(await patch('/api/public/spans', { spanId: id, output: 'o' })).toEqual({ status: 200, body: { id } });
    expect(
      (await patch('/api/public/generations', { generationId: generation.id, usage: { input: 1, output: 2 } })).status,
    ).toBe(200);
    const trace = await api.trace(traceId);
    expect(trace['name']).toBe('legacy');
    expect(observationNamed(trace, 'made up')).toMatchObject({ type: 'SPAN', output: 'o' });
    expect(observationNamed(trace, 'call')).toMatchObject({ model: 'm', totalTokens: 3 });
    expect(observationNamed(trace, 'happened')).toMatchObject({ type: 'EVENT' });
  });

  it('names the field at fault as the client wrote it', async () => {
    const answer = await api.postJson('/api/public/spans', { id: 's', traceId, startTime: 'tomorrow' });
    expect([answer.status, answer.json()]).toEqual([
      400,
      expect.objectContaining({ message: expect.stringMatching(/^startTime must be/), error: 'InvalidRequestError' }),
    ]);
    for (const [path, body, message] of [
      ['spans', { output: 1 }, 'spanId is required'],
      ['spans', { spanId: 'a\0', output: 1 }, 'spanId must not contain U+0000 or a lone surrogate'],
      ['generations', { generationId: '' }, 'generationId must not be empty'],
      ['generations', { id: '' }, 'id must not be empty'],
    ] as const)
      expect(await patch(`/api/public/${path}`, body)).toMatchObject({ status: 400, body: { message } });
    expect((await api.postJson('/api/public/traces', [])).status).toBe(400);
  });
});

function basic(publicKey: string, secretKey: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}` };
}

describe('an event that cannot be taken', () => {
  const span = (fields: JsonObject) => event('span-create', 0, { id: 's', traceId: 't', ...fields });
  const call = (fields: JsonObject) => event('generation-create', 0, { id: 's', traceId: 't', ...fields });
  const refused: [string, string, unknown][] = [
    ['of an unknown type', 'type', event('run-create', 0, {})],
    ['that clients may not send', 'type', event('dataset-run-item-create', 0, {})],
    ['without a type', 'type', { id: 'e', timestamp: at(0), body: {} }],
    ['without a timestamp', 'timestamp', { id: 'e', type: 'trace-create', body: {} }],
    ['with a date alone', 'timestamp', { ...event('trace-create', 0, {}), timestamp: '2026-11-20' }],
    ['with a time without a zone', 'timestamp', { ...event('trace-create', 0, {}), timestamp: '2026-11-20T09:30:00' }],
    ['without a body', 'body', event('trace-create', 0, null)],
    ['with a body that is a list', 'body', event('trace-create', 0, [])],
    ['about an observation without an id', 'body.id', span({ id: null })],
    ['with an id of 801 characters', 'body.id', span({ id: 'x'.repeat(801) })],
    ['with an id of 5 MB', 'body.id', span({ id: 'x'.repeat(5 * MIB) })],
    ['with U+0000 in its trace id', 'body.traceId', span({ traceId: 'a\0' })],
    ['with a name that is a number', 'body.name', span({ name: 5 })],
    ['with a start that is no time', 'body.startTime', span({ startTime: 'now' })],
    ['with tags that are text', 'body.tags', event('trace-create', 0, { id: 't', tags: 'a' })],
    ['with model parameters that are text', 'body.modelParameters', call({ modelParameters: 'n=1' })],
    ['with a prompt without a version', 'body.promptVersion', call({ promptName: 'p' })],
    ['with a version without a prompt', 'body.promptName', call({ promptName: '', promptVersion: 1 })],
    ['with metadata that nests too deep', 'body.metadata', span({ metadata: deep(201) })],
    ['with a score that has no value', 'value', event('score-create', 0, { traceId: 't', name: 'n' })],
    ['with a score of nothing', 'traceId', event('score-create', 0, { name: 'n', value: 1 })],
  ];

  it.each(refused)('%s is refused alone, by the name of its field', async (_, field, bad) => {
    const good = (id: string) => event('span-create', 0, { id, traceId, name: id });
    const batch = [good('a'), bad, good('b')];
    const answer = await send(...batch);
    expect(answer.status).toBe(207);
    const { successes, errors } = answer.json() as unknown as EventAnswer;
    expect(successes).toHaveLength(2);
    expect(errors).toEqual([
      { id: (bad as { id: string }).id, status: 400, message: 'Invalid request data', error: expect.any(String) },
    ]);
    expect(errors[0]!.error.startsWith(`${field} `) || errors[0]!.error.includes(field)).toBe(true);
    expect((await api.trace(traceId)).observations.map(({ id }) => id).sort()).toEqual(['a', 'b']);
  });

  it.each([[null], ['text'], [42], [[]], [{ id: 7, type: 'trace-create' }], [{ id: 'x'.repeat(801) }]])(
    'because it is no event (%#) is listed as unknown',
    async (bad) => {
      const { successes, errors } = (await send(bad)).json() as unknown as EventAnswer;
      expect(successes).toEqual([]);
      expect(errors).toEqual([expect.objectContaining({ id: 'unknown', status: 400 })]);
    },
  );

  it('is found among ten thousand, and the others are stored', async () => {
    const batch = Array.from({ length: 10_000 }, (_, n) =>
      event('span-create', 0, { id: n === 6170 ? '' : `s${n}`, traceId }, `e${n}`),
    );
    const { successes, errors } = (await send(...batch)).json() as unknown as EventAnswer;
    expect(successes).toHaveLength(9999);
    expect(errors.map(({ id }) => id)).toEqual(['e6170']);
  });
});

function deep(levels: number): unknown {
  return levels === 0 ? 1 : { a: deep(levels - 1) };
}

describe('what is harmless', () => {
  it('is kept: 5 MB of text, null bytes, unknown fields, a level and an environment that are none', async () => {
    await write(
      event('generation-create', 0, {
        ...{ id: 'g', traceId, name: 'g', input: 'x'.repeat(5 * MIB), output: 'a\0b', level: 'FATAL' },
        ...{ environment: 'no such thing!', futureField: { a: 1 }, __proto__: 1 },
      }),
    );
    const { input, output, metadata, ...rest } = observationNamed(await api.trace(traceId), 'g');
    expect((input as string).length).toBe(5 * MIB);
    expect(output).toBe('a\ufffdb');
    expect(metadata).toEqual({ 'xtrace.level': 'FATAL', 'xtrace.environment': 'no such thing!' });
    expect(rest).toMatchObject({ level: 'DEFAULT', environment: 'default' });
  });
});

describe('a request that is no batch', () => {
  it.each<[string, string]>([
    ['an object without batch', '{}'],
    ['a batch that is an object', '{"batch":{}}'],
    ['a list', '[]'],
    ['no JSON', '{"batch":['],
    ['nothing', ''],
  ])('%s is refused as a whole', async (_, body) => {
    const answer = await api.post(INGESTION, body);
    expect(answer.status).toBe(400);
    expect(answer.json()).toEqual({
      ...{ message: 'Invalid request data', error: 'InvalidRequestError', code: 'BAD_REQUEST', data: null },
      errors: [{ path: expect.any(Array), message: expect.any(String) }],
    });
  });

  it('is told by its media type', async () => {
    expect((await api.post(INGESTION, '{"batch":[]}', { 'content-type': 'text/plain' })).status).toBe(415);
  });
});

describe('the public key of a project', () => {
  let project: TestProject;
  beforeAll(async () => {
    project = await makeProject(server.url);
  });

  const asBrowser = (...batch: JsonObject[]) =>
    api.post(INGESTION, JSON.stringify({ batch }), {
      ...{ 'content-type': 'application/json', origin: ORIGIN, 'x-langfuse-sdk-integration': 'browser' },
      ...project.publicBearer,
    });

  it('opens the door to scores, and answers the id of the event, which @langfuse/browser looks for', async () => {
    const score = event('score-create', 0, { id: randomUUID(), traceId: 'OQnCR3Lms18iC2SpWpRf5', name: 's', value: 1 });
    const answer = await asBrowser(score);
    expect([answer.status, answer.json()]).toEqual([
      207,
      { successes: [{ id: score['id'], status: 201 }], errors: [] },
    ]);
  });

  it('opens it to nothing else', async () => {
    const trace = event('trace-create', 0, { id: traceId });
    const answer = await asBrowser(trace, event('sdk-log', 0, { log: 1 }));
    expect(answer.json()).toEqual({
      successes: [],
      errors: [{ id: trace['id'], status: 401, message: 'Authentication error', error: 'Access Scope Denied' }],
    });
    const found = await api.get(`/api/public/traces/${traceId}`, project.basic);
    expect(found.status).toBe(404);
    const single = await api.post('/api/public/traces', '{"id":"t"}', {
      'content-type': 'application/json',
      ...project.publicBearer,
    });
    expect(single.status).toBe(403);
  });
});

describe('a web page', () => {
  it('may ask whether it may send', async () => {
    const answer = await fetch(server.url + INGESTION, {
      method: 'OPTIONS',
      headers: {
        origin: ORIGIN,
        'access-control-request-method': 'POST',
        'access-control-request-headers':
          'authorization,content-type,x-langfuse-public-key,x-langfuse-sdk-integration,x-langfuse-sdk-name,x-langfuse-sdk-version',
      },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(answer.headers.get('access-control-allow-methods')).toContain('POST');
    const allowed = answer.headers.get('access-control-allow-headers')!.split(', ');
    expect(allowed).toEqual(
      expect.arrayContaining(['authorization', 'content-type', 'x-langfuse-public-key', 'x-langfuse-sdk-integration']),
    );
  });
});
