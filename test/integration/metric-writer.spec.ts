import { Logger } from '@nestjs/common';
import { type Point, type Series, seriesOf } from '../../src/domain/metric.js';
import { openPointQueue, type PointQueue } from '../../src/ingest/point-queue.js';
import { MetricPartitionKeeper } from '../../src/storage/metric-partitions.js';
import { candidateId, keyOf, SeriesDirectory } from '../../src/storage/metric-series.js';
import { MetricWriter } from '../../src/storage/metric-writer.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { Random } from '../support/messages.js';
import { waitFor } from '../support/server-process.js';

const START = Date.UTC(2026, 0, 31, 10) * 1000;
const SECOND = 1_000_000;

jest.setTimeout(60_000);

let database: TestDatabase;
const writers: MetricWriter[] = [];

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
  await new MetricPartitionKeeper(await database.dataSource()).ensure();
});

beforeEach(() => database.pool.query('TRUNCATE metric_points, metric_series'));

afterEach(async () => {
  for (const writer of writers.splice(0)) await writer.end();
});

afterAll(() => database.drop());

/** A writer as each process has one, with a memory of its own. */
function newWriter(): MetricWriter {
  const writer = new MetricWriter(database.connection, { metricsMaxSeries: 100_000 });
  writers.push(writer);
  return writer;
}

function queueOf(writer: MetricWriter): PointQueue {
  const onMissingPartition = async () => new MetricPartitionKeeper(await database.dataSource()).ensure();
  return openPointQueue(writer, { maxBytes: 1e8, deadlineMs: 10_000, onMissingPartition, nowMs: Date.now });
}

const series = (name: string, labels: Record<string, string> = {}): Series => seriesOf(name, labels);
const point = (of: Series, seconds: number, value: number, index = 0): Point => ({
  index,
  series: of,
  time: START + seconds * SECOND,
  value,
});
const batchOf = (points: readonly Point[], no = 1) => ({ project: { no, id: `p${no}` }, points, bytes: 100 });

interface StoredPoint {
  project: number;
  name: string;
  labels: Record<string, string>;
  seconds: number;
  value: number;
}

async function stored(): Promise<StoredPoint[]> {
  const { rows } = await database.pool.query<StoredPoint>(
    `SELECT p.project_no AS project, name, labels, (extract(epoch FROM ts) - $1)::int4 AS seconds, value
     FROM metric_points p JOIN metric_series USING (project_no, series_id) ORDER BY 1, 2, labels::text, 4`,
    [START / SECOND],
  );
  return rows;
}

const dictionary = async () =>
  (await database.pool.query<{ id: number; name: string }>('SELECT series_id AS id, name FROM metric_series')).rows;

describe('points', () => {
  it('are told apart by project, name, labels and time, and by nothing else', async () => {
    const writer = newWriter();
    const points = [series('m'), series('m', { k: 'v' }), series('n')].flatMap((of) => [
      point(of, 0, 1),
      point(of, 1, 2),
    ]);
    await writer.write([
      { projectNo: 1, points },
      { projectNo: 2, points: [point(series('m'), 0, 9)] },
    ]);
    await writer.write([{ projectNo: 1, points: [point(series('m', { k: 'v' }), 1, 3)] }]);
    expect(
      (await stored()).map(({ project, name, labels, seconds, value }) => [project, name, labels, seconds, value]),
    ).toEqual([
      [1, 'm', { k: 'v' }, 0, 1],
      [1, 'm', { k: 'v' }, 1, 3],
      [1, 'm', {}, 0, 1],
      [1, 'm', {}, 1, 2],
      [1, 'n', {}, 0, 1],
      [1, 'n', {}, 1, 2],
      [2, 'm', {}, 0, 9],
    ]);
  });

  it('that come again are not written again', async () => {
    const writer = newWriter();
    const points = Array.from({ length: 500 }, (_, i) => point(series('m'), i, i));
    await writer.write([{ projectNo: 1, points }]);
    const versions = async () =>
      (await database.pool.query<{ sum: string }>('SELECT sum(xmin::text::int8) AS sum FROM metric_points')).rows;
    const before = await versions();
    await writer.write([{ projectNo: 1, points }]);
    expect(await versions()).toEqual(before);
    await writer.write([{ projectNo: 1, points: [point(series('m'), 7, -7)] }]);
    expect(await versions()).not.toEqual(before);
    expect((await stored())[7]!.value).toBe(-7);
  });

  it('of a request larger than one transaction keep the last value of each time', async () => {
    const queue = queueOf(newWriter());
    const m = series('m');
    // 25,000 points of 10,000 times: three transactions, each of which overwrites some of the one before.
    const points = Array.from({ length: 25_000 }, (_, i) => point(m, i % 10_000, i, i));
    await expect(queue.submit(batchOf(points))).resolves.toEqual({ rejected: [] });
    const values = (await stored()).map(({ value }) => value);
    expect(values).toHaveLength(10_000);
    expect(values).toEqual(values.map((_, i) => (i < 5000 ? i + 20_000 : i + 10_000)));
    expect(queue.status.bytes).toBe(0);
  });

  it('written by several processes at once, in any order, end as one of the values written and never deadlock for good', async () => {
    const random = new Random(1);
    const all = Array.from({ length: 40 }, (_, i) => series(`m${i % 4}`, { i: String(i) }));
    const queues = [newWriter(), newWriter(), newWriter()].map(queueOf);
    const submitted = queues.flatMap((queue, q) =>
      Array.from({ length: 10 }, (_, n) => {
        const points = all.flatMap((of) => Array.from({ length: 20 }, (_, t) => point(of, t, q * 100 + n)));
        return queue.submit(batchOf(random.shuffled(points), 1 + (n % 2)));
      }),
    );
    for (const receipt of await Promise.all(submitted)) expect(receipt).toEqual({ rejected: [] });
    expect(await dictionary()).toHaveLength(80);
    const rows = await stored();
    expect(rows).toHaveLength(2 * 40 * 20);
    // Of each process the last request of each project wins over its own earlier ones.
    for (const { project, value } of rows) expect(value % 100).toBe(project === 1 ? 8 : 9);
  });
});

describe('the dictionary of series', () => {
  it('gives two series that would have the same number different ones, in every process', async () => {
    const mine = series('mine', { k: 'v' });
    const taken = candidateId(keyOf(mine), 0);
    const alsoTaken = candidateId(keyOf(mine), 1);
    await database.pool.query(
      `INSERT INTO metric_series VALUES (1, $1, gen_random_uuid(), 'theirs', '{}'), (1, $2, gen_random_uuid(), 'theirs too', '{}')`,
      [taken, alsoTaken],
    );
    await newWriter().write([{ projectNo: 1, points: [point(mine, 0, 1)] }]);
    await newWriter().write([{ projectNo: 1, points: [point(mine, 1, 2)] }]);
    expect((await stored()).map(({ name, value }) => [name, value])).toEqual([
      ['mine', 1],
      ['mine', 2],
    ]);
    const entries = await dictionary();
    expect(entries).toHaveLength(3);
    expect(entries.find(({ name }) => name === 'mine')!.id).toBe(candidateId(keyOf(mine), 2));
    // In another project the number is free.
    await newWriter().write([{ projectNo: 2, points: [point(mine, 0, 1)] }]);
    expect((await dictionary()).filter(({ id }) => id === taken)).toHaveLength(2);
  });

  it('keeps the number of a series when the one that took its place is gone', async () => {
    const mine = series('mine');
    const taken = candidateId(keyOf(mine), 0);
    await database.pool.query(`INSERT INTO metric_series VALUES (1, $1, gen_random_uuid(), 'theirs', '{}')`, [taken]);
    await newWriter().write([{ projectNo: 1, points: [point(mine, 0, 1)] }]);
    await database.pool.query(`DELETE FROM metric_series WHERE name = 'theirs'`);
    await newWriter().write([{ projectNo: 1, points: [point(mine, 1, 2)] }]);
    expect(await dictionary()).toHaveLength(1);
    expect((await stored()).map(({ value }) => value)).toEqual([1, 2]);
  });

  it('is remembered up to a bound, the series used last, and asked again for the others', async () => {
    const client = await database.pool.connect();
    try {
      const statements = jest.spyOn(client, 'query');
      // Room for two of these, of 19 characters each.
      const directory = new SeriesDirectory(100_000, 40);
      const [a, b, c] = ['a', 'b', 'c'].map((name) => series(name, { key: 'value' })) as [Series, Series, Series];
      const asks = async (...wanted: Series[]) => {
        statements.mockClear();
        const ids = await directory.resolve(client, 1, wanted);
        expect(new Set(ids.values()).size).toBe(wanted.length);
        return statements.mock.calls.length > 0;
      };
      expect(await asks(a, b)).toBe(true);
      expect(await asks(a, b)).toBe(false);
      expect(await asks(a)).toBe(false);
      expect(await asks(c)).toBe(true);
      expect(await asks(a, c)).toBe(false);
      expect(await asks(b)).toBe(true);
      expect(await asks(a, b, c)).toBe(true);
      // By its very object a series is found without any text, within the same bound.
      const recalled = [a, b, c].filter((of) => directory.recall(1, of) !== undefined);
      expect([1, 2]).toContain(recalled.length);
      expect(directory.recall(2, recalled[0]!)).toBeUndefined();
      expect(await dictionary()).toHaveLength(3);
      statements.mockRestore();
    } finally {
      client.release();
    }
  });

  it('enters a series once however many processes meet it at the same moment', async () => {
    const all = Array.from({ length: 300 }, (_, i) => series('m', { i: String(i) }));
    const queues = Array.from({ length: 4 }, () => queueOf(newWriter()));
    await Promise.all(queues.map((queue, q) => queue.submit(batchOf(all.map((of) => point(of, q, q))))));
    expect(await dictionary()).toHaveLength(300);
    expect(await stored()).toHaveLength(1200);
  });
});

describe('when something is wrong', () => {
  it('a point that PostgreSQL refuses is reported to its own caller; all others are stored', async () => {
    await database.pool.query('ALTER TABLE metric_points ADD CONSTRAINT odd CHECK (value <> 666)');
    try {
      const queue = queueOf(newWriter());
      const m = series('m');
      const good = Array.from({ length: 100 }, (_, i) => point(m, i, i, i));
      const receipts = await Promise.all([
        queue.submit(batchOf(good.slice(0, 50))),
        queue.submit(batchOf([point(m, 200, 666, 0), point(m, 201, 1, 1), point(m, 202, 666, 2)])),
        queue.submit(batchOf(good.slice(50))),
      ]);
      const refusal = { kind: 'metric', id: 'm', code: 'NOT_STORABLE' };
      expect(receipts).toEqual([
        { rejected: [] },
        {
          rejected: [
            expect.objectContaining({ ...refusal, index: 0 }),
            expect.objectContaining({ ...refusal, index: 2 }),
          ],
        },
        { rejected: [] },
      ]);
      expect(await stored()).toHaveLength(101);
    } finally {
      await database.pool.query('ALTER TABLE metric_points DROP CONSTRAINT odd');
    }
  });

  it('a lost connection delays the answer, loses nothing and stores nothing twice', async () => {
    const queue = queueOf(newWriter());
    const m = series('m');
    await queue.submit(batchOf([point(m, 0, 1)]));
    const locker = await database.pool.connect();
    try {
      await locker.query('BEGIN; LOCK TABLE metric_points IN SHARE MODE');
      const submitted = queue.submit(batchOf([point(m, 1, 2)]));
      const ended = await waitFor(async () => {
        const { rows } = await database.pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND application_name = 'xtrace metric writes' AND wait_event_type = 'Lock'`,
        );
        return rows.length;
      });
      expect(ended).toBe(1);
      await locker.query('COMMIT');
      await expect(submitted).resolves.toEqual({ rejected: [] });
    } finally {
      locker.release();
    }
    expect((await stored()).map(({ value }) => value)).toEqual([1, 2]);
  });

  it('a day that has lost its partition gets it back before the caller is answered', async () => {
    const today = Math.floor(Date.now() / 86_400_000) * 86_400_000;
    const name = `metric_points_${new Date(today).toISOString().slice(0, 10).replaceAll('-', '')}`;
    await database.pool.query(`DROP TABLE ${name}`);
    const queue = queueOf(newWriter());
    const now: Point = { index: 0, series: series('m'), time: today * 1000, value: 1 };
    await expect(queue.submit(batchOf([now]))).resolves.toEqual({ rejected: [] });
    const { rows } = await database.pool.query(`SELECT value FROM ${name}`);
    expect(rows).toEqual([{ value: 1 }]);
  });
});
