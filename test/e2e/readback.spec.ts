import { type RunningServer } from '../support/server-process.js';
import { Api, BATCH, type JsonObject, startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

/** Whatever a client may call its traces; "." and ".." alone cannot be asked for, because URLs have no such segments. */
const IDS: [string, string][] = [
  ['a slash', 'a/b'],
  ['slashes at both ends', '/a//b/'],
  ['a percent sign', '100%'],
  ['something that looks encoded', 'a%2Fb%00%25'],
  ['a question mark and a hash', 'a?b=c&d#e'],
  ['a plus and spaces', ' a + b  '],
  ['dots', '../../etc/passwd'],
  ['a semicolon', 'a;b=c'],
  ['quotes and backslashes', `'"\\\`$`],
  ['control characters', 'a\tb\r\nc\u0001\u007f'],
  ['umlauts in both normal forms', 'ü|u\u0308'],
  ['Chinese', '会话标识'],
  ['right-to-left text', '\u202eabc\u05d0'],
  ['characters above U+FFFF', '👩‍👩‍👧‍👦𝔘'],
  ['a name of the prototype', '__proto__'],
  ['the name of a route', 'traces'],
  ['a UUID', '0190B4A8-7D5E-7F3A-9E6B-2C1D0E9F8A7B'],
  ['800 characters', 'x'.repeat(800)],
  ['800 slashes', '/'.repeat(800)],
  ['1,000 bytes of Chinese', `${'会'.repeat(333)}x`],
  ['1,000 bytes above U+FFFF', '😀'.repeat(250)],
];

let server: RunningServer;
let api: Api;

beforeAll(async () => {
  server = await startE2eServer();
  api = new Api(server.url);
});
afterAll(async () => {
  await server.stop();
});

describe('an id with', () => {
  it.each(IDS)('%s comes back as it went in, by its URL and in lists', async (_, id) => {
    const observation = { id, traceId: id, parentObservationId: id, name: 'own id' };
    await api.write(BATCH, { trace: { id, sessionId: id, userId: id, externalId: id }, observations: [observation] });

    const trace = await api.trace(id);
    expect(trace).toMatchObject({ id, sessionId: id, userId: id, externalId: id });
    expect(trace.observations).toMatchObject([{ id, traceId: id, parentObservationId: id }]);
    expect(trace['htmlPath']).toBe(`/project/default/traces/${encodeURIComponent(id)}`);

    const session = await api.session(id);
    expect(session['id']).toBe(id);
    expect((session['traces'] as JsonObject[]).map((one) => one['id'])).toEqual([id]);

    for (const filter of ['sessionId', 'userId']) {
      const { data } = await api.read(`/api/public/traces?${filter}=${encodeURIComponent(id)}`);
      expect(data).toMatchObject([{ id, observations: [id] }]);
    }
  });

  it('slashes is found where a client leaves them as they are', async () => {
    const id = 's3://bucket/a b/run-1';
    const raw = id.replace(' ', '%20');
    await api.write(BATCH, { trace: { id, sessionId: id }, observations: [{ id, traceId: id }] });
    await api.write('/api/public/scores', { id, traceId: id, name: 'n', value: 1 });
    for (const path of ['traces', 'observations', 'sessions', 'scores', 'v2/scores']) {
      expect(await api.read(`/api/public/${path}/${raw}`)).toMatchObject({ id });
    }
    expect((await api.get(`/api/public/observations/${raw}/cost`)).status).toBe(200);
  });

  it('other letters is another id, however alike the two look', async () => {
    const alike = ['Same', 'same', 'same ', 'sa\u00adme', 'ｓame'];
    for (const id of alike) await api.write(BATCH, { trace: { id, name: `I am ${id}` } });
    for (const id of alike) expect((await api.trace(id))['name']).toBe(`I am ${id}`);
  });
});

describe('every trace', () => {
  it('is found once by paging through the list, by number and by cursor', async () => {
    const ids = Array.from({ length: 95 }, (_, n) => `page-${String(n).padStart(3, '0')}`);
    // Many at the same millisecond: order must still be total.
    const timestampOf = (n: number) => new Date(Date.UTC(2026, 0, 1) + Math.floor(n / 10) * 1000).toISOString();
    for (const [n, id] of ids.entries()) {
      await api.write(BATCH, { trace: { id, name: 'paged', timestamp: timestampOf(n) } });
    }
    const byNumber: unknown[] = [];
    for (let page = 1; ; page += 1) {
      const answer = await api.read(`/api/public/traces?name=paged&limit=20&page=${page}`);
      byNumber.push(...(answer['data'] as JsonObject[]).map(({ id }) => id));
      expect(answer['meta']).toMatchObject({ page, limit: 20, totalItems: 95, totalPages: 5 });
      if (page >= ((answer['meta'] as JsonObject)['totalPages'] as number)) break;
    }
    const byCursor: unknown[] = [];
    for (let cursor: unknown = ''; cursor !== undefined;) {
      const at = encodeURIComponent(cursor as string);
      const answer = await api.read(`/api/public/traces?name=paged&limit=20&cursor=${at}`);
      byCursor.push(...(answer['data'] as JsonObject[]).map(({ id }) => id));
      cursor = (answer['meta'] as JsonObject)['nextCursor'];
    }
    expect(byNumber).toEqual(byCursor);
    expect([...byNumber].sort()).toEqual(ids);
  });
});
