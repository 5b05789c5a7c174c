import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { codeBlocks, readTable, section } from '../support/markdown.js';
import { PROJECT_ROOT } from '../support/server-process.js';

jest.setTimeout(60_000);

const readme = readFileSync(join(PROJECT_ROOT, 'README.md'), 'utf8');
const { scripts, devDependencies } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
  devDependencies: Record<string, string>;
};

/** The paths of a map that is indented by two spaces a level, meanings cut off. */
function readMap(map: string): string[] {
  const parents: string[] = [];
  return map
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, indent = '', name = ''] = /^( *)(\S+)/.exec(line) ?? [];
      parents.length = indent.length / 2;
      parents.push(name);
      return parents.join('');
    });
}

/** Every spec file by the Jest project that runs it. */
function listSpecs(): { project: string; path: string }[] {
  return Object.keys(scripts)
    .filter((script) => script.startsWith('test:'))
    .flatMap((script) => {
      const project = script.slice('test:'.length);
      const args = [join(PROJECT_ROOT, 'node_modules/jest/bin/jest.js'), '--listTests', '--selectProjects', project];
      const { stdout } = spawnSync(process.execPath, args, { cwd: PROJECT_ROOT, encoding: 'utf8' });
      const paths = stdout.split('\n').filter((line) => line.endsWith('.spec.ts'));
      return paths.map((path) => ({ project, path: relative(PROJECT_ROOT, path) }));
    });
}

describe('README.md', () => {
  it('maps only files and folders that exist', () => {
    const [map] = codeBlocks(section(readme, 'The code'));
    const paths = readMap(map!.code);
    expect(paths).toContain('src/modules/otlp/');
    expect(paths.filter((path) => !existsSync(join(PROJECT_ROOT, path)))).toEqual([]);
  });

  it('links only to files that exist', () => {
    const targets = [...readme.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, target]) => target!);
    expect(targets).toContain('LICENSE');
    expect(targets.filter((target) => !existsSync(join(PROJECT_ROOT, target)))).toEqual([]);
  });

  it('names only scripts that exist', () => {
    const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script!);
    expect(named.filter((script) => scripts[script] === undefined)).toEqual([]);
  });

  it('calls clients of Langfuse tried that are installed in that version, and names specs that exist', () => {
    const [, ...rows] = readTable(section(readme, 'Langfuse SDKs and clients'));
    const installed = Object.keys(devDependencies).map((folder) => {
      const path = join(PROJECT_ROOT, 'node_modules', folder, 'package.json');
      const { name, version } = JSON.parse(readFileSync(path, 'utf8')) as { name: string; version: string };
      return `${name} ${version}`;
    });
    // Those for Python are of another registry.
    const stated = rows
      .filter(([client]) => !client!.includes('Python'))
      .flatMap(([client = '', version = '']) => {
        const [own, ...others] = [...client.matchAll(/`([^`]+)`(?: ([\d.]+))?/g)];
        return [`${own![1]} ${version}`, ...others.filter(([, , its]) => its).map(([, name, its]) => `${name} ${its}`)];
      });
    expect(stated).not.toEqual([]);
    expect(stated.filter((client) => !installed.includes(client))).toEqual([]);
    const specs = rows.flatMap((row) => [...row.at(-1)!.matchAll(/`([^`]+\.spec\.ts)`/g)].map(([, spec]) => spec!));
    expect(specs.filter((spec) => !existsSync(join(PROJECT_ROOT, 'test/e2e', spec)))).toEqual([]);
  });

  it('lists all parts of the tests', () => {
    const [, ...rows] = readTable(section(readme, 'Test it'));
    const parts = Object.keys(scripts).filter((script) => script.startsWith('test:'));
    expect(rows.map(([part]) => part)).toEqual(parts.map((script) => `\`npm run ${script}\``));
  });
});

describe('npm test', () => {
  it('runs every spec file exactly once', () => {
    const found = ['src', 'test', 'migrations', 'ops'].flatMap((folder) =>
      readdirSync(join(PROJECT_ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.spec.ts'))
        .map((path) => `${folder}/${path}`),
    );
    const run = listSpecs().map(({ path }) => path);
    expect(run.sort()).toEqual(found.sort());
  });

  it('has a script for every project of jest.config.mjs', () => {
    const config = readFileSync(join(PROJECT_ROOT, 'jest.config.mjs'), 'utf8');
    const projects = [...config.matchAll(/displayName: '(\w+)'/g)].map(([, name]) => `test:${name}`);
    expect(projects).toEqual(Object.keys(scripts).filter((script) => script.startsWith('test:')));
  });
});
