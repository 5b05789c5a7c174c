import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, closeSync, copyFileSync, openSync, readSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { PROGRAM_ENVIRONMENT } from './account.js';
import type { Binaries } from './binaries.js';
import type { Placement } from './placement.js';
import { serverArguments } from './server-settings.js';

/**
 * Starts PostgreSQL in place of the shell and leaves a watchdog beside it. The watchdog waits on file descriptor 3,
 * whose other end is ours: it closes when this process is gone, however it died, and then PostgreSQL gets SIGINT (fast
 * shutdown) until it is gone too; the first one may come before PostgreSQL listens to it. A line on the descriptor
 * means that PostgreSQL has ended by itself. The watchdog's parent ends at once, so that it is no child of PostgreSQL,
 * which restarts all its sessions when a child that it does not know dies.
 */
const LAUNCH = `
( { read -r line <&3 || while kill -INT $$; do sleep 0.2 || sleep 1; done; } >/dev/null 2>&1 & )
exec "$@" 3<&-
`;

const MAX_LOG_BYTES = 16 * 1024 * 1024;

/** One run of the postmaster, from spawn to exit. */
export class ServerProcess {
  readonly exited: Promise<void>;
  private hasExited = false;
  private readonly child: ChildProcess;
  private readonly logFile: string;
  private readonly logStart: number;

  constructor(placement: Placement, binaries: Binaries, socketDir: string) {
    this.logFile = placement.logFile;
    trimLog(placement.logFile);
    const log = openSync(placement.logFile, 'a', 0o600);
    try {
      chmodSync(placement.logFile, 0o600);
      this.logStart = statSync(placement.logFile).size;
      const command = [join(binaries.binDir, 'postgres'), ...serverArguments(placement, binaries, socketDir)];
      this.child = spawn('/bin/sh', ['-c', LAUNCH, 'postgres', ...command], {
        ...placement.account,
        cwd: '/',
        // A session of its own: Ctrl-C in the terminal must reach this process first, and PostgreSQL after the drain.
        detached: true,
        // The log goes to a file and not through us, so that it also tells of a shutdown after our death.
        stdio: ['ignore', log, log, 'pipe'],
        env: PROGRAM_ENVIRONMENT,
      });
    } finally {
      closeSync(log);
    }
    const lifeline = this.child.stdio[3] as Duplex;
    lifeline.on('error', () => undefined);
    this.exited = new Promise((resolve) => {
      const finish = () => {
        this.hasExited = true;
        lifeline.end('ended\n');
        resolve();
      };
      this.child.once('exit', finish);
      this.child.once('error', finish);
    });
    // Neither keeps an otherwise finished process alive.
    this.child.unref();
    (lifeline as Duplex & { unref?: () => void }).unref?.();
  }

  get isRunning(): boolean {
    return !this.hasExited;
  }

  get pid(): number | undefined {
    return this.hasExited ? undefined : this.child.pid;
  }

  /** Fast shutdown: sessions are ended, committed work is on disk. Resolves when the postmaster has gone. */
  async stop(): Promise<void> {
    this.child.ref();
    if (this.isRunning) this.child.kill('SIGINT');
    await this.exited;
  }

  /** How it ended, for a log line. */
  ending(): string {
    const { signalCode, exitCode } = this.child;
    return signalCode
      ? `killed by ${signalCode}`
      : exitCode === null
        ? 'could not be spawned'
        : `exit code ${exitCode}`;
  }

  /** The end of what this run wrote to its log, at most 4 KB. */
  logTail(): string {
    const descriptor = openSync(this.logFile, 'r');
    try {
      const { size } = statSync(this.logFile);
      const from = Math.max(this.logStart, size - 4096);
      const buffer = Buffer.alloc(Math.max(0, size - from));
      return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, from)).trim();
    } finally {
      closeSync(descriptor);
    }
  }
}

/** Keeps the log and one older part below 16 MiB each. Works while a server appends: its descriptor stays valid. */
export function trimLog(logFile: string): void {
  const found = statSync(logFile, { throwIfNoEntry: false });
  if (!found || found.size < MAX_LOG_BYTES) return;
  copyFileSync(logFile, `${logFile}.1`);
  truncateSync(logFile, 0);
}
