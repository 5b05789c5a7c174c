import { Client, type ClientConfig } from 'pg';
import { type DatabaseConnection } from '../config/database-connection.js';

/** How long a connection attempt may take before the database counts as away. */
export const CONNECT_TIMEOUT_MS = 3000;
/** A statement of a writer that runs longer than this waits for something that is stuck. */
const STATEMENT_TIMEOUT_MS = 30_000;
/** PostgreSQL cannot keep that limit while it stands still: then we do, a little later. */
export const QUERY_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5000;

/** Options of a connection, which `applicationName` names in pg_stat_activity. */
export function clientOptions(
  { host, port, user, password, database, ssl }: DatabaseConnection,
  applicationName: string,
): ClientConfig {
  return {
    host,
    port,
    user,
    password,
    database,
    ssl,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    application_name: applicationName,
  };
}

/** Options of a connection that writes. */
export function writerOptions(database: DatabaseConnection, applicationName: string): ClientConfig {
  return {
    ...clientOptions(database, applicationName),
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
  };
}

/**
 * A connection outside of all pools, not yet open. Its loss shows in the statement that is under way; nobody listening for
 * it, the loss of an idle one would end the process.
 */
export function newClient(options: ClientConfig): Client {
  const client = new Client(options);
  client.on('error', () => undefined);
  return client;
}
