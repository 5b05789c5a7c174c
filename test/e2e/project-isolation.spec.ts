import { makeProject, type TestProject } from '../support/projects.js';
import { type RunningServer } from '../support/server-process.js';
import { BEARER, type JsonObject, startE2eServer } from './support/api.js';
import { ISOLATION_CASES, type IsolationCase, type OwnIds, writeContents } from './support/isolation-cases.js';

jest.setTimeout(60_000);

/** A project with contents that all hold its mark. */
interface Owner {
  readonly mark: string;
  readonly project: TestProject;
  readonly own: OwnIds;
}

type Route<K extends IsolationCase['kind']> = readonly [string, Extract<IsolationCase, { kind: K }>];

const routesOf = <K extends IsolationCase['kind']>(kind: K): Route<K>[] =>
  Object.entries(ISOLATION_CASES).filter((route): route is [string, Route<K>[1]] => route[1].kind === kind);
const methodOf = (route: string) => route.split(' ')[0]!;
const pathOf = (route: string) => route.split(' ')[1]!;

let server: RunningServer;
let owner: Owner;
/** Has written the same under the same ids. */
let namesake: Owner;
/** Has nothing, and a key that opens all of it. */
let stranger: TestProject;

async function call(
  method: string,
  path: string,
  { project, mark = 'stranger' }: { readonly project: TestProject; readonly mark?: string },
  body?: JsonObject,
): Promise<{ status: number; text: string }> {
  const answer = await fetch(server.url + path, {
    method,
    // The user agent is part of what the list of deliveries shows.
    headers: {
      ...project.bearer,
      'user-agent': `agent/${mark}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text() };
}

async function makeOwner(mark: string): Promise<Owner> {
  const project = await makeProject(server.url);
  const send = async (path: string, body: JsonObject, method = 'POST'): Promise<JsonObject> => {
    const { status, text } = await call(method, path, { project, mark }, body);
    if (status !== 200 && status !== 201 && status !== 207) throw new Error(`${path} answered ${status}: ${text}`);
    return JSON.parse(text) as JsonObject;
  };
  await send(`/api/public/projects/${project.id}`, { name: `project ${mark}` }, 'PUT');
  await send(`/api/public/projects/${project.id}/apiKeys`, { note: `note ${mark}` });
  return { mark, project, own: await writeContents(send, project, mark) };
}

/** A read as `reader`, who has to see `reader`'s contents and none of `hidden`'s. */
async function expectOwnOnly(path: string, reader: Owner, hidden: Owner, method = 'GET', body?: JsonObject) {
  const { status, text } = await call(method, path, reader, body);
  expect([path, status]).toEqual([path, 200]);
  expect(text).toContain(reader.mark);
  expect(text).not.toContain(hidden.mark);
}

beforeAll(async () => {
  server = await startE2eServer();
  owner = await makeOwner('mark-of-the-owner');
  namesake = await makeOwner('mark-of-the-namesake');
  stranger = await makeProject(server.url);
});
afterAll(() => server.stop());

it('is tried for every operation of the OpenAPI document', async () => {
  const document = (await (await fetch(`${server.url}/docs/openapi.json`)).json()) as { paths: Record<string, object> };
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(Object.keys(ISOLATION_CASES).sort()).toEqual(operations.sort());
});

describe('with the key of another project', () => {
  it.each(routesOf('item'))('%s answers 404', async (route, { path, body }) => {
    const { status, text } = await call(methodOf(route), path(owner.own), { project: stranger }, body);
    expect(status).toBe(404);
    expect(text).not.toContain(owner.mark);
  });

  it.each(routesOf('list'))('%s shows nothing', async (route, { paths, body }) => {
    for (const path of paths) {
      const { status, text } = await call(methodOf(route), path, { project: stranger }, body);
      expect([path, status]).toEqual([path, 200]);
      expect(text).not.toContain(owner.mark);
    }
  });

  it.each(routesOf('operator'))('%s answers 403', async (route, { path = pathOf(route), body }) => {
    const { status, text } = await call(methodOf(route), path, { project: stranger }, body);
    expect(status).toBe(403);
    expect(text).not.toContain(owner.mark);
  });
});

describe('with the same ids in two projects', () => {
  it.each(routesOf('write'))('%s keeps what they write apart', async (route, { body, read, status: taken = 200 }) => {
    for (const writer of [owner, namesake]) {
      const { status, text } = await call(methodOf(route), pathOf(route), writer, body(writer.mark));
      expect([status, text]).toEqual([taken, text]);
    }
    await expectOwnOnly(read(owner.own), owner, namesake);
    await expectOwnOnly(read(namesake.own), namesake, owner);
  });

  const reads = routesOf('item').filter(([, { isChange }]) => isChange !== true);
  it.each(reads)('%s shows each its own', async (route, { path }) => {
    await expectOwnOnly(path(owner.own), owner, namesake, methodOf(route));
    await expectOwnOnly(path(namesake.own), namesake, owner, methodOf(route));
  });

  it.each(routesOf('list'))('%s shows each its own', async (route, { paths, body }) => {
    for (const path of paths) {
      await expectOwnOnly(path, owner, namesake, methodOf(route), body);
      await expectOwnOnly(path, namesake, owner, methodOf(route), body);
    }
  });

  // Last: the namesake's things go, and the owner's stay.
  it('a change of one is none of the other', async () => {
    for (const [route, { path, body }] of routesOf('item').filter(([, { isChange }]) => isChange)) {
      const { status } = await call(methodOf(route), path(namesake.own), namesake, body);
      expect([route, Math.floor(status / 100)]).toEqual([route, 2]);
    }
    for (const [, { path }] of reads) {
      const { status, text } = await call('GET', path(owner.own), owner);
      expect([status, text]).toEqual([200, expect.stringContaining(owner.mark)]);
    }
    const { text } = await call('GET', '/api/public/projects', owner);
    expect(text).toContain(`project ${owner.mark}`);
    const prices = await call('GET', '/api/public/model-prices', owner);
    expect(prices.text).toContain(owner.own.priceId);
  });
});

it('is not looked through by the credentials of the settings either', async () => {
  for (const [, { path }] of routesOf('item')) {
    if (!path(owner.own).startsWith('/api/public/traces/')) continue;
    const answer = await fetch(server.url + path(owner.own), { headers: BEARER });
    expect(answer.status).toBe(404);
  }
});
