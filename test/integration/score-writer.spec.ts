import fc from 'fast-check';
import { foldScores, type ScoreState, scoreStateOf } from '../../src/domain/score-merge.js';
import { settleScore } from '../../src/domain/score-value.js';
import { type ScorePatch } from '../../src/domain/score.js';
import { openScoreQueue, type ScoreQueue } from '../../src/ingest/score-queue.js';
import { ScoreWriter } from '../../src/storage/scores/score-writer.js';
import { parseConfig } from '../../src/config/config.js';
import { MediaSweeper } from '../../src/storage/media/media-sweeper.js';
import { ReadPool } from '../../src/storage/read-pool.js';
import { ScoreRemoval } from '../../src/storage/scores/score-removal.js';
import { TraceDeleter } from '../../src/storage/trace-deleter.js';
import { type TestDatabase } from '../support/database.js';
import { batchOf as traceBatchOf, Random } from '../support/messages.js';
import { waitFor } from '../support/server-process.js';
import { createWriteDatabase, openQueue as openTraceQueue } from '../support/write-database.js';

const NOW_MS = Date.UTC(2026, 0, 31, 10);
const NOW = NOW_MS * 1000;

jest.setTimeout(60_000);

let database: TestDatabase;
const queues: ScoreQueue[] = [];

beforeAll(async () => {
  database = await createWriteDatabase(NOW_MS);
});

afterEach(async () => {
  for (const queue of queues.splice(0)) await queue.stop();
});

afterAll(() => database.drop());

/** A queue with a connection of its own, as each process has one. */
function openQueue(nowMs: () => number = () => NOW_MS): ScoreQueue {
  const queue = openScoreQueue(new ScoreWriter(database.connection), { maxBytes: 1e8, deadlineMs: 10_000, nowMs });
  queues.push(queue);
  return queue;
}

function aScore(stated: Partial<ScorePatch> = {}): ScorePatch {
  return {
    kind: 'score',
    index: 0,
    id: 'score-1',
    stamp: NOW * 2,
    timestamp: NOW,
    subject: { traceId: 'trace-1', observationId: null, sessionId: null, datasetRunId: null },
    name: 'accuracy',
    source: 'API',
    value: 0.5,
    ...stated,
  };
}

const batchOf = (scores: readonly ScorePatch[], no = 1) => ({ project: { no, id: `p${no}` }, scores, bytes: 100 });

/** All columns but the two that tell when rows were written. */
async function dump(projectNo: number): Promise<string> {
  const { rows } = await database.pool.query(
    "SELECT to_jsonb(s) - 'project_no' - 'created_at' - 'updated_at' AS row FROM scores s WHERE project_no = $1 ORDER BY id",
    [projectNo],
  );
  return JSON.stringify(rows, null, 1);
}

/** Messages made to collide: few ids, few stamps, few values, every optional field now and then. */
const messages = fc.array(
  fc.record(
    {
      id: fc.constantFrom('a', 'b', 'ü/…'),
      stamp: fc.integer({ min: 1, max: 4 }).map((n) => NOW * 2 + n),
      timestamp: fc.constantFrom(NOW, NOW + 1),
      subject: fc
        .constantFrom('t1', 't2')
        .map((traceId) => ({ traceId, observationId: null, sessionId: null, datasetRunId: null })),
      value: fc.constantFrom<number | string>(0.6000000000000001, -1.5, 0, 'good', 'bad'),
      name: fc.constantFrom('n', 'm'),
      source: fc.constantFrom('API' as const, 'EVAL' as const),
      environment: fc.constantFrom('prod', 'dev'),
      comment: fc.constantFrom('x', 'y'),
      metadata: fc.constantFrom('{"a":1,"b":{"d":1,"c":2}}', '{"b":{"c":2,"d":1},"a":1}', '{"a":2}'),
      queueId: fc.constantFrom('q1', 'q2'),
      authorUserId: fc.constantFrom('u1', 'u2'),
      executionTraceId: fc.constantFrom('e1', 'e2'),
    },
    { requiredKeys: ['id', 'stamp', 'timestamp', 'subject', 'value', 'name', 'source'] },
  ),
  { minLength: 1, maxLength: 12 },
);

describe('stored scores', () => {
  let projectNo = 100;

  it('are the same for any order, repetition and split of the same messages, through two writers', async () => {
    const writers = [openQueue(), openQueue()];
    await fc.assert(
      fc.asyncProperty(messages, fc.integer(), async (stated, seed) => {
        const random = new Random(seed);
        const patches = stated.map((one) => aScore(one));
        projectNo += 1;
        await writers[0]!.submit(batchOf(patches, projectNo));
        const expected = await dump(projectNo);
        projectNo += 1;
        const disordered = random.shuffled([...patches, ...patches.filter(() => random.chance(0.3))]);
        const submitted: Promise<unknown>[] = [];
        while (disordered.length > 0) {
          const receipt = random.pick(writers).submit(batchOf(disordered.splice(0, 1 + random.below(3)), projectNo));
          submitted.push(receipt);
          // Some wait for the one before; the others meet in the database.
          if (random.chance(0.5)) await receipt;
        }
        await Promise.all(submitted);
        expect(await dump(projectNo)).toBe(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('say what the highest stamp states, field by field, and stay where the lowest put them', async () => {
    const queue = openQueue();
    const moved = { traceId: 'elsewhere', observationId: null, sessionId: null, datasetRunId: null };
    await queue.submit(
      batchOf([
        aScore({ comment: 'first', metadata: '{"a":1}', environment: 'prod' }),
        aScore({
          stamp: NOW * 2 + 9,
          value: 'good',
          name: 'tone',
          comment: undefined,
          subject: moved,
          timestamp: NOW + 5,
        }),
        aScore({ stamp: NOW * 2 + 3, value: 7, comment: 'second' }),
      ]),
    );
    const { rows } = await database.pool.query('SELECT * FROM scores WHERE project_no = 1');
    expect(rows).toEqual([
      expect.objectContaining({
        id: 'score-1',
        trace_id: 'trace-1',
        ts: new Date(NOW_MS),
        environment: 'prod',
        name: 'tone',
        data_type: 'CATEGORICAL',
        value: 0,
        string_value: 'good',
        comment: 'second',
        metadata: { a: 1 },
        stamps: { comment: NOW * 2 + 3, metadata: NOW * 2 },
      }),
    ]);
  });

  it('keep the time of their first arrival, and that of their last change when nothing changes', async () => {
    let nowMs = NOW_MS;
    const queue = openQueue(() => nowMs);
    const times = async () => {
      const { rows } = await database.pool.query("SELECT created_at, updated_at FROM scores WHERE id = 'timed'");
      return rows[0] as unknown;
    };
    await queue.submit(batchOf([aScore({ id: 'timed' })]));
    nowMs += 1000;
    await queue.submit(batchOf([aScore({ id: 'timed' })]));
    expect(await times()).toEqual({ created_at: new Date(NOW_MS), updated_at: new Date(NOW_MS) });
    await queue.submit(batchOf([aScore({ id: 'timed', stamp: NOW * 2 + 1, value: 1 })]));
    expect(await times()).toEqual({ created_at: new Date(NOW_MS), updated_at: new Date(NOW_MS + 1000) });
  });

  it.each([0.6000000000000001, 0.123456789, -1.5, 5e-324, 1.7976931348623157e308, 2 ** 53, 0.1 + 0.2])(
    'hold the double %d exactly',
    async (value) => {
      await openQueue().submit(batchOf([aScore({ id: 'exact', value })], 2));
      const { rows } = await database.pool.query("SELECT value FROM scores WHERE project_no = 2 AND id = 'exact'");
      expect(rows).toEqual([{ value }]);
      await database.pool.query('DELETE FROM scores WHERE project_no = 2');
    },
  );

  it('are apart by project', async () => {
    const queue = openQueue();
    await Promise.all([
      queue.submit(batchOf([aScore({ id: 'same', value: 1 })], 3)),
      queue.submit(batchOf([aScore({ id: 'same', value: 2 })], 4)),
    ]);
    const { rows } = await database.pool.query(
      "SELECT project_no, value FROM scores WHERE id = 'same' ORDER BY project_no",
    );
    expect(rows).toEqual([
      { project_no: 3, value: 1 },
      { project_no: 4, value: 2 },
    ]);
  });
});

describe('one bad score', () => {
  const ids = async (no: number) =>
    (
      await database.pool.query<{ id: string }>('SELECT id FROM scores WHERE project_no = $1 ORDER BY id', [no])
    ).rows.map(({ id }) => id);

  it('that breaks its config harms only itself, and the config is that of its own project', async () => {
    await database.pool.query(
      `INSERT INTO score_configs (project_no, id, name, data_type, min_value, max_value, is_archived, created_at, updated_at)
       VALUES (5, 'stars', 'Stars', 'NUMERIC', 1, 5, false, now(), now()), (5, 'old', 'Old', 'NUMERIC', null, null, true, now(), now())`,
    );
    const stated = [
      aScore({ index: 0, id: 's0', value: 5, configId: 'stars' }),
      aScore({ index: 1, id: 's1', value: 5.5, configId: 'stars' }),
      aScore({ index: 2, id: 's2', value: 1, configId: 'old' }),
      aScore({ index: 3, id: 's3', value: 1, configId: 'none' }),
      aScore({ index: 4, id: 's4', value: 'five', configId: 'stars' }),
      aScore({ index: 5, id: 's5' }),
    ];
    const { rejected } = await openQueue().submit(batchOf(stated, 5));
    expect(rejected.map(({ id, field, code }) => ({ id, field, code }))).toEqual([
      { id: 's1', field: 'value', code: 'INVALID_FIELD' },
      { id: 's2', field: 'configId', code: 'INVALID_FIELD' },
      { id: 's3', field: 'configId', code: 'INVALID_FIELD' },
      { id: 's4', field: 'value', code: 'INVALID_FIELD' },
    ]);
    expect(await ids(5)).toEqual(['s0', 's5']);
    const elsewhere = await openQueue().submit(batchOf([stated[0]!], 6));
    expect(elsewhere.rejected).toEqual([expect.objectContaining({ field: 'configId' })]);
  });

  it('that PostgreSQL refuses is found among many, and its sender alone hears of it', async () => {
    const queue = openQueue();
    // Nothing gets past the validators in front that PostgreSQL refuses, so they are left out here.
    const bad = aScore({ id: 'bad', comment: 'a\u0000b' });
    const good = Array.from({ length: 40 }, (_, i) => aScore({ id: `good-${i}` }));
    const [own, others] = await Promise.all([
      queue.submit(batchOf([...good.slice(0, 20), bad], 7)),
      queue.submit(batchOf(good.slice(20), 7)),
    ]);
    expect(own.rejected).toEqual([expect.objectContaining({ id: 'bad', code: 'NOT_STORABLE' })]);
    expect(others.rejected).toEqual([]);
    expect(await ids(7)).toHaveLength(40);
  });
});

describe('a score that is deleted while a message about it is being written', () => {
  const PROJECT = { no: 8, id: 'p8' };
  /** Advisory lock that the test holds to stop a writer between its read and its write. */
  const GATE = 4242;
  beforeAll(async () => {
    await database.pool.query(
      `CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(${GATE}); RETURN NEW; END';
       CREATE TRIGGER gate BEFORE INSERT ON scores FOR EACH ROW EXECUTE FUNCTION wait_at_gate()`,
    );
  });
  afterAll(() => database.pool.query('DROP TRIGGER gate ON scores'));

  const byItself = async () => {
    const pool = new ReadPool(await database.dataSource(), { readTimeoutMs: 10_000 });
    await new ScoreRemoval(pool).delete(PROJECT, 'score-1');
  };
  const withItsTrace = async () => {
    await new TraceDeleter(database.connection, new MediaSweeper(parseConfig({}))).delete(PROJECT, ['trace-1']);
  };

  it.each([
    ['by itself', byItself],
    ['with its trace', withItsTrace],
  ])('stays deleted %s', async (_, remove) => {
    const traces = openTraceQueue(database.connection);
    await traces.submit(traceBatchOf(PROJECT.no, [{ kind: 'trace', index: 0, traceId: 'trace-1', stamp: 2 }]));
    await traces.stop();
    const queue = openQueue();
    await queue.submit(batchOf([aScore({ comment: 'to be forgotten' })], PROJECT.no));

    const gate = await database.pool.connect();
    const waiting = async () =>
      (
        await gate.query<{ n: number }>(
          `SELECT count(*)::int4 AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`,
        )
      ).rows[0]!.n;
    try {
      await gate.query(`SELECT pg_advisory_lock(${GATE})`);
      const write = queue.submit(batchOf([aScore({ stamp: NOW * 2 + 1, value: 1 })], PROJECT.no));
      await waitFor(async () => (await waiting()) === 1);
      let isRemoved = false;
      const removal = remove().then(() => (isRemoved = true));
      await waitFor(async () => isRemoved || (await waiting()) === 2);
      await gate.query(`SELECT pg_advisory_unlock(${GATE})`);
      await Promise.all([write, removal]);
    } finally {
      gate.release(true);
    }
    expect(JSON.parse(await dump(PROJECT.no))).toEqual([]);
  });
});

describe('the fold of scores', () => {
  const state = (patch: ScorePatch): ScoreState => scoreStateOf(patch, settleScore(patch));

  it('takes nothing from a message that is known, and keeps the state itself', () => {
    const known = state(aScore({ comment: 'a', metadata: '{"a":1,"b":2}' }));
    expect(foldScores(known, state(aScore({ comment: 'a', metadata: '{"b":2,"a":1}' })))).toBe(known);
  });
});
