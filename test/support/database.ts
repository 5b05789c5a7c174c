import { Client, Pool } from 'pg';
import { type DataSource } from 'typeorm';
import { type DatabaseConnection } from '../../src/config/database-connection.js';
import { newDataSource } from '../../src/storage/data-source.js';
import { waitFor } from './server-process.js';

/** Environment variable by which the workers learn where the server of this run is (a DatabaseConnection as JSON). */
export const TEST_SERVER = 'XTRACE_TEST_SERVER';

/** Migrated once per run; every spec file gets a clone. */
export const TEMPLATE = 'xtrace_test_template';

/** Databases of one run that several workers make at once need names of their own. */
let made = 0;

/** A database of one spec file, dropped after it. */
export interface TestDatabase {
  readonly connection: DatabaseConnection;
  /** For fixtures and checks in plain SQL. */
  readonly pool: Pool;
  /** As the application opens it; made on first use. */
  dataSource(): Promise<DataSource>;
  /** Closes what this object opened and drops the database, whoever else is still connected. */
  drop(): Promise<void>;
}

/** A clone of the migrated template, or an empty database. Call it in `beforeAll` and `drop()` in `afterAll`. */
export async function createTestDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const server = testServer();
  made += 1;
  const name = `xtrace_test_${process.pid}_${made}`;
  await administer(server, `CREATE DATABASE ${name} TEMPLATE ${options.empty ? 'template0' : TEMPLATE}`);
  const connection = { ...server, database: name };
  requireTestName(connection.database);
  const pool = new Pool({ ...connection, max: 4 });
  // The drop below may end a session that the pool is still closing.
  pool.on('error', () => undefined);
  let dataSource: Promise<DataSource> | undefined;
  return {
    connection,
    pool,
    dataSource: () => (dataSource ??= newDataSource(connection, { connections: 4, timeoutMs: 30_000 }).initialize()),
    async drop() {
      const opened = await dataSource;
      if (opened?.isInitialized) await opened.destroy();
      await pool.end();
      await waitFor(() => dropped(server, name));
    },
  };
}

/** False while an autovacuum worker is in it, which PostgreSQL 15 lets only superusers end. */
async function dropped(server: DatabaseConnection, name: string): Promise<boolean> {
  try {
    await administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error;
    return false;
  }
}

/** Tests empty and drop what they are given: never a database that is not meant for them. */
export function requireTestName(database: string): void {
  if (!database.includes('test')) {
    throw new Error(`refusing to run tests in the database ${database}: its name does not contain "test"`);
  }
}

function testServer(): DatabaseConnection {
  const text = process.env[TEST_SERVER];
  if (text === undefined) throw new Error('no test server: run this spec in the Jest project "integration"');
  return JSON.parse(text) as DatabaseConnection;
}

async function administer(server: DatabaseConnection, statement: string): Promise<void> {
  const client = new Client(server);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
