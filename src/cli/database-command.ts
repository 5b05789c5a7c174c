import { type Config, readConfig } from '../config/config.js';
import { type DatabaseConnection } from '../config/database-connection.js';
import { DomainError } from '../domain/errors.js';
import { findCluster } from '../embedded-postgres/placement.js';
import { type OpenDatabase, openDatabase } from '../open-database.js';
import { describeStartError } from '../start-error.js';
import { NoSchema } from '../storage/backup/table-snapshot.js';
import { RestoreRefused } from '../storage/backup/table-restore.js';
import { PartitionUnknown } from '../storage/backup/partition-statements.js';
import { FileExists } from './backup/archive-writer.js';
import { BackupDamaged } from './backup/manifest.js';
import { USAGE_EXIT_CODE, USAGE_HINT, UsageError } from './usage-error.js';

/** A reason that a command has for not doing its work; the message is all that the operator needs. */
export class CommandRefused extends Error {
  override readonly name = 'CommandRefused';
}

const EXPLAINED = [
  CommandRefused,
  UsageError,
  DomainError,
  FileExists,
  BackupDamaged,
  NoSchema,
  RestoreRefused,
  PartitionUnknown,
] as const;

/**
 * Runs `work` and sets exit code 1 if it fails, 2 if the command line is at fault, with one line on stderr per reason.
 * @param purpose completes "xtrace cannot …".
 */
export async function runCommand(purpose: string, work: (context: CommandContext) => Promise<void>): Promise<void> {
  // Ends at once, which gives back whatever a transaction has done; a private PostgreSQL follows by itself.
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const)
    process.once(signal, () => process.exit(128 + number));
  const context = new CommandContext();
  try {
    await work(context);
  } catch (error) {
    for (const line of explain(error, context)) console.error(`xtrace cannot ${purpose}: ${line}`);
    if (context.settings?.logLevel === 'debug') console.error(error);
    const isUsage = error instanceof UsageError;
    if (isUsage) console.error(USAGE_HINT);
    process.exitCode = isUsage ? USAGE_EXIT_CODE : 1;
  }
  await context.close();
}

/** What a command works with, opened when it asks for it. */
export class CommandContext {
  private read: Config | undefined;
  private opened: OpenDatabase | undefined;

  /** @throws ConfigError with all problems at once. */
  get config(): Config {
    return (this.read ??= readConfig());
  }

  /** What was read so far, for messages about errors. */
  get settings(): Config | undefined {
    return this.read;
  }

  get connection(): DatabaseConnection | undefined {
    return this.opened?.connection;
  }

  /** The database of the settings; the private one is joined where it runs and started where it does not. */
  async database(): Promise<DatabaseConnection> {
    this.opened ??= await openDatabase(this.config, (line) => console.error(line));
    return this.opened.connection;
  }

  /** Like {@link database}, but never makes a private PostgreSQL. */
  async existingDatabase(): Promise<DatabaseConnection> {
    const { databaseUrl, dataDir } = this.config;
    if (databaseUrl === undefined && findCluster(dataDir) === undefined)
      throw new CommandRefused(
        `there is no database in ${dataDir}: run this where xtrace was started, or set XTRACE_DATA_DIR or DATABASE_URL`,
      );
    return await this.database();
  }

  async close(): Promise<void> {
    await this.opened?.stop();
  }
}

function explain(error: unknown, context: CommandContext): string[] {
  if (EXPLAINED.some((kind) => error instanceof kind)) return [(error as Error).message];
  const { settings, connection } = context;
  return describeStartError(error, {
    ...(settings === undefined ? {} : { config: settings }),
    ...(connection === undefined ? {} : { database: connection }),
  });
}
