import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client, type QueryResultRow } from 'pg';
import type { DatabaseConnection } from '../../src/config/database-connection.js';
import { PROJECT_ROOT, type RunningServer, observe } from '../support/server-process.js';

/** What the host process reports about its private PostgreSQL. */
export interface Report {
  readonly pid: number;
  readonly adopted: boolean;
  readonly connection: DatabaseConnection;
  readonly dataDir: string;
  readonly socketDir: string;
}

export interface HostOptions {
  readonly binDir?: string;
  readonly uid?: number;
  /** The tree whose `dist` is run; default: this project. */
  readonly root?: string;
}

/** The smallest process that runs the launcher, so that these tests do not depend on the rest of the server. */
const PROGRAM = `
const [launcher, dataDir, binDir] = process.argv.slice(1);
const { startEmbeddedPostgres } = await import(launcher);
try {
  const { pid, adopted, connection, dataDir: root, socketDir, stop } = await startEmbeddedPostgres({
    dataDir, ...(binDir ? { binDir } : {}), log: (line) => console.log('log: ' + line),
  }).then((postgres) => (globalThis.postgres = postgres));
  process.on('SIGTERM', () => globalThis.postgres.stop().then(() => process.exit(0)));
  console.log('ready ' + JSON.stringify({ pid, adopted, connection, dataDir: root, socketDir }));
  setInterval(() => undefined, 1e6);
} catch (error) {
  console.log(error.name + ': ' + error.message);
  process.exitCode = 1;
}`;

export function spawnHost(dataDir: string, { binDir = '', uid, root = PROJECT_ROOT }: HostOptions = {}): RunningServer {
  const launcher = pathToFileURL(join(root, 'dist/src/embedded-postgres/launcher.js')).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, launcher, dataDir, binDir], {
    cwd: '/',
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  return observe(child, dataDir);
}

export async function startHost(
  dataDir: string,
  options: HostOptions = {},
): Promise<RunningServer & { report: Report }> {
  const host = spawnHost(dataDir, options);
  return Object.assign(host, { report: await reportOf(host) });
}

export async function reportOf(host: RunningServer): Promise<Report> {
  const [, json = ''] = await host.waitForOutput(/^ready (.*)$/m);
  return JSON.parse(json) as Report;
}

export async function query<T extends QueryResultRow>(connection: DatabaseConnection, sql: string): Promise<T[]> {
  const client = new Client(connection);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Every live process of a cluster: the postmaster and its watchdog name the folder in their arguments, the others work
 * in it. Zombies, which have neither, do not count.
 */
export function processesOf(clusterDir: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
    .filter((pid) => {
      try {
        const isNamed = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(clusterDir);
        return isNamed || readlinkSync(`/proc/${pid}/cwd`) === clusterDir;
      } catch {
        return false;
      }
    });
}
