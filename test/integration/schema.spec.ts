import { type DataSource } from 'typeorm';
import { ENTITIES } from '../../src/storage/entities/entities.js';
import { migrate, newDataSource } from '../../src/storage/data-source.js';
import { SCHEMA_LOCK } from '../../src/storage/schema-change.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { waitFor } from '../support/server-process.js';

/** Every table of the schema with its columns, as the server's catalogue has them; partitions and TypeORM's own table left out. */
const COLUMNS = `
  SELECT c.relname::text AS "table", a.attname::text AS "column", format_type(a.atttypid, a.atttypmod) AS type,
    NOT a.attnotnull AS "isNullable", coalesce(array_position(i.indkey::int2[], a.attnum), -1)::int4 AS "keyPosition",
    CASE WHEN l.collname <> 'default' THEN l.collname::text END AS collation
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
  LEFT JOIN pg_collation l ON l.oid = a.attcollation
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND c.relname <> 'migrations'
  ORDER BY 1, 2`;

interface ColumnFacts {
  table: string;
  column: string;
  type: string;
  isNullable: boolean;
  /** From 0; -1 outside the primary key. */
  keyPosition: number;
  collation: string | null;
}

function columnsOfEntities(dataSource: DataSource): ColumnFacts[] {
  const facts = dataSource.entityMetadatas.flatMap((entity) =>
    entity.columns.map((column) => ({
      table: entity.tableName,
      column: column.databaseName,
      type: dataSource.driver.normalizeType(column) + (column.isArray ? '[]' : ''),
      isNullable: column.isNullable,
      keyPosition: entity.primaryColumns.indexOf(column),
      collation: column.collation ?? null,
    })),
  );
  return facts.sort((a, b) => compare(a.table, b.table) || compare(a.column, b.column));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

describe('the schema', () => {
  let database: TestDatabase;

  const columnsOfDatabase = async () => (await database.pool.query<ColumnFacts>(COLUMNS)).rows;

  beforeAll(async () => {
    database = await createTestDatabase({ empty: true });
  });

  afterAll(async () => {
    await database.drop();
  });

  it('is made by the migrations, taken away by their way back, and made again just the same', async () => {
    const dataSource = await database.dataSource();
    const names = await migrate(dataSource);
    expect(names).toEqual(dataSource.migrations.map((migration) => migration.constructor.name));
    const first = await columnsOfDatabase();

    for (const _ of names) await dataSource.undoLastMigration();
    expect(await columnsOfDatabase()).toEqual([]);

    await migrate(dataSource);
    expect(await columnsOfDatabase()).toEqual(first);
  });

  it('has exactly the tables, columns, types, keys and collations that the entities declare', async () => {
    const dataSource = await database.dataSource();
    await migrate(dataSource);
    expect(columnsOfEntities(dataSource)).toEqual(await columnsOfDatabase());
    expect(dataSource.entityMetadatas).toHaveLength(ENTITIES.length);
  });

  it('can be read through every entity', async () => {
    const dataSource = await database.dataSource();
    await migrate(dataSource);
    for (const entity of ENTITIES) await expect(dataSource.getRepository(entity).find()).resolves.toEqual([]);
  });

  it('keeps no default partition, which would forbid detaching a week or a day without blocking writers', async () => {
    const { rows } = await database.pool.query(
      `SELECT partrelid::regclass::text AS "table", partdefid::int4 AS "defaultPartition" FROM pg_partitioned_table ORDER BY 1`,
    );
    expect(rows).toEqual([
      { table: 'logs', defaultPartition: 0 },
      { table: 'metric_points', defaultPartition: 0 },
      { table: 'observation_payloads', defaultPartition: 0 },
      { table: 'observations', defaultPartition: 0 },
      { table: 'trace_payloads', defaultPartition: 0 },
    ]);
  });
});

describe('two starts at once', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase({ empty: true });
  });
  afterAll(() => database.drop());

  it('migrate one after the other: who waits says so, and no time limit of the role ends the wait', async () => {
    const { pool, connection } = database;
    for (const limit of ['lock_timeout', 'statement_timeout'])
      await pool.query(`ALTER DATABASE ${connection.database} SET ${limit} = 50`);
    const first = await pool.connect();
    await first.query('SELECT pg_advisory_lock($1)', [SCHEMA_LOCK]);
    const lines: string[] = [];
    const second = newDataSource(connection, { connections: 1, timeoutMs: 50 });
    await second.initialize();
    const migrated = migrate(second, (line) => lines.push(line));
    await Promise.race([waitFor(() => lines.length > 0), migrated]);
    await first.query('SELECT pg_advisory_unlock_all()');
    first.release();
    expect(await migrated).toHaveLength(second.migrations.length);
    expect(lines[0]).toMatch(/^waiting for another process that upgrades the tables, \d+ s so far$/);
    expect(lines.at(-1)).toMatch(/^the tables are up to date after \d+ s$/);
    const limits = await second.query<object[]>(
      `SELECT current_setting('statement_timeout') AS s, current_setting('lock_timeout') AS l`,
    );
    expect(limits).toEqual([{ s: '50ms', l: '50ms' }]);
    await second.destroy();
  });
});

describe('a test database', () => {
  it('is never one whose name does not say that it is for tests', async () => {
    const { requireTestName } = await import('../support/database.js');
    expect(() => requireTestName('production')).toThrow('its name does not contain "test"');
  });
});
