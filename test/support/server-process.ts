import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const PROJECT_ROOT = join(import.meta.dirname, '../..');
/** The build to test; XTRACE_TEST_DIST names another, for a tree in which several people build at once. */
const DIST = process.env.XTRACE_TEST_DIST ?? join(PROJECT_ROOT, 'dist');

/** Credentials that a server gets unless the test sets others. */
export const TEST_TOKEN = 'test-bearer-token-0123456789';
export const TEST_PUBLIC_KEY = 'pk-xt-test';
export const TEST_SECRET_KEY = 'sk-xt-test-0123456789';

/** How a process ended; exactly one of the two is not null. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServerOptions {
  /** Added to a minimal environment; `undefined` takes a default away. Nothing of the caller's environment gets in. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Kept after the stop, so that a test can start on it again. Default: a fresh folder, with tables that are made already
   * where a whole run has a template; removed after the exit.
   */
  readonly dataDir?: string;
  /** PostgreSQL to use; default: the embedded one in the data folder. */
  readonly databaseUrl?: string;
  /** Another build than that of this project. */
  readonly dist?: string;
  /** Run as this account instead of the caller's (root only). */
  readonly uid?: number;
  readonly gid?: number;
  readonly readyTimeoutMs?: number;
}

/** One built server in a process of its own. */
export interface RunningServer {
  readonly pid: number;
  readonly dataDir: string;
  /** `http://127.0.0.1:<port>`, known once it is ready. */
  readonly url: string;
  /** Resolves when the process has gone, never rejects. */
  readonly exited: Promise<Exit>;
  stdout(): string;
  stderr(): string;
  /** SIGTERM, then waits for the exit. */
  stop(): Promise<Exit>;
  /** SIGKILL, then waits for the exit. */
  kill9(): Promise<Exit>;
  signal(name: NodeJS.Signals): void;
  /** Waits until what it printed (both streams) matches. Rejects if it exits first or at the time limit. */
  waitForOutput(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts `dist/src/main.js` on a free loopback port and waits until it says that it is ready. */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const server = spawnServer(options);
  try {
    await server.waitForOutput(/xtrace is ready on (\S+)/, options.readyTimeoutMs ?? 30_000);
  } catch (error) {
    await server.kill9();
    throw error;
  }
  return server;
}

/** Like {@link startServer} without the waiting: for starts that fail. */
export function spawnServer(options: ServerOptions = {}): RunningServer {
  const entry = join(options.dist ?? DIST, 'src/main.js');
  if (!existsSync(entry))
    throw new Error('dist/src/main.js is missing: run `npm run build` before the e2e and crash tests');
  const dataDir = options.dataDir ?? dataFolder(options);
  const env: Record<string, string | undefined> = {
    PATH: process.env.PATH,
    BIND_ADDR: '127.0.0.1:0',
    XTRACE_DATA_DIR: dataDir,
    DATABASE_URL: options.databaseUrl,
    EMBEDDED_POSTGRES_BIN: process.env.XTRACE_TEST_POSTGRES_BIN,
    API_BEARER_TOKEN: TEST_TOKEN,
    XTRACE_PUBLIC_KEY: TEST_PUBLIC_KEY,
    XTRACE_SECRET_KEY: TEST_SECRET_KEY,
    ...options.env,
  };
  const stated = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
  const child = spawn(process.execPath, [entry], {
    // Not the project folder, whose .env belongs to the developer.
    cwd: tmpdir(),
    env: stated,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
  const server = observe(child, dataDir);
  if (options.dataDir === undefined) void server.exited.then(() => removeFolder(dataDir));
  return server;
}

/** Wraps any child process that prints what it does. */
export function observe(child: ChildProcess, dataDir: string): RunningServer {
  running.add(child);
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
    });
  }
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
    });
  });
  const end = (name: NodeJS.Signals) => {
    child.kill(name);
    return exited;
  };
  const all = () => output.stdout + output.stderr;
  return {
    pid: child.pid ?? 0,
    dataDir,
    get url() {
      return /xtrace is ready on (\S+)/.exec(output.stdout)?.[1] ?? '';
    },
    exited,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    stop: () => end('SIGTERM'),
    kill9: () => end('SIGKILL'),
    signal: (name) => void child.kill(name),
    async waitForOutput(pattern, timeoutMs = 30_000) {
      let exit: Exit | undefined;
      void exited.then((how) => (exit = how));
      return waitFor(
        () => {
          const match = pattern.exec(all());
          if (!match && exit) throw new Error(`ended (${JSON.stringify(exit)}) before ${pattern.source}:\n${all()}`);
          return match;
        },
        timeoutMs,
        () => `no ${pattern.source} in:\n${all()}`,
      );
    },
  };
}

/** Polls until the condition gives something truthy. The one way for process tests to wait. */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  timeoutMs = 30_000,
  complaint: () => string = () => 'the condition did not come true',
): Promise<NonNullable<T>> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > until) throw new Error(`${complaint()} (after ${timeoutMs} ms)`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A new folder in the system's temporary one that PostgreSQL's account may pass through, owned by `uid` if given. */
export function temporaryFolder(owner: { uid?: number; gid?: number } = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'xtrace-test-'));
  chmodSync(path, owner.uid === undefined ? 0o755 : 0o777);
  return path;
}

/** A data folder for one server: a copy of the template that e2e-setup.mjs makes, if there is one. */
function dataFolder(options: ServerOptions): string {
  const path = temporaryFolder(options);
  const template = process.env.XTRACE_TEST_DATA_TEMPLATE;
  const isPlain = options.databaseUrl === undefined && options.uid === undefined;
  // `cp` keeps the owner: for root, PostgreSQL runs under an account of its own.
  if (template !== undefined && isPlain) execFileSync('cp', ['-a', `${template}/.`, path]);
  return path;
}

/** Also right after a kill, while PostgreSQL still writes its last files into it. */
export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
