import { type Series, seriesOf } from '../../src/domain/metric.js';
import { SeriesDirectory } from '../../src/storage/metric-series.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { MetricsApp } from './metric-app.js';

const TIME = '2026-01-31T10:00:00Z';
const LIMIT = 100;

jest.setTimeout(60_000);

let database: TestDatabase;
let app: MetricsApp;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await MetricsApp.start(database.connection, { METRICS_MAX_SERIES: String(LIMIT) });
});
afterAll(async () => {
  await app?.stop();
  await database.drop();
});

const pointOf = (n: number, timestamp = TIME) => ({ name: 'm', labels: { request: `r${n}` }, value: n, timestamp });
const countOf = async (table: string, projectNo = 1) => {
  const { rows } = await database.pool.query<{ n: number }>(
    `SELECT count(*)::int4 AS n FROM ${table} WHERE project_no = $1`,
    [projectNo],
  );
  return rows[0]!.n;
};

describe('a project with as many series as it may have', () => {
  it('is told which points would make more, by their labels; the others are stored', async () => {
    const { status, body } = await app.post(Array.from({ length: LIMIT + 3 }, (_, n) => pointOf(n)));
    expect([status, body.message]).toEqual([207, '3 of 103 points were refused; everything else is stored']);
    expect(body.errors).toEqual(
      [100, 101, 102].map((index) => ({
        index,
        kind: 'metric',
        id: 'm',
        field: 'labels',
        code: 'TOO_MANY_SERIES',
        message: expect.stringMatching(/^labels would make one series too many: .*METRICS_MAX_SERIES/),
      })),
    );
    expect([await countOf('metric_series'), await countOf('metric_points')]).toEqual([LIMIT, LIMIT]);
  });

  it('goes on writing the series it has, also after a restart', async () => {
    const known = Array.from({ length: LIMIT }, (_, n) => pointOf(n, '2026-01-31T11:00:00Z'));
    expect((await app.post(known)).status).toBe(200);
    const again = await MetricsApp.start(database.connection, { METRICS_MAX_SERIES: String(LIMIT) });
    try {
      const { status, body } = await again.post([pointOf(5, '2026-01-31T12:00:00Z'), pointOf(LIMIT)]);
      expect([status, body.errors]).toMatchObject([207, [{ index: 1, code: 'TOO_MANY_SERIES' }]]);
    } finally {
      await again.stop();
    }
    expect([await countOf('metric_series'), await countOf('metric_points')]).toEqual([LIMIT, 2 * LIMIT + 1]);
  });

  it('gets 400 for a request that has nothing else', async () => {
    const { status, body } = await app.post([pointOf(LIMIT), pointOf(LIMIT + 1)]);
    expect([status, body.code, body.errors.length]).toEqual([400, 'BAD_REQUEST', 2]);
  });

  it('takes no room from another', async () => {
    const other = await MetricsApp.start(database.connection, {
      METRICS_MAX_SERIES: String(LIMIT),
      DEFAULT_PROJECT_ID: 'b',
    });
    try {
      expect((await other.post(Array.from({ length: LIMIT }, (_, n) => pointOf(n)))).status).toBe(200);
    } finally {
      await other.stop();
    }
  });

  it('remembers nothing of what it refuses, however much of it comes', async () => {
    const client = await database.pool.connect();
    const remembered = (directory: SeriesDirectory) =>
      (directory as unknown as { remembered: Map<string, number> }).remembered.size;
    try {
      const directory = new SeriesDirectory(50);
      for (let from = 0; from < 20_000; from += 5000) {
        const wanted = Array.from({ length: 5000 }, (_, n): Series => seriesOf('m', { n: String(from + n) }));
        const ids = await directory.resolve(client, 77, wanted);
        expect(ids.size).toBe(from === 0 ? 50 : 0);
      }
      expect(remembered(directory)).toBe(50);
      expect(await countOf('metric_series', 77)).toBe(50);
    } finally {
      client.release();
    }
  });

  it('is counted again after a minute, for old series may be gone', async () => {
    const client = await database.pool.connect();
    try {
      let nowMs = 1_000_000;
      const directory = new SeriesDirectory(2, 1e6, () => nowMs);
      const [a, b, c] = ['a', 'b', 'c'].map((name) => seriesOf(name, {})) as [Series, Series, Series];
      const has = async (series: Series) => (await directory.resolve(client, 88, [series])).has(series);
      expect([await has(a), await has(b), await has(c)]).toEqual([true, true, false]);
      await database.pool.query(`DELETE FROM metric_series WHERE project_no = 88 AND name = 'a'`);
      nowMs += 59_999;
      expect(await has(c)).toBe(false);
      nowMs += 1;
      expect(await has(c)).toBe(true);
    } finally {
      client.release();
    }
  });
});
