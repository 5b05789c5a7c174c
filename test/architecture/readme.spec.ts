import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { codeBlocks, readTable, section } from '../support/markdown.js';
import { PROJECT_ROOT } from '../support/server-process.js';

jest.setTimeout(60_000);

const read = (path: string) => readFileSync(join(PROJECT_ROOT, path), 'utf8');
const readme = read('README.md');
/** README.md and the guides that it leads to. */
const GUIDES = guides('ops/docs');
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

/** Paths of all documents below `folder`. */
function guides(folder: string): string[] {
  const paths = readdirSync(join(PROJECT_ROOT, folder), { recursive: true, encoding: 'utf8' });
  return paths.filter((path) => path.endsWith('.md')).map((path) => `${folder}/${path}`);
}

/** What headings are linked by: GitHub keeps letters, digits, hyphens and underscores, and numbers what comes again. */
function anchors(markdown: string): string[] {
  const slugs = [...markdown.replace(/^```[^]*?^```/gm, '').matchAll(/^#{1,6} (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\-_ ]/gu, '')
      .replaceAll(' ', '-'),
  );
  return slugs.map((slug, i) => {
    const before = slugs.slice(0, i).filter((other) => other === slug).length;
    return before === 0 ? slug : `${slug}-${before}`;
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

  it('maps every module', () => {
    const [map] = codeBlocks(section(readme, 'The code'));
    const modules = readdirSync(join(PROJECT_ROOT, 'src/modules')).map((name) => `src/modules/${name}/`);
    expect(readMap(map!.code)).toEqual(expect.arrayContaining(modules));
  });

  it('lists its own sections in its contents', () => {
    const [contents] = /^In this file: [^]*?\n\n/m.exec(readme) ?? [''];
    const listed = [...contents.matchAll(/\[([^\]]+)\]\(#/g)].map(([, title]) => title);
    expect(listed).toEqual([...readme.matchAll(/^## (.+)$/gm)].map(([, title]) => title));
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

  it('leads to every guide', () => {
    const decisions = 'ops/docs/adr/';
    const linked = readTable(section(readme, 'Guides')).map(([guide]) => /\]\((.*)\)/.exec(guide!)?.[1]);
    const pages = GUIDES.filter((path) => !path.startsWith(decisions));
    expect(linked.slice(1).sort()).toEqual([...pages, `${decisions}README.md`].sort());
  });

  it('lists all parts of the tests', () => {
    const [, ...rows] = readTable(section(readme, 'Test it'));
    const parts = Object.keys(scripts).filter((script) => script.startsWith('test:'));
    expect(rows.map(([part]) => part)).toEqual(parts.map((script) => `\`npm run ${script}\``));
  });
});

describe('the documents', () => {
  const documents = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...GUIDES];

  it('link only to files that exist, and to headings that these have', () => {
    const links = documents.flatMap((path) =>
      // What looks like a link in code is none.
      [
        ...read(path)
          .replace(/`[^`\n]*`/g, '')
          .matchAll(/\]\((?![a-z]+:)([^)\s#]*)(?:#([^)\s]+))?\)/g),
      ].map(([, target = '', anchor]) => ({ path, target, file: target ? join(dirname(path), target) : path, anchor })),
    );
    expect(links.length).toBeGreaterThan(documents.length);
    const broken = links.filter(({ file, anchor }) => {
      if (!existsSync(join(PROJECT_ROOT, file))) return true;
      return anchor !== undefined && !anchors(read(file)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it.each(documents)('%s names only scripts and files that exist', (path) => {
    const text = read(path);
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script!);
    expect(named.filter((script) => scripts[script] === undefined)).toEqual([]);
    const files = [...text.matchAll(/`((?:src|test|migrations|ops)\/[\w./-]*\w\/?)`/g)].map(([, file]) => file!);
    expect(files.filter((file) => !existsSync(join(PROJECT_ROOT, file)))).toEqual([]);
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
