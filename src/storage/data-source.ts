import { DataSource, type DataSourceOptions, MigrationExecutor, type QueryRunner } from 'typeorm';
import { migrations } from '../../migrations/index.js';
import { type DatabaseConnection } from '../config/database-connection.js';
import { CONNECT_TIMEOUT_MS } from './client-options.js';
import { refuseUnfitDatabase } from './database-fitness.js';
import { ENTITIES } from './entities/entities.js';
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

/**
 * Runs the migrations that the database lacks and returns their names. Any number of processes may call this at once:
 * one of them migrates and the others wait for it.
 * @throws DatabaseUnfit, and SchemaIsNewer if the database has run migrations that this version does not have.
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  const runner = dataSource.createQueryRunner();
  await runner.connect();
  try {
    await runner.query('SET statement_timeout = 0');
    await runner.query('SELECT pg_advisory_lock($1)', [SCHEMA_LOCK]);
    try {
      await refuseUnfitDatabase(runner);
      await refuseNewerSchema(dataSource, runner);
      // On this connection, whose time limit is off: an index on a large table takes its time.
      const executor = new MigrationExecutor(dataSource, runner);
      executor.transaction = 'each';
      return (await executor.executePendingMigrations()).map((migration) => migration.name);
    } finally {
      await runner.query('SELECT pg_advisory_unlock($1)', [SCHEMA_LOCK]);
      await runner.query('RESET statement_timeout');
    }
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

// On the connection that holds the lock: the pool may have no other.
async function refuseNewerSchema(dataSource: DataSource, runner: QueryRunner): Promise<void> {
  const known = new Set(dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name));
  const unknown = (await executedMigrations(runner)).filter((name) => !known.has(name));
  if (unknown.length > 0) throw new SchemaIsNewer(unknown);
}
