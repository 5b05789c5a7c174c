import { DataSource, type DataSourceOptions, type QueryRunner } from 'typeorm';
import { migrations } from '../../migrations/index.js';
import { type DatabaseConnection } from '../config/database-connection.js';
import { CONNECT_TIMEOUT_MS } from './client-options.js';
import { refuseUnfitDatabase } from './database-fitness.js';
import { ENTITIES } from './entities/entities.js';
import { MigrationProgress, WatchedMigrations } from './migration-progress.js';
import { SCHEMA_LOCK } from './schema-change.js';

/** Limits of the connections that reads use. */
export interface ReadLimits {
  readonly connections: number;
  readonly timeoutMs: number;
}

/** The one DataSource of the application, the command line and the tests. The schema comes from migrations alone. */
export function newDataSource(database: DatabaseConnection, limits: ReadLimits): DataSource {
  const options: DataSourceOptions = {
    type: 'postgres',
    host: database.host,
    port: database.port,
    username: database.user,
    password: database.password,
    database: database.database,
    ssl: database.ssl,
    entities: ENTITIES,
    migrations,
    synchronize: false,
    migrationsRun: false,
    installExtensions: false,
    poolSize: limits.connections,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    applicationName: 'xtrace reads',
    extra: { statement_timeout: limits.timeoutMs, keepAlive: true },
  };
  return new DataSource(options);
}

/** The database was migrated by a newer version of the server. */
export class SchemaIsNewer extends Error {
  override readonly name = 'SchemaIsNewer';
  constructor(unknown: readonly string[]) {
    super(
      `the database was migrated by a newer version of xtrace (it knows ${unknown.join(', ')}): start that version, or restore a backup`,
    );
  }
}

/** Limits that a role or a provider may have set; whoever migrates takes the time that it takes. */
const TIME_LIMITS = [
  ...['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'],
  // From PostgreSQL 17 on.
  'transaction_timeout',
];

/**
 * Runs the migrations that the database lacks and returns their names. Any number of processes may call this at once:
 * one of them migrates and the others wait for it. `say` gets a line now and then while it takes long.
 * @throws DatabaseUnfit, and SchemaIsNewer if the database has run migrations that this version does not have.
 */
export async function migrate(
  dataSource: DataSource,
  say: (line: string) => void = () => undefined,
): Promise<string[]> {
  const runner = dataSource.createQueryRunner();
  await runner.connect();
  const progress = new MigrationProgress('waiting for another process that upgrades the tables', say);
  try {
    await runner.query(`SELECT set_config(name, '0', false) FROM pg_settings WHERE name = ANY($1)`, [TIME_LIMITS]);
    await runner.query('SELECT pg_advisory_lock($1)', [SCHEMA_LOCK]);
    try {
      await refuseUnfitDatabase(runner);
      const pending = await pendingMigrations(dataSource, runner);
      // On this connection, whose time limits are off: an index on a large table takes its time.
      const executor = new WatchedMigrations(dataSource, runner, pending.length, progress);
      const names = (await executor.executePendingMigrations()).map((migration) => migration.name);
      progress.end('the tables are up to date');
      return names;
    } finally {
      await runner.query('SELECT pg_advisory_unlock($1)', [SCHEMA_LOCK]);
      await runner.query(`SELECT set_config(name, reset_val, false) FROM pg_settings WHERE name = ANY($1)`, [
        TIME_LIMITS,
      ]);
    }
  } catch (error) {
    progress.end('gave up');
    throw error;
  } finally {
    await runner.release();
  }
}

/** Names of the migrations that the database has run, oldest first. */
export async function executedMigrations(database: DataSource | QueryRunner): Promise<string[]> {
  const tables = (await database.query(`SELECT to_regclass('migrations') IS NOT NULL AS exists`)) as {
    exists: boolean;
  }[];
  if (tables[0]?.exists !== true) return [];
  const rows = (await database.query('SELECT name FROM migrations ORDER BY timestamp')) as { name: string }[];
  return rows.map((row) => row.name);
}

/** On the connection that holds the lock: the pool may have no other. @throws SchemaIsNewer */
async function pendingMigrations(dataSource: DataSource, runner: QueryRunner): Promise<string[]> {
  const known = dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name);
  const executed = new Set(await executedMigrations(runner));
  const unknown = [...executed].filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new SchemaIsNewer(unknown);
  return known.filter((name) => !executed.has(name));
}
