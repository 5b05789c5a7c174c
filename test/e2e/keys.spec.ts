import { makeProject } from '../support/projects.js';
import { type RunningServer } from '../support/server-process.js';
import { BEARER, type JsonObject, startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

let server: RunningServer;
beforeAll(async () => (server = await startE2eServer()));
afterAll(() => server.stop());

type Headers = Record<string, string>;

const call = async (
  method: string,
  path: string,
  headers: Headers,
  body?: unknown,
): Promise<{ status: number; json: JsonObject }> => {
  const answer = await fetch(server.url + path, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: (await answer.json()) as JsonObject };
};

describe('a key of a project', () => {
  it('opens it as a pair and as a bearer token', async () => {
    const project = await makeProject(server.url);
    for (const headers of [project.bearer, project.basic, { 'x-api-key': project.secretKey }]) {
      const { status, json } = await call('GET', '/api/public/projects', headers);
      expect([status, json]).toMatchObject([200, { data: [{ id: project.id }] }]);
    }
    console.log(await call('GET', `/api/public/projects/${project.id}/apiKeys`, BEARER));
    console.log(await call('POST', `/api/public/projects/${project.id}/apiKeys/${project.keyId}/rotate`, BEARER));
    console.log(JSON.stringify(await call('GET', `/api/public/projects/${project.id}/apiKeys`, BEARER)));
    console.log(await call('DELETE', `/api/public/projects/${project.id}/apiKeys/${project.keyId}`, BEARER));
    console.log(await call('DELETE', `/api/public/projects/${project.id}`, BEARER));
    console.log(await call('GET', `/api/public/projects`, project.bearer), server.stderr());
  });
});
