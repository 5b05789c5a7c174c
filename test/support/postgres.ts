import { Client } from 'pg';
import { type DatabaseConnection, parseDatabaseUrl } from '../../src/config/database-connection.js';
import { SUPERUSER } from '../../src/embedded-postgres/cluster.js';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/launcher.js';
import { migrate, newDataSource } from '../../src/storage/data-source.js';
import { requireTestName, TEMPLATE, TEST_SERVER } from './database.js';
import { removeFolder, temporaryFolder } from './server-process.js';

/** The PostgreSQL that all integration tests of one run share. */
export interface TestPostgres {
  stop(): Promise<void>;
}

/** Nothing of a test outlives it, so nothing has to reach the disk. */
const NOT_DURABLE = ['fsync = off', 'synchronous_commit = off', 'full_page_writes = off'];

/**
 * Starts a private PostgreSQL in a temporary folder, or takes the one that TEST_DATABASE_URL names (a database whose
 * name contains `test`, with the right to create others), and makes the migrated template in it. XTRACE_TEST_POSTGRES_BIN
 * names the folder of other binaries for the private one. Jest runs this once per project, in one process: the second
 * call finds the first one's server.
 */
export async function startTestPostgres(): Promise<void> {
  const shared = globalThis as { testPostgres?: TestPostgres };
  if (shared.testPostgres !== undefined) return;
  const given = process.env.TEST_DATABASE_URL;
  const { connection, stop } = given === undefined ? await startPrivate() : takeGiven(given);
  shared.testPostgres = { stop };
  try {
    await makeTemplate(connection);
  } catch (error) {
    await stop();
    throw error;
  }
  process.env[TEST_SERVER] = JSON.stringify(connection);
}

async function startPrivate(): Promise<{ connection: DatabaseConnection; stop: () => Promise<void> }> {
  const dataDir = temporaryFolder();
  const lines: string[] = [];
  const binDir = process.env.XTRACE_TEST_POSTGRES_BIN;
  const postgres = await startEmbeddedPostgres({
    ...{ dataDir, ...(binDir ? { binDir } : {}), log: (line) => lines.push(line) },
  }).catch((error: Error) => {
    throw new Error([error.message, ...lines].join('\n'));
  });
  const { connection } = postgres;
  const client = new Client({ ...connection, user: SUPERUSER });
  await client.connect();
  for (const setting of NOT_DURABLE) await client.query(`ALTER SYSTEM SET ${setting}`);
  await client.query('SELECT pg_reload_conf()');
  // Tests run as the role that the server itself uses, which is no superuser.
  await client.query(`ALTER ROLE ${connection.user} CREATEDB`);
  await client.end();
  const stop = async () => {
    await postgres.stop();
    removeFolder(dataDir);
    if (postgres.dataDir !== dataDir) removeFolder(postgres.dataDir);
  };
  return { connection, stop };
}

function takeGiven(url: string): { connection: DatabaseConnection; stop: () => Promise<void> } {
  const connection = parseDatabaseUrl(url);
  requireTestName(connection.database);
  return { connection, stop: () => Promise.resolve() };
}

async function makeTemplate(server: DatabaseConnection): Promise<void> {
  const client = new Client(server);
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS ${TEMPLATE}`);
  await client.query(`CREATE DATABASE ${TEMPLATE}`);
  await client.end();
  const dataSource = newDataSource({ ...server, database: TEMPLATE }, { connections: 2, timeoutMs: 60_000 });
  await dataSource.initialize();
  await migrate(dataSource);
  await dataSource.destroy();
}
