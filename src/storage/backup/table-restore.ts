import { type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { type DataSource, type Migration, MigrationExecutor, type QueryRunner } from 'typeorm';
import { type DatabaseConnection } from '../../config/database-connection.js';
import { SchemaIsNewer, executedMigrations, migrate, newDataSource } from '../data-source.js';
import { SCHEMA_LOCK } from '../schema-change.js';
import { partitionStatements } from './partition-statements.js';
import {
  PLAIN_FORMATS,
  type PartitionDefinition,
  type SequenceValue,
  type TableColumns,
  readTables,
} from './schema-contents.js';

/** Why nothing was restored, and what to do. */
export class RestoreRefused extends Error {
  override readonly name = 'RestoreRefused';
}

export interface RestorePlan {
  /** Names of the migrations that the rows fit. */
  readonly migrations: readonly string[];
  readonly partitions: readonly PartitionDefinition[];
  readonly sequences: readonly SequenceValue[];
  /** Consent to lose what the database holds. */
  readonly replace: boolean;
}

/** Rows that every start makes by itself do not make a database worth keeping. */
const MADE_BY_START = ['projects'];

/**
 * Puts rows back in one transaction: until {@link commit} the database stays as it was, and so it does when this
 * process or PostgreSQL is killed.
 */
export class TableRestore {
  private constructor(
    private readonly dataSource: DataSource,
    private readonly runner: QueryRunner,
    private readonly client: Client,
    private readonly plan: RestorePlan,
    /** Empty, with the columns that they had when `plan.migrations` were all. */
    readonly tables: readonly TableColumns[],
  ) {}

  /**
   * Starts the transaction, removes what is there and makes the schema of the backup.
   * @throws RestoreRefused if a server is connected, the database holds data that may not be replaced, or a migration
   * of the backup or of the database is unknown here.
   */
  static async begin(database: DatabaseConnection, plan: RestorePlan): Promise<TableRestore> {
    const dataSource = await newDataSource(database, { connections: 1, timeoutMs: 0 }).initialize();
    const runner = dataSource.createQueryRunner();
    try {
      const client = (await runner.connect()) as Client;
      await client.query(`SET application_name = 'xtrace restore'`);
      requireKnownMigrations(dataSource, plan.migrations);
      await runner.startTransaction();
      // A server that starts meanwhile waits here before it migrates.
      await client.query('SELECT pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
      await client.query(PLAIN_FORMATS);
      await refuseConnectedServers(client);
      if (!plan.replace) await refuseData(client);
      await makeSchema(dataSource, runner, plan.migrations);
      const offersLz4 = await hasLz4(client);
      for (const partition of plan.partitions)
        for (const statement of partitionStatements(partition, offersLz4)) await client.query(statement);
      return new TableRestore(dataSource, runner, client, plan, await readTables(client));
    } catch (error) {
      await dataSource.destroy();
      throw error;
    }
  }

  /** Loads one table and returns how many rows that were. Rejects with the error of `source` if that fails. */
  async load({ name, columns }: TableColumns, source: Readable): Promise<number> {
    const list = columns.map(escapeIdentifier).join(', ');
    const query = this.client.query(copyFrom(`COPY ${escapeIdentifier(name)} (${list}) FROM STDIN`));
    await pipeline(source, query);
    return query.rowCount;
  }

  /** Makes it last, collects statistics, and brings the schema up to date. Returns the migrations that this took. */
  async commit(): Promise<string[]> {
    try {
      for (const { name, lastValue, isCalled } of this.plan.sequences)
        await this.client.query('SELECT setval($1::regclass, $2::int8, $3)', [
          escapeIdentifier(name),
          lastValue,
          isCalled,
        ]);
      await this.runner.commitTransaction();
      for (const { name } of this.tables) await this.client.query(`ANALYZE ${escapeIdentifier(name)}`);
      await this.runner.release();
      return await migrate(this.dataSource);
    } finally {
      await this.dataSource.destroy();
    }
  }

  /** Leaves the database as it was. */
  async rollback(): Promise<void> {
    // Ending the session does it, in whatever state a failed COPY left it.
    await this.dataSource.destroy().catch(() => undefined);
  }
}

/** Runs the migrations of a list, and no others. */
class ListedMigrations extends MigrationExecutor {
  constructor(
    dataSource: DataSource,
    runner: QueryRunner,
    private readonly names: ReadonlySet<string>,
  ) {
    super(dataSource, runner);
    this.transaction = 'none';
  }

  protected override getMigrations(): Migration[] {
    return super.getMigrations().filter((migration) => this.names.has(migration.name));
  }
}

async function makeSchema(dataSource: DataSource, runner: QueryRunner, names: readonly string[]): Promise<void> {
  const executed = await executedMigrations(runner);
  requireKnownSchema(dataSource, executed);
  const undo = new ListedMigrations(dataSource, runner, new Set(executed));
  for (let left = executed.length; left > 0; left -= 1) await undo.undoLastMigration();
  await new ListedMigrations(dataSource, runner, new Set(names)).executePendingMigrations();
}

function unknownTo(dataSource: DataSource, names: readonly string[]): string[] {
  const known = new Set(dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name));
  return names.filter((name) => !known.has(name));
}

function requireKnownMigrations(dataSource: DataSource, names: readonly string[]): void {
  const unknown = unknownTo(dataSource, names);
  if (unknown.length === 0) return;
  throw new RestoreRefused(
    `the backup was made by a newer version of xtrace (it knows ${unknown.join(', ')}): restore it with that version`,
  );
}

function requireKnownSchema(dataSource: DataSource, executed: readonly string[]): void {
  const unknown = unknownTo(dataSource, executed);
  if (unknown.length > 0) throw new SchemaIsNewer(unknown);
}

async function refuseConnectedServers(client: Client): Promise<void> {
  const { rows } = await client.query<{ count: string }>(
    `SELECT count(*) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND application_name IN ('xtrace reads', 'xtrace writes', 'xtrace metric writes')`,
  );
  if (Number(rows[0]?.count) === 0) return;
  throw new RestoreRefused(
    `a server of xtrace uses this database (${rows[0]?.count} connections): stop it, restore, and start it again`,
  );
}

async function refuseData(client: Client): Promise<void> {
  const filled: string[] = [];
  for (const { name } of await readTables(client)) {
    if (MADE_BY_START.includes(name)) continue;
    const { rows } = await client.query<{ exists: boolean }>(
      `SELECT EXISTS (SELECT FROM ${escapeIdentifier(name)}) AS exists`,
    );
    if (rows[0]?.exists === true) filled.push(name);
  }
  if (filled.length === 0) return;
  throw new RestoreRefused(
    `the database holds data (in ${filled.join(', ')}): name an empty one, or replace all of it with --force`,
  );
}

async function hasLz4(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ lz4: boolean }>(
    `SELECT ${escapeLiteral('lz4')} = ANY(enumvals) AS lz4 FROM pg_settings WHERE name = 'default_toast_compression'`,
  );
  return rows[0]?.lz4 === true;
}
