import { createHash } from 'node:crypto';
import { type RunningServer } from '../support/server-process.js';
import { Api, BATCH, BEARER, type JsonObject, startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

const TRACES = '/api/public/traces';

let server: RunningServer;
let api: Api;

beforeAll(async () => {
  server = await startE2eServer();
  api = new Api(server.url);
});
afterAll(() => server.stop());

const deleteAt = async (path: string, body?: unknown): Promise<{ status: number; json: JsonObject }> => {
  const answer = await fetch(server.url + path, {
    method: 'DELETE',
    headers: { ...BEARER, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: (await answer.json()) as JsonObject };
};
const write = (id: string): Promise<unknown> =>
  api.write(BATCH, {
    trace: { id, sessionId: 'talk', timestamp: new Date().toISOString() },
    observations: [{ id: 'o', traceId: id, type: 'SPAN', startTime: new Date().toISOString(), input: 'hello' }],
  });
const statusOf = async (path: string): Promise<number> => (await fetch(server.url + path, { headers: BEARER })).status;

it('a deleted trace is gone from every read at once, and may come back', async () => {
  const id = 'a/b c?';
  const path = `${TRACES}/${encodeURIComponent(id)}`;
  await write(id);
  await write('stays');
  expect(await api.read('/api/public/sessions/talk')).toMatchObject({ countTraces: 2 });

  expect(await deleteAt(path)).toEqual({ status: 200, json: { message: 'Trace deleted successfully' } });
  expect(await statusOf(path)).toBe(404);
  expect(await api.read(TRACES)).toMatchObject({ data: [{ id: 'stays' }] });
  expect(await api.read('/api/public/sessions/talk')).toMatchObject({ countTraces: 1 });
  expect(await api.read('/api/public/metrics/daily')).toMatchObject({
    data: [{ countTraces: 1, countObservations: 1 }],
  });
  expect(await deleteAt(path)).toMatchObject({
    status: 404,
    json: { error: 'LangfuseNotFoundError', message: `Trace ${id} not found within authorized project` },
  });

  await write(id);
  expect(await api.read(path)).toMatchObject({ observations: [{ id: 'o', input: 'hello' }] });
});

it('its scores and files go with it, but not a file that another trace has', async () => {
  await write('judged');
  await write('other');
  const fileOf = async (text: string, traceId: string): Promise<string> => {
    const bytes = Buffer.from(text);
    const content = { contentType: 'text/plain', contentLength: bytes.length };
    const sha256Hash = createHash('sha256').update(bytes).digest('base64');
    const answer = await api.postJson('/api/public/media', { traceId, field: 'input', ...content, sha256Hash });
    const { mediaId, uploadUrl } = answer.json();
    if (uploadUrl !== null)
      await fetch(uploadUrl as string, { method: 'PUT', body: bytes, headers: { 'content-type': 'text/plain' } });
    return `/api/public/media/${mediaId as string}`;
  };
  const own = await fileOf('of one', 'judged');
  const shared = await fileOf('of two', 'judged');
  expect(await fileOf('of two', 'other')).toBe(shared);
  await api.postJson('/api/public/scores', { traceId: 'judged', name: 'good', value: 1 });
  expect(await api.read('/api/public/v2/scores')).toMatchObject({ meta: { totalItems: 1 } });
  expect([await statusOf(own), await statusOf(shared)]).toEqual([200, 200]);

  expect(await deleteAt(`${TRACES}/judged`)).toMatchObject({ status: 200 });
  expect(await api.read('/api/public/v2/scores')).toMatchObject({ data: [], meta: { totalItems: 0 } });
  expect([await statusOf(own), await statusOf(shared)]).toEqual([404, 200]);
});

it('many are deleted by one request, and ids that are not there are passed over', async () => {
  await write('one');
  await write('two');
  expect(await deleteAt(TRACES, { traceIds: ['one', 'nowhere', 'two', 'one'] })).toEqual({
    status: 200,
    json: { message: 'Traces deleted successfully' },
  });
  expect([await statusOf(`${TRACES}/one`), await statusOf(`${TRACES}/two`)]).toEqual([404, 404]);
});

it.each([
  [undefined, 'traceIds'],
  [{}, 'traceIds'],
  [{ traceIds: 'one' }, 'traceIds'],
  [{ traceIds: [] }, 'traceIds'],
  [{ traceIds: Array.from({ length: 1001 }, String) }, 'traceIds'],
  [{ traceIds: ['fine', 7] }, 'traceIds[1]'],
  [{ traceIds: ['a\u0000b'] }, 'traceIds[0]'],
  [{ traceIds: [''] }, 'traceIds[0]'],
])('refuses %j by naming the field', async (body, field) => {
  await write('fine');
  const { status, json } = await deleteAt(TRACES, body);
  expect(status).toBe(400);
  expect(json['message']).toContain(field);
  expect(await statusOf(`${TRACES}/fine`)).toBe(200);
});
