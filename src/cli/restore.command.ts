import { type Command } from 'commander';
import { type RestoreCommandOptions } from './run-restore.js';

export function defineRestore(program: Command): void {
  program
    .command('restore')
    .summary('put a backup into an empty database')
    .description(
      'Puts a file that `xtrace backup` wrote into the database of the settings: everything, or, if anything goes ' +
        'wrong, nothing. All checksums are compared first. Stop the server before, and start it after.\n\n' +
        'Credentials in the backup are kept in XTRACE_DATA_DIR unless it has some already.',
    )
    .argument('<file>', 'the backup')
    .option('--force', 'replace what the database holds, and the credentials')
    .option('--verify-only', 'compare the checksums and end; needs no database')
    .option('--no-credentials', 'leave the credentials of the backup alone')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx xtrace restore --verify-only /backups/xtrace-20261123T090000Z.zip\n' +
        '  $ XTRACE_DATA_DIR=/srv/xtrace npx xtrace restore /backups/xtrace-20261123T090000Z.zip',
    )
    .action(async (file: string, options: RestoreCommandOptions) => {
      const { runRestore } = await import('./run-restore.js');
      await runRestore(file, options);
    });
}
