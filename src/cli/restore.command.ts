import { type Command } from 'commander';
import { restoreCredentials } from './backup/restore-credentials.js';
import { ArchiveReader } from './backup/archive-reader.js';
import { restoreBackup, verifyBackup } from './backup/restore.js';
import { runCommand } from './database-command.js';
import { Progress } from './progress.js';

interface Options {
  readonly force?: true;
  readonly verifyOnly?: true;
  /** False by `--no-credentials`. */
  readonly credentials: boolean;
}

export function defineRestore(program: Command): void {
  program
    .command('restore')
    .summary('put a backup into an empty database')
    .description(
      'Puts a file that `xtrace backup` wrote into the database of the settings: everything, or, if anything goes\n' +
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
    .action(async (file: string, options: Options) => {
      await runCommand('restore', async (context) => {
        const archive = await ArchiveReader.open(file);
        const progress = new Progress(process.stderr);
        const { takenAt, xtraceVersion } = archive.manifest;
        console.error(`${file} was made at ${takenAt} by xtrace ${xtraceVersion}`);
        try {
          if (!options.verifyOnly) void context.config;
          await verifyBackup(archive, progress);
          if (options.verifyOnly) return;
          const replace = options.force === true;
          const { migrated, skipped } = await restoreBackup({
            database: await context.database(),
            ...{ archive, replace, progress },
          });
          if (migrated.length > 0) console.error(`migrated: ${migrated.join(', ')}`);
          for (const table of skipped) console.error(`! ${table} is no table of xtrace and was left out`);
          if (options.credentials) {
            const line = await restoreCredentials(archive, context.config.dataDir, replace);
            if (line !== undefined) console.error(line);
          }
          console.log(`restored ${file}`);
        } finally {
          archive.close();
        }
      });
    });
}
