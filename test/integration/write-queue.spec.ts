import { Logger } from '@nestjs/common';
import { parseConfig } from '../../src/config/config.js';
import { OverCapacity, Unavailable } from '../../src/domain/errors.js';
import { Redactor } from '../../src/domain/redaction.js';
import { FlushEvents } from '../../src/ingest/flush-events.js';
import { IngestService } from '../../src/ingest/ingest.service.js';
import { type WriteQueue } from '../../src/ingest/write-queue.js';
import { PartitionKeeper } from '../../src/storage/partitions.js';
import { MediaIntake } from '../../src/storage/media/media-intake.js';
import { PriceBook } from '../../src/storage/pricing/price-book.js';
import { WriteConnections } from '../../src/storage/write-connections.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { emptyTables, wrongSums } from '../support/fold.js';
import { batchOf, NOW_MS, type Patch } from '../support/messages.js';
import { createWriteDatabase, openQueue, type QueueSettings } from '../support/write-database.js';

jest.setTimeout(60_000);

const observation = (traceId: string, id: string): Patch => ({ kind: 'observation', index: 0, traceId, id, stamp: 2 });

describe('writing', () => {
  let database: TestDatabase;
  const opened: WriteQueue[] = [];

  beforeAll(async () => {
    Logger.overrideLogger(false);
    database = await createWriteDatabase();
  });
  afterEach(async () => {
    jest.useRealTimers();
    await Promise.all(opened.splice(0).map((queue) => queue.stop()));
    await emptyTables(database.pool);
  });
  afterAll(() => database.drop());

  function open(settings: QueueSettings = {}): WriteQueue {
    const queue = openQueue(database.connection, settings);
    opened.push(queue);
    return queue;
  }

  /** How many transactions wrote the observations that are stored. */
  async function transactions(): Promise<number> {
    const { rows } = await database.pool.query<{ n: number }>(
      'SELECT count(DISTINCT xmin::text)::int AS n FROM observations',
    );
    return rows[0]!.n;
  }

  it('is visible to everybody by the time the caller is told', async () => {
    const queue = open();
    for (let i = 0; i < 20; i += 1) {
      await queue.submit(batchOf(1, [observation('t', `o${i}`)]));
      const { rows } = await database.pool.query('SELECT FROM observations WHERE id = $1', [`o${i}`]);
      expect(rows).toHaveLength(1);
    }
    expect(await transactions()).toBe(20);
  });

  it('of a lone request waits for no timer', async () => {
    const queue = open();
    await queue.submit(batchOf(1, [observation('t', 'opens the connection')]));
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    await expect(queue.submit(batchOf(1, [observation('t', 'o')]))).resolves.toEqual({ rejected: [] });
  });

  it('of requests that arrive together takes one transaction per connection', async () => {
    const requests = Array.from({ length: 50 }, (_, i) => batchOf(1, [observation(`t${i}`, `o${i}`)]));
    const one = open({ connections: 1 });
    await Promise.all(requests.map((request) => one.submit(request)));
    expect(await transactions()).toBe(1);
    await emptyTables(database.pool);
    const two = open({ connections: 2 });
    await Promise.all(requests.map((request) => two.submit(request)));
    expect(await transactions()).toBe(2);
    expect(await wrongSums(database.pool)).toEqual({});
  });

  it('beyond the capacity is refused whole, and nothing of it is stored', async () => {
    const queue = open({ maxBytes: 1000 });
    const accepted = queue.submit({ ...batchOf(1, [observation('a', 'accepted')]), bytes: 900 });
    const refused = queue.submit({
      ...batchOf(1, [observation('a', 'refused'), observation('b', 'refused')]),
      bytes: 101,
    });
    await expect(refused).rejects.toBeInstanceOf(OverCapacity);
    await accepted;
    const { rows } = await database.pool.query('SELECT id FROM observations');
    expect(rows).toEqual([{ id: 'accepted' }]);
    expect(queue.status.bytes).toBe(0);
  });

  it('that was accepted is finished by a stopping queue, which takes nothing more', async () => {
    const queue = open();
    const accepted = Array.from({ length: 30 }, (_, i) => queue.submit(batchOf(1, [observation(`t${i}`, `o${i}`)])));
    const stopped = queue.stop();
    await expect(queue.submit(batchOf(1, [observation('t', 'late')]))).rejects.toBeInstanceOf(Unavailable);
    await stopped;
    await Promise.all(accepted);
    const { rows } = await database.pool.query('SELECT count(*)::int AS stored FROM observations');
    expect(rows).toEqual([{ stored: 30 }]);
    const { rows: left } = await database.pool.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'test writes'`,
    );
    expect(left).toEqual([]);
  });

  it('keeps the bucket and the time of arrival of the first message', async () => {
    let nowMs = NOW_MS;
    const queue = open({ nowMs: () => nowMs });
    await queue.submit(batchOf(1, [observation('t', 'o')]));
    nowMs += 14 * 86_400_000;
    await queue.submit(batchOf(1, [observation('t', 'o'), observation('t', 'later'), observation('new', 'o')]));
    const { rows } = await database.pool.query(
      `SELECT trace_id, id, bucket - (SELECT min(bucket) FROM traces) AS weeks, extract(epoch FROM created_at) * 1000 - $1 AS created,
       extract(epoch FROM updated_at) * 1000 - $1 AS updated FROM observations ORDER BY trace_id, id`,
      [NOW_MS],
    );
    const fortnight = String(14 * 86_400_000);
    expect(rows.map((row) => [row.trace_id, row.id, row.weeks, Number(row.created), Number(row.updated)])).toEqual([
      ['new', 'o', 2, Number(fortnight), Number(fortnight)],
      ['t', 'later', 0, Number(fortnight), Number(fortnight)],
      ['t', 'o', 0, 0, Number(fortnight)],
    ]);
    expect(await wrongSums(database.pool)).toEqual({});
  });

  it('as the server puts it together makes missing partitions, keeps refused items and counts its bytes', async () => {
    const fresh = await createTestDatabase();
    const config = parseConfig({ WRITE_CONNECTIONS: '3' });
    const keeper = new PartitionKeeper(await fresh.dataSource(), config);
    const events = new FlushEvents();
    const heard: unknown[] = [];
    events.onFlush((queue, { items, fault }) => heard.push([queue, items, fault]));
    events.onQuarantine((items) => heard.push(['quarantine', items]));
    const service = new IngestService(
      config,
      new WriteConnections(config, fresh.connection, new PriceBook()),
      { ensure: () => keeper.ensure() },
      new Redactor(),
      events,
      new MediaIntake(config, fresh.connection),
    );
    try {
      const submitted = service.submit(batchOf(1, [observation('t', 'o'), observation('t', 'a\0')]));
      expect(service.status.bytes).toBe(200);
      expect((await submitted).rejected).toMatchObject([{ kind: 'observation', id: 'a\0' }]);
      expect(service.status.bytes).toBe(0);
      const { rows } = await fresh.pool.query('SELECT id FROM observations');
      expect(rows).toEqual([{ id: 'o' }]);
      const { rows: kept } = await fresh.pool.query('SELECT sqlstate FROM quarantine');
      expect(kept).toEqual([{ sqlstate: '22021' }]);
      expect(heard).toEqual([
        ['traces', 2, 'partition'],
        ['quarantine', 1],
        ['traces', 2, undefined],
      ]);
      expect(service.status.writers).toEqual({ busy: 0, total: 3 });
      await service.onApplicationShutdown();
      await expect(service.submit(batchOf(1, [observation('t', 'late')]))).rejects.toBeInstanceOf(Unavailable);
    } finally {
      await service.onApplicationShutdown();
      await fresh.drop();
    }
  });
});
