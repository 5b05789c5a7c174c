import { type RunningServer } from '../support/server-process.js';
import { Api, BATCH, type JsonObject, startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

/** What would change, break or end a statement if any of it were put into its text. */
const HOSTILE = [
  `'; DROP TABLE traces; --`,
  `' OR '1'='1`,
  `" OR "1"="1`,
  `1 OR 1=1`,
  `\\'; SELECT pg_sleep(30); --`,
  `$1`,
  `$$; SELECT 1; $$`,
  `x'); DELETE FROM observations; --`,
  `{"a":1}`,
  `{a,b}`,
  `NULL`,
  `%`,
  `_`,
  `\\`,
  `timestamp.desc; SELECT 1`,
  `😀`,
  `__proto__`,
];
const LIST = '/api/public/traces';
const SESSIONS = '/api/public/sessions';

const TEXTS = ['userId', 'name', 'sessionId', 'version', 'release', 'tags', 'environment'];
const CHECKED = ['page', 'limit', 'fromTimestamp', 'toTimestamp', 'orderBy', 'cursor'];

let server: RunningServer;
let api: Api;

const query = (path: string, name: string, value: string) => `${path}?${name}=${encodeURIComponent(value)}`;
const idsOf = (answer: JsonObject) => (answer['data'] as JsonObject[]).map(({ id }) => id);

beforeAll(async () => {
  server = await startE2eServer();
  api = new Api(server.url);
  await api.write(BATCH, {
    trace: { id: 'plain', name: 'plain', userId: 'plain', sessionId: 'plain', tags: ['plain'] },
  });
});
afterEach(async () => {
  expect(idsOf(await api.read(query(LIST, 'name', 'plain')))).toEqual(['plain']);
});
afterAll(async () => {
  await server.stop();
});

describe('a query value that looks like SQL', () => {
  it.each(TEXTS)('in %s is only a value that nothing matches', async (name) => {
    for (const value of HOSTILE) expect(idsOf(await api.read(query(LIST, name, value)))).toEqual([]);
  });

  it.each(CHECKED)('in %s is 400 that names it', async (name) => {
    for (const path of name === 'orderBy' ? [LIST] : [LIST, SESSIONS, `${SESSIONS}/plain`]) {
      if (path !== LIST && path !== SESSIONS && name.endsWith('Timestamp')) continue;
      for (const value of HOSTILE) {
        const answer = await api.get(query(path, name, value));
        expect([path, value, answer.status]).toEqual([path, value, 400]);
        expect(answer.json()).toMatchObject({
          message: expect.stringMatching(`^${name} `),
          code: 'BAD_REQUEST',
          data: null,
        });
      }
    }
  });

  it('in fields or an unknown parameter changes nothing', async () => {
    for (const value of HOSTILE) {
      expect(idsOf(await api.read(query(LIST, 'fields', value)))).toEqual(['plain']);
      expect(idsOf(await api.read(query(LIST, 'whatever', value)))).toEqual(['plain']);
      expect(idsOf(await api.read(`${LIST}?${encodeURIComponent(value)}=1`))).toEqual(['plain']);
    }
    expect(idsOf(await api.read(`${LIST}?__proto__=1&__proto__[a]=1&constructor.prototype.a=1`))).toEqual(['plain']);
  });

  it('in a path is only an id that does not exist', async () => {
    for (const value of HOSTILE) {
      for (const path of [LIST, SESSIONS]) {
        const answer = await api.get(`${path}/${encodeURIComponent(value)}`);
        expect([value, answer.status]).toEqual([value, 404]);
      }
    }
  });

  it('finds exactly the trace that holds it', async () => {
    for (const [n, value] of HOSTILE.entries()) {
      const trace = { name: value, userId: value, sessionId: value, version: value, release: value, tags: [value] };
      await api.write(BATCH, { trace: { id: `hostile-${n}`, ...trace } });
    }
    for (const [n, value] of HOSTILE.entries()) {
      for (const name of TEXTS.filter((text) => text !== 'environment')) {
        expect([name, idsOf(await api.read(query(LIST, name, value)))]).toEqual([name, [`hostile-${n}`]]);
      }
      expect(await api.session(value)).toMatchObject({ id: value, countTraces: 1 });
    }
  });
});

describe('a query value that cannot be', () => {
  it.each([
    ['limit', '0'],
    ['limit', '201'],
    ['limit', '1e9'],
    ['limit', '-1'],
    ['limit', '1.5'],
    ['page', '0'],
    ['page', '99999999999999999999'],
    ['fromTimestamp', '2026-02-30T00:00:00Z'],
    ['fromTimestamp', '2026-01-01'],
    ['toTimestamp', '+275760-09-13T00:00:00Z'],
    ['orderBy', 'timestamp'],
    ['orderBy', 'timestamp.DESC'],
    ['orderBy', 'ts.desc'],
    ['orderBy', '__proto__.desc'],
    ['orderBy', 'toString.asc'],
    ['name', 'a\0b'],
    ['tags', '\0'],
    ['cursor', 'bm8gY3Vyc29y'],
  ])('in %s is 400: %j', async (name, value) => {
    const answer = await api.get(query(LIST, name, value));
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ message: expect.stringContaining(name), error: 'InvalidRequestError' });
  });

  it('because it is given twice is 400, save where a list is meant', async () => {
    for (const name of ['page', 'limit', 'userId', 'name', 'orderBy', 'cursor', 'fromTimestamp']) {
      expect((await api.get(`${LIST}?${name}=1&${name}=2`)).status).toBe(400);
    }
    expect((await api.get(`${LIST}?tags=a&tags=b&environment=c&environment=d`)).status).toBe(200);
  });

  it('as a range that ends before it begins is 400 that names its start, wherever there are ranges', async () => {
    const { paths } = await api.read('/docs/openapi.json');
    const ranges = Object.entries(paths as Record<string, { get?: { parameters?: { name: string }[] } }>).flatMap(
      ([path, { get }]) => {
        const names = (get?.parameters ?? []).map(({ name }) => name);
        return names
          .filter((name) => name.startsWith('from') && names.includes(name.replace('from', 'to')))
          .map((from) => ({ path, from, to: from.replace('from', 'to') }));
      },
    );
    expect(ranges.length).toBeGreaterThanOrEqual(13);
    for (const { path, from, to } of ranges) {
      const at = (early: string, late: string) => api.get(`${path}?name=plain&${from}=${early}&${to}=${late}`);
      const [day, next] = ['2026-01-31T00:00:00Z', '2026-02-01T00:00:00Z'];
      const answers = [await at(day, day), await at(next, day)].map(({ status, text }) => ({ status, text }));
      expect([path, ...answers]).toEqual([
        path,
        expect.objectContaining({ status: 200 }),
        { status: 400, text: expect.stringContaining(`${from} must not be after ${to}`) },
      ]);
    }
  });

  it('may lie far behind the last page', async () => {
    expect(await api.read(`${LIST}?page=1000000000&limit=200`)).toMatchObject({ data: [] });
  });
});
