import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { writeBackup } from './backup/backup.js';
import { CommandRefused, runCommand } from './database-command.js';
import { Progress, formatBytes } from './progress.js';

export interface BackupCommandOptions {
  /** False by `--no-credentials`. */
  readonly credentials: boolean;
}

/** `xtrace backup`: prints the file and its size. */
export async function runBackup(target: string, options: BackupCommandOptions): Promise<void> {
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
}

/** Absolute path; a folder gets a file named after the time in UTC. @throws CommandRefused where there is no such folder */
function backupFile(target: string, now: Date): string {
  const path = resolve(target);
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  if (!isFolder) {
    const folder = target.endsWith('/') ? path : dirname(path);
    if (!existsSync(folder) || folder === path) {
      throw new CommandRefused(`there is no folder ${folder}: make it, or name another`);
    }
    return path;
  }
  return join(path, `xtrace-${now.toISOString().replace(/[-:]|\.\d+/g, '')}.zip`);
}
