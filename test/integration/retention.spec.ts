import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { parseConfig } from '../../src/config/config.js';
import { LANE_LOCKS, laneOf } from '../../src/storage/lane.js';
import { PartitionKeeper } from '../../src/storage/partitions.js';
import { type Removed, RETENTION_LOCK } from '../../src/storage/retention.js';
import { retirePartition } from '../../src/storage/retired-partitions.js';
import { bucketAt } from '../../src/storage/trace-writer.js';
import { type TestDatabase } from '../support/database.js';
import { expectedContents, storedContents, wrongSums } from '../support/fold.js';
import { batchOf, cutInPieces, NOW_MS, type Patch, Random, randomMessages } from '../support/messages.js';
import { locksOf, openRetention, untilItWaits } from '../support/retention.js';
import { waitFor } from '../support/server-process.js';
import { createWriteDatabase, openQueue } from '../support/write-database.js';

jest.setTimeout(60_000);

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
const DAYS = 30;
/** Old data arrives at NOW_MS, other data at LATER_MS; by then the old has expired. */
const LATER_MS = NOW_MS + 10 * WEEK_MS;
const OLD_WEEK = bucketAt(NOW_MS);
const NEW_WEEK = bucketAt(LATER_MS);
const TABLES = ['observations', 'observation_payloads', 'trace_payloads', 'logs'];

const traceOf = (traceId: string, sessionId?: string): Patch => ({
  kind: 'trace',
  index: 0,
  traceId,
  stamp: 2,
  input: '"in"',
  ...(sessionId === undefined ? {} : { sessionId }),
});
const observationOf = (traceId: string, id = 'o'): Patch => ({
  kind: 'observation',
  index: 0,
  traceId,
  id,
  stamp: 2,
  input: '"in"',
  model: 'gpt-x',
  usage: { input: 10, output: 2 },
});
const renamed = (patches: readonly Patch[]): Patch[] =>
  patches.map((patch) => ({ ...patch, traceId: `later ${patch.traceId}` }));

/** Sums that outlive what they were made of. */
const USAGE = ['sums by hour and model', 'traces by hour', 'traces by day and model'];

describe('retention of traces', () => {
  let database: TestDatabase;
  const clients: Client[] = [];

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(async () => {
    database = await createWriteDatabase();
    await ensure(LATER_MS);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end();
    await database.drop();
  });

  async function ensure(nowMs: number): Promise<void> {
    await new PartitionKeeper(await database.dataSource(), parseConfig({})).ensure(nowMs);
  }

  async function write(patches: readonly Patch[], nowMs: number, projectNo = 1): Promise<void> {
    const queue = openQueue(database.connection, { nowMs: () => nowMs, onMissingPartition: () => ensure(nowMs) });
    await expect(queue.submit(batchOf(projectNo, patches))).resolves.toEqual({ rejected: [] });
    await queue.stop();
  }

  /** A connection for a test that stands in somebody's way. */
  async function connect(): Promise<Client> {
    const client = new Client(database.connection);
    client.on('error', () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  }

  async function run(nowMs = LATER_MS, traces = DAYS): Promise<Removed | undefined> {
    return (await openRetention(database, { traces })).run(nowMs);
  }

  async function weeks(): Promise<number[]> {
    const { rows } = await database.pool.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relname ~ '_w[0-9]+$' ORDER BY 1`,
    );
    const found = [...new Set(rows.map(({ name }) => Number(name.split('_w')[1])))].sort();
    // Always of all three tables.
    expect(rows).toHaveLength(found.length * TABLES.length);
    return found;
  }

  async function value<T>(sql: string, parameters: unknown[] = []): Promise<T> {
    return Object.values((await database.pool.query<Record<string, T>>(sql, parameters)).rows[0]!)[0]!;
  }

  const allWeeks = [...[0, 1, 2, 3, 4].map((i) => OLD_WEEK + i), ...[0, 1, 2, 3, 4].map((i) => NEW_WEEK + i)];
  const newWeeks = allWeeks.slice(5);

  describe('when a week has expired', () => {
    it.each([1, 2])(
      'removes its traces and takes exactly their part out of every sum but usage (seed %i)',
      async (seed) => {
        const random = new Random(seed);
        const shape = { traces: 150, sessions: 25, observationsPerTrace: 5, epoch: (NOW_MS - DAY_MS) * 1000 };
        const old = randomMessages(random, shape);
        // The same sessions go on; some of them only begin.
        const kept = renamed(randomMessages(random, { ...shape, sessions: 35, traces: 40 }));
        await write(old, NOW_MS);
        await write(kept, LATER_MS);
        const { usageHourly } = await storedContents(database.pool, 1);

        const removed = await run();

        expect(removed).toMatchObject({ traces: 150, tracePartitions: 20, pointPartitions: 0 });
        expect(removed!.sessions).toBeGreaterThan(0);
        const expected = expectedContents(kept, LATER_MS * 1000);
        expect(await storedContents(database.pool, 1)).toEqual({ ...expected, usageHourly });
        expect(Object.keys(await wrongSums(database.pool))).toEqual(USAGE);
        expect(await weeks()).toEqual(newWeeks);
      },
    );

    it('removes the sessions that had no other traces, and those only', async () => {
      await write([traceOf('a', 'ends'), traceOf('b', 'goes on'), traceOf('c')], NOW_MS);
      await write([traceOf('d', 'goes on')], LATER_MS);
      expect(await run()).toMatchObject({ traces: 3, sessions: 1 });
      const { rows } = await database.pool.query('SELECT session_id, trace_count::int4 FROM sessions');
      expect(rows).toEqual([{ session_id: 'goes on', trace_count: 1 }]);
    });

    it('tells projects apart that use the same ids', async () => {
      const patches = [traceOf('a', 's'), observationOf('a')];
      await write(patches, NOW_MS, 1);
      await write(patches, LATER_MS, 2);
      await run();
      const { rows } = await database.pool.query('SELECT project_no, session_id FROM sessions');
      expect(rows).toEqual([{ project_no: 2, session_id: 's' }]);
      expect(await value('SELECT array_agg(project_no) FROM traces')).toEqual([2]);
    });

    it('removes log records by the week in which they came, whether they have a trace or none', async () => {
      for (const [id, bucket, traceId] of [
        ['old', OLD_WEEK, 'a'],
        ['old alone', OLD_WEEK, null],
        ['late', NEW_WEEK, 'a'],
        ['new alone', NEW_WEEK, null],
      ] as const) {
        await database.pool.query(
          `INSERT INTO logs (project_no, id, bucket, ts, created_at, ordinal, severity_number, trace_id)
           VALUES (1, $1, $2, now(), now(), 0, 9, $3)`,
          [id, bucket, traceId],
        );
      }
      await run();
      expect(await value('SELECT array_agg(id ORDER BY id) FROM logs')).toEqual(['late', 'new alone']);
    });

    it('removes what PostgreSQL had refused in that time', async () => {
      for (const [id, receivedMs] of [
        ['old', LATER_MS - DAYS * DAY_MS - 1],
        ['new', LATER_MS - DAYS * DAY_MS],
      ] as const) {
        await database.pool.query(`INSERT INTO quarantine VALUES (1, 'trace', $1, $1, $2, '22P05', 'bad', 1, 'x')`, [
          id,
          new Date(receivedMs),
        ]);
        await database.pool.query(`INSERT INTO orphans VALUES (1, $1, 'x', $2, $2, 0, 2, '{}')`, [
          id,
          new Date(receivedMs),
        ]);
      }
      expect(await run()).toMatchObject({ quarantined: 1, orphans: 1 });
      for (const table of ['quarantine', 'orphans'])
        expect(await value(`SELECT array_agg(id) FROM ${table}`)).toEqual(['new']);
    });
  });

  it('counts the days from the end of the week in which the first message came', async () => {
    const weekEndMs = (OLD_WEEK + 1) * WEEK_MS - 3 * DAY_MS;
    expect(bucketAt(weekEndMs)).toBe(OLD_WEEK + 1);
    await write([traceOf('a')], NOW_MS);
    await write([observationOf('a')], LATER_MS);
    expect(await run(weekEndMs + DAYS * DAY_MS - 1)).toMatchObject({ traces: 0, tracePartitions: 0 });
    expect(await weeks()).toEqual(allWeeks);
    expect(await run(weekEndMs + DAYS * DAY_MS)).toMatchObject({ traces: 1, tracePartitions: 4 });
    expect(await weeks()).toEqual(allWeeks.slice(1));
  });

  it('keeps what arrives today, whenever it happened', async () => {
    await write([{ ...traceOf('import'), timestamp: (NOW_MS - 3000 * DAY_MS) * 1000 } as Patch], LATER_MS);
    expect(await run()).toMatchObject({ traces: 0 });
    expect(await value('SELECT count(*)::int4 FROM traces')).toBe(1);
  });

  it('keeps everything for ever when the setting is 0', async () => {
    await write([traceOf('a', 's'), observationOf('a')], NOW_MS);
    expect(await run(NOW_MS + 5000 * DAY_MS, 0)).toMatchObject({ traces: 0, sessions: 0, tracePartitions: 0 });
    expect(await weeks()).toEqual(allWeeks);
    expect(await wrongSums(database.pool)).toEqual({});
  });

  it('finds expired traces by an index, and reads nothing else when there are none', async () => {
    await write(
      Array.from({ length: 500 }, (_, i) => traceOf(`t${i}`)),
      LATER_MS,
    );
    await database.pool.query('VACUUM ANALYZE traces');
    const plan = await value<{ Plan: Record<string, unknown> }[]>(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT project_no, trace_id FROM traces
       WHERE bucket > -1 AND bucket <= ${NEW_WEEK - 1} ORDER BY project_no, session_id, trace_id`,
    );
    expect(JSON.stringify(plan)).toContain('"Index Name":"traces_by_bucket"');
    expect(plan[0]!.Plan['Shared Hit Blocks']).toBeLessThan(10);
  });

  describe('a message that comes late', () => {
    it('about a trace that has gone makes it anew, in the present week', async () => {
      await write([traceOf('a', 's'), observationOf('a', 'early')], NOW_MS);
      await run();
      await write([observationOf('a', 'late')], LATER_MS);
      expect(await value('SELECT array_agg(bucket) FROM traces')).toEqual([NEW_WEEK]);
      expect(await value('SELECT array_agg(id) FROM observations')).toEqual(['late']);
      expect(Object.keys(await wrongSums(database.pool))).toEqual(USAGE);
    });

    it('and finds the week of its trace dropped is written again where the trace is by then', async () => {
      await write([traceOf('a'), observationOf('a', 'early')], NOW_MS);
      for (const table of TABLES) await database.pool.query(`DROP TABLE ${table}_w${OLD_WEEK}`);
      let missed = 0;
      const queue = openQueue(database.connection, {
        nowMs: () => LATER_MS,
        onMissingPartition: async () => {
          missed += 1;
          await run();
        },
      });
      const receipt = await queue.submit(batchOf(1, [observationOf('a', 'late')]));
      await queue.stop();
      expect([receipt, missed]).toEqual([{ rejected: [] }, 1]);
      expect(await value('SELECT array_agg(bucket) FROM observations')).toEqual([NEW_WEEK]);
    });
  });

  it.each([1, 2, 3])('leaves every sum right while writers go on with the same traces (seed %i)', async (seed) => {
    const random = new Random(seed);
    const shape = { traces: 120, sessions: 12, observationsPerTrace: 5, epoch: (NOW_MS - DAY_MS) * 1000 };
    await write(randomMessages(random, shape), NOW_MS);
    const late = cutInPieces(random, random.shuffled(randomMessages(random, shape)), 40);
    const queues = [1, 2].map((connections) =>
      openQueue(database.connection, {
        connections,
        nowMs: () => LATER_MS,
        onMissingPartition: () => ensure(LATER_MS),
      }),
    );
    const writing = Promise.all(
      late.map(async (piece, i) => expect((await queues[i % 2]!.submit(batchOf(1, piece))).rejected).toEqual([])),
    );
    const removed = await run();
    await writing;
    await Promise.all(queues.map((queue) => queue.stop()));
    // Everything else came in time to be removed, or came late and is there anew.
    expect(removed).toMatchObject({ tracePartitions: 20 });
    expect(removed!.traces).toBeGreaterThan(0);
    expect(await weeks()).toEqual(newWeeks);
    expect(Object.keys(await wrongSums(database.pool)).filter((name) => !USAGE.includes(name))).toEqual([]);
  });

  describe('of several processes', () => {
    it('is done by one while the others do something else', async () => {
      await write(
        Array.from({ length: 300 }, (_, i) => traceOf(`t${i}`, `s${i % 7}`)),
        NOW_MS,
      );
      const results = await Promise.all([1, 2, 3, 4].map(() => run()));
      const removed = results.filter((result) => result !== undefined);
      expect(removed.reduce((sum, { traces }) => sum + traces, 0)).toBe(300);
      expect(await weeks()).toEqual(newWeeks);
    });

    it('is left alone while another is at it', async () => {
      await write([traceOf('a')], NOW_MS);
      const other = await connect();
      await other.query('SELECT pg_advisory_lock($1)', [RETENTION_LOCK]);
      expect(await run()).toBeUndefined();
      await other.query('SELECT pg_advisory_unlock_all()');
      expect(await run()).toMatchObject({ traces: 1 });
    });
  });

  describe('holds up no writer', () => {
    const old = Array.from({ length: 60 }, (_, i) => [traceOf(`t${i}`, `s${i}`), observationOf(`t${i}`)]).flat();
    beforeEach(() => write(old, NOW_MS));

    it('while detaching waits for a transaction that reads', async () => {
      const reader = await connect();
      await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM observations');
      const running = run();
      const { pid } = await untilItWaits(database, 'DETACH PARTITION');
      // Neither kind of lock keeps anybody from reading or writing rows.
      const locks = (await locksOf(database, pid)).filter((lock) => !/ of (pg_|advisory)/.test(lock));
      expect(locks.filter((lock) => !/^(AccessShare|ShareUpdateExclusive)Lock/.test(lock))).toEqual([]);
      await write([traceOf('new', 's1'), observationOf('new')], LATER_MS);
      expect(await value(`SELECT count(*)::int4 FROM observations WHERE trace_id = 'new'`)).toBe(1);
      await reader.query('COMMIT');
      await expect(running).resolves.toMatchObject({ traces: 60, tracePartitions: 20 });
    });

    it('while it waits for a lane: it holds nothing that anybody needs', async () => {
      const writer = await connect();
      const busy = laneOf(1, 't0');
      await writer.query(`BEGIN; SELECT pg_advisory_xact_lock(${LANE_LOCKS}, ${busy})`);
      const running = run();
      const { pid } = await untilItWaits(database, 'remove_expired');
      const locks = await locksOf(database, pid);
      expect(locks.filter((lock) => lock.includes('advisory'))).toEqual([
        `ExclusiveLock of advisory ${RETENTION_LOCK}`,
      ]);
      expect(locks.filter((lock) => /RowExclusive|tuple/.test(lock))).toEqual([]);
      await writer.query('COMMIT');
      await expect(running).resolves.toMatchObject({ traces: 60 });
    });

    it('while somebody else holds a session: it lets go of the lane and comes back', async () => {
      const holder = await connect();
      await holder.query(`BEGIN; SELECT FROM sessions WHERE session_id = 's5' FOR UPDATE`);
      const running = run();
      // All lanes, one after the other: with the session still held, only a retention that gave its lane back lets this pass.
      await untilItWaits(database, 'remove_expired');
      await write(
        Array.from({ length: 200 }, (_, i) => traceOf(`new ${i}`)),
        LATER_MS,
      );
      expect(await value(`SELECT count(*)::int4 FROM sessions WHERE session_id = 's5'`)).toBe(1);
      await holder.query('COMMIT');
      await expect(running).resolves.toMatchObject({ traces: 60, sessions: 60 });
    });
  });

  describe('that was killed', () => {
    const old = Array.from({ length: 60 }, (_, i) => [traceOf(`t${i}`, `s${i % 9}`), observationOf(`t${i}`)]).flat();
    const kept = [traceOf('kept', 's1'), observationOf('kept')];
    beforeEach(async () => {
      await write(old, NOW_MS);
      await write(kept, LATER_MS);
    });

    async function expectFinished(): Promise<void> {
      await run();
      const { usageHourly: _, ...expected } = expectedContents(kept, LATER_MS * 1000);
      expect(await storedContents(database.pool, 1)).toMatchObject(expected);
      expect(Object.keys(await wrongSums(database.pool))).toEqual(USAGE);
      expect(await weeks()).toEqual(newWeeks);
      expect(await run()).toMatchObject({ traces: 0, tracePartitions: 0 });
    }

    const kill = (pid: number) => database.pool.query('SELECT pg_terminate_backend($1)', [pid]);

    it('among the traces leaves sums that are right, and the next run goes on', async () => {
      const writer = await connect();
      const held = laneOf(1, 't7');
      await writer.query(`BEGIN; SELECT pg_advisory_xact_lock(${LANE_LOCKS}, ${held})`);
      const running = run();
      const failed = expect(running).rejects.toThrow();
      const left = await waitFor(async () => {
        const { blockers } = await untilItWaits(database, 'remove_expired');
        const count = await value<number>(`SELECT count(*)::int4 FROM traces WHERE trace_id <> 'kept'`);
        return blockers.length > 0 && count < 60 ? count : undefined;
      });
      await kill((await untilItWaits(database, 'remove_expired')).pid);
      await failed;
      // The others' traces are gone, those of the lane that is held are there as before.
      expect(left).toBe(
        Array.from({ length: 60 }, (_, i) => laneOf(1, `t${i}`)).filter((lane) => lane === held).length,
      );
      expect(Object.keys(await wrongSums(database.pool))).not.toContain('sums and bounds of sessions');
      await writer.query('COMMIT');
      await expectFinished();
    });

    it('while it waits to detach leaves a partition half detached, and the next run finishes that first', async () => {
      const reader = await connect();
      await reader.query('BEGIN; SELECT count(*) FROM observations');
      const failed = expect(run()).rejects.toThrow();
      await kill((await untilItWaits(database, 'DETACH PARTITION')).pid);
      await failed;
      expect(await value('SELECT count(*)::int4 FROM pg_inherits WHERE inhdetachpending')).toBe(1);
      // Starting in that state is no trouble, and writing neither.
      await ensure(LATER_MS);
      await write([traceOf('meanwhile')], LATER_MS);
      await database.pool.query(`DELETE FROM traces WHERE trace_id = 'meanwhile'`);
      await database.pool.query(`DELETE FROM trace_payloads WHERE trace_id = 'meanwhile'`);
      await reader.query('COMMIT');
      await expectFinished();
    });

    it('between detaching and dropping leaves a table that the next run drops', async () => {
      const client = await connect();
      const name = `observations_w${OLD_WEEK}`;
      await retirePartition(client, { table: 'observations', name, isPending: false });
      expect(await value(`SELECT relispartition FROM pg_class WHERE relname = $1`, [name])).toBe(false);
      await expectFinished();
    });

    it('and whose clock is put back finds room for that week again', async () => {
      const client = await connect();
      const name = `observations_w${OLD_WEEK}`;
      await retirePartition(client, { table: 'observations', name, isPending: false });
      await ensure(NOW_MS);
      expect(await value(`SELECT relispartition FROM pg_class WHERE relname = $1`, [name])).toBe(true);
      // What is made anew is never taken for what was to go.
      await run(NOW_MS);
      expect(await value(`SELECT relispartition FROM pg_class WHERE relname = $1`, [name])).toBe(true);
    });
  });

  it('waits a day when the clock has leapt ahead, and goes on if it is still so', async () => {
    await write([traceOf('a')], NOW_MS);
    expect(await run(NOW_MS)).toMatchObject({ traces: 0 });
    expect(await run(LATER_MS)).toBeUndefined();
    expect(await run(LATER_MS + DAY_MS - 1)).toBeUndefined();
    expect(await value('SELECT count(*)::int4 FROM traces')).toBe(1);
    expect(await run(LATER_MS + DAY_MS)).toMatchObject({ traces: 1 });
  });

  describe('as part of a server', () => {
    it.each([{ traces: DAYS }, {}])(
      'of %j runs shortly after the start and then every hour, until the server stops',
      async (days) => {
        const retention = await openRetention(database, days);
        jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
        try {
          const runs = jest.spyOn(retention, 'run').mockResolvedValue(undefined);
          retention.onApplicationBootstrap();
          await jest.advanceTimersByTimeAsync(60_000);
          expect(runs).toHaveBeenCalledTimes(1);
          await jest.advanceTimersByTimeAsync(2 * 3_600_000);
          expect(runs).toHaveBeenCalledTimes(3);
          await retention.onApplicationShutdown();
          await jest.advanceTimersByTimeAsync(5 * 3_600_000);
          expect(runs).toHaveBeenCalledTimes(3);
        } finally {
          jest.useRealTimers();
        }
      },
    );

    it('takes no trace when everything is kept for ever', async () => {
      await write([traceOf('a')], NOW_MS);
      const retention = await openRetention(database, {});
      expect(await retention.run(LATER_MS)).toMatchObject({ traces: 0, scores: 0, tracePartitions: 0 });
      expect(await value('SELECT count(*)::int4 FROM traces')).toBe(1);
    });

    it('gives up at once when the server stops, whatever it waits for', async () => {
      await write([traceOf('a')], NOW_MS);
      const writer = await connect();
      await writer.query(`BEGIN; SELECT pg_advisory_xact_lock(${LANE_LOCKS}, ${laneOf(1, 'a')})`);
      const retention = await openRetention(database, { traces: DAYS });
      const running = retention.run(LATER_MS);
      const failed = expect(running).rejects.toThrow();
      await untilItWaits(database, 'remove_expired');
      await retention.onApplicationShutdown();
      await failed;
    });
  });
});
