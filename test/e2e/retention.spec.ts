import {
  type RunningServer,
  removeFolder,
  startServer,
  temporaryFolder,
  TEST_TOKEN,
  waitFor,
} from '../support/server-process.js';
import { processesOf } from '../crash/launcher-host.js';
import { queryEmbedded } from './support/recount.js';

jest.setTimeout(120_000);

const HEADERS = { authorization: `Bearer ${TEST_TOKEN}`, 'content-type': 'application/json' };
const WEEK = 2000;
const TABLES = ['observations', 'observation_payloads', 'trace_payloads'];
const DAY_MS = 86_400_000;

describe('a server with data that has expired', () => {
  let dataDir: string;
  let server: RunningServer;

  beforeAll(() => {
    dataDir = temporaryFolder();
  });
  afterAll(async () => {
    await server.kill9();
    await waitFor(() => processesOf(`${dataDir}/postgres`).length === 0);
    removeFolder(dataDir);
  });

  const start = async (env: Record<string, string>) => (server = await startServer({ dataDir, env }));
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(server.url + path, { method: 'POST', headers: HEADERS, body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const get = async (path: string) => {
    const answer = await fetch(server.url + path, { headers: HEADERS });
    return { status: answer.status, body: (await answer.json()) as { data?: unknown[] } };
  };
  const write = (traceId: string, sessionId: string) =>
    post('/v1/l/batch', {
      trace: { id: traceId, sessionId, input: 'in' },
      observations: [{ id: `${traceId}-o`, traceId, input: 'in', output: 'out' }],
    });
  const query = <T extends object>(sql: string) => queryEmbedded<T>(dataDir, sql);

  it('says what it keeps, and keeps everything for ever if it is told so', async () => {
    await start({ TRACES_RETENTION_DAYS: '0', METRICS_RETENTION_DAYS: '0' });
    await server.waitForOutput(/keeps traces for ever after receipt and points of time series for ever/);
    expect((await write('old', 'old-session')).status).toBe(200);
    expect((await write('new', 'new-session')).status).toBe(200);
    const timestamp = new Date(Date.now() - 20 * DAY_MS).toISOString();
    expect((await post('/v1/metrics/batch', { metrics: [{ name: 'old', value: 1, timestamp }] })).status).toBe(200);

    // As if the one trace had come years ago.
    for (const table of TABLES) {
      await query(`CREATE TABLE ${table}_w${WEEK} (LIKE ${table})`);
      await query(`ALTER TABLE ${table} ATTACH PARTITION ${table}_w${WEEK} FOR VALUES FROM (${WEEK}) TO (${WEEK + 1})`);
      await query(`UPDATE ${table} SET bucket = ${WEEK} WHERE trace_id = 'old'`);
    }
    await query(`UPDATE traces SET bucket = ${WEEK} WHERE trace_id = 'old'`);
    expect((await get('/api/public/traces/old')).status).toBe(200);
    await server.stop();
  });

  it('removes it soon after the start, says how much, and refuses points that would go at once', async () => {
    await start({ TRACES_RETENTION_DAYS: '30', METRICS_RETENTION_DAYS: '6' });
    await server.waitForOutput(/keeps traces 30 days after receipt and points of time series 6 days/);
    await server.waitForOutput(
      /removed 1 trace, 1 session, 3 partitions of traces, \d partitions? of points in/,
      60_000,
    );

    expect((await get('/api/public/traces/old')).status).toBe(404);
    expect((await get('/api/public/sessions/old-session')).status).toBe(404);
    expect((await get('/api/public/traces/new')).status).toBe(200);
    expect((await get('/api/public/sessions/new-session')).status).toBe(200);
    expect(await query(`SELECT relname FROM pg_class WHERE relname LIKE '%_w${WEEK}%'`)).toEqual([]);
    expect(await query('SELECT FROM metric_points')).toEqual([]);

    expect((await write('old', 'old-session')).status).toBe(200);
    expect((await get('/api/public/traces/old')).status).toBe(200);

    const metrics = [6.1, 5.9].map((days) => ({
      name: 'late',
      value: days,
      timestamp: new Date(Date.now() - days * DAY_MS).toISOString(),
    }));
    expect(await post('/v1/metrics/batch', { metrics })).toMatchObject({
      status: 207,
      body: { errors: [{ index: 0, field: 'timestamp', id: 'late' }] },
    });
    expect((await server.stop()).code).toBe(0);
  });
});
