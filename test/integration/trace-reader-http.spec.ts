import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { parseConfig } from '../../src/config/config.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { HttpModule } from '../../src/http/http.module.js';
import { createServer } from '../../src/http/server.js';
import { TracesController } from '../../src/modules/langfuse-compat/traces.controller.js';
import { SessionsModule } from '../../src/modules/sessions/sessions.module.js';
import { StorageModule } from '../../src/storage/storage.module.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { insertRows, OTHER_PROJECT, PROJECT, second } from '../support/rows.js';

const TOKEN = 'test-token-0123456789';
const CREDENTIALS = { bearerToken: TOKEN, publicKey: 'pk-test', secretKey: 'sk-test-0123456789' };
const ODD_ID = 'a/b?c=%2F&ä 😀"';

let database: TestDatabase;
let app: NestFastifyApplication;

beforeAll(async () => {
  database = await createTestDatabase();
  const config = parseConfig({
    NODE_ENV: 'test',
    LOG_LEVEL: 'error',
    DEFAULT_PROJECT_ID: 'default',
    RATE_LIMIT_BURST: '10000',
  });

  @Module({ imports: [StorageModule], controllers: [TracesController] })
  class TracesModule {}

  @Module({})
  class RootModule {}

  app = await createServer(
    {
      module: RootModule,
      imports: [
        ConfigModule.forRoot(config, database.connection),
        HttpModule.forRoot({ credentials: CREDENTIALS, imports: [StorageModule] }),
        TracesModule,
        SessionsModule,
      ],
    },
    config,
  );
  await app.init();
  await app.getHttpAdapter().getInstance().ready();

  await insertRows(database.pool, 'traces', [
    { trace_id: 'a', ts: second(1), name: 'chat', tags: ['x', 'y'], session_id: 'talk', environment: 'production' },
    { trace_id: 'b', ts: second(2), name: 'plan', tags: ['x'], session_id: 'talk/2', environment: 'staging' },
    { trace_id: ODD_ID, ts: second(3), metadata: { k: 1 } },
    { trace_id: 'theirs', ts: second(4), project_no: OTHER_PROJECT.no, session_id: 'their-talk' },
  ]);
  await insertRows(database.pool, 'trace_payloads', [{ trace_id: ODD_ID, input: '{"q" : 1.00}', output: '"ä😀"' }]);
  await insertRows(database.pool, 'observations', [
    { trace_id: ODD_ID, id: 'o1', start_time: second(3), type: 'GENERATION' },
  ]);
  await insertRows(database.pool, 'observation_payloads', [{ trace_id: ODD_ID, id: 'o1', input: '[1,  2]' }]);
  await insertRows(database.pool, 'sessions', [
    { session_id: 'talk', created_at: second(1) },
    { session_id: 'talk/2', created_at: second(2) },
    { session_id: 'their-talk', project_no: OTHER_PROJECT.no },
  ]);
});

afterAll(async () => {
  await app?.close();
  await database.drop();
});

async function get(url: string, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) {
  const response = await app.inject({ method: 'GET', url, headers });
  return {
    status: response.statusCode,
    type: response.headers['content-type'],
    text: response.body,
    body: response.json(),
  };
}

const ids = (body: { data: { id: string }[] }) => body.data.map(({ id }) => id);

describe('GET /api/public/traces', () => {
  it('answers a page of the project with everything in it', async () => {
    const { status, type, body, text } = await get('/api/public/traces');
    expect([status, type]).toEqual([200, 'application/json; charset=utf-8']);
    expect(ids(body)).toEqual([ODD_ID, 'b', 'a']);
    expect(body.meta).toEqual({ page: 1, limit: 50, totalItems: 3, totalPages: 1 });
    expect(body.data[0]).toMatchObject({ observations: ['o1'], scores: [], metadata: { k: 1 }, output: 'ä😀' });
    expect(text).toContain('"input":{"q" : 1.00}');
  });

  it.each([
    ['name=chat', ['a']],
    ['tags=x', ['b', 'a']],
    ['tags=x&tags=y', ['a']],
    ['tags=x,y', ['a']],
    ['environment=production&environment=staging', ['b', 'a']],
    ['environment=default', [ODD_ID]],
    ['sessionId=talk%2F2', ['b']],
    ['fromTimestamp=2026-01-31T09:30:02Z&toTimestamp=2026-01-31T09:30:02Z', ['b']],
    ['toTimestamp=2026-01-31T10:30:01%2B01:00', ['a']],
    ['orderBy=id.desc', ['b', ODD_ID, 'a']],
    ['page=2&limit=2', ['a']],
    ['userId=&name=&unknown=1', [ODD_ID, 'b', 'a']],
  ])('reads ?%s', async (query, expected) => {
    const { status, body } = await get(`/api/public/traces?${query}`);
    expect(status).toBe(200);
    expect(ids(body)).toEqual(expected);
  });

  it('is walked by cursor', async () => {
    const first = await get('/api/public/traces?limit=2');
    expect(first.body.meta).toMatchObject({ totalItems: 3, totalPages: 2 });
    const rest = await get(`/api/public/traces?limit=2&cursor=${first.body.meta.nextCursor}`);
    expect([...ids(first.body), ...ids(rest.body)]).toEqual([ODD_ID, 'b', 'a']);
    expect(rest.body.meta).not.toHaveProperty('nextCursor');
  });

  it.each([
    ['orderBy', 'orderBy=input.asc'],
    ['page', 'page=0'],
    ['limit', 'limit=201'],
    ['fromTimestamp', 'fromTimestamp=2026-01-31'],
    ['cursor', 'cursor=abc'],
    ['cursor', 'cursor=MTphYQ&orderBy=name.asc'],
    ['name', 'name=%00'],
  ])('answers 400 naming %s for ?%s', async (name, query) => {
    const { status, body } = await get(`/api/public/traces?${query}`);
    expect([status, body.code, body.error]).toEqual([400, 'BAD_REQUEST', 'InvalidRequestError']);
    expect(body.message).toContain(name);
  });

  it('answers nothing without credentials', async () => {
    for (const url of [
      '/api/public/traces',
      '/api/public/traces/a',
      '/api/public/sessions',
      '/api/public/sessions/talk',
    ]) {
      expect((await get(url, {})).status).toBe(401);
    }
  });
});

describe('GET /api/public/traces/:traceId', () => {
  it('finds a trace by any id, URL-encoded, and splices payloads in as they were stored', async () => {
    const { status, type, body, text } = await get(`/api/public/traces/${encodeURIComponent(ODD_ID)}`);
    expect([status, type]).toEqual([200, 'application/json; charset=utf-8']);
    expect(body).toMatchObject({ id: ODD_ID, projectId: 'default', observations: [{ id: 'o1', type: 'GENERATION' }] });
    expect(text).toContain('"input":[1,  2]');
  });

  it('streams a trace that is far larger than one chunk, whole and in order', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `o${String(i).padStart(3, '0')}`);
    await insertRows(database.pool, 'traces', [{ trace_id: 'large', ts: second(-100) }]);
    await insertRows(
      database.pool,
      'observations',
      names.map((id, i) => ({ trace_id: 'large', id, start_time: second(i) })),
    );
    await insertRows(
      database.pool,
      'observation_payloads',
      names.map((id) => ({ trace_id: 'large', id, input: JSON.stringify(`${id} ${'ä😀x'.repeat(1000)}`) })),
    );
    const { status, type, body } = await get('/api/public/traces/large');
    expect([status, type]).toEqual([200, 'application/json; charset=utf-8']);
    const observations = body.observations as { id: string; input: string }[];
    expect(observations.map(({ id }) => id)).toEqual(names);
    for (const { id, input } of observations) expect(input).toBe(`${id} ${'ä😀x'.repeat(1000)}`);
    await database.pool.query("DELETE FROM traces WHERE trace_id = 'large'");
  });

  it('answers the field groups asked for', async () => {
    const { body } = await get(`/api/public/traces/${encodeURIComponent(ODD_ID)}?fields=core`);
    expect(body).toMatchObject({ id: ODD_ID, observations: [], latency: -1 });
    expect(body).not.toHaveProperty('input');
  });

  it.each(['missing', 'theirs', '%25'])("answers 404 in Langfuse's words for %s", async (id) => {
    const { status, body } = await get(`/api/public/traces/${id}`);
    expect(status).toBe(404);
    expect(body).toEqual({
      error: 'LangfuseNotFoundError',
      message: `Trace ${decodeURIComponent(id)} not found within authorized project`,
      code: 'NOT_FOUND',
      data: null,
    });
  });
});

describe('GET /api/public/sessions', () => {
  it('lists the sessions of the project, newest first', async () => {
    const { status, type, body } = await get('/api/public/sessions');
    expect([status, type]).toEqual([200, 'application/json; charset=utf-8']);
    expect(ids(body)).toEqual(['talk/2', 'talk']);
    expect(body.data[0]).toMatchObject({ projectId: 'default', environment: 'staging', countTraces: 1 });
    expect(body.meta).toEqual({ page: 1, limit: 50, totalItems: 2, totalPages: 1 });
  });

  it('filters by environment and creation', async () => {
    expect(ids((await get('/api/public/sessions?environment=production')).body)).toEqual(['talk']);
    expect(ids((await get('/api/public/sessions?fromTimestamp=2026-01-31T09:30:02Z')).body)).toEqual(['talk/2']);
  });

  it('shows one session with a page of its traces', async () => {
    const { status, body } = await get('/api/public/sessions/talk%2F2?limit=1');
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: 'talk/2', traces: [{ id: 'b' }], meta: { totalItems: 1 } });
  });

  it('answers 400 for a bad parameter and 404 for a session that no trace of the project names', async () => {
    expect((await get('/api/public/sessions?limit=0')).status).toBe(400);
    expect((await get('/api/public/sessions/talk?limit=0')).status).toBe(400);
    const { status, body } = await get('/api/public/sessions/their-talk');
    expect(status).toBe(404);
    expect(body).toMatchObject({
      error: 'LangfuseNotFoundError',
      message: 'Session their-talk not found within authorized project',
    });
  });
});

it('the project of the fixtures is the one that the credentials belong to', async () => {
  const { rows } = await database.pool.query(`SELECT no FROM projects WHERE id = 'default'`);
  expect(rows).toEqual([{ no: PROJECT.no }]);
});
