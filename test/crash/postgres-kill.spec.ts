import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Api, startE2eServer } from '../e2e/support/api.js';
import { expectRetryLater, findLost, IngestLoad, listEverything } from '../e2e/support/ingest-load.js';
import { findWrongSums, queryEmbedded } from '../e2e/support/recount.js';
import { removeFolder, type RunningServer, temporaryFolder, waitFor } from '../support/server-process.js';
import { processesOf } from './launcher-host.js';

jest.setTimeout(180_000);

/** Until the server writes again, once PostgreSQL is back. */
const RECOVERY_MS = 5000;
/** PostgreSQL's own recovery: it syncs every file of the cluster, which a busy disk makes slow. */
const RESTART_MS = 30_000;

describe('PostgreSQL that is killed under load while the server lives', () => {
  let dataDir: string;
  let server: RunningServer;
  let load: IngestLoad;

  beforeEach(async () => {
    dataDir = temporaryFolder();
    server = await startE2eServer({ dataDir });
    load = new IngestLoad();
    load.resume(server.url);
  });
  afterEach(async () => {
    await load.stop();
    await server.kill9();
    await waitFor(() => processesOf(join(dataDir, 'postgres')).length === 0);
    removeFolder(dataDir);
  });

  const postmasterPid = () => Number(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n', 1)[0]);

  const expectNothingLost = async () => {
    await load.suspend();
    const api = new Api(server.url);
    expect(await findLost(api, load.facts)).toEqual([]);
    expect(await findWrongSums(dataDir)).toEqual({});
    const everything = await listEverything(api);
    expect(everything).toHaveLength(new Set(everything).size);
  };

  /** Clients hear nothing but success, or that they should come again. */
  const expectOnlyRetries = () => {
    expect(load.unanswered).toBe(0);
    load.refused.forEach(expectRetryLater);
  };

  it('as a whole comes back, writing goes on within five seconds, and nothing acknowledged is lost or doubled', async () => {
    for (let cycle = 1; cycle <= 3; cycle += 1) {
      await load.acknowledge(100 + 31 * cycle);
      const pid = postmasterPid();
      process.kill(pid, 'SIGKILL');
      // Its sessions may still finish what they had begun, so only the next postmaster counts.
      await waitFor(() => server.stdout().split('PostgreSQL is back').length > cycle, RESTART_MS);
      const backAt = Date.now();
      await waitFor(() => load.hasAcknowledgedSince(backAt), RECOVERY_MS);
      expect(postmasterPid()).not.toBe(pid);
    }
    await expectNothingLost();
    expectOnlyRetries();
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  it('in one of its sessions comes back likewise', async () => {
    for (const application of ['xtrace writes', 'xtrace reads', 'xtrace writes']) {
      await load.acknowledge(100);
      // Reads run on a connection that is opened by the first of them.
      await new Api(server.url).read('/api/public/traces?limit=1');
      const [session] = await queryEmbedded<{ pid: number }>(
        dataDir,
        `SELECT pid FROM pg_stat_activity WHERE application_name = '${application}' LIMIT 1`,
      );
      process.kill(session!.pid, 'SIGKILL');
      // PostgreSQL ends all sessions when one of them dies, and recovers as after a crash.
      await waitFor(() => !processesOf(join(dataDir, 'postgres')).includes(session!.pid));
      await waitFor(() => queryEmbedded(dataDir, 'SELECT 1').catch(() => undefined), RESTART_MS);
      const backAt = Date.now();
      await waitFor(() => load.hasAcknowledgedSince(backAt), RECOVERY_MS);
    }
    await expectNothingLost();
    expectOnlyRetries();
  });
});
