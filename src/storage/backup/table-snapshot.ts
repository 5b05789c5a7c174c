import { type Readable } from 'node:stream';
import { type Client, escapeIdentifier } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { type DatabaseConnection } from '../../config/database-connection.js';
import { clientOptions, newClient } from '../client-options.js';
import {
  PLAIN_FORMATS,
  type PartitionDefinition,
  type SequenceValue,
  type TableColumns,
  readPartitions,
  readSequences,
  readTableBytes,
  readTables,
} from './schema-contents.js';

/** What one snapshot sees beside the rows. */
export interface SnapshotContents {
  /** Names of the migrations that made the schema, oldest first. */
  readonly migrations: readonly string[];
  /** As `server_version` says it. */
  readonly postgresVersion: string;
  /** ISO 8601, by the clock of the database. */
  readonly takenAt: string;
  /** In the order in which their rows can be put back. */
  readonly tables: readonly TableColumns[];
  readonly partitions: readonly PartitionDefinition[];
  readonly sequences: readonly SequenceValue[];
  /** Roughly what reading all rows will give, for a progress bar. */
  readonly tableBytes: number;
}

/** The rows of a table in PostgreSQL's text format, while they are read. */
export interface TableStream {
  readonly stream: Readable;
  /** How many rows that were, once the stream has ended. */
  readonly rows: () => Promise<number>;
}

/** A database in which xtrace has no tables. */
export class NoSchema extends Error {
  override readonly name = 'NoSchema';
}

/**
 * All rows of xtrace at one moment, read while the server goes on writing: one REPEATABLE READ transaction on one
 * connection. Neither reads nor writes wait for it; changes to the schema and dropping partitions do.
 */
export class TableSnapshot {
  private constructor(
    private readonly client: Client,
    readonly contents: SnapshotContents,
  ) {}

  /** @throws NoSchema if the database was never migrated. */
  static async open(database: DatabaseConnection): Promise<TableSnapshot> {
    const client = newClient(clientOptions(database, 'xtrace backup'));
    await client.connect();
    try {
      return new TableSnapshot(client, await begin(client));
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  /** The rows of one table; read it to its end before the next one. */
  read({ name, columns }: TableColumns): TableStream {
    const list = columns.map(escapeIdentifier).join(', ');
    // Of a partitioned table only a query can be copied.
    const query = this.client.query(copyTo(`COPY (SELECT ${list} FROM ${escapeIdentifier(name)}) TO STDOUT`));
    const rows = async () => {
      // The stream ends before the message with the count is read; the answer to the next statement comes after it.
      await this.client.query('SELECT');
      return query.rowCount;
    };
    return { stream: query, rows };
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}

/** Starts the transaction; the locks come before its snapshot, so that no table is gone that the snapshot still sees. */
async function begin(client: Client): Promise<SnapshotContents> {
  for (;;) {
    const expected = await readTables(client);
    const known = await client.query<{ exists: boolean }>(`SELECT to_regclass('migrations') IS NOT NULL AS exists`);
    if (known.rows[0]?.exists !== true || expected.length === 0)
      throw new NoSchema('the database has no tables of xtrace');
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    await client.query(
      `LOCK TABLE migrations, ${expected.map(({ name }) => escapeIdentifier(name)).join(', ')} IN ACCESS SHARE MODE`,
    );
    await client.query(PLAIN_FORMATS);
    const tables = await readTables(client);
    if (JSON.stringify(tables) === JSON.stringify(expected)) return readContents(client, tables);
    await client.query('ROLLBACK');
  }
}

async function readContents(client: Client, tables: readonly TableColumns[]): Promise<SnapshotContents> {
  const { rows } = await client.query<{ version: string; time: Date; migrations: string[] }>(
    `SELECT current_setting('server_version') AS version, now() AS time,
            coalesce((SELECT array_agg(name::text ORDER BY timestamp) FROM migrations), '{}') AS migrations`,
  );
  let tableBytes = 0;
  for (const { name } of tables) tableBytes += await readTableBytes(client, name);
  const [row] = rows;
  return {
    migrations: row?.migrations ?? [],
    postgresVersion: row?.version ?? '',
    takenAt: (row?.time ?? new Date()).toISOString(),
    tables,
    partitions: await readPartitions(client),
    sequences: await readSequences(client),
    tableBytes,
  };
}
