import { Logger } from '@nestjs/common';
import { parseConfig } from '../../src/config/config.js';
import { MediaSweeper } from '../../src/storage/media/media-sweeper.js';
import { MetricPartitionKeeper } from '../../src/storage/metric-partitions.js';
import { ProjectRemoval } from '../../src/storage/projects/project-removal.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { makePartitions } from '../support/rows.js';
import { fillAllTables } from '../support/table-contents.js';

jest.setTimeout(60_000);

/** Tables whose rows are of no single project. A new one that has no `project_no` is a decision. */
const OF_NO_PROJECT = ['change_counters', 'media_signing_keys', 'price_snapshots', 'projects', 'retention_clock'];

const TABLES = `
  SELECT c.relname::text AS name, bool_or(a.attname = 'project_no') AS "hasProject"
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
     AND c.relname <> 'migrations' GROUP BY 1 ORDER BY 1`;

describe('the data of a deleted project', () => {
  let database: TestDatabase;
  let removal: ProjectRemoval;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    database = await createTestDatabase();
    const dataSource = await database.dataSource();
    await makePartitions(dataSource);
    await new MetricPartitionKeeper(dataSource).ensure();
    // One row of the projects 0 and 1 each.
    await fillAllTables(database.pool);
    removal = new ProjectRemoval(database.connection, new MediaSweeper(parseConfig({})));
  });
  afterAll(() => database.drop());

  const tables = async () => (await database.pool.query<{ name: string; hasProject: boolean }>(TABLES)).rows;
  const rowsOf = async (no: number): Promise<Record<string, number>> => {
    const counts: Record<string, number> = {};
    for (const { name, hasProject } of await tables()) {
      if (!hasProject) continue;
      const sql = `SELECT count(*)::int AS n FROM ${name} WHERE project_no = $1`;
      counts[name] = (await database.pool.query<{ n: number }>(sql, [no])).rows[0]!.n;
    }
    return counts;
  };
  const isEmptied = async (no: number) =>
    (
      await database.pool.query<{ is: boolean }>('SELECT emptied_at IS NOT NULL AS is FROM projects WHERE no = $1', [
        no,
      ])
    ).rows[0]!.is;

  it('can be told by a column of every table', async () => {
    const without = (await tables()).filter(({ hasProject }) => !hasProject).map(({ name }) => name);
    expect(without).toEqual(OF_NO_PROJECT);
  });

  it('stay while it is not deleted', async () => {
    await database.pool.query('UPDATE projects SET deleted_at = NULL, emptied_at = NULL');
    const before = [await rowsOf(0), await rowsOf(1)];
    expect(Object.values(before[1]!).every((count) => count === 1)).toBe(true);
    expect(await removal.run(0)).toBe(0);
    expect([await rowsOf(0), await rowsOf(1)]).toEqual(before);
  });

  it('go from every table, and nobody else’s with them', async () => {
    const others = await rowsOf(0);
    const count = Object.keys(others).length;
    await database.pool.query('UPDATE projects SET deleted_at = now() WHERE no = 1');
    expect(await removal.run()).toBe(count);
    expect(Object.values(await rowsOf(1)).every((rows) => rows === 0)).toBe(true);
    expect(await rowsOf(0)).toEqual(others);
  });

  it('are looked for again, until what was on its way has arrived', async () => {
    expect(await isEmptied(1)).toBe(false);
    await database.pool.query("UPDATE projects SET deleted_at = now() - interval '1 second' WHERE no = 1");
    await database.pool.query(
      "INSERT INTO metric_series SELECT 1, i, md5(i::text)::uuid, 'late', '{}' FROM generate_series(1, 4500) i",
    );
    expect(await removal.run(0)).toBe(4500);
    expect(await isEmptied(1)).toBe(false);
    expect(await removal.run(0)).toBe(0);
    expect(await isEmptied(1)).toBe(true);
  });
});
