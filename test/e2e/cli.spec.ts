import { existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Check } from '../../src/cli/doctor/check.js';
import { processesOf, query, startHost } from '../crash/launcher-host.js';
import { runCommand, spawnCommand } from '../support/command.js';
import {
  PROJECT_ROOT,
  type RunningServer,
  TEST_TOKEN,
  removeFolder,
  startServer,
  temporaryFolder,
  waitFor,
} from '../support/server-process.js';
import { checksums } from '../support/table-contents.js';
import { queryEmbedded } from './support/recount.js';

jest.setTimeout(240_000);

const { version: VERSION } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
  version: string;
};

const servers: RunningServer[] = [];
const folders: string[] = [];
const keep = <T extends RunningServer>(server: T): T => {
  servers.push(server);
  return server;
};
const folder = () => {
  const path = temporaryFolder();
  folders.push(path);
  return path;
};

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.kill9()));
  for (const path of folders.splice(0)) {
    await waitFor(() => processesOf(join(path, 'postgres')).length === 0);
    removeFolder(path);
  }
});

/** Checksums of all tables of the private PostgreSQL that runs in `dataDir`. */
const embeddedSums = (dataDir: string) =>
  checksums({
    query: async (sql: string) => ({ rows: await queryEmbedded(dataDir, sql) }),
  } as unknown as Parameters<typeof checksums>[0]);

async function doctor(env: Record<string, string>) {
  const { code, stdout, stderr } = await runCommand(['doctor', '--json'], env);
  const report = JSON.parse(stdout) as { ok: boolean; version: string; checks: Check[] };
  const find = (name: string) => report.checks.filter((check) => check.name === name);
  return { code, stderr, report, find };
}

describe('the command line', () => {
  it('answers a wrong one with exit code 2 and a hint, and help and version with 0', async () => {
    expect(await runCommand(['frobnicate'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining("unknown command 'frobnicate'\n(add --help"),
    });
    expect(await runCommand(['doctor', '--frobnicate'])).toMatchObject({ code: 2 });
    expect(await runCommand([])).toMatchObject({ code: 2, stderr: expect.stringContaining('Usage: xtrace') });
    expect(await runCommand(['--version'])).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
    expect(await runCommand(['restore', '--help'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('migrates, and says when there is nothing to do', async () => {
    const env = { XTRACE_DATA_DIR: folder() };
    expect(await runCommand(['migrate'], env)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^migrated: Create/m),
    });
    expect(await runCommand(['migrate'], env)).toMatchObject({ code: 0, stdout: 'the schema is up to date\n' });
  });

  it('says which settings are wrong, all at once', async () => {
    const { code, stderr } = await runCommand(['migrate'], { LOG_LEVEL: 'loud', READ_CONNECTIONS: 'x' });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^xtrace cannot migrate: READ_CONNECTIONS is "x".*\nxtrace cannot migrate: LOG_LEVEL is "loud"/,
    );
  });
});

describe('the doctor', () => {
  it('names all wrong settings, and looks no further', async () => {
    const { code, report, find } = await doctor({ LOG_LEVEL: 'loud', READ_CONNECTIONS: 'x' });
    expect(code).toBe(1);
    expect(report).toMatchObject({ ok: false, version: VERSION });
    expect(find('settings').map(({ found }) => found.split(' ')[0])).toEqual(['READ_CONNECTIONS', 'LOG_LEVEL']);
    expect(find('database')).toMatchObject([{ status: 'skipped' }]);
  });

  it('makes nothing where nothing is', async () => {
    const dataDir = join(folder(), 'data');
    const { code, find } = await doctor({ XTRACE_DATA_DIR: dataDir });
    expect(code).toBe(0);
    expect(find('database')).toMatchObject([{ status: 'skipped' }]);
    expect(existsSync(dataDir)).toBe(false);
  });

  it('says that a database cannot be reached', async () => {
    const { code, find } = await doctor({ DATABASE_URL: 'postgres://u:pw-hidden@127.0.0.1:1/x' });
    expect(code).toBe(1);
    expect(find('database')).toMatchObject([
      { status: 'failure', found: expect.stringContaining('nothing listens there') },
    ]);
    expect(JSON.stringify(find('database'))).not.toContain('pw-hidden');
  });

  it('finds the server that `start` has started and its private database well while it runs and while it does not', async () => {
    const dataDir = folder();
    const server = keep(spawnCommand(['start'], { XTRACE_DATA_DIR: dataDir }));
    await server.waitForOutput(/xtrace is ready on/);
    const env = { XTRACE_DATA_DIR: dataDir, BIND_ADDR: new URL(server.url).host };
    const running = await doctor(env);
    expect(running.report.checks.filter(({ status }) => status === 'failure')).toEqual([]);
    expect(running.code).toBe(0);
    expect(running.find('port')).toMatchObject([{ found: `xtrace ${VERSION} answers on ${server.url}` }]);
    expect(running.find('database')).toMatchObject([
      { found: expect.stringContaining('server of xtrace is connected') },
    ]);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(processesOf(join(dataDir, 'postgres'))).toEqual([]);

    const stopped = await doctor(env);
    expect(stopped.code).toBe(0);
    expect(stopped.find('port')).toMatchObject([{ status: 'ok', found: expect.stringContaining('is free') }]);
    const names = [
      'database',
      'disk',
      'version',
      'schema',
      'locks',
      'durability',
      'pooler',
      'partitions',
      'quarantine',
    ];
    for (const name of names) expect(stopped.find(name)).toMatchObject([{ status: 'ok' }]);
    expect(processesOf(join(dataDir, 'postgres'))).toEqual([]);
  });
});

describe('backup and restore', () => {
  it('name files and folders that are not there or not what they should be', async () => {
    const path = folder();
    const complaint = async (...args: string[]) => (await runCommand(args, { XTRACE_DATA_DIR: path })).stderr;
    expect(await complaint('restore', `${path}/none.zip`)).toBe(
      `xtrace cannot restore: there is no ${path}/none.zip\n`,
    );
    expect(await complaint('restore', path)).toBe(
      `xtrace cannot restore: ${path} is a folder: name the backup in it\n`,
    );
    expect(await complaint('backup', `${path}/none/a.zip`)).toBe(
      `xtrace cannot back up: there is no folder ${path}/none: make it, or name another\n`,
    );
    // Not a file of that name: the slash says that a folder is meant.
    expect(await complaint('backup', `${path}/none/`)).toBe(
      `xtrace cannot back up: there is no folder ${path}/none: make it, or name another\n`,
    );
  });

  /** Nothing may change a table between two looks at it. */
  const NO_RETENTION = { TRACES_RETENTION_DAYS: '0', METRICS_RETENTION_DAYS: '0' };
  const post = (url: string, token: string) =>
    fetch(`${url}/v1/l/batch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        trace: { id: 'kept', sessionId: 's', input: 'a\tb\\c\n"d" 漢字', metadata: { k: [1, null] }, tags: ['x, y'] },
        observations: [{ id: 'o', traceId: 'kept', type: 'GENERATION', model: 'm', usage: { input: 1, output: 2 } }],
      }),
    });

  it('carry everything from one private database to another, credentials included, while the first is in use', async () => {
    const [from, to, backups] = [folder(), folder(), folder()];
    const generated = {
      ...NO_RETENTION,
      ...{ API_BEARER_TOKEN: undefined, XTRACE_PUBLIC_KEY: undefined, XTRACE_SECRET_KEY: undefined },
    };
    const first = keep(await startServer({ dataDir: from, env: generated }));
    const { bearerToken } = JSON.parse(readFileSync(join(from, 'credentials.json'), 'utf8')) as { bearerToken: string };
    expect((await post(first.url, bearerToken)).status).toBe(200);

    const backup = await runCommand(['backup', backups], { XTRACE_DATA_DIR: from });
    expect(backup).toMatchObject({ code: 0, stderr: expect.stringContaining('It holds the credentials') });
    const [name = ''] = readdirSync(backups);
    expect(name).toMatch(/^xtrace-\d{8}T\d{6}Z\.zip$/);
    expect(backup.stdout).toContain(join(backups, name));
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    const expected = await embeddedSums(from);
    await first.stop();

    const file = join(backups, name);
    const restore = await runCommand(['restore', file], { XTRACE_DATA_DIR: to });
    expect(restore).toMatchObject({ code: 0, stdout: `restored ${file}\n` });
    expect(statSync(join(to, 'credentials.json')).mode & 0o777).toBe(0o600);

    const second = keep(await startServer({ dataDir: to, env: generated }));
    expect(await embeddedSums(to)).toEqual(expected);
    const response = await fetch(`${second.url}/api/public/traces/kept`, {
      headers: { authorization: `Bearer ${bearerToken}` },
    });
    expect(await response.json()).toMatchObject({
      id: 'kept',
      input: 'a\tb\\c\n"d" 漢字',
      observations: [{ id: 'o' }],
    });

    const again = await runCommand(['restore', '--force', file], { XTRACE_DATA_DIR: to });
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('stop it, restore, and start it again') });
    await second.stop();
    const occupied = await runCommand(['restore', file], { XTRACE_DATA_DIR: to });
    expect(occupied).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') });
    expect(await runCommand(['restore', '--force', file], { XTRACE_DATA_DIR: to })).toMatchObject({ code: 0 });
  });

  it('go from a private database into the one of DATABASE_URL, and back', async () => {
    const [from, host, to, backups] = [folder(), folder(), folder(), folder()];
    const { report } = keep(await startHost(host));
    const { connection } = report;
    const databaseUrl = `postgres://${connection.user}@/${connection.database}?host=${connection.host}&port=${connection.port}`;
    const first = keep(await startServer({ dataDir: from, env: NO_RETENTION }));
    expect((await post(first.url, TEST_TOKEN)).status).toBe(200);
    const expected = await embeddedSums(from);
    const [there, back] = [join(backups, 'there.zip'), join(backups, 'back.zip')];
    expect(await runCommand(['backup', there], { XTRACE_DATA_DIR: from })).toMatchObject({ code: 0 });
    await first.stop();

    expect(await runCommand(['restore', there], { DATABASE_URL: databaseUrl, XTRACE_DATA_DIR: host })).toMatchObject({
      code: 0,
    });
    expect(
      await checksums({ query: async (sql: string) => ({ rows: await query(connection, sql) }) } as never),
    ).toEqual(expected);
    expect(await runCommand(['backup', back], { DATABASE_URL: databaseUrl, XTRACE_DATA_DIR: host })).toMatchObject({
      code: 0,
    });

    expect(await runCommand(['restore', back], { XTRACE_DATA_DIR: to })).toMatchObject({ code: 0 });
    keep(await startServer({ dataDir: to, env: NO_RETENTION }));
    expect(await embeddedSums(to)).toEqual(expected);
  });

  it('say what is wrong with a file or a place, and make nothing', async () => {
    const [dataDir, backups] = [folder(), folder()];
    const missing = await runCommand(['restore', join(backups, 'none.zip')], { XTRACE_DATA_DIR: dataDir });
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringMatching(/cannot restore: .*none\.zip/) });
    const nothing = await runCommand(['backup', backups], { XTRACE_DATA_DIR: dataDir });
    expect(nothing).toMatchObject({ code: 1, stderr: expect.stringContaining(`there is no database in ${dataDir}`) });
    mkdirSync(join(backups, 'here'));
    expect(readdirSync(dataDir)).toEqual([]);
    expect(readdirSync(backups)).toEqual(['here']);
  });
});
