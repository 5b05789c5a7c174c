import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../config/folder.js';
import { type ArchiveReader } from './archive-reader.js';

/**
 * Keeps the credentials of a backup in the data folder, so that clients go on with theirs. Others that are there stay
 * unless `replace`; then they are set aside. Returns what to tell the operator, if anything.
 */
export async function restoreCredentials(
  archive: ArchiveReader,
  dataDir: string,
  replace: boolean,
): Promise<string | undefined> {
  const text = await archive.credentials();
  if (text === undefined) return undefined;
  const file = join(dataDir, 'credentials.json');
  if (existsSync(file)) {
    if (readFileSync(file, 'utf8') === text) return undefined;
    if (!replace) return `! ${file} holds other credentials than the backup and was left as it is`;
    const aside = `${file}.replaced-${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}`;
    renameSync(file, aside);
    write(file, text);
    return `the credentials of the backup are in ${file}, the former ones in ${aside}`;
  }
  makeFolder(dataDir);
  write(file, text);
  return `the credentials of the backup are in ${file}`;
}

function write(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600, flag: 'wx', flush: true });
  renameSync(temporary, file);
}
