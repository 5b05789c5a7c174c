import { LangfuseClient } from '@langfuse/client';
import { LangfuseAPIClient } from '@langfuse/core';
import { makeProject, type TestProject } from '../support/projects.js';
import { type RunningServer, TEST_PUBLIC_KEY, TEST_SECRET_KEY } from '../support/server-process.js';
import { Api, BATCH, BEARER, type JsonObject, startE2eServer, uniqueId } from './support/api.js';

jest.setTimeout(60_000);

const SCORES = '/api/public/scores';
const V2 = '/api/public/v2/scores';
const V3 = '/api/public/v3/scores';
const CONFIGS = '/api/public/score-configs';
const INGESTION = '/api/public/ingestion';
const PUBLIC = { authorization: `Bearer ${TEST_PUBLIC_KEY}` };

let server: RunningServer;
let api: Api;
let other: TestProject;

beforeAll(async () => {
  server = await startE2eServer();
  api = new Api(server.url);
  other = await makeProject(server.url);
});
afterAll(() => server.stop());

interface Reply {
  readonly status: number;
  readonly json: JsonObject;
}

async function send(method: string, path: string, body?: unknown, headers: object = BEARER): Promise<Reply> {
  const answer = await fetch(server.url + path, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: (await answer.json()) as JsonObject };
}

/** Writes a score that must be taken and gives its id. */
async function write(score: JsonObject): Promise<string> {
  const { status, json } = await send('POST', SCORES, score);
  expect({ status, json }).toEqual({ status: 200, json: { id: expect.any(String) } });
  return json['id'] as string;
}

const read = async (id: string): Promise<JsonObject> => api.read(`${V2}/${encodeURIComponent(id)}`);
const idsOf = async (path: string): Promise<unknown[]> =>
  ((await api.read(path))['data'] as JsonObject[]).map(({ id }) => id);

describe('a score', () => {
  it('of a trace that has not come is listed with null, in the first version of the list with an empty trace', async () => {
    const traceId = uniqueId('to-come');
    await write({ traceId, name: 'early', value: 1 });
    const [traceIn, firstTraceIn] = await Promise.all(
      [V2, SCORES].map(async (path) => {
        const { data } = await api.read(`${path}?traceId=${traceId}`);
        return (data as JsonObject[]).map(({ trace }) => trace);
      }),
    );
    expect(traceIn).toEqual([null]);
    expect(firstTraceIn).toEqual([{ userId: null, tags: [], environment: null, sessionId: null }]);
  });

  it('has every documented key, null where nothing was said', async () => {
    const id = await write({ traceId: 'nowhere', name: 'n', value: 0.1 + 0.2 });
    expect(await read(id)).toEqual({
      ...{ id, projectId: 'default', environment: 'default', name: 'n', source: 'API', dataType: 'NUMERIC' },
      ...{ value: 0.30000000000000004, stringValue: null, traceId: 'nowhere', observationId: null, sessionId: null },
      ...{ datasetRunId: null, configId: null, queueId: null, authorUserId: null, executionTraceId: null },
      ...{ comment: null, metadata: {} },
      ...{ timestamp: expect.any(String), createdAt: expect.any(String), updatedAt: expect.any(String) },
    });
  });

  it.each<[JsonObject, JsonObject]>([
    [{ value: -1.5 }, { dataType: 'NUMERIC', value: -1.5, stringValue: null }],
    [{ value: 'good' }, { dataType: 'CATEGORICAL', value: 0, stringValue: 'good' }],
    [
      { value: 1, dataType: 'BOOLEAN' },
      { value: 1, stringValue: 'True' },
    ],
    [
      { value: 0, dataType: 'BOOLEAN' },
      { value: 0, stringValue: 'False' },
    ],
    [
      { value: 'longer', dataType: 'CORRECTION' },
      { name: 'output', value: 0, stringValue: 'longer' },
    ],
    [{ value: 1, metadata: [1, 'a'] }, { metadata: { metadata: [1, 'a'] } }],
    [{ value: 1, environment: 'Langfuse-Prod' }, { environment: 'prod' }],
  ])('as %j is read as %j', async (stated, shown) => {
    expect(await read(await write({ traceId: 't', name: 'n', ...stated }))).toMatchObject(shown);
  });

  it('of the type TEXT has no number at all', async () => {
    const score = await read(await write({ traceId: 't', name: 'n', value: 'fine', dataType: 'TEXT' }));
    expect(score).toMatchObject({ stringValue: 'fine' });
    expect(score).not.toHaveProperty('value');
  });

  it.each(['with/slash', 'a b+c', '%25', 'ünïcode 🙂', "'; DROP TABLE scores; --"])(
    'is read and deleted by its id %j',
    async (id) => {
      await write({ id, traceId: 't', name: 'n', value: 1 });
      expect(await read(id)).toMatchObject({ id });
      const path = `${SCORES}/${encodeURIComponent(id)}`;
      // The second time there is nothing to delete, which scripts that clean up do not want to hear of.
      for (let n = 0; n < 2; n += 1) {
        expect(await send('DELETE', path)).toEqual({
          status: 202,
          json: { message: 'Score deletion queued successfully' },
        });
        expect(await send('GET', path)).toMatchObject({ status: 404, json: { error: 'LangfuseNotFoundError' } });
      }
    },
  );

  it('changes when its id comes again: what is left out stays, and so does what it is about', async () => {
    const id = uniqueId('again');
    await write({
      id,
      traceId: 'first',
      name: 'n',
      value: 1,
      comment: 'because',
      metadata: { a: 1 },
      environment: 'e',
    });
    const before = await read(id);
    await write({ id, traceId: 'second', name: 'm', value: 'bad' });
    expect(await read(id)).toEqual({
      ...before,
      ...{ name: 'm', dataType: 'CATEGORICAL', value: 0, stringValue: 'bad', updatedAt: expect.any(String) },
    });
  });

  it.each<[JsonObject, string]>([
    [{ name: 'n', value: 1 }, 'traceId'],
    [{ name: 'n', value: 1, traceId: 't', sessionId: 's' }, 'traceId'],
    [{ name: 'n', value: 1, observationId: 'o' }, 'traceId'],
    [{ name: '', value: 1, traceId: 't' }, 'name'],
    [{ name: 'n', value: null, traceId: 't' }, 'value'],
    [{ name: 'n', value: true, dataType: 'BOOLEAN', traceId: 't' }, 'value'],
    [{ name: 'n', value: 2, dataType: 'BOOLEAN', traceId: 't' }, 'value'],
    [{ name: 'n', value: 'NaN', dataType: 'NUMERIC', traceId: 't' }, 'value'],
    [{ name: 'n', value: 'x'.repeat(501), dataType: 'TEXT', traceId: 't' }, 'value'],
    [{ name: 'n', value: 1, dataType: 'STARS', traceId: 't' }, 'dataType'],
    [{ name: 'n', value: 1, source: 'EVAL', traceId: 't' }, 'source'],
    [{ name: 'n', value: 1, source: 'ANNOTATION', traceId: 't' }, 'configId'],
    [{ name: 'n', value: 1, configId: "' OR 1=1 --", traceId: 't' }, 'configId'],
  ])('is refused for %j, naming %s', async (score, field) => {
    const { status, json } = await send('POST', SCORES, score);
    expect({ status, json }).toMatchObject({
      status: 400,
      json: { error: 'InvalidRequestError', code: 'BAD_REQUEST' },
    });
    expect(json['message']).toContain(field);
  });

  it('is refused where the body is no JSON', async () => {
    expect((await api.post(SCORES, '{"value":NaN}')).status).toBe(400);
    expect((await api.post(SCORES, '<score/>', { 'content-type': 'text/xml' })).status).toBe(415);
  });
});

// As version 5 of Langfuse's SDK for Python sends them, and what its models require of the answers.
describe('scores in an array', () => {
  it('are all taken: 202, each with the time that it states', async () => {
    const ids = ['first', 'second'].map(uniqueId);
    const timestamp = '2026-01-31T09:30:00.120Z';
    const list = [
      { id: ids[0], traceId: 't', name: 'n', value: 1.0, dataType: 'BOOLEAN', timestamp },
      { id: ids[1], datasetRunId: 'run', name: 'm', value: 'good', timestamp, metadata: ['any', 'value'] },
    ];
    expect(await send('POST', SCORES, list)).toEqual({ status: 202, json: { message: 'Accepted' } });
    expect(await read(ids[0]!)).toMatchObject({ timestamp, dataType: 'BOOLEAN', value: 1 });
    expect(await read(ids[1]!)).toMatchObject({ timestamp, datasetRunId: 'run', stringValue: 'good' });
    const again = [{ ...list[0], value: 0 }];
    expect((await send('POST', SCORES, again, PUBLIC)).status).toBe(202);
    expect(await read(ids[0]!)).toMatchObject({ timestamp, value: 0 });
  });

  it('are refused one by one: 207 with the position and the field of each, and the others are stored', async () => {
    const id = uniqueId('kept');
    const list = [
      { traceId: 't', name: 'n', value: null },
      { id, traceId: 't', name: 'n', value: 1 },
      { id, traceId: 't', name: 'n', value: 2 },
      { traceId: 't', name: 'n', value: 1, configId: 'unknown' },
      { traceId: 't', name: 'n', value: 1, timestamp: '2026-01-31 at noon' },
      'no score',
    ];
    const { status, json } = await send('POST', SCORES, list);
    expect({ status, json }).toEqual({
      status: 207,
      json: {
        ...{ accepted: 2, rejected: 4 },
        errors: [
          { index: 0, message: expect.stringMatching(/^\[0\]: value /) },
          { index: 3, message: expect.stringMatching(/^\[3\]: .*configId/) },
          { index: 4, message: expect.stringMatching(/^\[4\]: timestamp /) },
          { index: 5, message: '[5]: the score must be a JSON object' },
        ],
      },
    });
    // Of the same id the last one counts.
    expect(await read(id)).toMatchObject({ value: 2 });
  });

  it('may be none, or none that is good, but not too many', async () => {
    expect(await send('POST', SCORES, [])).toEqual({ status: 202, json: { message: 'Accepted' } });
    expect(await send('POST', SCORES, [1])).toMatchObject({ status: 207, json: { accepted: 0, rejected: 1 } });
    expect(await send('POST', SCORES, new Array(50_001).fill(0))).toMatchObject({ status: 413 });
  });
});

describe('a score config', () => {
  const create = async (config: JsonObject): Promise<string> => {
    const { status, json } = await send('POST', CONFIGS, config);
    expect(status).toBe(200);
    return json['id'] as string;
  };

  it('is made, listed, read and changed', async () => {
    const { status, json: config } = await send('POST', CONFIGS, { name: 'truth', dataType: 'BOOLEAN' });
    expect({ status, config }).toEqual({
      status: 200,
      config: {
        ...{ id: expect.any(String), projectId: 'default', name: 'truth', description: null, dataType: 'BOOLEAN' },
        ...{ isArchived: false, minValue: null, maxValue: null },
        categories: [
          { label: 'True', value: 1 },
          { label: 'False', value: 0 },
        ],
        ...{ createdAt: expect.any(String), updatedAt: expect.any(String) },
      },
    });
    const path = `${CONFIGS}/${config['id'] as string}`;
    expect(await api.read(`${CONFIGS}?limit=1`)).toEqual({
      data: [config],
      meta: { page: 1, limit: 1, totalItems: 1, totalPages: 1 },
    });
    expect((await send('PATCH', path, { description: 'is it?', isArchived: true })).json).toEqual({
      ...config,
      ...{ description: 'is it?', isArchived: true, updatedAt: expect.any(String) },
    });
    expect(await api.read(path)).toMatchObject({ isArchived: true, dataType: 'BOOLEAN' });
    expect((await send('PATCH', path, {})).status).toBe(400);
    expect((await send('PATCH', path, { minValue: 1 })).json['message']).toContain('minValue');
    expect((await send('PATCH', `${CONFIGS}/none`, { name: 'x' })).status).toBe(404);
    expect((await send('POST', CONFIGS, { name: 'x'.repeat(36), dataType: 'TEXT' })).json['message']).toContain('name');
  });

  it('gives scores their name and number, and refuses those that break it', async () => {
    const categories = [
      { label: 'good', value: 2 },
      { label: 'bad', value: -2 },
    ];
    const configId = await create({ name: 'tone', dataType: 'CATEGORICAL', categories });
    const score = { traceId: 't', name: 'any', configId };
    expect(await read(await write({ ...score, value: 'bad' }))).toMatchObject({
      ...{ name: 'tone', dataType: 'CATEGORICAL', value: -2, stringValue: 'bad', configId },
    });
    expect((await send('POST', SCORES, { ...score, value: 'ugly' })).json['message']).toContain('value');
    expect((await send('POST', SCORES, { ...score, value: 1 })).status).toBe(400);
    const [taken, refused, unknown] = ['good', 'ugly', 'good'].map((value, i) => ({
      id: uniqueId('event'),
      type: 'score-create',
      timestamp: new Date().toISOString(),
      body: { ...score, value, ...(i === 2 ? { configId: 'none' } : {}) },
    }));
    const answer = await send('POST', INGESTION, { batch: [taken, refused, unknown] });
    expect(answer).toMatchObject({
      status: 207,
      json: {
        successes: [{ id: taken!.id, status: 201 }],
        errors: [
          { id: refused!.id, status: 400 },
          { id: unknown!.id, status: 400 },
        ],
      },
    });
    await send('PATCH', `${CONFIGS}/${configId}`, { isArchived: true });
    expect((await send('POST', SCORES, { ...score, value: 'good' })).json['message']).toContain('configId');
  });

  it('is asked whose number it is by the range', async () => {
    const configId = await create({ name: 'stars', dataType: 'NUMERIC', minValue: 1, maxValue: 5 });
    const score = { sessionId: 's', name: 'any', configId, source: 'ANNOTATION' };
    expect(await read(await write({ ...score, value: 5 }))).toMatchObject({ source: 'ANNOTATION', name: 'stars' });
    expect((await send('POST', SCORES, { ...score, value: 6 })).json['message']).toContain('at most 5');
  });
});

describe('lists of scores', () => {
  const trace = 'listed';
  const ids: string[] = [];

  beforeAll(async () => {
    await api.write(BATCH, {
      trace: { id: trace, name: 'chat', userId: 'lister', tags: ['x', 'y'], environment: 'prod', sessionId: 'chats' },
      observations: [{ id: 'o', traceId: trace, type: 'SPAN', name: 'step' }],
    });
    for (const score of [
      { traceId: trace, value: 0.5, name: 'l1', metadata: { reviewer: 'ann' } },
      { traceId: trace, observationId: 'o', value: 'good', name: 'l2' },
      { sessionId: 'chats', value: 1, dataType: 'BOOLEAN', name: 'l3' },
      { datasetRunId: 'run', value: 3, name: 'l4' },
      { traceId: trace, value: 'better', dataType: 'CORRECTION' },
    ] satisfies JsonObject[]) {
      ids.push(await write(score));
    }
  });

  const newest = (...positions: number[]) => positions.map((i) => ids[i]);

  it('are newest first, with what is known of the trace', async () => {
    const path = `${V2}?scoreIds=${ids.join(',')}`;
    expect(await idsOf(path)).toEqual(newest(4, 3, 2, 1, 0));
    const { data, meta } = (await api.read(`${path}&limit=2&page=3`)) as { data: JsonObject[]; meta: JsonObject };
    expect(meta).toEqual({ page: 3, limit: 2, totalItems: 5, totalPages: 3 });
    expect(data[0]!['trace']).toEqual({ userId: 'lister', tags: ['x', 'y'], environment: 'prod', sessionId: 'chats' });
    expect((await api.read(`${path}&fields=score`))['data']).not.toContainEqual(
      expect.objectContaining({ trace: expect.anything() }),
    );
  });

  it('of the first version have neither sessions nor runs nor corrections', async () => {
    expect(await idsOf(`${SCORES}?scoreIds=${ids.join(',')}`)).toEqual(newest(1, 0));
    expect((await api.get(`${SCORES}/${ids[2]}`)).status).toBe(404);
    expect((await api.get(`${SCORES}/${ids[4]}`)).status).toBe(404);
    expect(await api.read(`${SCORES}/${ids[1]}`)).toMatchObject({ observationId: 'o', traceId: trace });
  });

  it('take filters', async () => {
    const filter = JSON.stringify([
      { type: 'stringObject', column: 'metadata', key: 'reviewer', operator: '=', value: 'ann' },
    ]);
    expect(await idsOf(`${V2}?filter=${encodeURIComponent(filter)}`)).toEqual(newest(0));
    expect(await idsOf(`${V2}?userId=lister&traceTags=x&traceTags=y&name=l2`)).toEqual(newest(1));
    expect(await idsOf(`${V2}?sessionId=chats`)).toEqual(newest(2));
    expect(await idsOf(`${V2}?datasetRunId=run&operator=%3E%3D&value=3`)).toEqual(newest(3));
    expect(await idsOf(`${V2}?userId=lister&fields=trace&dataType=CORRECTION`)).toEqual(newest(4));
  });

  it('of the third version have one value, and go on by cursor', async () => {
    const path = `${V3}?id=${ids.join(',')}&fields=subject,details&limit=3`;
    const first = (await api.read(path)) as { data: JsonObject[]; meta: JsonObject };
    const cursor = first.meta['cursor'] as string;
    const second = (await api.read(`${path}&cursor=${cursor}`)) as { data: JsonObject[]; meta: JsonObject };
    expect(second.meta).toEqual({ limit: 3 });
    expect([...first.data, ...second.data].map(({ value, subject }) => ({ value, subject }))).toEqual([
      { value: 'better', subject: { kind: 'trace', id: trace } },
      { value: 3, subject: { kind: 'experiment', id: 'run' } },
      { value: true, subject: { kind: 'session', id: 'chats' } },
      { value: 'good', subject: { kind: 'observation', id: 'o', traceId: trace } },
      { value: 0.5, subject: { kind: 'trace', id: trace } },
    ]);
    expect(Object.keys(first.data[0]!).sort()).toEqual(
      [
        ...['comment', 'configId', 'createdAt', 'dataType', 'environment', 'id', 'metadata', 'name', 'projectId'],
        ...['source', 'subject', 'timestamp', 'updatedAt', 'value'],
      ].sort(),
    );
    expect((await api.get(`${V3}?nonsense=1`)).status).toBe(400);
  });

  it('are in their trace, in full where it is read alone', async () => {
    const [listed] = (await api.read(`/api/public/traces?userId=lister`))['data'] as JsonObject[];
    expect(listed!['scores']).toEqual(newest(1, 0));
    const detail = await api.trace(trace);
    expect(detail['scores']).toEqual([await read(ids[1]!), await read(ids[0]!)]);
    const core = await api.read(`/api/public/traces/${trace}?fields=core,io`);
    expect(core['scores']).toEqual([]);
  });

  it('take whatever a parameter says as a value', async () => {
    const evil = encodeURIComponent("x'); DROP TABLE scores; --");
    const names = ['userId', 'name', 'environment', 'scoreIds', 'configId', 'sessionId', 'datasetRunId', 'traceId'];
    for (const name of [...names, 'observationId', 'queueId', 'traceTags']) {
      expect(await api.read(`${V2}?${name}=${evil}`)).toMatchObject({ data: [] });
    }
    for (const name of ['id', 'name', 'environment', 'configId', 'queueId', 'authorUserId', 'traceId', 'sessionId']) {
      expect(await api.read(`${V3}?${name}=${evil}`)).toMatchObject({ data: [] });
    }
    for (const name of ['source', 'operator', 'value', 'dataType', 'fromTimestamp', 'cursor', 'filter', 'limit']) {
      expect((await api.get(`${V2}?${name}=${evil}`)).status).toBe(400);
      expect((await api.get(`${V3}?${name}=${evil}`)).status).toBe(400);
    }
    expect(await idsOf(`${V2}?scoreIds=${ids[0]}`)).toEqual(newest(0));
  });
});

describe('credentials', () => {
  it('of the public key alone write scores and do nothing else', async () => {
    const score = { traceId: 'browser', name: 'thumbs', value: 1 };
    const { status, json } = await send('POST', SCORES, score, PUBLIC);
    expect(status).toBe(200);
    const path = `${SCORES}/${json['id'] as string}`;
    for (const [method, url, body] of [
      ['GET', path],
      ['DELETE', path],
      ['GET', V2],
      ['GET', V3],
      ['GET', CONFIGS],
      ['POST', CONFIGS, { name: 'n', dataType: 'TEXT' }],
    ] as const) {
      expect((await send(method, url, body, PUBLIC)).status).toBe(403);
    }
    const event = { id: 'e', type: 'score-create', timestamp: new Date().toISOString(), body: score };
    expect((await send('POST', INGESTION, { batch: [event] }, PUBLIC)).json).toMatchObject({ errors: [] });
    expect((await send('POST', SCORES, score, { authorization: 'Bearer pk-lf-nobody' })).status).toBe(401);
  });

  it('of another project see and change nothing of this one', async () => {
    const id = await write({ traceId: 'ours', name: 'secret', value: 1 });
    const configId = (await send('POST', CONFIGS, { name: 'ours', dataType: 'TEXT' })).json['id'] as string;
    for (const [method, path, body] of [
      ['GET', `${SCORES}/${id}`],
      ['GET', `${V2}/${id}`],
      ['GET', `${CONFIGS}/${configId}`],
      ['PATCH', `${CONFIGS}/${configId}`, { isArchived: true }],
    ] as const) {
      expect((await send(method, path, body, other.bearer)).status).toBe(404);
    }
    for (const path of [SCORES, V2, V3, CONFIGS]) {
      expect((await send('GET', path, undefined, other.bearer)).json).toMatchObject({ data: [] });
    }
    const score = { traceId: 'ours', name: 'theirs', value: 'x', dataType: 'TEXT' };
    expect((await send('POST', SCORES, { ...score, configId }, other.bearer)).status).toBe(400);
    // The same id is another score in another project.
    expect((await send('POST', SCORES, { ...score, id }, other.basic)).status).toBe(200);
    expect(await read(id)).toMatchObject({ name: 'secret', value: 1 });
    expect((await api.read(`${CONFIGS}/${configId}`))['isArchived']).toBe(false);
  });
});

describe('the SDK @langfuse/client 5', () => {
  const options = () => ({ publicKey: TEST_PUBLIC_KEY, secretKey: TEST_SECRET_KEY, baseUrl: server.url });

  it('scores, and reads its scores back', async () => {
    const langfuse = new LangfuseClient(options());
    const traceId = uniqueId('sdk');
    const [numeric, session] = [uniqueId('numeric'), uniqueId('session')];
    langfuse.score.create({ id: numeric, traceId, name: 'quality', value: 0.97, metadata: { by: 'test' } });
    langfuse.score.create({ id: session, sessionId: 'sdk-session', name: 'done', value: 1, dataType: 'BOOLEAN' });
    await langfuse.flush();

    const { data } = await langfuse.api.scores.getMany({ traceId });
    expect(data).toMatchObject([{ id: numeric, name: 'quality', value: 0.97, metadata: { by: 'test' }, traceId }]);
    expect(await langfuse.api.scores.getById(session)).toMatchObject({
      ...{ sessionId: 'sdk-session', dataType: 'BOOLEAN', value: 1, stringValue: 'True', traceId: null },
    });
    const page = await langfuse.api.scoresV3.getManyV3({ id: `${numeric},${session}`, fields: 'subject' });
    expect(page.data.map(({ value, subject }) => ({ value, kind: subject?.kind }))).toEqual(
      expect.arrayContaining([
        { value: 0.97, kind: 'trace' },
        { value: true, kind: 'session' },
      ]),
    );
    await langfuse.shutdown();
  });

  it('writes and deletes through its API, with configs', async () => {
    const client = new LangfuseAPIClient({
      ...{ environment: server.url, baseUrl: server.url, username: TEST_PUBLIC_KEY, password: TEST_SECRET_KEY },
    });
    const config = await client.scoreConfigs.create({ name: 'by sdk', dataType: 'NUMERIC', minValue: 0 });
    const { id } = await client.scores.create({ traceId: 't', name: 'x', value: 2, configId: config.id });
    expect(await client.scores.getById(id)).toMatchObject({ name: 'by sdk', configId: config.id });
    await expect(
      client.scores.create({ traceId: 't', name: 'x', value: -2, configId: config.id }),
    ).rejects.toMatchObject({ statusCode: 400 });
    await client.legacy.scoreV1.delete(id);
    await expect(client.scores.getById(id)).rejects.toMatchObject({ statusCode: 404 });
    expect((await client.scoreConfigs.update(config.id, { isArchived: true })).isArchived).toBe(true);
  });
});
