import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** A folder of the server that cannot be made. The message names it, the reason and the setting. */
export class FolderError extends Error {
  override readonly name = 'FolderError';
}

/**
 * Makes `path` and the folders above it, all with `mode`, and says whether it did. A folder that exists is left as it is.
 * @throws FolderError, also where a file is in the way.
 */
export function makeFolder(path: string, mode = 0o755): boolean {
  try {
    return make(path, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'EEXIST' ? `${code}, something else has that name` : code;
    throw new FolderError(`Cannot create the folder ${path} (${reason}): make it writable, or set XTRACE_DATA_DIR.`);
  }
}

/**
 * One folder at a time. With `recursive` Node.js 20 asks for ever where a folder is there but says that it is not when
 * something is made in it, as /proc does.
 */
function make(path: string, mode: number, isAboveMade = false): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return false;
    const isAboveMissing = (error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path;
    if (!isAboveMissing || isAboveMade) throw error;
    make(dirname(path), mode);
    return make(path, mode, true);
  }
}
