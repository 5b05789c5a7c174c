import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command } from 'commander';
import { runCommand } from './database-command.js';
import { writeBackup } from './backup/backup.js';
import { Progress, formatBytes } from './progress.js';

interface Options {
  /** False by `--no-credentials`. */
  readonly credentials: boolean;
}

export function defineBackup(program: Command): void {
  program
    .command('backup')
    .summary('write everything that the database holds into one file')
    .description(
      'Writes everything that the database holds at this moment into one file, which `xtrace restore` puts back.\n' +
        'The server may go on working meanwhile. Works for the private PostgreSQL and for DATABASE_URL alike, and\n' +
        'the file fits every PostgreSQL from 14 to 18.\n\n' +
        'The file holds prompts, answers and, if XTRACE_DATA_DIR has one, credentials.json: keep it like a secret.\n' +
        'Only its owner can read it.',
    )
    .argument('<file|folder>', 'the file to write, or a folder for xtrace-<time>.zip')
    .option('--no-credentials', 'leave credentials.json out')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx xtrace backup /backups/\n  $ npx xtrace backup before-upgrade.zip --no-credentials',
    )
    .action(async (target: string, options: Options) => {
      await runCommand('back up', async (context) => {
        const { dataDir } = context.config;
        const file = backupFile(target, new Date());
        const database = await context.existingDatabase();
        const { manifest, fileBytes } = await writeBackup({
          database,
          file,
          ...(options.credentials ? { credentialsFile: join(dataDir, 'credentials.json') } : {}),
          progress: new Progress(process.stderr),
        });
        console.log(`${file} (${formatBytes(fileBytes)})`);
        if (manifest.credentials)
          console.error('It holds the credentials of this server and is readable by its owner alone.');
      });
    });
}

/** Absolute path; a folder, which must exist or end with a slash, gets a file named after the time in UTC. */
export function backupFile(target: string, now: Date): string {
  const path = resolve(target);
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  if (!isFolder) return path;
  return join(path, `xtrace-${now.toISOString().replace(/[-:]|\.\d+/g, '')}.zip`);
}
