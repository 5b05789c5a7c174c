import { execFile, type ExecFileException } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeBlocks } from '../support/markdown.js';
import { PROJECT_ROOT, type RunningServer, removeFolder, temporaryFolder } from '../support/server-process.js';
import { Api, BEARER, startE2eServer } from './support/api.js';

jest.setTimeout(240_000);

const GUIDE = readFileSync(join(PROJECT_ROOT, 'ops/docs/adding-a-module.md'), 'utf8');
const SOURCES = ['src', 'migrations', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json'];
const TOOLS = [
  'jest.config.mjs',
  '.dependency-cruiser.cjs',
  'test/support',
  'test/fixtures',
  'test/integration/schema.spec.ts',
];

/** The files of the guide by their path, which is their first line. */
function newFiles(): Map<string, string> {
  const blocks = codeBlocks(GUIDE).filter(({ language }) => language === 'ts');
  return new Map(blocks.map(({ code }) => [/^\/\/ (\S+)\n/.exec(code)![1]!, code.slice(code.indexOf('\n') + 1)]));
}

/** Lines to find in a file, one below the other, and lines to add between them. */
type Hunk = readonly { readonly isNew: boolean; readonly text: string }[];

/** The edits of the guide by path: `diff` blocks of context and additions, hunks apart by `@@`. */
function edits(): Map<string, readonly Hunk[]> {
  const blocks = codeBlocks(GUIDE).filter(({ language }) => language === 'diff');
  return new Map(
    blocks.map(({ code }) => {
      const [head = '', ...lines] = code.trimEnd().split('\n');
      const hunks: Hunk[] = lines
        .join('\n')
        .split('\n@@\n')
        .map((hunk) => hunk.split('\n').map((line) => ({ isNew: line.startsWith('+'), text: line.slice(1) })));
      return [head.replace(/^--- /, ''), hunks];
    }),
  );
}

/** @throws if the context of a hunk is not there exactly once. */
function applyHunks(text: string, hunks: readonly Hunk[]): string {
  return hunks.reduce((lines, hunk) => {
    const textOf = (part: Hunk) => `\n${part.map((line) => line.text).join('\n')}\n`;
    const context = textOf(hunk.filter(({ isNew }) => !isNew));
    const found = `\n${lines}`.split(context);
    if (found.length !== 2) throw new Error(`found ${found.length - 1} times:${context}`);
    return `\n${lines}`.replace(context, () => textOf(hunk)).slice(1);
  }, text);
}

describe('the guide to adding a module', () => {
  let root: string;
  let server: RunningServer | undefined;

  /** A program of this project on the copy; resolves with what it printed, in the error's case as well. */
  const run = (script: string, ...args: string[]): Promise<{ exitCode: number; output: string }> =>
    new Promise((resolve) => {
      const env = { PATH: process.env.PATH, HOME: process.env.HOME };
      const command = [join(root, 'node_modules', script), ...args];
      execFile(process.execPath, command, { cwd: root, env }, (error: ExecFileException | null, stdout, stderr) =>
        resolve({ exitCode: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
      );
    });

  beforeAll(() => {
    root = temporaryFolder();
    for (const name of [...SOURCES, ...TOOLS]) cpSync(join(PROJECT_ROOT, name), join(root, name), { recursive: true });
    symlinkSync(join(PROJECT_ROOT, 'node_modules'), join(root, 'node_modules'));
    for (const [path, code] of newFiles()) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), code);
    }
    for (const [path, hunks] of edits()) {
      writeFileSync(join(root, path), applyHunks(readFileSync(join(root, path), 'utf8'), hunks));
    }
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(root);
  });

  it('edits four files and no more', () => {
    expect([...edits().keys()]).toEqual([
      'src/app.module.ts',
      'src/storage/storage.module.ts',
      'src/storage/entities/entities.ts',
      'migrations/index.ts',
    ]);
    for (const [path, hunks] of edits()) {
      const entries = hunks
        .flat()
        .filter(({ isNew, text }) => isNew && text.trim() !== '' && !text.startsWith('import'));
      expect([path, entries.length]).toEqual([path, path.includes('storage.module') ? 2 : 1]);
    }
  });

  it('builds, and keeps the import rules', async () => {
    const [build, imports] = await Promise.all([
      run('@nestjs/cli/bin/nest.js', 'build'),
      run('dependency-cruiser/bin/dependency-cruise.mjs', 'src', 'migrations', '--config', '.dependency-cruiser.cjs'),
    ]);
    expect(build).toMatchObject({ exitCode: 0 });
    expect(imports).toMatchObject({ exitCode: 0 });
    expect(imports.output).toMatch(/no dependency violations found/);
  });

  it('has tests that pass, and an entity that fits its migration', async () => {
    const unit = await run('jest/bin/jest.js', '--selectProjects', 'unit', '--testPathPatterns', 'markers');
    expect(unit).toMatchObject({ exitCode: 0, output: expect.stringContaining('4 passed') });
    const schema = await run('jest/bin/jest.js', '--selectProjects', 'integration', '--testPathPatterns', 'schema');
    expect(schema).toMatchObject({ exitCode: 0 });
  });

  it('makes a server that keeps markers, behind credentials and with documentation', async () => {
    server = await startE2eServer({ dist: join(root, 'dist') });
    const api = new Api(server.url);
    const marker = { id: 'deploy-1', timestamp: '2026-11-20T09:30:00.000Z', text: 'Deployed' };
    expect((await api.postJson('/api/public/markers', marker)).json()).toEqual(marker);
    const later = { ...marker, text: 'Deployed twice' };
    await api.write('/api/public/markers', later);
    expect((await api.get('/api/public/markers?limit=10')).json()).toEqual({ data: [later] });
    expect((await api.get('/api/public/markers?fromTimestamp=2026-11-21T00:00:00Z')).json()).toEqual({ data: [] });
    expect((await api.postJson('/api/public/markers', { ...marker, timestamp: 'soon' })).status).toBe(400);
    expect((await api.postJson('/api/public/markers', { ...marker, id: '' })).status).toBe(400);
    expect((await api.get('/api/public/markers', { authorization: 'Bearer wrong' })).status).toBe(401);
    const document = (await api.get('/docs/openapi.json', BEARER)).json() as { paths: Record<string, object> };
    expect(Object.keys(document.paths['/api/public/markers']!)).toEqual(['get', 'post']);
  });
});
