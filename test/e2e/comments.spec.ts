import { type RunningServer } from '../support/server-process.js';
import { makeProject, type TestProject } from '../support/projects.js';
import { Api, BEARER, type JsonObject, startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

const COMMENTS = '/api/public/comments';
const TRACE = { projectId: 'default', objectType: 'TRACE', objectId: 'commented', content: 'Why **twice**?' };

describe('comments', () => {
  let server: RunningServer;
  let api: Api;
  let other: TestProject;

  beforeAll(async () => {
    server = await startE2eServer();
    api = new Api(server.url);
    other = await makeProject(server.url);
    await api.write('/v1/l/batch', {
      trace: { id: 'commented', name: 'x', sessionId: 'a-session' },
      observations: [{ id: 'an-observation', traceId: 'commented' }],
    });
  });
  afterAll(() => server.stop());

  async function write(body: JsonObject): Promise<string> {
    const answer = await api.postJson(COMMENTS, body);
    expect([answer.status, answer.json()]).toEqual([200, { id: expect.any(String) as string }]);
    return answer.json()['id'] as string;
  }

  const list = async (query: string) =>
    (await api.read(`${COMMENTS}?${query}`)) as unknown as { data: JsonObject[]; meta: JsonObject };

  it('come back as they were written, every key of them', async () => {
    const id = await write({ ...TRACE, authorUserId: 'reviewer' });
    const comment = await api.read(`${COMMENTS}/${id}`);
    expect(comment).toEqual({
      ...TRACE,
      id,
      authorUserId: 'reviewer',
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      updatedAt: comment['createdAt'],
    });
    expect((await list('objectType=TRACE&objectId=commented')).data).toContainEqual(comment);
  });

  it('are listed newest first, by what they are about and by whom, page by page', async () => {
    const about = { ...TRACE, objectType: 'SESSION', objectId: 'a-session' };
    const ids = [await write(about), await write({ ...about, authorUserId: 'b' }), await write(about)];
    const idsOf = async (query: string) => (await list(query)).data.map(({ id }) => id);
    expect(await idsOf('objectType=SESSION')).toEqual(ids.toReversed());
    expect(await idsOf('objectType=SESSION&objectId=a-session&authorUserId=b')).toEqual([ids[1]]);
    const page = await list('objectType=SESSION&limit=2&page=2');
    expect([page.data.map(({ id }) => id), page.meta]).toEqual([
      [ids[0]],
      { page: 2, limit: 2, totalItems: 3, totalPages: 2 },
    ]);
    expect((await list('objectType=SESSION&page=9')).data).toEqual([]);
  });

  it('may be about observations, and about nothing that is not there', async () => {
    await write({ ...TRACE, objectType: 'OBSERVATION', objectId: 'an-observation' });
    for (const objectType of ['TRACE', 'OBSERVATION', 'SESSION', 'PROMPT']) {
      const answer = await api.postJson(COMMENTS, { ...TRACE, objectType, objectId: 'nowhere' });
      expect([objectType, answer.status, answer.json()['error']]).toEqual([objectType, 404, 'LangfuseNotFoundError']);
    }
  });

  it('are not about a session whose last trace went to another one', async () => {
    for (const sessionId of ['left', 'entered']) await api.write('/v1/l/batch', { trace: { id: 'mover', sessionId } });
    const about = { ...TRACE, objectType: 'SESSION', objectId: 'left' };
    expect((await api.get('/api/public/sessions/left')).status).toBe(404);
    expect((await api.postJson(COMMENTS, about)).status).toBe(404);
    await write({ ...about, objectId: 'entered' });
  });

  it.each([
    ['projectId', { projectId: 'another' }],
    ['objectType', { objectType: 'DATASET' }],
    ['objectId', { objectId: '' }],
    ['content', { content: '' }],
    ['content', { content: 'x'.repeat(5001) }],
    ['content', { content: 5 }],
    ['authorUserId', { authorUserId: 'a\u0000' }],
  ])('are refused for a wrong %s: %j', async (field, wrong) => {
    const answer = await api.postJson(COMMENTS, { ...TRACE, ...wrong });
    expect([answer.status, answer.json()['message']]).toEqual([400, expect.stringContaining(field) as string]);
  });

  it.each([
    ['unknown', 'unknown=1'],
    ['limit', 'limit=101'],
    ['page', 'page=0'],
    ['objectType', 'objectType=trace'],
    ['objectType', 'objectId=commented'],
  ])('are not listed with a wrong %s: %s', async (name, query) => {
    const answer = await api.get(`${COMMENTS}?${query}`);
    expect([answer.status, answer.json()['message']]).toEqual([400, expect.stringContaining(name) as string]);
  });

  it('of one project are not there for another one, nor can it comment on what it does not have', async () => {
    const id = await write(TRACE);
    expect((await api.get(`${COMMENTS}/${id}`, other.bearer)).status).toBe(404);
    expect((await api.get(`${COMMENTS}/not-a-uuid`)).status).toBe(404);
    expect((await api.get(COMMENTS, other.bearer)).json()['data']).toEqual([]);
    const headers = { ...BEARER, ...other.bearer, 'content-type': 'application/json' };
    const post = (body: JsonObject) => api.post(COMMENTS, JSON.stringify(body), headers);
    expect((await post({ ...TRACE, projectId: other.id })).status).toBe(404);
    expect((await post(TRACE)).status).toBe(400);
  });

  it('stand on a server that says how it is at the addresses of Langfuse', async () => {
    for (const path of ['health', 'health?failIfDatabaseUnavailable=true&failIfNoRecentEvents=true', 'ready']) {
      const answer = await api.get(`/api/public/${path}`, {});
      expect([path, answer.status, answer.json()]).toEqual([
        path,
        200,
        { status: 'OK', version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string },
      ]);
    }
  });
});
