import { connect } from 'node:net';
import { Client } from 'pg';
import { readDatabaseFacts } from '../../src/storage/database-facts.js';
import { MetricPartitionKeeper } from '../../src/storage/metric-partitions.js';
import { bucketAt, bucketStartMs } from '../../src/storage/trace-writer.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';
import { makePartitions } from '../support/rows.js';
import { refuseTransactionPooler } from '../../src/storage/pooling.js';
import { startTransactionPooler } from '../support/transaction-pooler.js';

jest.setTimeout(60_000);

const WEEK_MS = 7 * 86_400_000;

describe('what a database says about itself', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('is read from one that was never migrated as well', async () => {
    const empty = await createTestDatabase({ empty: true });
    const facts = await readDatabaseFacts(empty.connection);
    await empty.drop();
    expect(facts).toMatchObject({ hasSchema: false, keysWithoutC: [], partitionsEndMs: {}, unknownMigrations: [] });
    expect(facts.pendingMigrations.length).toBeGreaterThan(1);
    expect(facts.quarantine).toBeUndefined();
  });

  it('holds its settings, schema, partitions and connections', async () => {
    const dataSource = await database.dataSource();
    await makePartitions(dataSource);
    await new MetricPartitionKeeper(dataSource).ensure();
    const server = new Client({ ...database.connection, application_name: 'xtrace metric writes' });
    await server.connect();
    const { rows } = await database.pool.query<Record<string, string>>(
      `SELECT current_setting('server_version_num') AS version, current_setting('max_locks_per_transaction') AS locks`,
    );
    const facts = await readDatabaseFacts(database.connection);
    await server.end();
    expect(facts).toMatchObject({
      versionNumber: Number(rows[0]!['version']),
      maxLocksPerTransaction: Number(rows[0]!['locks']),
      encoding: 'UTF8',
      isReadOnly: false,
      canCreateTables: true,
      hasSchema: true,
      pendingMigrations: [],
      unknownMigrations: [],
      keysWithoutC: [],
      pooling: 'none',
      quarantine: { rows: 0, rowsOfLastDay: 0 },
    });
    // The reads of the DataSource, and the client above.
    expect(facts.serverConnections).toBeGreaterThanOrEqual(2);
    expect(Math.abs(facts.clockAheadMs)).toBeLessThan(1000 + facts.roundTripMs);
    expect(facts.partitionsEndMs['observations']).toBe(bucketStartMs(bucketAt(Date.now()) + 5));
    expect(facts.partitionsEndMs['metric_points']).toBeGreaterThan(Date.now() + 3 * 86_400_000);
    expect(facts.partitionsEndMs['metric_points']).toBeLessThan(Date.now() + WEEK_MS);
  });

  it('tells what somebody has changed', async () => {
    const changed = await createTestDatabase();
    const { pool, connection } = changed;
    await pool.query(`INSERT INTO migrations (timestamp, name) VALUES (2000000000000, 'AddFuture2000000000000')`);
    await pool.query(`ALTER TABLE sessions ALTER COLUMN session_id TYPE text COLLATE "POSIX"`);
    await pool.query(
      `INSERT INTO quarantine SELECT 1, 'trace', 't', n::text, now() - n * interval '20 hours', '22000', 'r', 1, '' FROM generate_series(1, 3) n`,
    );
    await pool.query(`ALTER DATABASE ${connection.database} SET default_transaction_read_only = on`);
    await pool.query(`ALTER DATABASE ${connection.database} SET synchronous_commit = 'local'`);
    const facts = await readDatabaseFacts(connection);
    await changed.drop();
    expect(facts).toMatchObject({
      unknownMigrations: ['AddFuture2000000000000'],
      keysWithoutC: ['sessions.session_id'],
      quarantine: { rows: 3, rowsOfLastDay: 1 },
      isReadOnly: true,
      synchronousCommit: 'local',
    });
  });

  it('includes that a pooler in transaction mode sits between', async () => {
    const { host, port } = database.connection;
    const pooler = await startTransactionPooler(() => connect(`${host}/.s.PGSQL.${port}`));
    try {
      const pooled = { ...database.connection, host: '127.0.0.1', port: pooler.port };
      await expect(refuseTransactionPooler(pooled)).rejects.toThrow('set the pooler to session mode');
      await expect(refuseTransactionPooler(database.connection)).resolves.toBeUndefined();
      expect((await readDatabaseFacts(pooled)).pooling).toBe('transaction');
    } finally {
      await pooler.stop();
    }
  });
});
