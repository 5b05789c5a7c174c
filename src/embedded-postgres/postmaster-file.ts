import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { socketPath } from './placement.js';

/** What `postmaster.pid` says about the server on a cluster (PostgreSQL source, `miscadmin.h`, LOCK_FILE_LINE_*). */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly socketDir: string;
  /** `ready`, `starting`, `stopping` or `standby`; empty in the first moment of a start. */
  readonly status: string;
  /**
   * `running`: the pid is a postmaster on this cluster. `gone`: no such process, PostgreSQL itself will overwrite
   * the file. `foreign`: the pid has been given to another program meanwhile (usual after a container restart);
   * PostgreSQL may take that one for a postmaster and refuse to start.
   */
  readonly process: 'running' | 'gone' | 'foreign';
}

export function readPostmaster(clusterDir: string): Postmaster | undefined {
  let text: string;
  try {
    text = readFileSync(join(clusterDir, 'postmaster.pid'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Number.parseInt(lines[0] ?? '', 10);
  if (!(pid > 0)) return undefined;
  return {
    pid,
    port: Number.parseInt(lines[3] ?? '', 10) || 0,
    socketDir: lines[4] ?? '',
    status: lines[7] ?? '',
    process: processState(pid, clusterDir),
  };
}

function processState(pid: number, clusterDir: string): Postmaster['process'] {
  try {
    process.kill(pid, 0);
  } catch {
    // ESRCH, or EPERM: another user's, while a postmaster runs as the owner of its cluster, which we are, or are root.
    return 'gone';
  }
  if (process.platform !== 'linux') {
    const { stdout } = spawnSync('/bin/ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' });
    return stdout.includes('postgres') ? 'running' : 'foreign';
  }
  try {
    // A postmaster works in its data folder from before it writes postmaster.pid.
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(clusterDir) ? 'running' : 'foreign';
  } catch (error) {
    // A zombie or a process that ended just now has no folder.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : 'running';
  }
}

/** Whether something listens on the server's socket. */
export function accepts(server: Pick<Postmaster, 'socketDir' | 'port'>): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath(server.socketDir, server.port));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/**
 * Removes lock files of a dead server whose pid is another program's by now, in the data folder and beside the socket:
 * PostgreSQL would believe them and refuse to start. A file that a starting server wrote meanwhile is kept.
 */
export function removeForeignLocks(clusterDir: string, socketDir: string): void {
  for (const file of [join(clusterDir, 'postmaster.pid'), `${socketPath(socketDir)}.lock`]) {
    const pid = readPid(file);
    if (pid === undefined || processState(pid, clusterDir) !== 'foreign') continue;
    const aside = `${file}.stale-${process.pid}`;
    try {
      renameSync(file, aside);
      if (readPid(aside) === pid) rmSync(aside);
      else renameSync(aside, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

function readPid(lockFile: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(lockFile, 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
}
