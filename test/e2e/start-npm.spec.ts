import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processesOf } from '../crash/launcher-host.js';
import {
  PROJECT_ROOT,
  type RunningServer,
  observe,
  removeFolder,
  temporaryFolder,
  waitFor,
} from '../support/server-process.js';

jest.setTimeout(60_000);

/** A project as it is after an install and a build, apart from this one, so that nothing here is rebuilt. */
function installedProject(): string {
  const project = temporaryFolder();
  for (const name of ['package.json', 'ops/ensure-build.mjs', 'dist'])
    cpSync(join(PROJECT_ROOT, name), join(project, name), { recursive: true });
  symlinkSync(join(PROJECT_ROOT, 'node_modules'), join(project, 'node_modules'));
  return project;
}

/** In a process group of its own, as a terminal would start it. */
function npmStart(project: string): RunningServer {
  const child = spawn('npm', ['start'], {
    cwd: project,
    env: { PATH: process.env.PATH, HOME: project, BIND_ADDR: '127.0.0.1:0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  return observe(child, join(project, '.data'));
}

describe('npm start', () => {
  let project: string;
  let npm: RunningServer;
  beforeEach(() => {
    project = installedProject();
  });
  afterEach(async () => {
    try {
      process.kill(-npm.pid, 'SIGKILL');
    } catch {
      // The whole group has ended.
    }
    await npm.exited;
    await waitFor(() => processesOf(join(project, '.data/postgres')).length === 0);
    removeFolder(project);
  });

  it('passes SIGTERM on, so that the server drains and nothing stays behind', async () => {
    npm = npmStart(project);
    const [, url = ''] = await npm.waitForOutput(/xtrace is ready on (\S+)/);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await npm.stop();
    expect(npm.stdout()).toMatch(/SIGTERM, finishing open requests[^]*xtrace: stopped/);
    expect(processesOf(join(project, '.data/postgres'))).toEqual([]);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  it('takes Ctrl-C as one wish to stop, although it reaches the server twice', async () => {
    npm = npmStart(project);
    await npm.waitForOutput(/xtrace is ready on/);
    process.kill(-npm.pid, 'SIGINT');
    await npm.exited;
    expect(npm.stdout()).toMatch(/SIGINT, finishing open requests[^]*xtrace: stopped/);
    expect(npm.stderr()).not.toContain('again');
  });
});

describe('the build before a start', () => {
  let project: string;
  const ensureBuild = () => spawnSync(process.execPath, ['ops/ensure-build.mjs'], { cwd: project, encoding: 'utf8' });
  beforeEach(() => {
    project = temporaryFolder();
    cpSync(join(PROJECT_ROOT, 'ops/ensure-build.mjs'), join(project, 'ops/ensure-build.mjs'), { recursive: true });
    mkdirSync(join(project, 'dist/src'), { recursive: true });
    mkdirSync(join(project, 'src/ui'), { recursive: true });
    writeFileSync(join(project, 'package.json'), '{}');
    writeFileSync(join(project, 'src/main.ts'), '');
    writeFileSync(join(project, 'dist/src/main.js'), '');
    const future = new Date(Date.now() + 10_000);
    utimesSync(join(project, 'dist/src/main.js'), future, future);
  });
  afterEach(() => removeFolder(project));

  it('is skipped when dist is newer than the sources, and the dashboard and specs do not count', () => {
    const later = new Date(Date.now() + 20_000);
    for (const name of ['src/ui/page.ts', 'src/main.spec.ts']) {
      writeFileSync(join(project, name), '');
      utimesSync(join(project, name), later, later);
    }
    expect(ensureBuild()).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  it('without build tools starts what there is, with a warning', () => {
    const later = new Date(Date.now() + 20_000);
    utimesSync(join(project, 'src/main.ts'), later, later);
    const { status, stderr } = ensureBuild();
    expect(status).toBe(0);
    expect(stderr).toContain('starting dist/ as it is');
  });

  it('without build tools and without dist says what to run', () => {
    rmSync(join(project, 'dist'), { recursive: true });
    const { status, stderr } = ensureBuild();
    expect(status).toBe(1);
    expect(stderr).toContain('npm ci && npm run build');
  });

  it('runs when a source is newer, and a failed build is not started by the next start', () => {
    mkdirSync(join(project, 'node_modules/@nestjs/cli/bin'), { recursive: true });
    writeFileSync(join(project, 'node_modules/@nestjs/cli/package.json'), '{}');
    writeFileSync(
      join(project, 'node_modules/@nestjs/cli/bin/nest.js'),
      'console.log("nest", process.argv[2]); process.exit(3);',
    );
    const later = new Date(Date.now() + 20_000);
    utimesSync(join(project, 'src/main.ts'), later, later);
    const first = ensureBuild();
    expect(first.status).toBe(3);
    expect(first.stdout).toContain('nest build');
    expect(ensureBuild().stdout).toContain('Building dist/ (once)');
  });
});
