import { Client } from 'pg';
import { SUPERUSER } from './cluster.js';
import { PORT } from './placement.js';

/** Database of the server, and the role that owns it. Not a superuser, so that what works here works on a managed one. */
export const DATABASE = 'xtrace';
export const ROLE = 'xtrace';

/** duplicate_object, duplicate_database, unique_violation: another start made it in the same moment. */
const ALREADY_THERE = new Set(['42710', '42P04', '23505']);

/** Makes the role and the database `xtrace` if they are missing; template0, because template1 may have been changed. */
export async function ensureDatabase(socketDir: string): Promise<void> {
  const client = new Client({
    host: socketDir,
    port: PORT,
    user: SUPERUSER,
    database: 'postgres',
    connectionTimeoutMillis: 10_000,
  });
  // Without a listener a connection that breaks between two statements would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ role: boolean; database: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS role,
              EXISTS (SELECT FROM pg_database WHERE datname = $2) AS database`,
      [ROLE, DATABASE],
    );
    if (!rows[0]?.role) await create(client, `CREATE ROLE ${ROLE} LOGIN`);
    if (!rows[0]?.database)
      await create(client, `CREATE DATABASE ${DATABASE} OWNER ${ROLE} TEMPLATE template0 ENCODING 'UTF8'`);
  } finally {
    await client.end();
  }
}

async function create(client: Client, statement: string): Promise<void> {
  try {
    await client.query(statement);
  } catch (error) {
    if (!ALREADY_THERE.has((error as { code?: string }).code ?? '')) throw error;
  }
}
