import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../support/server-process.js';

const FOLDER = 'ops/docs/adr';
const INDEX = 'README.md';
const files = readdirSync(join(PROJECT_ROOT, FOLDER))
  .filter((name) => name !== INDEX)
  .sort();
const read = (path: string) => readFileSync(join(PROJECT_ROOT, path), 'utf8');

describe('decision records', () => {
  it('are numbered without gaps, and their index lists all of them by their titles', () => {
    const links = files.map((name, i) => {
      const number = String(i + 1).padStart(3, '0');
      expect(name).toMatch(new RegExp(`^${number}-[a-z0-9-]+\\.md$`));
      const title = /^# (.*)$/m.exec(read(`${FOLDER}/${name}`))?.[1];
      expect(title).toMatch(new RegExp(`^${number} \\S`));
      return `- [${title}](${name})`;
    });
    const listed = read(`${FOLDER}/${INDEX}`).match(/^- .*$/gm);
    expect(listed).toEqual(links);
  });

  it.each(files)('%s is one page of context, decision and consequences', (name) => {
    const text = read(`${FOLDER}/${name}`);
    expect(text.match(/^## .*$/gm)).toEqual(['## Context', '## Decision', '## Consequences']);
    expect(text.split('\n').length).toBeLessThanOrEqual(70);
  });

  it.each(files)('%s names only files that exist', (name) => {
    const text = read(`${FOLDER}/${name}`);
    const paths = [...text.matchAll(/`((?:src|test|migrations|ops)\/[\w./-]+)`/g)].map(([, path]) => path!);
    const siblings = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => `${FOLDER}/${target}`);
    expect([...paths, ...siblings].filter((path) => !existsSync(join(PROJECT_ROOT, path)))).toEqual([]);
  });
});

describe('comments in the code', () => {
  it('refer only to decision records that exist', () => {
    const sources = ['src', 'migrations', 'test'].flatMap((folder) =>
      readdirSync(join(PROJECT_ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts'))
        .map((path) => `${folder}/${path}`),
    );
    const named = sources.flatMap((path) => read(path).match(/ops\/docs\/adr\/[\w-]+\.md/g) ?? []);
    expect(named).toContain(`${FOLDER}/002-merge-by-stamps.md`);
    expect(named.filter((path) => !existsSync(join(PROJECT_ROOT, path)))).toEqual([]);
  });
});
