import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PROJECT_ROOT, removeFolder, temporaryFolder } from '../support/server-process.js';

jest.setTimeout(120_000);

const CONFIG = '.dependency-cruiser.cjs';

interface Rule {
  readonly name: string;
}

interface Cruise {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly { readonly rule: Rule; readonly from: string; readonly to: string }[];
  };
}

/** What `npm run check:imports` looks at, below `root`. */
function cruise(root: string): Cruise['summary'] {
  const program = join(PROJECT_ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [program, 'src', 'migrations', '--config', CONFIG, '--output-type', 'json'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (!stdout.startsWith('{')) throw new Error(`dependency-cruiser says no JSON: ${stderr || stdout}`);
  return (JSON.parse(stdout) as Cruise).summary;
}

/** One violation of every rule (some in two ways): a rule that does not fire protects nothing. */
const PLANTED: readonly { readonly file: string; readonly text: string; readonly rule: string }[] = [
  {
    rule: 'no-cycle',
    file: 'src/http/a.ts',
    text: `import { type B } from './b.js';\nexport interface A {\n  b: B;\n}`,
  },
  { rule: 'nothing-unresolved', file: 'src/http/lost.ts', text: `import 'no-such-package';` },
  { rule: 'domain-stands-alone', file: 'src/domain/nest.ts', text: `import '@nestjs/common';` },
  { rule: 'domain-stands-alone', file: 'src/domain/io.ts', text: `import 'node:fs';` },
  {
    rule: 'domain-stands-alone',
    file: 'src/domain/type.ts',
    text: `import { type Up } from '../http/clean.js';\nexport type Down = Up;`,
  },
  { rule: 'domain-is-tested-alone', file: 'src/domain/x.spec.ts', text: `import '../ingest/clean.js';` },
  { rule: 'config-serves-all', file: 'src/config/x.ts', text: `import '../http/clean.js';` },
  { rule: 'embedded-postgres-serves-main', file: 'src/embedded-postgres/x.ts', text: `import '../storage/clean.js';` },
  { rule: 'storage-knows-no-door', file: 'src/storage/x.ts', text: `import '../ingest/clean.js';` },
  { rule: 'ingest-knows-no-door', file: 'src/ingest/x.ts', text: `import '../modules/one/clean.js';` },
  { rule: 'http-knows-no-storage', file: 'src/http/x.ts', text: `import '../storage/clean.js';` },
  { rule: 'modules-are-strangers', file: 'src/modules/one/x.ts', text: `import '../two/clean.js';` },
  {
    rule: 'modules-write-through-ingest',
    file: 'src/modules/one/write.ts',
    text: `import '../../storage/trace-writer.js';`,
  },
  { rule: 'nobody-imports-the-top', file: 'src/modules/two/x.ts', text: `import '../../app.js';` },
  { rule: 'seed-is-a-client', file: 'src/seed/x.ts', text: `import '../storage/clean.js';` },
  { rule: 'seed-serves-the-top', file: 'src/modules/one/demo.ts', text: `import '../../seed/clean.js';` },
  { rule: 'nobody-imports-the-top', file: 'src/modules/two/cli.ts', text: `import '../../cli/clean.js';` },
  { rule: 'sql-only-in-storage', file: 'src/cli/sql.ts', text: `import 'pg';` },
  { rule: 'sql-only-in-storage', file: 'src/http/sql.ts', text: `import 'pg';` },
  {
    rule: 'sql-only-in-storage',
    file: 'src/ingest/sql-type.ts',
    text: `import { type Pool } from 'pg';\nexport type Has = Pool;`,
  },
  { rule: 'sql-only-in-storage', file: 'src/modules/one/orm.ts', text: `import 'typeorm';` },
  { rule: 'sql-only-in-storage', file: 'src/clientele.ts', text: `import 'typeorm';` },
  { rule: 'migrations-stand-alone', file: 'migrations/x.ts', text: `import '../src/domain/clean.js';` },
  { rule: 'server-never-imports-ui-or-client', file: 'src/modules/two/ui.ts', text: `import '../../ui/clean.js';` },
  { rule: 'ui-imports-only-client', file: 'src/ui/x.ts', text: `import '../domain/clean.js';` },
  { rule: 'client-stands-alone', file: 'src/client/x.ts', text: `import '../domain/clean.js';` },
  { rule: 'no-barrel', file: 'src/http/barrel.ts', text: `import './auth/index.js';` },
  { rule: 'no-test-in-product', file: 'src/storage/tested.ts', text: `import '../../test/support/clean.js';` },
  { rule: 'no-dev-package-in-product', file: 'src/http/dev.ts', text: `import 'fast-check';` },
];

/** Files that break no rule, for the others to import. */
const CLEAN = [
  'src/app.ts',
  'src/cli/clean.ts',
  'src/client/clean.ts',
  'src/domain/clean.ts',
  'src/http/auth/index.ts',
  'src/http/clean.ts',
  'src/ingest/clean.ts',
  'src/modules/one/clean.ts',
  'src/modules/two/clean.ts',
  'src/seed/clean.ts',
  'src/storage/clean.ts',
  'src/storage/trace-writer.ts',
  'src/ui/clean.ts',
  'test/support/clean.ts',
];

/** The other half of the cycle, which is reported once. */
const CYCLE = { file: 'src/http/b.ts', text: `import { type A } from './a.js';\nexport interface B {\n  a: A;\n}` };

function plant(root: string): void {
  for (const name of [CONFIG, 'package.json', 'tsconfig.json']) cpSync(join(PROJECT_ROOT, name), join(root, name));
  symlinkSync(join(PROJECT_ROOT, 'node_modules'), join(root, 'node_modules'));
  const clean = CLEAN.map((file) => ({ file, text: 'export type Up = string;' }));
  for (const { file, text } of [...clean, CYCLE, ...PLANTED]) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), `${text}\n`);
  }
}

describe('the import rules', () => {
  it('hold for the whole source', () => {
    const { totalCruised, violations } = cruise(PROJECT_ROOT);
    expect(totalCruised).toBeGreaterThan(100);
    expect(violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)).toEqual([]);
  });

  it('report every violation that is planted, each under its own rule', () => {
    const root = temporaryFolder();
    try {
      plant(root);
      const found = cruise(root).violations.map(({ rule, from }) => `${rule.name}: ${from}`);
      expect(new Set(found)).toEqual(new Set(PLANTED.map(({ rule, file }) => `${rule}: ${file}`)));
    } finally {
      removeFolder(root);
    }
  });

  it('are all planted against', () => {
    const { forbidden } = createRequire(import.meta.url)(join(PROJECT_ROOT, CONFIG)) as { forbidden: readonly Rule[] };
    expect(new Set(PLANTED.map(({ rule }) => rule))).toEqual(new Set(forbidden.map(({ name }) => name)));
  });
});

/** All TypeScript files below `folder`, as paths from the project's root. */
function sourcesIn(folder: string): string[] {
  return readdirSync(join(PROJECT_ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : sourcesIn(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

describe('the source files', () => {
  const files = sourcesIn('src').map((path) => ({ path, text: readFileSync(join(PROJECT_ROOT, path), 'utf8') }));

  it('stay short: a longer one holds a second thing that wants a name', () => {
    const limitOf = (path: string) => (path.endsWith('.spec.ts') ? 800 : 400);
    const tooLong = files
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ path, lines }) => lines > limitOf(path));
    expect(tooLong).toEqual([]);
  });

  it('have no circular modules, and no global one but the settings', () => {
    const using = (pattern: RegExp) => files.filter(({ text }) => pattern.test(text)).map(({ path }) => path);
    expect(using(/\bforwardRef\(/)).toEqual([]);
    expect(using(/^@Global\(\)/m)).toEqual(['src/config/config.module.ts']);
  });
});
