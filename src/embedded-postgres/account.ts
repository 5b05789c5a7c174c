import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

/** The unprivileged account that PostgreSQL runs as when this process is root, which PostgreSQL refuses to be. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Tried in this order: the one made for it, the one of the official Node image, the one that every system has. */
const ACCOUNT_NAMES = ['postgres', 'node', 'nobody'];

/** Environment of every PostgreSQL program: nothing of ours, so that no PG* variable or locale of the caller gets in. */
export const PROGRAM_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/**
 * Who has to run PostgreSQL on `clusterDir`; `undefined` = this process's own user. An existing cluster is run by its
 * owner, because PostgreSQL accepts nobody else.
 * @throws EmbeddedPostgresError if that owner is somebody else and we are not root.
 */
export function accountFor(clusterDir: string): Account | undefined {
  const owner = statSync(clusterDir, { throwIfNoEntry: false });
  const uid = process.getuid?.();
  if (uid === undefined)
    throw new EmbeddedPostgresError('The private PostgreSQL needs Linux or macOS: set DATABASE_URL.');
  if (uid !== 0) {
    if (owner && owner.uid !== uid) {
      throw new EmbeddedPostgresError(
        `${clusterDir} belongs to uid ${owner.uid}, but this process runs as uid ${uid}: ` +
          'start as that user or as root, or set XTRACE_DATA_DIR to another folder.',
      );
    }
    return undefined;
  }
  return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : unprivilegedAccount();
}

function unprivilegedAccount(): Account {
  // initdb refuses a uid without an entry here, so any number above 0 would not do.
  const entries = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ACCOUNT_NAMES) {
    const entry = entries.find((fields) => fields[0] === name);
    if (entry) return { uid: Number(entry[2]), gid: Number(entry[3]) };
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL cannot run as root, and none of the accounts ${ACCOUNT_NAMES.join(', ')} exists: ` +
      'start as another user, or set DATABASE_URL.',
  );
}

/** Whether the account can enter a folder; asks the kernel, so that ACLs and mount options count. */
export function canEnter(directory: string, account: Account | undefined): boolean {
  return (
    spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', directory], { ...account, cwd: '/', stdio: 'ignore' }).status === 0
  );
}
