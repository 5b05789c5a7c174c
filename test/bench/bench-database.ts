import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { parseDatabaseUrl } from '../../src/config/database-connection.js';
import { parentOf } from './process-stats.js';

/** The measured server's PostgreSQL, seen from beside it. */
export class BenchDatabase {
  private constructor(
    readonly client: Client,
    private readonly connect: () => Promise<Client>,
    /** Its first process; undefined when it does not run on this machine. */
    readonly postmasterPid: number | undefined,
  ) {}

  static async open(dataDir: string, databaseUrl: string | undefined): Promise<BenchDatabase> {
    const connect = async () => {
      const client = new Client(databaseUrl === undefined ? embedded(dataDir) : parseDatabaseUrl(databaseUrl));
      await client.connect();
      return client;
    };
    const client = await connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    return new BenchDatabase(client, connect, parentOf(rows[0]!.pid));
  }

  async close(): Promise<void> {
    await this.client.end();
  }

  /** Another connection; the caller ends it. */
  another(): Promise<Client> {
    return this.connect();
  }

  async value<T>(sql: string, parameters: readonly unknown[] = []): Promise<T> {
    const { rows } = await this.client.query<Record<string, T>>(sql, [...parameters]);
    return Object.values(rows[0]!)[0] as T;
  }

  async count(table: 'traces' | 'observations'): Promise<number> {
    return Number(await this.value<string>(`SELECT count(*) FROM ${table}`));
  }

  /** What decides over write speed, for the header. */
  async describe(): Promise<Record<string, unknown>> {
    const names = 'fsync synchronous_commit full_page_writes shared_buffers max_wal_size wal_compression'.split(' ');
    const { rows } = await this.client.query<{ name: string; setting: string }>(
      "SELECT name, setting || coalesce(' ' || unit, '') AS setting FROM pg_settings WHERE name = ANY($1)",
      [names],
    );
    const payloads = await this.value<string>(
      `SELECT string_agg(DISTINCT CASE a.attstorage WHEN 'e' THEN 'none (STORAGE EXTERNAL)'
                ELSE CASE a.attcompression WHEN 'l' THEN 'lz4' WHEN 'p' THEN 'pglz'
                     ELSE current_setting('default_toast_compression') END END, ', ')
         FROM pg_attribute a JOIN pg_inherits i ON i.inhrelid = a.attrelid
        WHERE i.inhparent = 'observation_payloads'::regclass AND a.attname = 'input'`,
    );
    return {
      version: await this.value<string>('SHOW server_version'),
      payloadCompression: payloads,
      ...Object.fromEntries(rows.map(({ name, setting }) => [name, setting])),
    };
  }
}

/** The socket and the port of the private PostgreSQL, from its own lock file (PostgreSQL source, miscadmin.h: lines 4 and 5). */
function embedded(dataDir: string) {
  const lines = readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
  // Its superuser, because a checkpoint before a measurement takes one.
  return { host: lines[4]!, port: Number(lines[3]), user: 'postgres', database: 'xtrace' };
}
