import { type Config } from '../config/config.js';
import { type DatabaseConnection } from '../config/database-connection.js';
import { NotFound } from '../domain/errors.js';
import { type Project } from '../domain/project.js';
import { Redactor } from '../domain/redaction.js';
import { executedMigrations, newDataSource } from '../storage/data-source.js';
import { ApiKeyStore } from '../storage/projects/api-key-store.js';
import { NoKeyCopies } from '../storage/projects/key-changes.js';
import { ProjectStore } from '../storage/projects/project-store.js';
import { ReadPool } from '../storage/read-pool.js';
import { CommandRefused, runCommand } from './database-command.js';

/** What commands about projects work with. */
export interface ProjectStores {
  readonly config: Config;
  readonly projects: ProjectStore;
  readonly keys: ApiKeyStore;
  readonly redactor: Redactor;
  readonly pool: ReadPool;
  readonly database: DatabaseConnection;
}

/**
 * Runs `work` on the database of the settings, whose schema has to be that of this version. What the command line says is
 * read before, so that it is at fault whatever the state of the database.
 */
export async function withProjects<T>(
  purpose: string,
  readCommandLine: (config: Config) => T | Promise<T>,
  work: (stores: ProjectStores, values: T) => Promise<void>,
): Promise<void> {
  await runCommand(purpose, async (context) => {
    const { config } = context;
    const values = await readCommandLine(config);
    const limits = { connections: 1, timeoutMs: config.readTimeoutMs };
    const database = await context.existingDatabase();
    const dataSource = await newDataSource(database, limits).initialize();
    try {
      const executed = new Set(await executedMigrations(dataSource));
      // Not migrated in passing: a server of an older version may be running on it.
      if (dataSource.migrations.some((migration) => !executed.has(migration.name ?? migration.constructor.name)))
        throw new CommandRefused(
          `the database has ${executed.size === 0 ? 'no tables yet' : 'an older schema'}: start the server, or run \`npx xtrace migrate\``,
        );
      const pool = new ReadPool(dataSource, config);
      // Servers that run learn of changes through the database.
      const copies = new NoKeyCopies();
      const stores = {
        config,
        projects: new ProjectStore(pool, copies),
        keys: new ApiKeyStore(pool, copies),
        redactor: new Redactor(config.redactKeys),
        pool,
        database,
      };
      await work(stores, values);
    } finally {
      await dataSource.destroy();
    }
  });
}

/** Of a command whose line says nothing that could be wrong by itself. */
export const readNothing = () => undefined;

/** The project that `id` names, else that of the settings. @throws NotFound */
export async function projectOf({ projects, config }: ProjectStores, id = config.defaultProjectId): Promise<Project> {
  return await projects.find(id).catch((error: unknown) => {
    if (!(error instanceof NotFound)) throw error;
    throw new NotFound(`there is no project ${id}: \`xtrace projects list\` shows all`);
  });
}

/** Prints rows of equal length as columns, under a heading. What clients name may not steer the terminal. */
export function printTable(table: readonly (readonly string[])[]): void {
  const rows = table.map((row) => row.map((cell) => cell.replace(/\p{Cc}/gu, '\u{fffd}')));
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    );
}
