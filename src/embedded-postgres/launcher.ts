import { setTimeout as pause } from 'node:timers/promises';
import type { DatabaseConnection } from '../config/database-connection.js';
import { type Binaries, findBinaries } from './binaries.js';
import { checkVersion, ensureCluster, lastErrors } from './cluster.js';
import { DATABASE, ROLE, ensureDatabase } from './database.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { PORT, type Placement, STAND_IN_ROOT, place, socketDirectory } from './placement.js';
import { type Postmaster, accepts, readPostmaster, removeForeignLocks } from './postmaster-file.js';
import { ServerProcess, trimLog } from './server-process.js';

export interface EmbeddedPostgresOptions {
  /** Absolute path. The cluster is `postgres/` in it, unless the account that runs PostgreSQL cannot get there. */
  readonly dataDir: string;
  /** Folder with `initdb` and `postgres`, instead of the npm package's. */
  readonly binDir?: string;
  /** Gets one line per event that an operator wants to know. */
  readonly log: (line: string) => void;
}

/** A private PostgreSQL that lives and dies with this process. */
export interface EmbeddedPostgres {
  readonly connection: DatabaseConnection;
  /** The folder that holds the cluster, the socket and the log. */
  readonly dataDir: string;
  readonly socketDir: string;
  /** Another process owns the server and will stop it; this one then starts its own. */
  readonly adopted: boolean;
  /** Of the postmaster; `undefined` while it is down. */
  readonly pid: number | undefined;
  /** Stops the server if it is ours and resolves when it has gone. Call it after the last connection is closed. */
  stop(): Promise<void>;
}

const POLL_MS = 15;
/** A server whose owner was just killed still says `ready` until its watchdog has woken up. */
const ADOPTION_TRIAL_MS = 250;
const ADOPTION_ATTEMPTS = 3;
const WATCH_MS = 500;
const PROGRESS_EVERY_MS = 10_000;
/** A server that lives this long has recovered: the next failure is the first again. */
const STABLE_AFTER_MS = 60_000;
const QUICK_FAILURES_TO_REPORT = 5;
const MAX_BACK_OFF_MS = 30_000;
/** How long the sessions of a killed postmaster may need to end before a new one can start. */
const ORPHANS_MS = 30_000;

/**
 * Starts the private PostgreSQL on a data folder, creating it at the first start, or joins the one that another
 * process runs there. From then on it is started again whenever it goes down.
 * @throws EmbeddedPostgresError saying what the operator can do.
 */
export async function startEmbeddedPostgres({
  dataDir,
  binDir,
  log,
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const placement = place(dataDir, log);
  const binaries = findBinaries({ binDir, account: placement.account, copyDir: STAND_IN_ROOT, log });
  await ensureCluster(placement, binaries, log);
  checkVersion(placement.clusterDir, binaries);
  const launcher = new Launcher(placement, binaries, log);
  await launcher.start();
  return launcher;
}

class Launcher implements EmbeddedPostgres {
  socketDir: string;
  /** Ours while it runs; otherwise the server is adopted or down. */
  private server: ServerProcess | undefined;
  private adoptedPid: number | undefined;
  private isStopping = false;
  private supervision: Promise<void> = Promise.resolve();
  private readonly stopSignal = new AbortController();

  constructor(
    private readonly placement: Placement,
    private readonly binaries: Binaries,
    private readonly log: (line: string) => void,
  ) {
    this.socketDir = socketDirectory(placement);
  }

  get connection(): DatabaseConnection {
    return { host: this.socketDir, port: PORT, user: ROLE, database: DATABASE };
  }

  get dataDir(): string {
    return this.placement.root;
  }

  get adopted(): boolean {
    return this.adoptedPid !== undefined;
  }

  get pid(): number | undefined {
    return this.server?.pid ?? this.adoptedPid;
  }

  async start(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      await this.bringUp();
      try {
        await ensureDatabase(this.socketDir);
        break;
      } catch (error) {
        // An adopted server may have been on its way out.
        if (!this.adopted || attempt === ADOPTION_ATTEMPTS) throw error;
        this.adoptedPid = undefined;
      }
    }
    this.supervision = this.supervise();
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.stopSignal.abort();
    await this.server?.stop();
    await this.supervision;
    // A start that was under way when the stop came may have finished meanwhile.
    await this.server?.stop();
  }

  /** Leaves with a server that accepts connections, ours or an adopted one, unless a stop comes first. */
  private async bringUp(): Promise<void> {
    const progress = new Progress(this.log);
    const orphansUntil = Date.now() + ORPHANS_MS;
    while (!this.isStopping) {
      const found = readPostmaster(this.placement.clusterDir);
      if (found && (found.process === 'running' || (found.socketDir !== '' && (await accepts(found))))) {
        if (await this.adopt(found)) return;
        progress.say(
          `waiting for a PostgreSQL that is ${found.status || 'starting'} on the same data (pid ${found.pid})`,
        );
        await pause(POLL_MS);
        continue;
      }
      removeForeignLocks(this.placement.clusterDir, this.socketDir);
      const server = new ServerProcess(this.placement, this.binaries, this.socketDir);
      if (await this.becomesReady(server, progress)) return;
      const complaint = server.logTail();
      const rival = complaint.includes('lock file "postmaster.pid" already exists');
      const orphans = complaint.includes('pre-existing shared memory block') && Date.now() < orphansUntil;
      if (!rival && !orphans) {
        throw new EmbeddedPostgresError(
          `PostgreSQL did not start (${server.ending()}): ${lastErrors(complaint)} The whole log is ${this.placement.logFile}.`,
        );
      }
      await pause(POLL_MS * 10);
    }
  }

  private async becomesReady(server: ServerProcess, progress: Progress): Promise<boolean> {
    this.server = server;
    while (server.isRunning) {
      const found = readPostmaster(this.placement.clusterDir);
      if (found?.pid === server.pid && found?.status === 'ready') return true;
      if (this.isStopping) await server.stop();
      progress.say(`PostgreSQL is ${found?.status || 'starting'}; after a crash it first repeats what its log holds`);
      await Promise.race([pause(POLL_MS), server.exited]);
    }
    this.server = undefined;
    return false;
  }

  private async adopt(found: Postmaster): Promise<boolean> {
    const isReady = async () => {
      const again = readPostmaster(this.placement.clusterDir);
      return again?.pid === found.pid && again.status === 'ready' && (await accepts(again));
    };
    if (!(await isReady())) return false;
    await pause(ADOPTION_TRIAL_MS);
    if (!(await isReady())) return false;
    this.socketDir = found.socketDir;
    this.adoptedPid = found.pid;
    this.log(`using the PostgreSQL that already runs on ${this.placement.clusterDir} (pid ${found.pid})`);
    return true;
  }

  /** Brings the server back for as long as this process wants one. */
  private async supervise(): Promise<void> {
    let quickFailures = 0;
    while (!this.isStopping) {
      const since = Date.now();
      const ending = this.server ? await this.watchOwn(this.server) : await this.watchAdopted();
      if (this.isStopping) return;
      this.server = undefined;
      this.adoptedPid = undefined;
      if (Date.now() - since > STABLE_AFTER_MS) quickFailures = 0;
      this.log(`PostgreSQL has gone (${ending}); starting it again`);
      while (!this.isStopping && this.pid === undefined) {
        quickFailures += 1;
        if (quickFailures > 1) await this.backOff(quickFailures);
        await this.bringUp().catch((error: Error) => this.log(error.message));
      }
      if (this.pid !== undefined) this.log(`PostgreSQL is back (pid ${this.pid})`);
    }
  }

  private async backOff(quickFailures: number): Promise<void> {
    const delayMs = Math.min(MAX_BACK_OFF_MS, 250 * 2 ** (quickFailures - 2));
    if (quickFailures === QUICK_FAILURES_TO_REPORT) {
      this.log(`PostgreSQL failed ${quickFailures} times in a row; still trying, see ${this.placement.logFile}`);
    }
    await pause(delayMs, undefined, { signal: this.stopSignal.signal }).catch(() => undefined);
  }

  private async watchOwn(server: ServerProcess): Promise<string> {
    const trimming = setInterval(() => trimLog(this.placement.logFile), 3_600_000).unref();
    await server.exited;
    clearInterval(trimming);
    return server.ending();
  }

  /** Nobody tells us when another process's server ends, so its pid is looked at. */
  private async watchAdopted(): Promise<string> {
    while (!this.isStopping) {
      const found = readPostmaster(this.placement.clusterDir);
      const isThere =
        found?.pid === this.adoptedPid && (found?.process === 'running' || (found && (await accepts(found))));
      if (!isThere || found?.status === 'stopping') return 'the process that owned it has stopped';
      await pause(WATCH_MS, undefined, { signal: this.stopSignal.signal, ref: false }).catch(() => undefined);
    }
    return 'stopping';
  }
}

/** Says a line at once if the wait turns out long, and again every ten seconds. */
class Progress {
  private nextAt = Date.now() + 1000;
  constructor(private readonly log: (line: string) => void) {}

  say(line: string): void {
    if (Date.now() < this.nextAt) return;
    this.nextAt = Date.now() + PROGRESS_EVERY_MS;
    this.log(line);
  }
}
