import { openPointQueue } from '../../src/ingest/point-queue.js';
import { MetricWriter } from '../../src/storage/metric-writer.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { BEARER, MetricsApp } from './metric-app.js';

const TIME = '2026-01-31T10:00:00Z';
const RANGE = 'from=2026-01-31T00:00:00Z&to=2026-01-31T23:59:59Z';
const DAY_MS = 86_400_000;

const pointOf = (name: string, value: unknown = 1, labels: unknown = {}, timestamp: unknown = TIME) => ({
  name,
  labels,
  value,
  timestamp,
});

jest.setTimeout(60_000);

let database: TestDatabase;
let app: MetricsApp;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await MetricsApp.start(database.connection);
});

afterAll(async () => {
  await app?.stop();
  await database.drop();
});

const valuesOf = async (name: string) => {
  const { body } = await app.get(`query?name=${name}&agg=last&${RANGE}`);
  return (body.data as { values: { value: number }[] }[]).map(({ values }) => values.map(({ value }) => value));
};

describe('POST /v1/metrics/batch', () => {
  it('answers 200 once every point is committed', async () => {
    const { status, body } = await app.post([pointOf('plain'), pointOf('plain', 2, { k: 'v' })]);
    expect([status, body]).toEqual([200, { message: 'Request Successful.' }]);
    const { rows } = await database.pool.query<{ n: number }>(
      `SELECT count(*)::int4 AS n FROM metric_points p JOIN metric_series USING (project_no, series_id) WHERE name = 'plain'`,
    );
    expect(rows).toEqual([{ n: 2 }]);
  });

  it('takes points without labels, or with null for none', async () => {
    const metrics = [{ name: 'bare', value: 1, timestamp: TIME }, pointOf('bare', 5, null)];
    expect((await app.post(metrics)).status).toBe(200);
    expect(await valuesOf('bare')).toEqual([[5]]);
  });

  it('answers 207 and names what it refused; the rest is stored', async () => {
    const { status, body } = await app.post([pointOf('mixed'), pointOf('mixed', '1'), 7, pointOf('mixed', 3)]);
    expect(status).toBe(207);
    expect(body).toEqual({
      message: '2 of 4 points were refused; everything else is stored',
      data: null,
      errors: [
        {
          index: 1,
          kind: 'metric',
          id: 'mixed',
          field: 'value',
          code: 'INVALID_FIELD',
          message: 'value must be a finite number',
        },
        { index: 2, kind: 'metric', code: 'INVALID_ITEM', message: 'metric must be an object' },
      ],
    });
    expect(await valuesOf('mixed')).toEqual([[3]]);
  });

  it('answers 400 with the same list when no point is valid', async () => {
    const { status, body } = await app.post([pointOf('')]);
    expect(status).toBe(400);
    expect(body).toEqual({
      message: 'None of the 1 points could be stored',
      code: 'BAD_REQUEST',
      data: null,
      errors: [
        { index: 0, kind: 'metric', id: '', field: 'name', code: 'INVALID_FIELD', message: 'name must not be empty' },
      ],
    });
  });

  it.each([
    ['name', '{"value":1,"timestamp":"2026-01-31T10:00:00Z"}'],
    ['name', '{"name":"a\\u0000","value":1,"timestamp":"2026-01-31T10:00:00Z"}'],
    ['name', '{"name":"a\\ud800","value":1,"timestamp":"2026-01-31T10:00:00Z"}'],
    ['value', '{"name":"a","timestamp":"2026-01-31T10:00:00Z"}'],
    ['value', '{"name":"a","value":1e400,"timestamp":"2026-01-31T10:00:00Z"}'],
    ['value', '{"name":"a","value":-1.1e300,"timestamp":"2026-01-31T10:00:00Z"}'],
    ['value', '{"name":"a","value":null,"timestamp":"2026-01-31T10:00:00Z"}'],
    ['labels', '{"name":"a","labels":{"k\\u0000":"v"},"value":1,"timestamp":"2026-01-31T10:00:00Z"}'],
    ['labels', '{"name":"a","labels":{"k":"\\udfff"},"value":1,"timestamp":"2026-01-31T10:00:00Z"}'],
    ['labels', '{"name":"a","labels":{"k":1},"value":1,"timestamp":"2026-01-31T10:00:00Z"}'],
    ['labels', '{"name":"a","labels":{"__proto__":{"k":"v"}},"value":1,"timestamp":"2026-01-31T10:00:00Z"}'],
    ['labels', '{"name":"a","labels":["k"],"value":1,"timestamp":"2026-01-31T10:00:00Z"}'],
    ['timestamp', '{"name":"a","value":1}'],
    ['timestamp', '{"name":"a","value":1,"timestamp":1769853600}'],
    ['timestamp', '{"name":"a","value":1,"timestamp":"2026-01-31T10:00:00"}'],
    ['timestamp', '{"name":"a","value":1,"timestamp":"2026-02-30T10:00:00Z"}'],
    ['timestamp', '{"name":"a","value":1,"timestamp":"1970-01-01T00:00:00Z"}'],
    ['timestamp', '{"name":"a","value":1,"timestamp":"9999-01-01T00:00:00Z"}'],
  ])('refuses a bad %s: %s', async (field, item) => {
    const { status, body } = await app.post(`{"metrics":[${item},${JSON.stringify(pointOf('good'))}]}`);
    expect(status).toBe(207);
    expect(body.errors).toEqual([expect.objectContaining({ index: 0, field, code: 'INVALID_FIELD' })]);
    expect(body.errors[0].message).toMatch(new RegExp(`^${field} `));
  });

  it.each(['', '[]', '{}', '{"metrics":{}}', '{"metrics":null}', '{"s3cr3t":NaN}'])(
    'refuses the body %s as a whole',
    async (text) => {
      const { status, body } = await app.post(text);
      expect([status, body.code, body.data]).toEqual([400, 'BAD_REQUEST', null]);
      expect(body.message).not.toContain('s3cr3t');
    },
  );

  it('has nothing to do for an empty list', async () => {
    expect((await app.post([])).status).toBe(200);
  });

  it('stores 100,000 points of one request', async () => {
    const start = Date.parse(TIME);
    const metrics = Array.from({ length: 100_000 }, (_, i) =>
      pointOf('many', i, { series: `s${i % 10}` }, new Date(start + Math.floor(i / 10) * 1000).toISOString()),
    );
    expect((await app.post(metrics)).status).toBe(200);
    const { rows } = await database.pool.query<{ n: number; sum: number }>(
      `SELECT count(*)::int4 AS n, sum(value) AS sum FROM metric_points JOIN metric_series USING (project_no, series_id) WHERE name = 'many'`,
    );
    expect(rows).toEqual([{ n: 100_000, sum: (100_000 * 99_999) / 2 }]);
  });

  it('refuses strangers, other media types and more points than one request may hold', async () => {
    expect((await app.post([pointOf('x')], { authorization: 'Bearer wrong-token-0123456789' })).status).toBe(401);
    expect((await app.post([pointOf('x')], { ...BEARER, 'content-type': 'text/plain' })).status).toBe(415);
    expect((await app.post(`{"metrics":[${'0,'.repeat(500_000)}0]}`)).status).toBe(413);
  });

  it('answers 429 with Retry-After while the queue is full, and takes the same again afterwards', async () => {
    const small = await MetricsApp.start(database.connection, { WRITE_QUEUE_MAX_BYTES: '1024' });
    const locker = await database.pool.connect();
    try {
      await locker.query('BEGIN; LOCK TABLE metric_points IN SHARE MODE');
      const first = small.post([pointOf('full', 1)]);
      const padding = { k: 'x'.repeat(950) };
      const { status, headers, body } = await small.post([pointOf('full', 2, padding)]);
      expect([status, body.code, body.data]).toEqual([429, 'TOO_MANY_REQUESTS', null]);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      await locker.query('COMMIT');
      expect((await first).status).toBe(200);
      expect((await small.post([pointOf('full', 2, padding)])).status).toBe(200);
    } finally {
      locker.release();
      await small.stop();
    }
  });

  it('answers 503 with Retry-After when the database does not take the points in time', async () => {
    const hasty = await MetricsApp.start(database.connection, { WRITE_DEADLINE_MS: '300' });
    try {
      await database.pool.query(
        `CREATE FUNCTION shut_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           RAISE EXCEPTION 'going down' USING ERRCODE = '57P01'; END $$;
         CREATE TRIGGER shut_down BEFORE INSERT ON metric_points FOR EACH STATEMENT EXECUTE FUNCTION shut_down()`,
      );
      const { status, headers, body } = await hasty.post([pointOf('late')]);
      expect([status, body.code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      await database.pool.query('DROP FUNCTION shut_down() CASCADE');
      expect((await hasty.post([pointOf('late')])).status).toBe(200);
    } finally {
      await hasty.stop();
    }
  });
});

describe('GET /api/public/metrics/query', () => {
  it('answers numbers as numbers and times with milliseconds', async () => {
    await app.post([pointOf('shape', 0.1, { k: 'v' }, '2026-01-31T10:00:00.123456Z')]);
    const { status, headers, text } = await app.get(`query?name=shape&${RANGE}`);
    expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(text).toBe(
      '{"data":[{"labels":{"k": "v"},"values":[{"timestamp":"2026-01-31T10:00:00.000Z","value":0.1}]}],' +
        '"meta":{"latest_ts":"2026-01-31T10:00:00.123Z","series_count":1,"truncated":false}}',
    );
  });

  it('answers an empty list where there is nothing', async () => {
    const { body } = await app.get('query?name=nothing');
    expect(body).toEqual({ data: [], meta: { series_count: 0, truncated: false } });
  });

  it('asks for the last hour unless told', async () => {
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    await app.post([
      pointOf('recent', 1, {}, at(-3_700_000)),
      pointOf('recent', 2, {}, at(-3_500_000)),
      pointOf('recent', 4, {}, at(-1000)),
      pointOf('recent', 8, {}, at(60_000)),
    ]);
    const { body } = await app.get('query?name=recent&step=1d&agg=sum');
    const total = (body.data[0].values as { value: number }[]).reduce((sum, { value }) => sum + value, 0);
    expect(total).toBe(6);
    const before = await app.get(`query?name=recent&step=1d&agg=sum&to=${at(-3_600_000)}`);
    expect(before.body.data[0].values.at(-1).value).toBe(1);
  });

  it('shows at most 50 series, and says when there are more', async () => {
    await app.post(Array.from({ length: 50 }, (_, i) => pointOf('fifty', i, { n: String(i).padStart(2, '0') })));
    expect((await app.get(`query?name=fifty&${RANGE}`)).body.meta).toMatchObject({
      series_count: 50,
      truncated: false,
    });
    await app.post([pointOf('fifty', 50, { n: '50' }), pointOf('fifty', 51, { n: 'quiet' }, '2025-01-01T00:00:00Z')]);
    const { body } = await app.get(`query?name=fifty&${RANGE}`);
    expect(body.meta).toMatchObject({ series_count: 50, truncated: true });
    expect(body.data.map((series: { labels: { n: string } }) => series.labels.n)).toEqual(
      Array.from({ length: 50 }, (_, i) => String(i).padStart(2, '0')),
    );
    const grouped = await app.get(`query?name=fifty&group_by=n&${RANGE}`);
    expect(grouped.body.meta).toMatchObject({ series_count: 50, truncated: true });
    expect((await app.get(`query?name=fifty&group_by=other&agg=sum&${RANGE}`)).body).toMatchObject({
      data: [{ labels: { other: null }, values: [{ value: (50 * 51) / 2 }] }],
      meta: { series_count: 1, truncated: false },
    });
  });

  it('shows the oldest 1000 buckets of each series, and says when there are more', async () => {
    const minutes = (count: number, n: string) =>
      Array.from({ length: count }, (_, i) =>
        pointOf('long', i, { n }, new Date(Date.parse('2026-01-31T00:00:00Z') + i * 60_000).toISOString()),
      );
    await app.post([...minutes(1000, 'a'), ...minutes(3, 'b')]);
    expect((await app.get(`query?name=long&${RANGE}`)).body.meta).toMatchObject({ series_count: 2, truncated: false });
    await app.post(minutes(1001, 'a'));
    const { body } = await app.get(`query?name=long&${RANGE}`);
    expect(body.meta).toMatchObject({ series_count: 2, truncated: true });
    expect(body.data.map((series: { values: unknown[] }) => series.values.length)).toEqual([1000, 3]);
    expect(body.data[0].values[0]).toEqual({ timestamp: '2026-01-31T00:00:00.000Z', value: 0 });
    expect((await app.get(`query?name=long&step=5m&${RANGE}`)).body.meta.truncated).toBe(false);
  });

  it('shows nothing of other projects, whose series of the same name are others', async () => {
    const other = await MetricsApp.start(database.connection, { DEFAULT_PROJECT_ID: 'another' });
    try {
      await app.post([pointOf('shared', 1, { k: 'v' }), pointOf('mine')]);
      const later = pointOf('shared', 2, { k: 'v' }, '2026-01-31T11:00:00Z');
      await other.post([later, pointOf('theirs')]);
      expect(await valuesOf('shared')).toEqual([[1]]);
      const { body } = await app.get(`query?name=shared&${RANGE}`);
      expect(body.meta).toEqual({ latest_ts: '2026-01-31T10:00:00.000Z', series_count: 1, truncated: false });
      expect((await other.get(`query?name=shared&${RANGE}`)).body.data).toMatchObject([{ values: [{ value: 2 }] }]);
      expect((await other.get('names')).body).toEqual({ data: ['shared', 'theirs'] });
      expect((await app.get('names')).body.data).not.toContain('theirs');
    } finally {
      await other.stop();
    }
  });

  it('is limited per credential like every query, and refuses strangers', async () => {
    const strict = await MetricsApp.start(database.connection, { RATE_LIMIT_QPS: '1', RATE_LIMIT_BURST: '2' });
    try {
      const statuses = [];
      for (const path of ['names', 'query?name=x', 'names', 'query?name=x']) {
        statuses.push((await strict.get(path)).status);
      }
      expect(statuses).toEqual([200, 200, 429, 429]);
      for (const path of ['names', 'query?name=x']) expect((await strict.get(path, {})).status).toBe(401);
    } finally {
      await strict.stop();
    }
  });
});

describe('GET /api/public/metrics/names', () => {
  it('lists every name once, sorted bytewise', async () => {
    const fresh = await MetricsApp.start(database.connection, { DEFAULT_PROJECT_ID: 'names' });
    try {
      expect((await fresh.get('names')).body).toEqual({ data: [] });
      await fresh.post(['b', 'a', 'B', 'ä', 'b'].map((name, i) => pointOf(name, 1, { i: String(i) })));
      expect((await fresh.get('names')).body).toEqual({ data: ['B', 'a', 'b', 'ä'] });
    } finally {
      await fresh.stop();
    }
  });
});

it('a stopping server finishes what it accepted and takes no more', async () => {
  const writer = new MetricWriter(database.connection, { metricsMaxSeries: 100_000 });
  const queue = openPointQueue(writer, {
    maxBytes: 1e6,
    deadlineMs: 4000,
    onMissingPartition: () => Promise.resolve(),
    nowMs: Date.now,
  });
  const project = { no: 1, id: 'default' };
  const time = Date.now() * 1000 - DAY_MS * 1000;
  const batch = (value: number) => ({
    project,
    bytes: 100,
    points: [{ index: 0, series: { name: 'stopping', labels: '{}' }, time, value }],
  });
  const accepted = queue.submit(batch(1));
  const stopped = queue.stop();
  await expect(queue.submit(batch(2))).rejects.toThrow('the server is stopping');
  await expect(accepted).resolves.toEqual({ rejected: [] });
  await stopped;
});
