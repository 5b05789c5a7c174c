import { existsSync, statSync } from 'node:fs';
import { ArchiveReader } from './backup/archive-reader.js';
import { restoreCredentials } from './backup/restore-credentials.js';
import { restoreBackup, verifyBackup } from './backup/restore.js';
import { CommandRefused, runCommand } from './database-command.js';
import { Progress } from './progress.js';

export interface RestoreCommandOptions {
  readonly force?: true;
  readonly verifyOnly?: true;
  /** False by `--no-credentials`. */
  readonly credentials: boolean;
}

/** `xtrace restore`. */
export async function runRestore(file: string, options: RestoreCommandOptions): Promise<void> {
  await runCommand('restore', async (context) => {
    if (!existsSync(file)) throw new CommandRefused(`there is no ${file}`);
    if (statSync(file).isDirectory()) throw new CommandRefused(`${file} is a folder: name the backup in it`);
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
}
