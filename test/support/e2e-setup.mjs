// Before the e2e tests: a data folder with a private PostgreSQL that has all tables, of which servers without a folder of
// their own get a copy (server-process.ts). Making one takes half of a first start. Runs of single specs do
// without: there it would not pay.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function makeDataTemplate({ testPathPatterns }) {
  if (testPathPatterns.patterns.length > 0) return;
  const folder = mkdtempSync(join(tmpdir(), 'xtrace-test-template-'));
  process.env.XTRACE_TEST_DATA_TEMPLATE = folder;
  chmodSync(folder, 0o755);
  const dist = process.env.XTRACE_TEST_DIST ?? join(import.meta.dirname, '../../dist');
  const binDir = process.env.XTRACE_TEST_POSTGRES_BIN;
  const env = {
    PATH: process.env.PATH,
    XTRACE_DATA_DIR: folder,
    ...(binDir === undefined ? {} : { EMBEDDED_POSTGRES_BIN: binDir }),
  };
  execFileSync(process.execPath, [join(dist, 'src/migrate.js')], { cwd: tmpdir(), env, stdio: 'pipe' });
}
