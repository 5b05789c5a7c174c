import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { type Point, seriesOf } from '../../src/domain/metric.js';
import { openPointQueue } from '../../src/ingest/point-queue.js';
import { IDLE_MS } from '../../src/storage/idle-series.js';
import { MetricPartitionKeeper } from '../../src/storage/metric-partitions.js';
import { SeriesDirectory } from '../../src/storage/metric-series.js';
import { MetricWriter } from '../../src/storage/metric-writer.js';
import { type Removed } from '../../src/storage/retention.js';
import { type ExpiredPartition, retirePartition } from '../../src/storage/retired-partitions.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { locksOf, openRetention, untilItWaits } from '../support/retention.js';
import { waitFor } from '../support/server-process.js';

jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = Date.UTC(2026, 10, 23, 12);
const DAYS = 2;

describe('retention of points', () => {
  let database: TestDatabase;
  let writer: MetricWriter;
  const clients: Client[] = [];

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(async () => {
    database = await createTestDatabase();
    writer = new MetricWriter(database.connection, { metricsMaxSeries: 1000 });
    await ensure(NOW_MS);
  });
  afterEach(async () => {
    await writer.end();
    for (const client of clients.splice(0)) await client.end();
    await database.drop();
  });

  const ensure = async (nowMs: number) => new MetricPartitionKeeper(await database.dataSource()).ensure(nowMs);

  const pointAt = (timeMs: number, name = 'm'): Point => ({
    index: 0,
    series: seriesOf(name, {}),
    time: timeMs * 1000,
    value: 1,
  });
  const day = (n: number) => NOW_MS + n * DAY_MS;

  async function write(points: readonly Point[], nowMs = NOW_MS): Promise<void> {
    const queue = openPointQueue(writer, {
      ...{ maxBytes: 1e8, deadlineMs: 10_000, nowMs: Date.now },
      onMissingPartition: () => ensure(nowMs),
    });
    const receipt = await queue.submit({ project: { no: 1, id: 'p1' }, points, bytes: 100 });
    expect(receipt).toEqual({ rejected: [] });
  }

  async function run(nowMs = NOW_MS, metrics = DAYS): Promise<Removed | undefined> {
    return (await openRetention(database, { metrics })).run(nowMs);
  }

  async function connect(): Promise<Client> {
    const client = new Client(database.connection);
    client.on('error', () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  }

  async function column<T>(sql: string): Promise<T[]> {
    const { rows } = await database.pool.query<Record<string, T>>(sql);
    return rows.map((row) => Object.values(row)[0]!);
  }

  const days = () =>
    column<number>(`SELECT extract(day FROM ts AT TIME ZONE 'UTC')::int4 FROM metric_points ORDER BY ts`);
  const partitions = async () =>
    (
      await column<string>(
        `SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relname LIKE 'metric_points_%' ORDER BY 1`,
      )
    ).map((name) => name.replace('metric_points_', ''));
  const series = () => column<string>('SELECT name FROM metric_series ORDER BY 1');

  it('drops the days that are over, with the past before them, which it makes anew', async () => {
    await write([-400, -6, -3, -2, -1, 0].map((n) => pointAt(day(n))));
    expect(await run()).toMatchObject({ pointPartitions: 6 });
    expect(await days()).toEqual([21, 22, 23]);
    expect((await partitions()).filter((name) => name < '20261122' || name.startsWith('past'))).toEqual([
      '20261121',
      'past_to_20261121',
    ]);
  });

  it('counts from the end of a day, and leaves points on their way an hour', async () => {
    await write([pointAt(day(-2))]);
    const endMs = Date.UTC(2026, 10, 22) + DAYS * DAY_MS;
    await run(endMs + HOUR_MS - 1);
    expect(await days()).toEqual([21]);
    expect(await run(endMs + HOUR_MS)).toMatchObject({ pointPartitions: 2 });
    expect(await days()).toEqual([]);
  });

  it('changes nothing in the hours between, unless points came into the past', async () => {
    await run();
    const before = await partitions();
    expect(await run(NOW_MS + HOUR_MS)).toMatchObject({ pointPartitions: 0 });
    await write([pointAt(day(-5))]);
    expect(await run(NOW_MS + 2 * HOUR_MS)).toMatchObject({ pointPartitions: 1 });
    expect(await days()).toEqual([]);
    expect(await partitions()).toEqual(before);
  });

  it('keeps everything for ever when the setting is 0', async () => {
    await write([pointAt(day(-6))]);
    expect(await run(NOW_MS + 4000 * DAY_MS, 0)).toMatchObject({ pointPartitions: 0, series: 0 });
    expect(await days()).toEqual([17]);
  });

  it('takes a point that comes for a day that is gone, and a point beside it', async () => {
    await run();
    await database.pool.query('DROP TABLE metric_points_past_to_20261121');
    await write([pointAt(day(-5)), pointAt(day(0))]);
    expect(await days()).toEqual([18, 23]);
  });

  it('holds up no writer while detaching waits for a transaction that reads', async () => {
    // In the day that goes first.
    await write([pointAt(day(-7))]);
    const reader = await connect();
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM metric_points');
    const running = run();
    const { pid } = await untilItWaits(database, 'DETACH PARTITION');
    const locks = (await locksOf(database, pid)).filter((lock) => lock.includes('metric_points'));
    expect(locks.filter((lock) => !/^(AccessShare|ShareUpdateExclusive)Lock/.test(lock))).toEqual([]);
    await write([pointAt(day(-1)), pointAt(day(0), 'new')]);
    expect(await days()).toEqual([22, 23]);
    await reader.query('COMMIT');
    await expect(running).resolves.toMatchObject({ pointPartitions: 6 });
  });

  it.each<[string, (client: Client, partition: ExpiredPartition) => Promise<unknown>]>([
    ['before the past was made anew', (client, { name }) => client.query(`DROP TABLE ${name}`)],
    ['between detaching and dropping', (client, partition) => retirePartition(client, partition)],
  ])('killed %s is finished by the next start and the next run', async (_when, interrupt) => {
    await write([pointAt(day(-400)), pointAt(day(0))]);
    const client = await connect();
    await interrupt(client, { table: 'metric_points', name: 'metric_points_past_to_20261116', isPending: false });
    await ensure(NOW_MS);
    await write([pointAt(day(-300))]);
    expect(await run()).toMatchObject({ pointPartitions: 6 });
    expect(await days()).toEqual([23]);
    expect((await partitions()).filter((name) => name.startsWith('past'))).toEqual(['past_to_20261121']);
  });

  describe('of series', () => {
    it('removes those without points, half a day after it has seen so', async () => {
      await write([pointAt(day(-2), 'ends'), pointAt(day(-2), 'goes on'), pointAt(day(0), 'goes on')]);
      expect(await run(day(1))).toMatchObject({ series: 0 });
      expect(await series()).toEqual(['ends', 'goes on']);
      await write([pointAt(day(2), 'goes on')], day(2));
      // The second day drops the partitions of the second day.
      expect(await run(day(2))).toMatchObject({ series: 1 });
      expect(await series()).toEqual(['goes on']);
    });

    it('keeps one that got points again after it was seen without', async () => {
      await write([pointAt(day(-2), 'again')]);
      await run(day(1));
      // By a process that remembers its number and does not look it up.
      await write([pointAt(day(1), 'again')], day(1));
      await run(day(2));
      expect(await series()).toEqual(['again']);
      expect(await column('SELECT idle_since FROM metric_series')).toEqual([null]);
    });

    it('keeps one that is looked up after it was seen without points: its first are on their way', async () => {
      await write([pointAt(day(-2), 'again'), pointAt(day(-2), 'other')]);
      await run(day(1));
      const client = await connect();
      const wanted = seriesOf('again', {});
      const ids = await new SeriesDirectory(1000).resolve(client, 1, [wanted]);
      expect(await run(day(2))).toMatchObject({ series: 1 });
      expect(await column('SELECT series_id FROM metric_series')).toEqual([ids.get(wanted)]);
    });

    it('makes one anew that is looked up while it goes', async () => {
      await write([pointAt(day(-2), 'again')]);
      await run(day(1));
      const remover = await connect();
      await remover.query('BEGIN; DELETE FROM metric_series');
      const client = await connect();
      const wanted = seriesOf('again', {});
      const resolving = new SeriesDirectory(1000).resolve(client, 1, [wanted]);
      // It has found the series and waits to take the mark away.
      await waitFor(async () => {
        const waiting = await column<string>(`SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock'`);
        return waiting.some((query) => query.startsWith('UPDATE metric_series'));
      });
      await remover.query('COMMIT');
      const ids = await resolving;
      expect(await column('SELECT series_id FROM metric_series')).toEqual([ids.get(wanted)]);
    });

    it('is looked up by every process again long before one goes', async () => {
      let nowMs = NOW_MS;
      const directory = new SeriesDirectory(1000, 1e6, () => nowMs);
      const client = await connect();
      const wanted = seriesOf('m', {});
      await directory.resolve(client, 1, [wanted]);
      await database.pool.query('UPDATE metric_series SET idle_since = now()');
      nowMs += IDLE_MS / 12 - 1;
      await directory.resolve(client, 1, [wanted]);
      expect(await column('SELECT idle_since IS NULL FROM metric_series')).toEqual([false]);
      directory.forgetOld();
      expect(directory.recall(1, wanted)).toBeDefined();
      nowMs += 1;
      directory.forgetOld();
      expect(directory.recall(1, wanted)).toBeUndefined();
      await directory.resolve(client, 1, [wanted]);
      expect(await column('SELECT idle_since IS NULL FROM metric_series')).toEqual([true]);
    });
  });
});
