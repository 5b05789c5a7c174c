import { type Exemplar, EXEMPLARS_PER_MINUTE, seriesOf } from '../../src/domain/metric.js';
import { MetricIngestService } from '../../src/ingest/metric-ingest.service.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { openRetention } from '../support/retention.js';
import { MetricsApp } from './metric-app.js';

jest.setTimeout(60_000);

const START = Date.UTC(2026, 0, 31, 10) * 1000;
const SECOND = 1_000_000;
const RANGE = 'from=2026-01-31T10:00:00Z&to=2026-01-31T11:00:00Z';

let database: TestDatabase;
let app: MetricsApp;
let ingest: MetricIngestService;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await MetricsApp.start(database.connection);
  ingest = app.app.get(MetricIngestService, { strict: false });
});
beforeEach(() => database.pool.query('TRUNCATE metric_points, metric_exemplars'));
afterAll(async () => {
  await app?.stop();
  await database.drop();
});

/** A trace whose exemplars share a slot with those that agree with it in `n` modulo 8. */
const traceOf = (n: number) => n.toString(16).padStart(32, 'a');
const exemplar = (seconds: number, value: number, n: number): Exemplar => ({
  ...{ time: START + seconds * SECOND, value, traceId: traceOf(n), spanId: n.toString(16).padStart(16, 'b') },
});

async function write(
  exemplars: readonly Exemplar[],
  { name = 'm', labels = {}, no = 1 }: { name?: string; labels?: Record<string, string>; no?: number } = {},
): Promise<void> {
  const point = { index: 0, series: seriesOf(name, labels), time: START, value: 1, exemplars };
  expect(await ingest.submit({ project: { no, id: `p${no}` }, points: [point], bytes: 100 })).toEqual({ rejected: [] });
}

interface Shown {
  readonly timestamp: string;
  readonly value: number;
  readonly traceId: string;
  readonly spanId: string | null;
  readonly labels: Record<string, string>;
}

async function find(query: string): Promise<Shown[]> {
  const { status, body } = await app.get(`exemplars?${RANGE}&${query}`);
  expect(status).toBe(200);
  return body.data as Shown[];
}

const values = async (query: string) => (await find(query)).map(({ value }) => value);

async function rowCount(): Promise<number> {
  return (await database.pool.query<{ n: number }>('SELECT count(*)::int4 AS n FROM metric_exemplars')).rows[0]!.n;
}

describe('exemplars', () => {
  it('come back with their trace, span, time and the labels of their series, the greatest first', async () => {
    await write([exemplar(1, 5, 1), { ...exemplar(2.5, 7, 2), spanId: '' }], { labels: { model: 'x' } });
    expect(await find('name=m')).toEqual([
      { timestamp: '2026-01-31T10:00:02.500Z', value: 7, traceId: traceOf(2), spanId: null, labels: { model: 'x' } },
      {
        timestamp: '2026-01-31T10:00:01.000Z',
        value: 5,
        traceId: traceOf(1),
        spanId: 'b'.repeat(15) + '1',
        labels: { model: 'x' },
      },
    ]);
  });

  it('are found by range, labels and limit, in their own project alone', async () => {
    await write([exemplar(-1, 1, 1), exemplar(0, 2, 2), exemplar(3600, 3, 3), exemplar(3601, 4, 4)], {
      labels: { a: 'x' },
    });
    await write([exemplar(5, 9, 5)], { labels: { a: 'y' } });
    await write([exemplar(5, 99, 5)], { no: 2 });
    expect(await values('name=m')).toEqual([9, 3, 2]);
    expect(await values(`name=m&labels=${encodeURIComponent('{"a":"x"}')}`)).toEqual([3, 2]);
    const { body } = await app.get(`exemplars?${RANGE}&name=m&limit=2`);
    expect(body).toMatchObject({ data: [{ value: 9 }, { value: 3 }], meta: { truncated: true } });
    expect((await app.get('exemplars?name=m&limit=0')).body).toMatchObject({ code: 'BAD_REQUEST' });
    expect((await app.get('exemplars')).body.message).toMatch(/^name\b/);
  });

  it('of a histogram are found by the name of the metric and of any of its series', async () => {
    await write([exemplar(1, 5, 1)], { name: 'h.count' });
    for (const name of ['h', 'h.count', 'h.sum', 'h.bucket', 'h.max'])
      expect(await values(`name=${name}`)).toEqual([5]);
    expect(await values('name=other.count')).toEqual([]);
  });

  it('are the same rows in whatever order, split and number they arrive: of a minute the greatest of each slot', async () => {
    const all = Array.from({ length: 40 }, (_, i) => exemplar(i, (i * 17) % 40, i));
    const rows = async () =>
      (await database.pool.query('SELECT * FROM metric_exemplars ORDER BY project_no, series_id, minute, slot')).rows;
    await write(all);
    const expected = await rows();
    expect(expected).toHaveLength(EXEMPLARS_PER_MINUTE);
    expect((await values('name=m'))[0]).toBe(39);
    await database.pool.query('TRUNCATE metric_exemplars');
    for (const one of [...all].reverse()) await write([one]);
    await write(all.slice(0, 20));
    expect(await rows()).toEqual(expected);
  });

  it('go with the points of their time', async () => {
    await write([exemplar(0, 1, 1), exemplar(60, 2, 2)]);
    const retention = await openRetention(database, { metrics: 2 });
    // Two days, and an hour for points on their way.
    const expiresMs = START / 1000 + 49 * 3_600_000;
    expect(await retention.run(expiresMs)).toMatchObject({ exemplars: 0 });
    expect(await retention.run(expiresMs + 1)).toMatchObject({ exemplars: 1 });
    expect(await rowCount()).toBe(1);
  });
});
