import { newDataSource } from '../../src/storage/data-source.js';
import { MetricPartitionKeeper } from '../../src/storage/metric-partitions.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 23, 12);

interface Partition {
  name: string;
  bounds: string;
}

describe('the partitions of points', () => {
  let database: TestDatabase;
  let keeper: MetricPartitionKeeper;

  beforeEach(async () => {
    database = await createTestDatabase();
    keeper = new MetricPartitionKeeper(await database.dataSource());
  });
  afterEach(() => database.drop());

  async function partitions(): Promise<Partition[]> {
    const client = await database.pool.connect();
    try {
      await client.query(`SET timezone = 'UTC'`);
      const { rows } = await client.query<Partition>(
        `SELECT c.relname::text AS name, pg_get_expr(c.relpartbound, c.oid) AS bounds
         FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE inhparent = 'metric_points'::regclass ORDER BY 1`,
      );
      return rows;
    } finally {
      await client.query('RESET timezone');
      client.release();
    }
  }

  const names = async () => (await partitions()).map(({ name }) => name.replace('metric_points_', ''));
  const insert = (time: string) =>
    database.pool.query(
      'INSERT INTO metric_points VALUES (1, 1, $1, 1) RETURNING tableoid::regclass::text AS "table"',
      [time],
    );

  it('are a day each from a week ago to three days ahead, and one for everything before', async () => {
    await keeper.ensure(NOW_MS);
    expect(await names()).toEqual([
      ...['20261116', '20261117', '20261118', '20261119', '20261120', '20261121', '20261122', '20261123'],
      ...['20261124', '20261125', '20261126', 'past_to_20261116'],
    ]);
    expect((await partitions())[0]!.bounds).toBe(
      "FOR VALUES FROM ('2026-11-16 00:00:00+00') TO ('2026-11-17 00:00:00+00')",
    );
    expect((await insert('2017-01-01T00:00:00Z')).rows).toEqual([{ table: 'metric_points_past_to_20261116' }]);
    expect((await insert('2026-11-23T23:59:59.999999Z')).rows).toEqual([{ table: 'metric_points_20261123' }]);
    expect((await insert('2026-11-24T00:00:00Z')).rows).toEqual([{ table: 'metric_points_20261124' }]);
  });

  it('are days in UTC, whatever time zone the database has', async () => {
    const { database: name } = database.connection;
    await database.pool.query(`ALTER DATABASE ${name} SET timezone = 'Asia/Kathmandu'`);
    // The setting is that of connections made from here on.
    const dataSource = await newDataSource(database.connection, { connections: 1, timeoutMs: 30_000 }).initialize();
    await new MetricPartitionKeeper(dataSource).ensure(NOW_MS);
    await dataSource.destroy();
    expect((await partitions())[0]!.bounds).toBe(
      "FOR VALUES FROM ('2026-11-16 00:00:00+00') TO ('2026-11-17 00:00:00+00')",
    );
  });

  it('grow by a day as days pass, and are left alone in between', async () => {
    await keeper.ensure(NOW_MS);
    const before = await names();
    await keeper.ensure(NOW_MS + 3_600_000);
    expect(await names()).toEqual(before);
    await keeper.ensure(NOW_MS + DAY_MS);
    expect((await names()).filter((name) => !before.includes(name))).toEqual(['20261127']);
  });

  it('have no gap after the server was down, for a week or for a year', async () => {
    await keeper.ensure(NOW_MS);
    await keeper.ensure(NOW_MS + 7 * DAY_MS);
    expect(await names()).toContain('20261128');
    await keeper.ensure(NOW_MS + 372 * DAY_MS);
    expect(await names()).toContain('20261204_to_20271130');
    expect(await names()).toContain('20271203');
    expect((await insert('2027-05-05T00:00:00Z')).rows).toEqual([{ table: 'metric_points_20261204_to_20271130' }]);
  });

  it('are made anew where retention has dropped some, so that late points still find a place', async () => {
    await keeper.ensure(NOW_MS);
    for (const name of ['past_to_20261116', '20261116', '20261117']) {
      await database.pool.query(`DROP TABLE metric_points_${name}`);
    }
    await keeper.ensure(NOW_MS);
    expect((await insert('2026-11-16T00:00:00Z')).rows).toEqual([{ table: 'metric_points_past_to_20261118' }]);
    await database.pool.query('DROP TABLE metric_points_20261120, metric_points_20261121');
    await keeper.ensure(NOW_MS);
    expect((await insert('2026-11-20T00:00:00Z')).rows).toEqual([{ table: 'metric_points_20261120_to_20261122' }]);
  });

  it('are made once when many processes start together, and while queries and writes go on', async () => {
    await keeper.ensure(NOW_MS);
    const busy = await database.pool.connect();
    try {
      await busy.query(
        `BEGIN; SELECT count(*) FROM metric_points; INSERT INTO metric_points VALUES (1, 1, '2026-11-23', 1)`,
      );
      const dataSource = await database.dataSource();
      await Promise.all(
        Array.from({ length: 4 }, () => new MetricPartitionKeeper(dataSource).ensure(NOW_MS + 2 * DAY_MS)),
      );
      await busy.query('COMMIT');
    } finally {
      busy.release();
    }
    expect(await names()).toHaveLength(14);
  });

  it('of a query are those of its range alone', async () => {
    await keeper.ensure(NOW_MS);
    const { rows } = await database.pool.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN SELECT FROM metric_points WHERE project_no = 1 AND series_id = 1 AND ts >= '2026-11-22' AND ts < '2026-11-23'`,
    );
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).not.toContain('past');
  });
});
