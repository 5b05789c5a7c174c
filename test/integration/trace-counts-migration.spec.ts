import { CountTracesByDay1795620000000 } from '../../migrations/1795620000000-CountTracesByDay.js';
import { FillTraceCounts1795620000001 } from '../../migrations/1795620000001-FillTraceCounts.js';
import { storedContents, wrongSums } from '../support/fold.js';
import { batchOf, type Patch, Random, randomMessages } from '../support/messages.js';
import { createWriteDatabase, openQueue } from '../support/write-database.js';

jest.setTimeout(60_000);

it('what was stored before traces were counted by day is counted by the migration, and goes on from there', async () => {
  const database = await createWriteDatabase();
  const queue = openQueue(database.connection);
  const random = new Random(42);
  const epoch = Date.UTC(2026, 0, 28, 22, 59, 40) * 1000;
  // Of what was stored then, nothing was left out of sums.
  const messages = () =>
    randomMessages(random, { traces: 30, sessions: 3, observationsPerTrace: 5, epoch }).map((patch): Patch =>
      patch.kind === 'trace' ? patch : { ...patch, type: 'GENERATION', parentObservationId: null },
    );
  await queue.submit(batchOf(1, messages()));
  await queue.submit(batchOf(2, messages()));
  const before = await storedContents(database.pool, 1);

  const runner = (await database.dataSource()).createQueryRunner();
  const [count, fill] = [new CountTracesByDay1795620000000(), new FillTraceCounts1795620000001()];
  await fill.down(runner);
  await count.down(runner);
  const { rows } = await database.pool.query<{ n: number }>(
    'SELECT count(*)::int4 AS n FROM trace_models WHERE observation_count > 0',
  );
  expect(rows[0]!.n).toBeGreaterThan(50);
  await count.up(runner);
  await fill.up(runner);
  await runner.release();

  expect(await wrongSums(database.pool)).toEqual({});
  expect(await storedContents(database.pool, 1)).toEqual(before);
  // A connection of before would still know the old columns.
  await queue.stop();
  const later = openQueue(database.connection);
  await later.submit(batchOf(1, messages()));
  expect(await wrongSums(database.pool)).toEqual({});
  await later.stop();
  await database.drop();
});
