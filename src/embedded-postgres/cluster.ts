import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, PROGRAM_ENVIRONMENT } from './account.js';
import type { Binaries } from './binaries.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { type Placement, makeDirectory } from './placement.js';

/** The superuser that initdb makes; the server's own role is made by {@link ensureDatabase}. */
export const SUPERUSER = 'postgres';

/**
 * Creates the cluster if there is none. initdb works in a folder beside it that is renamed when it is complete and on
 * disk, so that one killed half-way leaves nothing that looks like a cluster.
 */
export async function ensureCluster(
  { root, clusterDir, account }: Placement,
  binaries: Binaries,
  log: (line: string) => void,
): Promise<void> {
  removeAbandoned(root);
  if (existsSync(join(clusterDir, 'PG_VERSION'))) return;
  log(`creating a private PostgreSQL ${binaries.version} in ${clusterDir} (first start only)`);
  const temporary = join(root, `postgres.initdb-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    makeDirectory(temporary, 0o700, account);
    await initialize(temporary, binaries, account);
    if (!renameUnlessTaken(temporary, clusterDir)) return;
    syncDirectory(root);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * @throws EmbeddedPostgresError if the cluster was made by another major version, whose files these binaries cannot read.
 */
export function checkVersion(clusterDir: string, binaries: Binaries): void {
  const major = Number.parseInt(readFileSync(join(clusterDir, 'PG_VERSION'), 'utf8'), 10);
  if (major === binaries.major) return;
  throw new EmbeddedPostgresError(
    `${clusterDir} was made by PostgreSQL ${major}, but the binaries in ${binaries.binDir} are version ${binaries.version}. ` +
      `Point EMBEDDED_POSTGRES_BIN to binaries of PostgreSQL ${major}; or move the data with pg_dump and restore it ` +
      'into a new XTRACE_DATA_DIR; or set XTRACE_DATA_DIR to another folder to start empty.',
  );
}

async function initialize(directory: string, binaries: Binaries, account: Account | undefined): Promise<void> {
  // Byte order and a Unicode ctype that do not depend on the system's libraries, whose updates would corrupt indexes.
  // Before version 17 that is the system's C.UTF-8, which old systems lack.
  const locales =
    binaries.major >= 17 ? [['--locale-provider=builtin', '--locale=C.UTF-8']] : [['--locale=C.UTF-8'], ['--locale=C']];
  let complaint = '';
  for (const locale of locales) {
    const args = ['-D', directory, '-U', SUPERUSER, '-A', 'trust', '-E', 'UTF8', '--data-checksums', ...locale];
    const { code, output } = await run(join(binaries.binDir, 'initdb'), args, account);
    if (code === 0) return;
    complaint ||= `exit code ${code}: ${lastErrors(output)}`;
  }
  const advice = complaint.includes('No space left')
    ? ' Make room, or set XTRACE_DATA_DIR to a folder on another disk.'
    : '';
  throw new EmbeddedPostgresError(`initdb failed in ${directory}: ${complaint}${advice}`);
}

/** The lines of PostgreSQL's programs that say why, without their time stamps. */
export function lastErrors(log: string): string {
  const lines = log.split('\n').map((line) => line.replace(/^.*? \[\d+\] /, ''));
  const reasons = lines.filter((line) => /^(FATAL|PANIC|ERROR|HINT)|: error/.test(line));
  const text = (reasons.length > 0 ? reasons : lines).slice(-3).join(' ') || 'it wrote no reason';
  return text.replace(/\.?$/, '.').replace(/ {2,}/g, ' ');
}

/** In the background, so that a start can be interrupted while it runs. */
function run(
  program: string,
  args: string[],
  account: Account | undefined,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...account,
      cwd: '/',
      env: PROGRAM_ENVIRONMENT,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-4000)));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

function renameUnlessTaken(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    // A start beside this one was first, and its cluster is as good.
    if (existsSync(join(to, 'PG_VERSION'))) return false;
    const { code } = error as NodeJS.ErrnoException;
    throw new EmbeddedPostgresError(
      `${to} is in the way of the new database (${code}): move it away, or set XTRACE_DATA_DIR.`,
    );
  }
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Removes what starts left behind that were killed during initdb; the pid in the name tells whether one still runs. */
function removeAbandoned(root: string): void {
  for (const name of readdirSync(root)) {
    const pid = /^postgres\.initdb-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || isOtherProcess(Number(pid))) continue;
    try {
      rmSync(join(root, name), { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // An orphaned initdb may still be writing; the next start removes it.
    }
  }
}

/** Our own pid counts as gone: in a container every start has the same one. */
function isOtherProcess(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
