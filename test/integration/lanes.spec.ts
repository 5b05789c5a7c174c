import { Logger, type LoggerService } from '@nestjs/common';
import { Client, Pool } from 'pg';
import { type WriteQueue } from '../../src/ingest/write-queue.js';
import { laneOf } from '../../src/storage/lane.js';
import { type TestDatabase } from '../support/database.js';
import { dumpProject, expectedContents, storedContents, wrongSums } from '../support/fold.js';
import { batchOf, cutInPieces, disordered, NOW_MS, type Patch, Random, randomMessages } from '../support/messages.js';
import { createWriteDatabase, openQueue } from '../support/write-database.js';
import { waitFor } from '../support/server-process.js';

const SHAPE = { traces: 60, sessions: 5, observationsPerTrace: 6, epoch: (NOW_MS - 86_400_000) * 1000 };
const PROCESSES = 3;
/** Requests that each process has open at once. */
const CALLERS = 6;

/** Keeps what the queue says instead of printing it. */
class Records implements LoggerService {
  readonly lines: string[] = [];
  log(): void {}
  warn(message: string): void {
    this.lines.push(message);
  }
  error(message: string): void {
    this.lines.push(message);
  }
}

jest.setTimeout(60_000);

describe('several processes that write the same traces', () => {
  let database: TestDatabase;
  let queues: WriteQueue[];
  let records: Records;

  beforeEach(async () => {
    records = new Records();
    Logger.overrideLogger(records);
    database = await createWriteDatabase();
    // Not the same number of connections everywhere: lanes must agree all the same.
    queues = Array.from({ length: PROCESSES }, (_, i) => openQueue(database.connection, { connections: i + 1 }));
  });
  afterEach(async () => {
    await Promise.all(queues.map((queue) => queue.stop()));
    await database.drop();
  });

  /** Sends every message to one to three processes, in small requests and any order. Resolves with how many requests there were. */
  async function writeEverywhere(
    random: Random,
    messages: readonly Patch[],
    onAnswer: () => void = () => undefined,
  ): Promise<number> {
    const shares = queues.map((): Patch[] => []);
    for (const message of disordered(random, messages, 0.3)) random.pick(shares).push(message);
    let answered = 0;
    await Promise.all(
      queues.map(async (queue, i) => {
        const pieces = cutInPieces(random, shares[i]!, 30);
        const call = async (): Promise<void> => {
          for (let piece = pieces.pop(); piece !== undefined; piece = pieces.pop()) {
            const receipt = await queue.submit(batchOf(1, piece));
            expect(receipt.rejected).toEqual([]);
            answered += 1;
            onAnswer();
          }
        };
        await Promise.all(Array.from({ length: CALLERS }, call));
      }),
    );
    return answered;
  }

  it.each([1, 2, 3])('lose nothing and count nothing twice (seed %i)', async (seed) => {
    const random = new Random(seed);
    const messages = randomMessages(random, SHAPE);
    await writeEverywhere(random, messages);
    expect(await storedContents(database.pool, 1)).toEqual(expectedContents(messages, NOW_MS * 1000));
    expect(await wrongSums(database.pool)).toEqual({});
    // Every lock is taken in one order, so that nobody waits in a circle.
    expect(records.lines).toEqual([]);
  });

  it('share sessions without waiting for one another in a circle', async () => {
    const sessions = Array.from({ length: 30 }, (_, i) => `session-${i}`);
    // Each process has a lane of its own, so that nothing but the sessions keeps them apart.
    const patchesOf = (lane: number): Patch[] => {
      const ids = Array.from({ length: 1000 }, (_, i) => `trace-${i}`).filter((id) => laneOf(1, id) === lane);
      const order = new Random(lane).shuffled(sessions);
      return order.map((sessionId, index) => ({ kind: 'trace', index, traceId: ids[index]!, stamp: 2, sessionId }));
    };
    await Promise.all(queues.map((queue, i) => queue.submit(batchOf(1, patchesOf(5 * i)))));
    const holder = new Client(database.connection);
    await holder.connect();
    await holder.query(`BEGIN; SELECT FROM sessions WHERE session_id = 'session-15' FOR UPDATE`);
    const again = queues.map((queue, i) => queue.submit(batchOf(1, patchesOf(5 * i))));
    await waitFor(async () => {
      const { rows } = await database.pool.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return rows.length === PROCESSES;
    });
    await holder.query('COMMIT');
    await holder.end();
    await Promise.all(again);
    expect(records.lines).toEqual([]);
    expect(await wrongSums(database.pool)).toEqual({});
  });

  it('lose nothing and count nothing twice while their connections are killed', async () => {
    const random = new Random(4);
    const messages = randomMessages(random, { ...SHAPE, traces: 150 });
    const killer = new Client(database.connection);
    await killer.connect();
    let kills = 0;
    let answered = 0;
    let isDone = false;
    const killing = (async () => {
      while (!isDone) {
        // Any connection that writes, most often in the middle of something.
        const { rowCount } = await killer.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() ` +
            `AND application_name = 'test writes' ORDER BY state = 'idle', random() LIMIT 1`,
        );
        kills += rowCount ?? 0;
        const before = answered;
        await waitFor(() => isDone || answered > before + 3);
      }
    })();
    const requests = await writeEverywhere(random, messages, () => (answered += 1));
    isDone = true;
    await killing;
    await killer.end();

    expect(requests).toBeGreaterThan(100);
    expect(kills).toBeGreaterThan(15);
    expect(records.lines.length).toBeGreaterThan(0);
    expect(records.lines.filter((line) => /deadlock/.test(line))).toEqual([]);
    expect(await storedContents(database.pool, 1)).toEqual(expectedContents(messages, NOW_MS * 1000));
    expect(await wrongSums(database.pool)).toEqual({});
    const { rows } = await database.pool.query('SELECT count(*)::int AS kept FROM quarantine');
    expect(rows).toEqual([{ kept: 0 }]);
  });

  it('give the same rows as one process alone', async () => {
    const random = new Random(5);
    const messages = randomMessages(random, SHAPE);
    await writeEverywhere(random, messages);
    await queues[0]!.submit(batchOf(2, messages));
    expect(await dumpProject(database.pool, 1)).toBe(await dumpProject(database.pool, 2));
  });

  it('do so too where the database isolates transactions more by default', async () => {
    const owner = new Pool({ ...database.connection, max: 1 });
    await owner.query(
      `ALTER DATABASE ${database.connection.database} SET default_transaction_isolation = 'repeatable read'`,
    );
    await owner.end();
    const random = new Random(6);
    const messages = randomMessages(random, SHAPE);
    await writeEverywhere(random, messages);
    expect(await storedContents(database.pool, 1)).toEqual(expectedContents(messages, NOW_MS * 1000));
    expect(await wrongSums(database.pool)).toEqual({});
    expect(records.lines).toEqual([]);
  });
});
