import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { makeFolder } from '../config/folder.js';
import { type Account, PROGRAM_ENVIRONMENT } from './account.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

/** A folder with `initdb` and `postgres` that the account can run. */
export interface Binaries {
  readonly binDir: string;
  /** 18 of "18.4". */
  readonly major: number;
  /** "18.4". */
  readonly version: string;
}

interface Candidate {
  readonly binDir: string;
  /** Root of the npm package's relocatable tree; other installations have fixed paths and cannot be copied. */
  readonly tree?: string;
}

const SYSTEM_ROOT = '/usr/lib/postgresql';
const ADVICE =
  'Reinstall with optional dependencies (npm ci), point EMBEDDED_POSTGRES_BIN to a folder with initdb and postgres, ' +
  'or set DATABASE_URL.';

export interface BinarySearch {
  /** EMBEDDED_POSTGRES_BIN: asks for these binaries and no others. */
  readonly binDir: string | undefined;
  readonly account: Account | undefined;
  /** Where to copy the npm package's binaries when the account cannot reach them, for example below `/root`. */
  readonly copyDir: string;
  readonly log: (line: string) => void;
}

/**
 * The binaries to use: the folder that was asked for, else those of the npm package, else the newest of the system.
 * @throws EmbeddedPostgresError if none of them runs, with the reason of each.
 */
export function findBinaries({ binDir, account, copyDir, log }: BinarySearch): Binaries {
  const candidates = binDir === undefined ? [...packageCandidate(), ...systemCandidates()] : [{ binDir }];
  const reasons: string[] = [];
  for (const candidate of candidates) {
    const found = probe(candidate.binDir, account);
    if ('version' in found) return found;
    if (candidate.tree !== undefined && account !== undefined) {
      const own = probe(candidate.binDir, undefined);
      if ('version' in own) {
        const copy = probe(copyTree(candidate.tree, join(copyDir, `postgresql-${own.version}`), log), account);
        if ('version' in copy) return copy;
        reasons.push(copy.reason);
        continue;
      }
    }
    reasons.push(found.reason);
  }
  const tried = reasons.length > 0 ? ` (${reasons.join('; ')})` : '';
  throw new EmbeddedPostgresError(
    `No usable PostgreSQL binaries for ${process.platform}-${process.arch}${tried}. ${ADVICE}`,
  );
}

function probe(binDir: string, account: Account | undefined): Binaries | { reason: string } {
  for (const name of ['initdb', 'postgres']) {
    const { status, error, stdout, stderr } = spawnSync(join(binDir, name), ['--version'], {
      ...account,
      cwd: '/',
      encoding: 'utf8',
      env: PROGRAM_ENVIRONMENT,
    });
    if (status !== 0) {
      return { reason: `${join(binDir, name)}: ${error ? error.message : stderr.trim() || `exit code ${status}`}` };
    }
    const version = /^.*?\) (\d+(?:\.\d+)?)/.exec(stdout)?.[1];
    if (version === undefined) return { reason: `${join(binDir, name)}: says no version: ${stdout.trim()}` };
    if (name === 'postgres') return { binDir, version, major: Number.parseInt(version, 10) };
  }
  return { reason: binDir };
}

function packageCandidate(): Candidate[] {
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  } catch {
    return [];
  }
  const root = resolve(dirname(entry), '..');
  linkLibraries(root);
  return [{ binDir: join(root, 'native', 'bin'), tree: join(root, 'native') }];
}

/** Makes the library symlinks that the package's install script makes: `npm ci --ignore-scripts` does not run it. */
function linkLibraries(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(root, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(root, source)), link);
    } catch {
      // Another start made it, or the folder is read-only: whether the binaries run is tried next.
    }
  }
}

function systemCandidates(): Candidate[] {
  if (!existsSync(SYSTEM_ROOT)) return [];
  return readdirSync(SYSTEM_ROOT)
    .map(Number)
    .filter((major) => existsSync(join(SYSTEM_ROOT, String(major), 'bin', 'initdb')))
    .sort((a, b) => b - a)
    .map((major) => ({ binDir: join(SYSTEM_ROOT, String(major), 'bin') }));
}

/** Copies the tree once per version, complete or not at all, readable by everyone. Returns its bin folder. */
function copyTree(tree: string, target: string, log: (line: string) => void): string {
  if (!existsSync(target)) {
    log(`copying the PostgreSQL binaries to ${target}, because the account that runs them cannot read ${tree}`);
    makeFolder(dirname(target));
    const temporary = `${target}.${process.pid}.${randomBytes(4).toString('hex')}`;
    try {
      cpSync(tree, temporary, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') });
      openForAll(temporary);
      renameSync(temporary, target);
    } catch (error) {
      rmSync(temporary, { recursive: true, force: true });
      // A start beside this one may have finished first.
      if (!existsSync(target)) throw error;
    }
  }
  return join(target, 'bin');
}

function openForAll(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) openForAll(path);
    else if (entry.isFile()) chmodSync(path, statSync(path).mode & 0o100 ? 0o755 : 0o644);
  }
}
