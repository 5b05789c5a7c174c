import { type Client, type ClientConfig } from 'pg';
import { type DatabaseConnection } from '../config/database-connection.js';
import { clientOptions, newClient, QUERY_TIMEOUT_MS } from './client-options.js';
import { DatabaseUnfit } from './database-fitness.js';

/** Direct, or how a pooler hands out its connections. */
export type Pooling = 'none' | 'session' | 'transaction';

/**
 * In transaction mode a pooler gives the connection that one client has just let go of to the next that asks: two open
 * clients then see the same server process. In session mode it only keeps the process number to itself.
 */
export async function readPooling(client: Client, options: ClientConfig): Promise<Pooling> {
  const pid = async (asked: Client) =>
    (await asked.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]!.pid;
  const rival = newClient(options);
  await rival.connect();
  try {
    const before = await pid(client);
    await rival.query('BEGIN');
    const isShared = (await pid(rival)) === before;
    // Where that was the only connection of the pool, asking now would wait for it.
    const isReplaced = !isShared && (await pid(client)) !== before;
    await rival.query('ROLLBACK');
    if (isShared || isReplaced) return 'transaction';
    return (client as Client & { processID?: number | null }).processID === before ? 'none' : 'session';
  } finally {
    await rival.end().catch(() => undefined);
  }
}

/**
 * Refuses a pooler in transaction mode: a lock that a start takes on one connection would stay on it, given back on another,
 * and keep every later start waiting.
 * @throws DatabaseUnfit
 */
export async function refuseTransactionPooler(database: DatabaseConnection): Promise<void> {
  const options = { ...clientOptions(database, 'xtrace start'), query_timeout: QUERY_TIMEOUT_MS };
  const client = newClient(options);
  await client.connect();
  try {
    if ((await readPooling(client, options)) === 'transaction')
      throw new DatabaseUnfit(
        'DATABASE_URL names a connection pooler that shares connections between transactions, where locks get lost: ' +
          'name the database itself, or set the pooler to session mode',
      );
  } finally {
    await client.end().catch(() => undefined);
  }
}
