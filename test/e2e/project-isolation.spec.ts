import { makeProject, type TestProject } from '../support/projects.js';
import { type RunningServer } from '../support/server-process.js';
import { BEARER, type JsonObject, startE2eServer } from './support/api.js';
import { ISOLATION_CASES, type IsolationCase } from './support/isolation-cases.js';
import { file, fileBytes, type OwnIds, type Send, writeContents } from './support/isolation-contents.js';

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
const markOf = ({ mark }: OwnIds) => mark;

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
  body?: JsonObject | string,
): Promise<{ status: number; text: string }> {
  const answer = await fetch(server.url + path, {
    method,
    // The user agent is part of what the list of deliveries shows.
    headers: {
      ...project.bearer,
      'user-agent': `agent/${mark}`,
      ...(body === undefined ? {} : { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text() };
}

async function makeOwner(mark: string): Promise<Owner> {
  const project = await makeProject(server.url);
  const send: Send = async (path, body, method = 'POST') => {
    const { status, text } = await call(method, path, { project, mark }, body);
    if (status !== 200 && status !== 201 && status !== 207) throw new Error(`${path} answered ${status}: ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as JsonObject;
  };
  await send(`/api/public/projects/${project.id}`, { name: `project ${mark}` }, 'PUT');
  await send(`/api/public/projects/${project.id}/apiKeys`, { note: `note ${mark}` });
  return { mark, project, own: await writeContents(send, project, mark) };
}

interface Read {
  readonly method?: string;
  readonly body?: JsonObject;
  readonly shows?: (own: OwnIds) => string;
}

/** Each of the two reads at the path of its own, and has to see its own contents and none of the other's. */
async function expectOwnOnly(path: (own: OwnIds) => string, { method = 'GET', body, shows = markOf }: Read = {}) {
  for (const [reader, hidden] of [
    [owner, namesake],
    [namesake, owner],
  ] as const) {
    const { status, text } = await call(method, path(reader.own), reader, body);
    expect([path(reader.own), status]).toEqual([path(reader.own), 200]);
    expect(text).toContain(shows(reader.own));
    expect(text).not.toContain(shows(hidden.own));
    expect(text).not.toContain(hidden.mark);
  }
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

  it.each(routesOf('sweep'))(
    '%s passes over what it names',
    async (route, { path, body, read, status: done = 200 }) => {
      const swept = await call(methodOf(route), path ?? pathOf(route), { project: stranger }, body);
      expect(swept).toMatchObject({ status: done, text: expect.not.stringContaining(owner.mark) as string });
      const { status, text } = await call('GET', read, owner);
      expect([status, text]).toEqual([200, expect.stringContaining(owner.mark)]);
    },
  );

  const reaching = routesOf('write').filter(([, { reach }]) => reach !== undefined);
  it.each(reaching)('%s builds on nothing of theirs', async (route, { reach }) => {
    const [body, refused] = reach!(owner.own, stranger.id);
    const { status, text } = await call(methodOf(route), pathOf(route), { project: stranger }, body);
    expect([status, text]).toEqual([refused, expect.not.stringContaining(owner.mark)]);
  });

  it.each(routesOf('operator'))('%s answers 403', async (route, { path = pathOf(route), body }) => {
    const { status, text } = await call(methodOf(route), path, { project: stranger }, body);
    expect(status).toBe(403);
    expect(text).not.toContain(owner.mark);
  });
});

describe('with the link of another project', () => {
  it.each(routesOf('signed'))('%s answers 403 once it names ours', async (route, { path, body }) => {
    for (const other of [namesake.project, stranger]) {
      const link = path(owner.own).replace(encodeURIComponent(owner.own.projectId), encodeURIComponent(other.id));
      expect(link).not.toBe(path(owner.own));
      const { status, text } = await call(methodOf(route), link, { project: other }, body?.(owner.mark));
      expect([status, text]).toEqual([403, expect.not.stringContaining(owner.mark)]);
    }
  });

  it('a file that another project has is not there, and has to be sent', async () => {
    const announced = await call('POST', '/api/public/media', { project: stranger }, file(owner.mark));
    expect([announced.status, JSON.parse(announced.text)]).toEqual([
      201,
      { mediaId: owner.own.mediaId, uploadUrl: expect.stringContaining(`project=${stranger.id}`) as string },
    ]);
    const { status } = await call('GET', `/api/public/media/${owner.own.mediaId}`, { project: stranger });
    expect(status).toBe(404);
  });
});

describe('with the same ids in two projects', () => {
  it.each(routesOf('write'))(
    '%s keeps what they write apart',
    async (route, { body, read, shows, status: taken = 200 }) => {
      for (const writer of [owner, namesake]) {
        const { status, text } = await call(methodOf(route), pathOf(route), writer, body(writer.mark, writer.own));
        expect([status, text]).toEqual([taken, text]);
      }
      await expectOwnOnly(read, { shows });
    },
  );

  const reads = routesOf('item').filter(([, { isChange }]) => isChange !== true);
  it.each(reads)('%s shows each its own', async (route, { path, shows }) => {
    await expectOwnOnly(path, { method: methodOf(route), shows });
  });

  it.each(routesOf('list'))('%s shows each its own', async (route, { paths, body }) => {
    for (const path of paths) await expectOwnOnly(() => path, { method: methodOf(route), body });
  });

  it.each(routesOf('signed'))('%s needs no credentials and is for one project', async (route, { path, body }) => {
    for (const { own, mark } of [owner, namesake]) {
      const sent = body?.(mark);
      const answer = await fetch(server.url + path(own), {
        method: methodOf(route),
        ...(sent === undefined ? {} : { headers: { 'content-type': 'text/plain' }, body: sent }),
      });
      expect(answer.status).toBe(200);
      if (sent === undefined) expect(await answer.text()).toBe(fileBytes(mark));
    }
  });

  // Last: the namesake's things go, and the owner's stay.
  it('a change of one is none of the other', async () => {
    // First, because the keys go with the others.
    for (const [route, { path, body, status = 200 }] of routesOf('sweep')) {
      expect(await call(methodOf(route), path ?? pathOf(route), namesake, body)).toMatchObject({ status });
    }
    for (const [route, { path, body }] of routesOf('item').filter(([, { isChange }]) => isChange)) {
      const { status, text } = await call(methodOf(route), path(namesake.own), namesake, body);
      expect([route, text, Math.floor(status / 100)]).toEqual([route, text, 2]);
    }
    for (const [, { path, shows = markOf }] of reads) {
      const { status, text } = await call('GET', path(owner.own), owner);
      expect([status, text]).toEqual([200, expect.stringContaining(shows(owner.own))]);
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
