import { createHash } from 'node:crypto';
import { chownSync, existsSync, lstatSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '../config/folder.js';
import { type Account, accountFor, canEnter } from './account.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

/** Where the files of one private PostgreSQL are, and who owns them. */
export interface Placement {
  readonly account: Account | undefined;
  /** Holds everything below: the data folder itself, or its stand-in. */
  readonly root: string;
  readonly clusterDir: string;
  readonly logFile: string;
}

/** Where things go that an unprivileged account must reach while the data folder is closed to it. */
export const STAND_IN_ROOT = '/var/lib/xtrace';

export const PORT = 5432;

/** sun_path of macOS, the shortest of our systems, less its final zero byte (Linux: 107). */
const MAX_SOCKET_PATH_BYTES = 103;

/**
 * Places the cluster in `<dataDir>/postgres`, or, if we are root and the account that must run it cannot get there
 * (a data folder below `/root`), in a folder of `/var/lib/xtrace` that belongs to this data folder. Where a cluster
 * exists it stays, whatever the permissions are today: a second, empty one would look like data loss.
 */
export function place(dataDir: string, log: (line: string) => void): Placement {
  makeDirectory(dataDir);
  const own = placementIn(dataDir);
  if (own.account === undefined) return own;
  if (existsSync(join(own.clusterDir, 'PG_VERSION'))) {
    if (canEnter(own.clusterDir, own.account)) return own;
    throw new EmbeddedPostgresError(
      `${own.clusterDir} cannot be entered by its owner (uid ${own.account.uid}): ` +
        'let that user pass the folders above it (chmod o+x), or start as that user.',
    );
  }
  const standInDir = standInOf(dataDir);
  const hasStandIn = existsSync(join(standInDir, 'postgres', 'PG_VERSION'));
  if (!hasStandIn && canEnter(dataDir, own.account)) return own;
  makeDirectory(standInDir);
  log(
    `${dataDir} is closed to the account that runs PostgreSQL (uid ${own.account.uid}); its data is kept in ${standInDir}`,
  );
  return placementIn(standInDir);
}

/** The folder of the cluster that belongs to `dataDir`, if there is one. Makes nothing. */
export function findCluster(dataDir: string): string | undefined {
  return [dataDir, standInOf(dataDir)]
    .map((root) => join(root, 'postgres'))
    .find((clusterDir) => existsSync(join(clusterDir, 'PG_VERSION')));
}

function standInOf(dataDir: string): string {
  return join(STAND_IN_ROOT, `data-${shortHash(dataDir)}`);
}

function placementIn(root: string): Placement {
  const clusterDir = join(root, 'postgres');
  return { root, clusterDir, logFile: join(root, 'postgres.log'), account: accountFor(clusterDir) };
}

/**
 * A private folder for the socket: in the placement's root, or in the system's temporary folder where that path would
 * be too long for a socket. It never lies in a folder that only root can enter.
 */
export function socketDirectory({ root, account }: Placement): string {
  const inside = join(root, 'socket');
  if (Buffer.byteLength(socketPath(inside)) <= MAX_SOCKET_PATH_BYTES) {
    makeDirectory(inside, 0o700, account);
    return inside;
  }
  const temporary = [tmpdir(), '/tmp'].find(
    (path) =>
      Buffer.byteLength(socketPath(join(path, 'xtrace-0123456789ab-XXXXXX'))) <= MAX_SOCKET_PATH_BYTES &&
      canEnter(path, account),
  );
  if (temporary === undefined)
    throw new EmbeddedPostgresError(`${inside} is too long for a socket: set a shorter XTRACE_DATA_DIR.`);
  const name = join(temporary, `xtrace-${shortHash(root)}`);
  try {
    makeDirectory(name, 0o700, account);
    const found = lstatSync(name);
    if (found.isDirectory() && found.uid === (account?.uid ?? process.getuid?.()) && (found.mode & 0o077) === 0)
      return name;
  } catch {
    // Taken by something else.
  }
  // Anybody may have made that name first; a folder of a fresh random name is ours alone.
  const unique = mkdtempSync(`${name}-`);
  if (account) chownSync(unique, account.uid, account.gid);
  return unique;
}

export function socketPath(socketDir: string, port = PORT): string {
  return join(socketDir, `.s.PGSQL.${port}`);
}

/**
 * Makes a folder and gives it to the account; one that exists is left as it is.
 * @throws FolderError naming the folder and the setting.
 */
export function makeDirectory(path: string, mode = 0o755, account?: Account): void {
  if (makeFolder(path, mode) && account) chownSync(path, account.uid, account.gid);
}

function shortHash(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 12);
}
