import { type RunningServer, TEST_PUBLIC_KEY, TEST_SECRET_KEY } from '../support/server-process.js';
import { makeProject } from '../support/projects.js';
import { Api, type Answer, BEARER, type JsonObject, JSON_TYPE, startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

const BASIC = `Basic ${Buffer.from(`${TEST_PUBLIC_KEY}:${TEST_SECRET_KEY}`).toString('base64')}`;
/** Headers of langfuse 3 for JavaScript. */
const SDK_3 = { authorization: BASIC, 'x-langfuse-sdk-name': 'langfuse-js', 'x-langfuse-sdk-version': '3.39.1' };
const ITEMS = '/api/public/dataset-items';
const RUN_ITEMS = '/api/public/dataset-run-items';

let server: RunningServer;
let api: Api;

beforeAll(async () => {
  server = await startE2eServer();
  api = new Api(server.url);
});
afterAll(() => server.stop());

const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = BEARER) => {
  const answer = await fetch(server.url + path, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : JSON_TYPE) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: (await answer.json()) as JsonObject };
};
const ok = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
  const { status, json } = await send(method, path, body, headers);
  expect([status, status === 200 ? '' : json['message']]).toEqual([200, '']);
  return json;
};
const page = (totalItems: number): JsonObject => ({ page: 1, limit: 50, totalItems, totalPages: 1 });

describe('the calls of older SDKs', () => {
  it('of langfuse 3: makes, fills, runs and reads a dataset', async () => {
    const made = await ok('POST', '/api/public/datasets', { name: 'v3', description: 'old' }, SDK_3);
    expect(made).toMatchObject({ name: 'v3', description: 'old', metadata: null, items: [], runs: [] });
    const item = await ok('POST', ITEMS, { datasetName: 'v3', input: 'in', expectedOutput: ['out'] }, SDK_3);
    expect(item).toMatchObject({ datasetId: made['id'], datasetName: 'v3', input: 'in', expectedOutput: ['out'] });
    expect(Object.keys(item).sort()).toEqual([
      ...['createdAt', 'datasetId', 'datasetName', 'expectedOutput', 'id', 'input', 'mediaReferences', 'metadata'],
      ...['sourceObservationId', 'sourceTraceId', 'status', 'updatedAt'],
    ]);
    expect(await ok('GET', '/api/public/v2/datasets/v3', undefined, SDK_3)).toEqual({
      ...{ id: made['id'], projectId: 'default', name: 'v3', description: 'old', metadata: null },
      ...{ inputSchema: null, expectedOutputSchema: null },
      ...{ createdAt: made['createdAt'], updatedAt: made['updatedAt'] },
    });
    const listed = await ok('GET', `${ITEMS}?datasetName=v3&limit=50&page=1`, undefined, SDK_3);
    expect(listed).toEqual({ data: [item], meta: page(1) });
    const link = { runName: 'r 1', datasetItemId: item['id'], traceId: 'later', metadata: null, runDescription: null };
    const runItem = await ok('POST', RUN_ITEMS, link, SDK_3);
    const run = await ok('GET', '/api/public/datasets/v3/runs/r%201', undefined, SDK_3);
    expect(run).toMatchObject({ name: 'r 1', description: null, metadata: {}, datasetRunItems: [runItem] });
    expect(await ok('GET', '/api/public/datasets/v3/runs', undefined, SDK_3)).toMatchObject({
      data: [{ id: run['id'], name: 'r 1', datasetName: 'v3' }],
      meta: page(1),
    });
  });

  it('of langfuse 2: reads a dataset with its items and the names of its runs, and lists all with ids', async () => {
    const dataset = await ok('GET', '/api/public/datasets/v3');
    expect(dataset).toMatchObject({ name: 'v3', items: [{ input: 'in' }], runs: ['r 1'] });
    const [{ id }] = dataset['items'] as [{ id: string }];
    const { data } = await ok('GET', '/api/public/datasets?page=0');
    expect(data).toContainEqual({ ...dataset, items: [id], runs: ['r 1'] });
  });
});

describe('names in paths', () => {
  it('may be encoded twice in the list of items, as the SDK for Python 2 does it', async () => {
    const [plain, percent] = ['twice%2520over', 'twice%252520over'].map((n) => `${ITEMS}?datasetName=${n}`);
    const nameOf = async (path: string) =>
      ((await ok('GET', path))['data'] as JsonObject[]).map((i) => i['datasetName']);
    const make = async (name: string) => {
      await ok('POST', '/api/public/v2/datasets', { name });
      await ok('POST', ITEMS, { datasetName: name, input: 1 });
    };
    await make('twice over');
    expect(await nameOf(plain!)).toEqual(['twice over']);
    expect((await send('GET', percent!)).status).toBe(404);
    // Where a dataset has the very name, it is meant.
    await make('twice%20over');
    expect(await nameOf(plain!)).toEqual(['twice%20over']);
    expect((await send('GET', `${ITEMS}?datasetName=100%25`)).status).toBe(404);
  });

  it.each(['a/b', 'a b', '50%', '%41', 'a+b', 'a?b=c&d', 'ü😀', "it's"])('%j is decoded once', async (name) => {
    const path = encodeURIComponent(name);
    await ok('POST', '/api/public/v2/datasets', { name });
    expect(await ok('GET', `/api/public/v2/datasets/${path}`)).toMatchObject({ name });
    const { id } = await ok('POST', ITEMS, { datasetName: name, id: `item of ${name}` });
    expect(await ok('GET', `${ITEMS}/${encodeURIComponent(String(id))}`)).toMatchObject({ datasetName: name });
    await ok('POST', RUN_ITEMS, { runName: name, datasetItemId: id, traceId: 't' });
    expect(await ok('GET', `/api/public/datasets/${path}/runs/${path}`)).toMatchObject({ name, datasetName: name });
    const bare = path.replaceAll('%2F', '/');
    expect(await ok('GET', `/api/public/datasets/${bare}/runs/${bare}`)).toMatchObject({ name, datasetName: name });
    expect(await ok('GET', `/api/public/v2/datasets/${bare}`)).toMatchObject({ name });
    expect(await ok('GET', `/api/public/datasets/${path}/runs/${path}/results`)).toMatchObject({ meta: page(1) });
    expect(await ok('DELETE', `/api/public/datasets/${path}/runs/${path}`)).toEqual({
      message: 'Dataset run successfully deleted',
    });
    expect(await ok('DELETE', `/api/public/v2/datasets/${path}`)).toEqual({ message: 'Dataset successfully deleted' });
  });
});

describe('what cannot be done', () => {
  beforeAll(async () => {
    await ok('POST', '/api/public/v2/datasets', { name: 'errors' });
    await ok('POST', ITEMS, { datasetName: 'errors', id: 'archived', status: 'ARCHIVED' });
    await ok('POST', ITEMS, { datasetName: 'errors', id: 'active' });
  });

  it.each<[string, string, unknown, number, string]>([
    ['GET', '/api/public/v2/datasets/none', undefined, 404, 'Dataset not found'],
    ['GET', '/api/public/datasets/none/runs', undefined, 404, 'Dataset not found'],
    ['GET', '/api/public/datasets/errors/runs/none', undefined, 404, 'Dataset run not found'],
    ['DELETE', '/api/public/datasets/errors/runs/none', undefined, 404, 'Dataset run not found'],
    ['GET', '/api/public/datasets/errors/runs/none/results', undefined, 404, 'Dataset run not found'],
    ['GET', '/api/public/datasets/errors/run-comparison', undefined, 400, 'runName must be given 1 to 5 times'],
    ['GET', `${ITEMS}/none`, undefined, 404, 'Dataset item not found'],
    ['DELETE', `${ITEMS}/none`, undefined, 404, 'Dataset item not found'],
    ['DELETE', `${ITEMS}/active?history=all`, undefined, 400, 'history must be keep or erase'],
    ['GET', `${ITEMS}?datasetName=none`, undefined, 404, 'Dataset not found'],
    ['GET', `${ITEMS}?version=2026-01-31T09:30:00Z`, undefined, 400, 'version needs datasetName'],
    ['GET', `${ITEMS}?datasetName=errors&version=yesterday`, undefined, 400, 'version must be an ISO 8601 time'],
    ['GET', `${ITEMS}?limit=101`, undefined, 400, 'limit must be a whole number from 1 to 100'],
    ['GET', '/api/public/v2/datasets?page=0', undefined, 400, 'page must be a whole number from 1'],
    ['GET', `${RUN_ITEMS}?datasetId=x`, undefined, 400, 'runName is required'],
    ['GET', `${RUN_ITEMS}?datasetId=x&runName=y`, undefined, 404, 'Dataset run not found'],
    ['POST', '/api/public/v2/datasets', { description: 'x' }, 400, 'name is required'],
    ['POST', ITEMS, { datasetName: 'none' }, 404, 'Dataset not found'],
    ['POST', ITEMS, { datasetName: 'errors', status: 'NEW' }, 400, 'status must be one of'],
    ['POST', ITEMS, [], 400, 'The body must be a JSON object'],
    ['POST', RUN_ITEMS, { runName: 'r', datasetItemId: 'none', traceId: 't' }, 404, 'Dataset item not found'],
    ['POST', RUN_ITEMS, { runName: 'r', datasetItemId: 'archived', traceId: 't' }, 404, 'Dataset item not found'],
    ['POST', RUN_ITEMS, { runName: 'r', datasetItemId: 'active', observationId: 'none' }, 404, 'Observation not found'],
    ['POST', RUN_ITEMS, { runName: 'r', datasetItemId: 'active' }, 400, 'traceId or observationId must be given'],
    ['POST', RUN_ITEMS, { runName: 'r', datasetItemId: 'active', traceId: 't', id: 'x' }, 400, '"id" is no field'],
    ['GET', '/api/public/experiments', undefined, 400, 'fromStartTime is required unless id is given'],
    ['GET', '/api/public/experiment-items?experimentId=x&scoreLimit=51', undefined, 400, 'scoreLimit must be'],
    ['GET', '/api/public/experiments?id=x&filter=[', undefined, 400, 'filter must be a JSON array'],
    ['GET', '/api/public/experiments?id=x&cursor=bm8', undefined, 400, 'cursor is no cursor'],
  ])('%s %s of %j', async (method, path, body, status, message) => {
    const answer = await send(method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({
      error: status === 404 ? 'LangfuseNotFoundError' : 'InvalidRequestError',
      data: null,
    });
    expect(answer.json['message']).toContain(message);
  });

  it('leaves no run behind', async () => {
    expect(await ok('GET', '/api/public/datasets/errors/runs')).toMatchObject({ data: [], meta: { totalItems: 0 } });
  });

  it('is done by another project with the same names, which sees nothing of this one', async () => {
    const { bearer } = await makeProject(server.url);
    for (const path of [
      '/api/public/v2/datasets/errors',
      '/api/public/datasets/errors',
      `${ITEMS}/active`,
      '/api/public/datasets/v3/runs/r%201',
      '/api/public/datasets/v3/runs/r%201/results',
    ]) {
      expect((await send('GET', path, undefined, bearer)).status).toBe(404);
    }
    expect((await send('DELETE', `${ITEMS}/active`, undefined, bearer)).status).toBe(404);
    const link = { runName: 'r', datasetItemId: 'active', traceId: 't' };
    expect((await send('POST', RUN_ITEMS, link, bearer)).status).toBe(404);
    expect(await ok('GET', ITEMS, undefined, bearer)).toMatchObject({ data: [] });
    const readOnly = await makeProject(server.url, { scopes: ['read'] });
    expect((await send('POST', '/api/public/v2/datasets', { name: 'x' }, readOnly.bearer)).status).toBe(403);
    expect((await send('POST', ITEMS, { datasetName: 'x' }, readOnly.bearer)).status).toBe(403);
  });
});

describe('a run item that names its observation alone', () => {
  it('belongs to the trace of the observation', async () => {
    await api.write('/v1/l/batch', { observations: [{ id: 'alone', traceId: 'its trace' }] });
    const link = { runName: 'by observation', datasetItemId: 'active', observationId: 'alone' };
    expect(await ok('POST', RUN_ITEMS, link)).toMatchObject({ traceId: 'its trace', observationId: 'alone' });
  });
});

describe('schemas', () => {
  const NAME = 'with schemas';
  const item = (body: object): Promise<Answer> => api.postJson(ITEMS, { datasetName: NAME, ...body });
  const set = (body: object): Promise<Answer> => api.postJson('/api/public/v2/datasets', { name: NAME, ...body });
  const inputSchema = { type: 'object', properties: { q: { type: 'string', pattern: '^\\w+\\?$' } }, required: ['q'] };

  it('hold for what is written and for what is there', async () => {
    expect((await set({ inputSchema, expectedOutputSchema: { type: ['string', 'null'] } })).status).toBe(200);
    expect((await item({ id: 's', input: { q: 'why?' } })).status).toBe(200);
    for (const [body, message] of [
      [{ id: 's', input: { q: 'why' } }, 'Dataset item validation failed: input /q must match pattern'],
      [{ id: 's', expectedOutput: 1 }, 'Dataset item validation failed: expectedOutput must be'],
      [{ id: 'new' }, 'Dataset item validation failed: input must be object'],
    ] as const) {
      const answer = await item(body);
      expect([answer.status, answer.json()['error']]).toEqual([400, 'InvalidRequestError']);
      expect(answer.json()['message']).toContain(message);
    }
    expect(await ok('GET', `${ITEMS}/s`)).toMatchObject({ input: { q: 'why?' }, expectedOutput: null });
    const narrower = await set({ inputSchema: { ...inputSchema, required: ['q', 'r'] } });
    expect([narrower.status, narrower.json()['message']]).toEqual([
      400,
      "Dataset item validation failed: input of the existing item s must have required property 'r'",
    ]);
    expect(await ok('GET', `/api/public/v2/datasets/${encodeURIComponent(NAME)}`)).toMatchObject({ inputSchema });
    expect((await set({ inputSchema: null })).json()).toMatchObject({ inputSchema: null });
    expect((await item({ id: 's', input: 1 })).status).toBe(200);
  });

  it.each<[string, unknown, string]>([
    ['is none', { type: 'nothing' }, 'inputSchema cannot be used: schema is invalid'],
    ['has a pattern that is no RE2', { pattern: '(a)\\1' }, 'inputSchema cannot be used: pattern'],
    ['refers to elsewhere', { $ref: 'http://localhost/x' }, "inputSchema cannot be used: can't resolve reference"],
    ['is too large', { description: 'x'.repeat(70_000) }, 'inputSchema is larger than 65536 bytes'],
  ])('one that %s is refused', async (_, schema, message) => {
    const answer = await set({ inputSchema: schema });
    expect(answer.status).toBe(400);
    expect(answer.json()['message']).toContain(message);
  });

  it('one that would take for ever is given up, and the server answers meanwhile', async () => {
    // Each level refers to the next one twice: 2^40 evaluations.
    const $defs = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => {
        const next = { $ref: n === 39 ? '#/$defs/end' : `#/$defs/d${n + 1}` };
        return [`d${n}`, { allOf: [{ ...next }, { ...next }] }];
      }),
    );
    const bomb = { $ref: '#/$defs/d0', $defs: { ...$defs, end: { minLength: 1 } } };
    const waiting = set({ name: 'bomb', inputSchema: bomb }).then(() =>
      api.postJson(ITEMS, { datasetName: 'bomb', input: 'x' }),
    );
    let answered = 0;
    let isDone = false;
    void waiting.finally(() => (isDone = true));
    while (!isDone) {
      expect((await api.get('/healthz')).status).toBe(200);
      answered += 1;
    }
    const answer = await waiting;
    expect(answer.status).toBe(400);
    expect(answer.json()['message']).toContain('was given up: it takes longer than');
    expect(answered).toBeGreaterThan(5);
    expect((await item({ id: 'after', input: { q: 'fine?' } })).status).toBe(200);
  });
});

describe('large items', () => {
  it('of some megabytes are taken and come back whole', async () => {
    await ok('POST', '/api/public/v2/datasets', { name: 'large' });
    const input = { text: 'é'.repeat(1_500_000) };
    await ok('POST', ITEMS, { datasetName: 'large', id: 'large', input });
    expect((await ok('GET', `${ITEMS}/large`))['input']).toEqual(input);
    const notJson = await api.post(ITEMS, '{"datasetName":');
    expect([notJson.status, notJson.json()['message']]).toEqual([
      400,
      'The body is not valid JSON (Unexpected end of JSON input)',
    ]);
    expect((await api.post(ITEMS, '{}', { 'content-type': 'text/plain' })).status).toBe(415);
  });
});
