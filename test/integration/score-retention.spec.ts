import { Logger } from '@nestjs/common';
import { parseConfig } from '../../src/config/config.js';
import { PartitionKeeper } from '../../src/storage/partitions.js';
import { BUCKET, insertRows } from '../support/rows.js';
import { bucketStartMs } from '../../src/storage/trace-writer.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { openRetention } from '../support/retention.js';

jest.setTimeout(60_000);

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
const DAYS = 30;
const NOW_MS = bucketStartMs(BUCKET) + DAY_MS;
/** A week of which nothing is kept any more, the one after it, and one that is. */
const OLD_MS = NOW_MS - 10 * WEEK_MS;
const RECENT_MS = NOW_MS - WEEK_MS;
const OLD_BUCKET = BUCKET - 10;

let database: TestDatabase;

beforeAll(() => Logger.overrideLogger(false));
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

async function insertScore(id: string, arrivedMs: number, columns: Readonly<Record<string, unknown>>): Promise<void> {
  const time = new Date(arrivedMs).toISOString();
  const row = {
    ...{ project_no: 1, id, ts: time, name: 'n', source: 'API', data_type: 'NUMERIC', value: 1 },
    ...{ first_stamp: 1, stamp: 1, created_at: time, updated_at: time },
    ...columns,
  };
  await database.pool.query('INSERT INTO scores SELECT * FROM json_populate_record(NULL::scores, $1)', [
    JSON.stringify(row),
  ]);
}

async function run(days: number) {
  return (await openRetention(database, { traces: days })).run(NOW_MS);
}

const ids = async () =>
  (await database.pool.query<{ id: string }>('SELECT id FROM scores ORDER BY id')).rows.map(({ id }) => id);

async function fill(): Promise<void> {
  await insertRows(database.pool, 'traces', [
    { trace_id: 'old', bucket: OLD_BUCKET },
    { trace_id: 'recent', bucket: BUCKET - 1 },
    { trace_id: 'old', bucket: BUCKET - 1, project_no: 2 },
  ]);
  await insertScore('of old trace', OLD_MS, { trace_id: 'old' });
  await insertScore('late, of old trace', RECENT_MS, { trace_id: 'old', observation_id: 'o' });
  await insertScore('of the same id in another project', OLD_MS, { trace_id: 'old', project_no: 2 });
  await insertScore('before its recent trace', OLD_MS, { trace_id: 'recent' });
  await insertScore('of recent trace', RECENT_MS, { trace_id: 'recent' });
  await insertScore('old, of a session', OLD_MS, { session_id: 's' });
  await insertScore('old, of a run', OLD_MS, { dataset_run_id: 'r' });
  await insertScore('old, of a trace that never came', OLD_MS, { trace_id: 'never' });
  await insertScore('recent, of a session', RECENT_MS, { session_id: 's' });
  await insertScore('recent, of a trace to come', RECENT_MS, { trace_id: 'to come' });
}

describe('retention of scores', () => {
  it('removes those of expired traces, and by their own arrival those that have no trace', async () => {
    await fill();
    expect(await run(DAYS)).toMatchObject({ traces: 1, scores: 5 });
    expect(await ids()).toEqual([
      'before its recent trace',
      'of recent trace',
      'of the same id in another project',
      'recent, of a session',
      'recent, of a trace to come',
    ]);
    expect(await run(DAYS)).toMatchObject({ traces: 0, scores: 0 });
  });

  it('takes comments along: those on expired traces, on their observations and sessions, whenever they were written', async () => {
    await insertRows(database.pool, 'traces', [
      { trace_id: 'old', bucket: OLD_BUCKET, session_id: 'old' },
      { trace_id: 'recent', bucket: BUCKET, session_id: 'recent' },
    ]);
    await insertRows(database.pool, 'sessions', [{ session_id: 'old' }, { session_id: 'recent' }]);
    const partitions = new PartitionKeeper(await database.dataSource(), parseConfig({}));
    for (const week of [OLD_MS, NOW_MS]) await partitions.ensure(week);
    await insertRows(database.pool, 'observations', [
      { trace_id: 'recent', bucket: BUCKET, id: 'recent' },
      { trace_id: 'old', bucket: OLD_BUCKET, id: 'old' },
    ]);
    await database.pool.query(
      `INSERT INTO comments SELECT 1, gen_random_uuid(), type, id, 'c', NULL, $1
       FROM unnest('{TRACE,OBSERVATION,SESSION}'::text[]) type, unnest('{old,recent}'::text[]) id`,
      [new Date(NOW_MS)],
    );
    expect(await run(DAYS)).toMatchObject({ traces: 1, sessions: 1, comments: 3 });
    const { rows } = await database.pool.query<{ object_id: string }>('SELECT object_id FROM comments');
    expect(rows.map((row) => row.object_id)).toEqual(['recent', 'recent', 'recent']);
  });

  it('keeps everything when nothing expires', async () => {
    await fill();
    await run(0);
    expect(await ids()).toHaveLength(10);
  });

  it('removes many', async () => {
    await database.pool.query(
      `INSERT INTO scores (project_no, id, ts, session_id, name, source, data_type, first_stamp, stamp, created_at, updated_at)
       SELECT 1, 'many ' || n, $1, 's', 'n', 'API', 'NUMERIC', 1, 1, $1, $1 FROM generate_series(1, 1234) n`,
      [new Date(OLD_MS)],
    );
    expect(await run(DAYS)).toMatchObject({ scores: 1234 });
    expect(await ids()).toEqual([]);
  });
});
