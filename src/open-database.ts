import type { Config } from './config/config.js';
import { type DatabaseConnection, parseDatabaseUrl, settleTls } from './config/database-connection.js';
import { startEmbeddedPostgres } from './embedded-postgres/launcher.js';

/** Where the database of a process is, and how to let go of it. */
export interface OpenDatabase {
  readonly connection: DatabaseConnection;
  /** Stops the embedded PostgreSQL, if it was started for this process; nothing else. */
  stop(): Promise<void>;
}

/** The database that the settings name, or the embedded one, started for this process. */
export async function openDatabase(
  { databaseUrl, dataDir, embeddedPostgresBin }: Config,
  log: (line: string) => void,
): Promise<OpenDatabase> {
  if (databaseUrl !== undefined) {
    return { connection: await settleTls(parseDatabaseUrl(databaseUrl)), stop: () => Promise.resolve() };
  }
  const binDir = embeddedPostgresBin === undefined ? {} : { binDir: embeddedPostgresBin };
  const postgres = await startEmbeddedPostgres({ dataDir, ...binDir, log });
  return { connection: postgres.connection, stop: () => postgres.stop() };
}
