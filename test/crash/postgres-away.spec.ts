import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { ROLE } from '../../src/embedded-postgres/database.js';
import { Api, BATCH, startE2eServer } from '../e2e/support/api.js';
import { expectNothingHeld, SMALL_BUDGETS } from '../e2e/support/budgets.js';
import { expectRetryLater, findLost, IngestLoad, listEverything } from '../e2e/support/ingest-load.js';
import { forgetPeak, memoryOf } from '../e2e/support/process-memory.js';
import { findWrongSums, queryEmbedded } from '../e2e/support/recount.js';
import { removeFolder, type RunningServer, temporaryFolder, waitFor } from '../support/server-process.js';
import { processesOf } from './launcher-host.js';

jest.setTimeout(180_000);

const MIB = 1024 * 1024;
const WRITE_DEADLINE_MS = 2000;
const READ_TIMEOUT_MS = 2000;
/** What an answer may take beyond the deadline on a busy machine. */
const SLACK_MS = 1500;
/** The launcher tries again ever more rarely while PostgreSQL cannot start. */
const RECOVERY_MS = 20_000;
/** Nothing has to be started again. */
const READ_ONLY_RECOVERY_MS = 5000;

describe('a server whose database is away', () => {
  let dataDir: string;
  let clusterDir: string;
  let server: RunningServer;
  let api: Api;
  let load: IngestLoad;
  let bringBack: () => void;

  beforeEach(async () => {
    dataDir = temporaryFolder();
    clusterDir = join(dataDir, 'postgres');
    bringBack = () => undefined;
    server = await startE2eServer({
      dataDir,
      env: { ...SMALL_BUDGETS, WRITE_DEADLINE_MS: String(WRITE_DEADLINE_MS), READ_TIMEOUT_MS: String(READ_TIMEOUT_MS) },
    });
    api = new Api(server.url);
    await expectNothingHeld(api);
    load = new IngestLoad();
    load.resume(server.url);
    await load.acknowledge(100);
  });
  afterEach(async () => {
    bringBack();
    await load.stop();
    await server.kill9();
    await waitFor(() => processesOf(clusterDir).length === 0);
    removeFolder(dataDir);
  });

  /** Every process stands still: no answer, no error, no closed connection. */
  const freeze = () => {
    const pids = processesOf(clusterDir);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    bringBack = () => {
      for (const pid of pids) if (processesOf(clusterDir).includes(pid)) process.kill(pid, 'SIGCONT');
    };
  };

  /** It is down and cannot start again. */
  const breakDown = () => {
    const control = join(clusterDir, 'global/pg_control');
    renameSync(control, `${control}.away`);
    for (const pid of processesOf(clusterDir)) process.kill(pid, 'SIGKILL');
    bringBack = () => {
      if (existsSync(`${control}.away`)) renameSync(`${control}.away`, control);
    };
  };

  const expectRefusalAndReturn = async (takeAway: () => void) => {
    const before = memoryOf(server.pid).resident;
    forgetPeak(server.pid);
    takeAway();
    const awayAt = Date.now();
    await waitFor(
      () => load.refused.length >= 12,
      6 * WRITE_DEADLINE_MS,
      () => `only ${load.refused.length} requests were refused`,
    );

    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    const read = await api.get('/api/public/traces?limit=1');
    expect([422, 503]).toContain(read.status);
    const write = await api.postJson(BATCH, { trace: { id: 'while away' } });
    expect([write.status, write.headers.get('retry-after')]).toEqual([503, '1']);

    expect(load.unanswered).toBe(0);
    load.refused.forEach(expectRetryLater);
    for (const { tookMs } of load.refused) expect(tookMs).toBeLessThan(WRITE_DEADLINE_MS + SLACK_MS);
    expect(load.hasAcknowledgedSince(awayAt + WRITE_DEADLINE_MS + SLACK_MS)).toBe(false);
    expect(memoryOf(server.pid).peak - before).toBeLessThan(64 * MIB);

    bringBack();
    const backAt = Date.now();
    await waitFor(() => load.hasAcknowledgedSince(backAt), RECOVERY_MS);
    await load.suspend();
    await expectNothingHeld(api);
    expect(await findLost(api, load.facts)).toEqual([]);
    expect(await findWrongSums(dataDir)).toEqual({});
    const everything = await listEverything(api);
    expect(everything).toHaveLength(new Set(everything).size);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  };

  it('because it is down and cannot start refuses in time, holds nothing, and writes again once it is back', () =>
    expectRefusalAndReturn(breakDown));

  it('because it stands still does the same', () => expectRefusalAndReturn(freeze));

  it('because it takes no writes goes on answering queries, and writes within seconds when it does again', async () => {
    const setReadOnly = async (value: 'on' | 'off') => {
      const role = `ALTER ROLE ${ROLE} SET default_transaction_read_only = ${value}`;
      const others =
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()';
      await queryEmbedded(dataDir, `BEGIN READ WRITE; ${role}; COMMIT; ${others}`);
    };
    await setReadOnly('on');
    await waitFor(() => load.refused.length >= 12, 6 * WRITE_DEADLINE_MS);
    load.refused.forEach(expectRetryLater);
    expect((await api.get('/api/public/traces?limit=1')).status).toBe(200);
    await setReadOnly('off');
    const backAt = Date.now();
    await waitFor(() => load.hasAcknowledgedSince(backAt), READ_ONLY_RECOVERY_MS);
    await load.suspend();
    expect(await findLost(api, load.facts)).toEqual([]);
    expect(await findWrongSums(dataDir)).toEqual({});
  });

  it('because it stands still answers every query in time', async () => {
    const readSix = () => Promise.all(Array.from({ length: 6 }, () => api.get('/api/public/traces?limit=1')));
    await load.suspend();
    await readSix();
    freeze();
    const answers = readSix();
    const late = waitFor(() => false, READ_TIMEOUT_MS + 3 * SLACK_MS);
    for (const { status } of await Promise.race([answers, late as Promise<never>]))
      expect([422, 503]).toContain(status);
  });
});
