import { spawn } from 'node:child_process';
import { chownSync, existsSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningServer, removeFolder, temporaryFolder, waitFor } from '../support/server-process.js';
import { type HostOptions, processesOf, query, reportOf, spawnHost, startHost } from './launcher-host.js';

jest.setTimeout(90_000);

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;
const accounts: [string, HostOptions][] = isRoot
  ? [
      ['root', {}],
      ['an unprivileged user', { uid: NOBODY }],
    ]
  : [['this user', {}]];

describe.each(accounts)('the private PostgreSQL of %s', (_, options) => {
  let dataDir: string;
  let clusterDir: string;
  const hosts: RunningServer[] = [];

  const keep = <T extends RunningServer>(host: T): T => {
    hosts.push(host);
    return host;
  };
  const start = async () => keep(await startHost(dataDir, options));
  const noneLeft = () =>
    waitFor(
      () => processesOf(clusterDir).length === 0,
      20_000,
      () => `left: ${processesOf(clusterDir).join()}`,
    );

  beforeEach(() => {
    dataDir = temporaryFolder(options);
    clusterDir = join(dataDir, 'postgres');
  });
  afterEach(async () => {
    await Promise.all(hosts.splice(0).map((host) => host.kill9()));
    await noneLeft();
    removeFolder(dataDir);
  });

  it('is created at the first start, and the second start is quick and finds the data', async () => {
    let begin = Date.now();
    const first = await start();
    expect(Date.now() - begin).toBeLessThan(15_000);
    expect(first.stdout()).toContain(`creating a private PostgreSQL`);
    await query(first.report.connection, 'CREATE TABLE kept AS SELECT 42 AS n');
    expect(await first.stop()).toEqual({ code: 0, signal: null });
    expect(processesOf(clusterDir)).toEqual([]);
    expect(readFileSync(join(dataDir, 'postgres.log'), 'utf8')).toMatch(/database system is shut down\s*$/);

    begin = Date.now();
    const second = await start();
    expect(Date.now() - begin).toBeLessThan(3000);
    expect(second.stdout()).not.toContain('creating');
    expect(await query(second.report.connection, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
  });

  it('has the settings and the database that the server relies on', async () => {
    const { report } = await start();
    const [row] = await query<Record<string, string>>(
      report.connection,
      `SELECT current_setting('listen_addresses') AS listen, current_setting('server_encoding') AS encoding,
              current_setting('max_locks_per_transaction') AS locks, current_setting('fsync') AS fsync,
              current_setting('TimeZone') AS zone, current_setting('jit') AS jit, current_database() AS database,
              (SELECT usesuper::text FROM pg_user WHERE usename = current_user) AS super`,
    );
    expect(row).toEqual({
      listen: '',
      encoding: 'UTF8',
      locks: '256',
      fsync: 'on',
      zone: 'UTC',
      jit: 'off',
      database: 'xtrace',
      super: 'false',
    });
  });

  it('ends when its server is killed, loses nothing acknowledged, and the next start works at once', async () => {
    const first = await start();
    await query(first.report.connection, 'CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n');
    await first.kill9();
    const second = await start();
    expect(await query(second.report.connection, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 1000 }]);
    await second.kill9();
    await noneLeft();
  });

  it('is started again when its postmaster is killed, and the data is there', async () => {
    const host = await start();
    await query(host.report.connection, 'CREATE TABLE kept AS SELECT 7 AS n');
    process.kill(host.report.pid, 'SIGKILL');
    await host.waitForOutput(/PostgreSQL has gone \(killed by SIGKILL\)[^]*PostgreSQL is back/);
    expect(await query(host.report.connection, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    expect(await host.stop()).toEqual({ code: 0, signal: null });
    await noneLeft();
  });

  it('keeps trying while it cannot start, and comes back when it can', async () => {
    const host = await start();
    const control = join(clusterDir, 'global/pg_control');
    renameSync(control, `${control}.away`);
    process.kill(host.report.pid, 'SIGKILL');
    await host.waitForOutput(/failed 5 times in a row/);
    renameSync(`${control}.away`, control);
    await host.waitForOutput(/PostgreSQL is back/);
    expect(await query(host.report.connection, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it('survives a first start that is killed during initdb', async () => {
    const initdbFolder = () => readdirSync(dataDir).find((name) => name.startsWith('postgres.initdb-'));
    const host = keep(spawnHost(dataDir, options));
    const folder = await waitFor(() => initdbFolder());
    await waitFor(() => existsSync(join(dataDir, folder, 'PG_VERSION')));
    await host.kill9();
    expect(existsSync(clusterDir)).toBe(false);

    // At once, while the orphaned initdb may still write, and once more when it has gone.
    const second = await start();
    expect(await query(second.report.connection, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await second.stop();
    await waitFor(() => processesOf(join(dataDir, folder)).length === 0);
    const third = await start();
    expect(third.stdout()).not.toContain('creating');
    expect(initdbFolder()).toBeUndefined();
  });

  it('is shared by two servers that start together, and outlives the one that owned it', async () => {
    const two = [keep(spawnHost(dataDir, options)), keep(spawnHost(dataDir, options))];
    const reports = await Promise.all(two.map(reportOf));
    expect(reports.map((report) => report.adopted).sort()).toEqual([false, true]);
    expect(reports[0]?.pid).toBe(reports[1]?.pid);
    const owner = reports[0]?.adopted ? two[1] : two[0];
    const guest = reports[0]?.adopted ? two[0] : two[1];
    const connection = reports[0]?.connection;
    if (!owner || !guest || !connection) throw new Error('two hosts were started');
    await query(connection, 'CREATE TABLE kept AS SELECT 1 AS n');

    expect(await owner.stop()).toEqual({ code: 0, signal: null });
    await guest.waitForOutput(/PostgreSQL is back/);
    expect(await query(connection, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await guest.stop();
    await noneLeft();
  });

  it('leaves the server to its owner when a second one stops', async () => {
    const owner = await start();
    const guest = await start();
    expect(guest.report.adopted).toBe(true);
    await guest.stop();
    expect(await query(owner.report.connection, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it('starts over lock files whose pid is another program by now', async () => {
    const first = await start();
    await first.stop();
    // Alive, of the account that PostgreSQL runs as, and no postmaster: as after the restart of a container.
    const { uid, gid } = statSync(clusterDir);
    const other = spawn('/bin/sleep', ['60'], { uid, gid, cwd: '/', stdio: 'ignore' });
    const lines = [other.pid, clusterDir, 1, 5432, first.report.socketDir, '', '', 'ready'].join('\n');
    for (const file of [join(clusterDir, 'postmaster.pid'), join(first.report.socketDir, '.s.PGSQL.5432.lock')]) {
      writeFileSync(file, `${lines}\n`);
      chownSync(file, uid, gid);
    }
    const second = await start();
    expect(second.report.adopted).toBe(false);
    expect(await query(second.report.connection, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    other.kill();
  });

  it('puts its socket elsewhere when the path of the data folder is too long for one', async () => {
    const parent = dataDir;
    dataDir = join(parent, 'x'.repeat(60), 'y'.repeat(60));
    clusterDir = join(dataDir, 'postgres');
    const host = await start();
    expect(host.report.socketDir.length).toBeLessThan(90);
    expect(await query(host.report.connection, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await host.stop();
    removeFolder(host.report.socketDir);
    dataDir = parent;
  });

  it('refuses the data of another major version and says what to do', async () => {
    const first = await start();
    await first.stop();
    writeFileSync(join(clusterDir, 'PG_VERSION'), '13\n');
    const second = keep(spawnHost(dataDir, options));
    expect(await second.exited).toEqual({ code: 1, signal: null });
    expect(second.stdout()).toMatch(
      /EmbeddedPostgresError: .*was made by PostgreSQL 13, but the binaries .* EMBEDDED_POSTGRES_BIN/,
    );
  });

  it('names DATABASE_URL when there are no binaries', async () => {
    const host = keep(spawnHost(dataDir, { ...options, binDir: join(dataDir, 'nothing') }));
    expect(await host.exited).toEqual({ code: 1, signal: null });
    expect(host.stdout()).toMatch(/EmbeddedPostgresError: No usable PostgreSQL binaries.*ENOENT.*DATABASE_URL/);
  });

  it('says why PostgreSQL itself refused to start', async () => {
    const first = await start();
    await first.stop();
    renameSync(join(clusterDir, 'global/pg_control'), join(clusterDir, 'pg_control.away'));
    const second = keep(spawnHost(dataDir, options));
    expect(await second.exited).toEqual({ code: 1, signal: null });
    expect(second.stdout()).toMatch(/EmbeddedPostgresError: PostgreSQL did not start .*pg_control.*postgres\.log/s);
  });
});
