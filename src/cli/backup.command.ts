import { type Command } from 'commander';
import { type BackupCommandOptions } from './run-backup.js';

export function defineBackup(program: Command): void {
  program
    .command('backup')
    .summary('write everything that the database holds into one file')
    .description(
      'Writes everything that the database holds at this moment into one file, which `xtrace restore` puts back. ' +
        'The server may go on working meanwhile. Works for the private PostgreSQL and for DATABASE_URL alike, and ' +
        'the file fits every PostgreSQL from 14 to 18.\n\n' +
        'The file holds prompts, answers and, if XTRACE_DATA_DIR has one, credentials.json: keep it like a secret. ' +
        'Only its owner can read it.',
    )
    .argument('<file|folder>', 'the file to write, or a folder for xtrace-<time>.zip')
    .option('--no-credentials', 'leave credentials.json out')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx xtrace backup /backups/\n  $ npx xtrace backup before-upgrade.zip --no-credentials',
    )
    .action(async (target: string, options: BackupCommandOptions) => {
      const { runBackup } = await import('./run-backup.js');
      await runBackup(target, options);
    });
}
