import { type RunningServer } from '../support/server-process.js';
import { Api, BATCH, BEARER, type JsonObject, startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

const PROMPTS = '/api/public/v2/prompts';

let server: RunningServer;
let api: Api;

beforeAll(async () => {
  server = await startE2eServer();
  api = new Api(server.url);
});
afterAll(() => server.stop());

const send = async (method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> => {
  const answer = await fetch(server.url + path, {
    method,
    headers: { ...BEARER, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text() };
};
const made = async (name: string, fields: JsonObject = {}): Promise<JsonObject> => {
  const { status, text } = await send('POST', PROMPTS, { name, prompt: `text of ${name}`, ...fields });
  expect([status, text]).toEqual([201, expect.any(String)]);
  return JSON.parse(text) as JsonObject;
};

describe('a prompt over HTTP', () => {
  it('has every key that clients know', async () => {
    const prompt = await made('whole', { labels: ['production'], tags: null, config: null });
    expect(prompt).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      updatedAt: prompt['createdAt'],
      projectId: expect.any(String) as string,
      createdBy: 'API',
      prompt: 'text of whole',
      name: 'whole',
      version: 1,
      type: 'text',
      isActive: true,
      config: {},
      tags: [],
      labels: ['production', 'latest'],
      commitMessage: null,
      resolutionGraph: null,
    });
    expect(await api.read(`${PROMPTS}/whole`)).toEqual(prompt);
    expect(await api.read(`${PROMPTS}/whole?version=0&label=`)).toEqual(prompt);
    expect(await api.read('/api/public/prompts?name=whole&version=1')).toEqual(prompt);
    expect(await api.read(`${PROMPTS}?name=whole`)).toMatchObject({
      data: [
        {
          name: 'whole',
          type: 'text',
          versions: [1],
          labels: ['latest', 'production'],
          tags: [],
          lastUpdatedAt: prompt['updatedAt'],
          lastConfig: {},
        },
      ],
    });
    expect((await api.read(`${PROMPTS}/`))['meta']).toMatchObject({ limit: 10 });
  });

  it('that is not there is named, by what it was looked for', async () => {
    for (const [query, what] of [
      ['', "label 'production'"],
      ['?label=x', "label 'x'"],
      ['?version=7', 'version 7'],
    ] as const) {
      const { status, text } = await send('GET', `${PROMPTS}/no%2Fwhere${query}`);
      expect(status).toBe(404);
      expect(JSON.parse(text)).toMatchObject({
        message: `Prompt not found: 'no/where' with ${what}`,
        error: 'LangfuseNotFoundError',
      });
    }
    expect((await send('DELETE', `${PROMPTS}/nowhere`)).status).toBe(404);
    expect((await send('PATCH', `${PROMPTS}/nowhere/versions/1`, { newLabels: ['a'] })).status).toBe(404);
  });

  it.each<[string, string, unknown, string]>([
    ['GET', `${PROMPTS}/x?version=1&label=a`, undefined, 'both version and label'],
    ['GET', `${PROMPTS}/x?version=-1`, undefined, 'version must be'],
    ['GET', `${PROMPTS}/x?version=9999999999`, undefined, 'version must be'],
    ['GET', `${PROMPTS}/x?resolve=maybe`, undefined, 'resolve must be'],
    ['GET', `${PROMPTS}?limit=101`, undefined, 'limit must be'],
    ['GET', `${PROMPTS}?page=0`, undefined, 'page must be'],
    ['GET', `${PROMPTS}?fromUpdatedAt=yesterday`, undefined, 'fromUpdatedAt must be'],
    ['GET', '/api/public/prompts', undefined, 'name is required'],
    ['DELETE', `${PROMPTS}/x?version=1&label=a`, undefined, 'both version and label'],
    ['PATCH', `${PROMPTS}/x/versions/one`, { newLabels: [] }, 'version must be'],
    ['PATCH', `${PROMPTS}/x/versions/1`, { newLabels: ['latest'] }, 'must not hold latest'],
    ['POST', PROMPTS, { name: 'new', prompt: 'x' }, 'reserved'],
    ['POST', PROMPTS, { name: 'a', prompt: '@@@langfusePrompt:name=nowhere|version=1@@@' }, 'dependency not found'],
  ])('is refused at %s %s', async (method, path, body, message) => {
    const { status, text } = await send(method, path, body);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({
      error: 'InvalidRequestError',
      message: expect.stringContaining(message) as string,
    });
  });

  it('keeps names of odd objects and odd SQL apart', async () => {
    for (const name of ['__proto__', 'constructor', "'; DROP TABLE prompts; --", '\\', '"']) {
      await made(name, { config: { name } });
      expect(await api.read(`${PROMPTS}/${encodeURIComponent(name)}?label=latest`)).toMatchObject({
        name,
        config: { name },
      });
    }
  });

  it('in a folder is found by a client that leaves its slashes as they are', async () => {
    await made('folder/sub/plain');
    const path = `${PROMPTS}/folder/sub/plain`;
    expect((await send('PATCH', `${path}/versions/1`, { newLabels: ['staging'] })).status).toBe(200);
    expect(await api.read(`${path}?label=staging`)).toMatchObject({ name: 'folder/sub/plain', version: 1 });
    expect((await send('DELETE', path)).status).toBe(204);
    expect((await send('GET', path)).text).toContain("Prompt not found: 'folder/sub/plain'");
  });

  it('is deleted with 204 and no body', async () => {
    await made('gone');
    expect(await send('DELETE', `${PROMPTS}/gone?label=latest`)).toEqual({ status: 204, text: '' });
  });

  it('is named by its id where a generation used it', async () => {
    const { id } = await made('linked');
    const generation = { type: 'GENERATION', traceId: 'linked', promptName: 'linked' };
    await api.write(BATCH, {
      observations: [
        { ...generation, id: 'a', promptVersion: 1 },
        { ...generation, id: 'b', promptVersion: '2' },
      ],
    });
    expect((await api.trace('linked')).observations).toMatchObject([
      { promptId: id, promptName: 'linked', promptVersion: 1 },
      { promptId: null, promptName: 'linked', promptVersion: 2 },
    ]);
    expect(await api.read('/api/public/observations/a')).toMatchObject({ promptId: id });
    const idsIn = async (path: string) =>
      ((await api.read(path))['data'] as JsonObject[]).map((one) => [one['id'], one['promptId']]).sort();
    const expected = [
      ['a', id],
      ['b', null],
    ];
    expect(await idsIn('/api/public/observations?traceId=linked')).toEqual(expected);
    expect(await idsIn('/api/public/v2/observations?traceId=linked&fields=prompt')).toEqual(expected);
    // The key belongs to its group.
    expect(await idsIn('/api/public/v2/observations?traceId=linked')).toEqual([
      ['a', undefined],
      ['b', undefined],
    ]);
  });
});
