import { parseConfig } from '../../src/config/config.js';
import { type WriteQueue } from '../../src/ingest/write-queue.js';
import { MediaSweeper } from '../../src/storage/media/media-sweeper.js';
import { TraceDeleter } from '../../src/storage/trace-deleter.js';
import { type TestDatabase } from '../support/database.js';
import { type Contents, emptyTables, expectedContents, storedContents, wrongSums } from '../support/fold.js';
import { batchOf, NOW_MS, type Patch, Random, randomMessages } from '../support/messages.js';
import { createWriteDatabase, openQueue } from '../support/write-database.js';

jest.setTimeout(60_000);

const SHAPE = { traces: 12, sessions: 4, observationsPerTrace: 6, epoch: (NOW_MS - 86_400_000) * 1000 };
const PROJECT = { no: 1, id: 'one' };
const OTHER_PROJECT = { no: 2, id: 'two' };

describe('deleting traces', () => {
  let database: TestDatabase;
  let queue: WriteQueue;
  let deleter: TraceDeleter;
  beforeAll(async () => {
    database = await createWriteDatabase();
    queue = openQueue(database.connection);
    deleter = new TraceDeleter(database.connection, new MediaSweeper(parseConfig({})));
  });
  afterEach(() => emptyTables(database.pool));
  afterAll(async () => {
    await queue.stop();
    await database.drop();
  });

  it.each([1, 2, 3, 4, 5, 6])('leaves what was stored without them, sums included (seed %i)', async (seed) => {
    const random = new Random(seed);
    const messages = randomMessages(random, SHAPE);
    await queue.submit(batchOf(PROJECT.no, messages));
    await queue.submit(batchOf(OTHER_PROJECT.no, messages));
    const ids = [...new Set(messages.map((message) => message.traceId ?? ''))];
    const gone = new Set(ids.filter(() => random.chance(0.5)));

    expect(await deleter.delete(PROJECT, [...gone, ...gone, 'never sent'])).toBe(gone.size);

    const kept = messages.filter((message) => !gone.has(message.traceId ?? ''));
    expect(await storedContents(database.pool, PROJECT.no)).toEqual(expectedContents(kept, NOW_MS * 1000));
    expect(await storedContents(database.pool, OTHER_PROJECT.no)).toEqual(expectedContents(messages, NOW_MS * 1000));
    expect(await wrongSums(database.pool)).toEqual({});
  });

  it('removes the session with its last trace, and lets it begin anew', async () => {
    const of = (stamp: number): Patch => ({ kind: 'trace', index: 0, traceId: 't', stamp, sessionId: 's' });
    const sessions = async (): Promise<Contents['sessions']> =>
      (await storedContents(database.pool, PROJECT.no)).sessions;
    await queue.submit(batchOf(PROJECT.no, [of(2)]));
    await deleter.delete(PROJECT, ['t']);
    const { rows } = await database.pool.query('SELECT * FROM sessions');
    expect(rows).toEqual([]);
    await queue.submit(batchOf(PROJECT.no, [of(4)]));
    expect(await sessions()).toMatchObject([{ session_id: 's', trace_count: 1 }]);
  });

  it('keeps sums right while others write to the same traces', async () => {
    const messages = randomMessages(new Random(7), SHAPE);
    const ids = [...new Set(messages.map((message) => message.traceId ?? ''))];
    const writes = Array.from({ length: 10 }, () => queue.submit(batchOf(PROJECT.no, messages)));
    const deletes = Array.from({ length: 10 }, (_, i) => deleter.delete(PROJECT, ids.slice(i % 5)));
    await Promise.all([...writes, ...deletes]);
    expect(await wrongSums(database.pool)).toEqual({});
  });

  it('takes the comments on them, on their observations and on sessions that end with them, and no others', async () => {
    const trace = (traceId: string, sessionId: string): Patch => ({
      ...{ kind: 'trace', index: 0, traceId, stamp: 2, sessionId },
    });
    const observation = (traceId: string, id: string): Patch => ({
      kind: 'observation',
      index: 0,
      traceId,
      id,
      stamp: 2,
    });
    const patches = [
      ...[trace('gone', 'ends'), observation('gone', 'own'), observation('gone', 'shared')],
      ...[trace('gone too', 'goes on'), trace('kept', 'goes on'), observation('kept', 'shared')],
    ];
    await queue.submit(batchOf(PROJECT.no, patches));
    await queue.submit(batchOf(OTHER_PROJECT.no, patches));
    const things = [
      ...['TRACE gone', 'TRACE kept', 'OBSERVATION own', 'OBSERVATION shared', 'SESSION ends', 'SESSION goes on'],
      ...['OBSERVATION gone', 'PROMPT gone'],
    ];
    await database.pool.query(
      `INSERT INTO comments SELECT p, gen_random_uuid(), split_part(t, ' ', 1), substr(t, strpos(t, ' ') + 1), 'c', NULL, now()
       FROM unnest($1::int4[]) p, unnest($2::text[]) t`,
      [[PROJECT.no, OTHER_PROJECT.no], things],
    );

    expect(await deleter.delete(PROJECT, ['gone', 'gone too'])).toBe(2);

    const left = await database.pool.query<{ no: number; things: string[] }>(
      `SELECT project_no AS no, array_agg(object_type || ' ' || object_id ORDER BY 1) AS things FROM comments GROUP BY 1 ORDER BY 1`,
    );
    expect(left.rows.map(({ things: of }) => of.sort())).toEqual([
      ['OBSERVATION gone', 'OBSERVATION shared', 'PROMPT gone', 'SESSION goes on', 'TRACE kept'],
      things.toSorted(),
    ]);
    await database.pool.query('DELETE FROM comments');
  });

  it('takes more traces than one transaction does', async () => {
    const ids = Array.from({ length: 230 }, (_, i) => `trace ${i}`);
    const patches = ids.map((traceId, index): Patch => ({ kind: 'trace', index, traceId, stamp: 2 }));
    await queue.submit(batchOf(PROJECT.no, patches));
    expect(await deleter.delete(PROJECT, ids)).toBe(230);
    expect((await storedContents(database.pool, PROJECT.no)).traces).toEqual([]);
  });
});
