import { type RunningServer } from '../support/server-process.js';
import { Api, JSON_TYPE, type JsonObject, startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

const WRITE = '/v1/metrics/batch';
const QUERY = '/api/public/metrics/query';
const HOSTILE = [
  `'; DROP TABLE metric_points; --`,
  `' OR '1'='1`,
  `$1`,
  `1 OR 1=1`,
  `%`,
  `_`,
  `\\`,
  `NULL`,
  `😀`,
  `__proto__`,
];

let server: RunningServer;
let api: Api;
const now = new Date().toISOString();

const path = (parameters: Record<string, string>) => `${QUERY}?${new URLSearchParams(parameters).toString()}`;
const series = async (parameters: Record<string, string>) => (await api.read(path(parameters)))['data'] as JsonObject[];

beforeAll(async () => {
  server = await startE2eServer();
  api = new Api(server.url);
  await api.write(WRITE, { metrics: [{ name: 'plain', labels: { k: 'v' }, value: 1, timestamp: now }] });
});
afterEach(async () => {
  expect(await series({ name: 'plain' })).toMatchObject([{ labels: { k: 'v' }, values: [{ value: 1 }] }]);
});
afterAll(async () => {
  await server.stop();
});

describe('a query of metrics', () => {
  it.each([
    ['step', '2m'],
    ['step', '60'],
    ['step', '1m; SELECT 1'],
    ['agg', 'median'],
    ['agg', 'p95'],
    ['agg', 'sum(p.value)); DROP TABLE metric_points; --'],
    ['from', 'yesterday'],
    ['from', '2554-01-01'],
    ['from', `2026-01-01T00:00:00Z' OR '1'='1`],
    ['to', '2026-02-30T00:00:00Z'],
    ['to', '+275760-09-13T00:00:00Z'],
    ['labels', 'k=v'],
    ['labels', '["k"]'],
    ['labels', '"k"'],
    ['labels', 'null'],
    ['labels', '{"k":1}'],
    ['labels', '{"k":{"v":"w"}}'],
    ['labels', '{"k":"\\u0000"}'],
    ['group_by', 'a\0b'],
  ])('refuses %s=%s by name', async (name, value) => {
    const answer = await api.get(path({ name: 'plain', [name]: value }));
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({
      message: expect.stringMatching(`^${name} `),
      code: 'BAD_REQUEST',
      data: null,
    });
  });

  it('refuses a missing name, an empty one, one given twice, and a range that ends before it begins', async () => {
    for (const query of ['', '?name=', '?name=a&name=b']) {
      expect((await api.get(QUERY + query)).json()).toMatchObject({
        message: expect.stringMatching('^name '),
        code: 'BAD_REQUEST',
      });
    }
    const reversed = await api.get(path({ name: 'plain', from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }));
    expect([reversed.status, reversed.json()['message']]).toEqual([400, 'from must not be after to']);
  });

  it('may ask for years without data, and ignores what it does not know', async () => {
    expect(await series({ name: 'plain', from: '2554-01-01T00:00:00Z', to: '2555-01-01T00:00:00Z' })).toEqual([]);
    expect(
      await series({ name: 'plain', from: '0001-01-01T00:00:00Z', to: '9999-12-31T23:59:59Z', step: '1d' }),
    ).toHaveLength(1);
    expect(await series({ name: 'plain', limit: '1e9', __proto__: 'x' })).toHaveLength(1);
  });

  it('takes SQL in a name, a label or a group for the text it is', async () => {
    for (const value of HOSTILE) {
      expect(await series({ name: value })).toEqual([]);
      expect(await series({ name: 'plain', labels: JSON.stringify({ [value]: 'v' }) })).toEqual([]);
      expect(await series({ name: 'plain', group_by: value })).toMatchObject([{ labels: { [value]: null } }]);
    }
    await api.write(WRITE, {
      metrics: HOSTILE.map((value, n) => ({ name: value, labels: { [value]: value }, value: n, timestamp: now })),
    });
    for (const [n, value] of HOSTILE.entries()) {
      const labels = JSON.stringify({ [value]: value });
      const found = await series({ name: value, labels, group_by: value });
      expect(found).toHaveLength(1);
      expect((found[0]!['values'] as JsonObject[])[0]).toMatchObject({ value: n });
    }
  });
});

it('points that cannot be are refused one by one, by field; the valid ones of the request are stored', async () => {
  const good = (value: number) => `{"name":"kept","labels":{"n":"${value}"},"value":${value},"timestamp":"${now}"}`;
  const bad = [
    ['name', `{"name":"","value":1,"timestamp":"${now}"}`],
    ['name', `{"value":1,"timestamp":"${now}"}`],
    ['name', `{"name":5,"value":1,"timestamp":"${now}"}`],
    ['value', `{"name":"x","value":"NaN","timestamp":"${now}"}`],
    ['value', `{"name":"x","value":null,"timestamp":"${now}"}`],
    ['value', `{"name":"x","value":1e999,"timestamp":"${now}"}`],
    ['timestamp', '{"name":"x","value":1,"timestamp":"2554-01-01T00:00:00Z"}'],
    ['timestamp', '{"name":"x","value":1,"timestamp":"1900-01-01T00:00:00Z"}'],
    ['timestamp', '{"name":"x","value":1,"timestamp":1769853600}'],
    ['labels', `{"name":"x","labels":"k=v","value":1,"timestamp":"${now}"}`],
    ['labels', `{"name":"x","labels":["k"],"value":1,"timestamp":"${now}"}`],
    ['labels', `{"name":"x","labels":{"k":1},"value":1,"timestamp":"${now}"}`],
    ['labels', `{"name":"x","labels":{"k":null},"value":1,"timestamp":"${now}"}`],
  ] as const;
  const answer = await api.post(
    WRITE,
    `{"metrics":[${good(1)},${bad.map(([, item]) => item).join(',')},${good(2)}]}`,
    JSON_TYPE,
  );
  expect(answer.status).toBe(207);
  expect((answer.json()['errors'] as JsonObject[]).map(({ index, field }) => [index, field])).toEqual(
    bad.map(([field], i) => [i + 1, field]),
  );
  expect(await series({ name: 'kept' })).toHaveLength(2);
  expect(await series({ name: 'x' })).toEqual([]);
  // NaN is no JSON: then nothing of the request can be told apart.
  const none = await api.post(WRITE, `{"metrics":[{"name":"x","value":NaN,"timestamp":"${now}"}]}`, JSON_TYPE);
  expect([none.status, none.json()['code']]).toEqual([400, 'BAD_REQUEST']);
});
