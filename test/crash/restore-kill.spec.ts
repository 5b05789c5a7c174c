import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand, spawnCommand } from '../support/command.js';
import { removeFolder, temporaryFolder, waitFor } from '../support/server-process.js';
import { type Report, processesOf, query, startHost } from './launcher-host.js';

jest.setTimeout(240_000);

describe('kill -9', () => {
  let folder: string;
  let host: Awaited<ReturnType<typeof startHost>>;
  let connection: Report['connection'];
  let env: Record<string, string>;
  const file = () => join(folder, 'backup.zip');
  const traces = async () => (await query<{ n: number }>(connection, 'SELECT count(*)::int AS n FROM traces'))[0]!.n;
  /** What COPY of a command is at, as PostgreSQL sees it. */
  const copying = async () =>
    (await query<{ pid: number }>(connection, 'SELECT pid FROM pg_stat_progress_copy WHERE bytes_processed > 0'))[0]
      ?.pid;

  beforeAll(async () => {
    folder = temporaryFolder();
    host = await startHost(join(folder, 'data'));
    connection = host.report.connection;
    const { user, database, host: socketDir, port } = connection;
    env = {
      DATABASE_URL: `postgres://${user}@/${database}?host=${socketDir}&port=${port}`,
      XTRACE_DATA_DIR: join(folder, 'none'),
    };
    await runCommand(['migrate'], env);
    await query(
      connection,
      `INSERT INTO traces (project_no, trace_id, bucket, ts, created_at, updated_at, tags, metadata, observation_count,
         generation_count, error_count, input_tokens, output_tokens, total_tokens, cost_nano_usd, model_names, model_sums, strays)
       SELECT 1, 'trace-' || n, 1, now(), now(), now(), '{}', jsonb_build_object('text', repeat(md5(n::text), 30)),
         0, 0, 0, 0, 0, 0, 0, '{}', '{}', false FROM generate_series(1, 40000) n`,
    );
  });
  afterAll(async () => {
    await host.kill9();
    await waitFor(() => processesOf(join(folder, 'data', 'postgres')).length === 0);
    removeFolder(folder);
  });

  it('of a backup leaves no file that looks like one, and nothing in the way of the next', async () => {
    const backup = spawnCommand(['backup', file()], env);
    await waitFor(copying);
    backup.signal('SIGSTOP');
    await backup.kill9();
    expect(readdirSync(folder).sort()).toEqual(['backup.zip.partial', 'data']);
    expect(await runCommand(['restore', '--verify-only', `${file()}.partial`], env)).toMatchObject({ code: 1 });
    expect(await runCommand(['backup', file()], env)).toMatchObject({ code: 0 });
    expect(readdirSync(folder).sort()).toEqual(['backup.zip', 'data']);
  });

  it('of a restore leaves the database as it was, and the next restore succeeds', async () => {
    await query(connection, `UPDATE traces SET name = 'of before' WHERE trace_id = 'trace-1'`);
    const restore = spawnCommand(['restore', '--force', file()], env);
    const pid = await waitFor(copying);
    restore.signal('SIGSTOP');
    // It has stopped in the middle of the rows, not after them.
    expect(await copying()).toBe(pid);
    await restore.kill9();
    await waitFor(async () => (await copying()) === undefined);
    expect(await traces()).toBe(40_000);
    const names = () =>
      query<{ name: string | null }>(connection, `SELECT name FROM traces WHERE trace_id = 'trace-1'`);
    expect(await names()).toEqual([{ name: 'of before' }]);
    expect(await runCommand(['restore', '--force', file()], env)).toMatchObject({ code: 0 });
    expect(await names()).toEqual([{ name: null }]);
    expect(await traces()).toBe(40_000);
  });

  it('of PostgreSQL under a restore makes it fail and say so', async () => {
    const restore = spawnCommand(['restore', '--force', file()], env);
    await waitFor(copying);
    const [{ pid } = { pid: 0 }] = await query<{ pid: number }>(
      connection,
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'xtrace restore'`,
    );
    process.kill(pid, 'SIGKILL');
    expect(await restore.exited).toMatchObject({ code: 1 });
    expect(restore.stderr()).toContain('xtrace cannot restore: ');
    await waitFor(() =>
      traces().then(
        () => true,
        () => false,
      ),
    );
    expect(await traces()).toBe(40_000);
  });
});
