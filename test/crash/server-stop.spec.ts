import { join } from 'node:path';
import { Api, startE2eServer } from '../e2e/support/api.js';
import { expectRetryLater, findLost, IngestLoad, listEverything } from '../e2e/support/ingest-load.js';
import { findWrongSums } from '../e2e/support/recount.js';
import { removeFolder, type RunningServer, temporaryFolder, waitFor } from '../support/server-process.js';
import { processesOf } from './launcher-host.js';

jest.setTimeout(120_000);

describe('a server that is stopped under load', () => {
  let dataDir: string;
  let server: RunningServer;
  let load: IngestLoad;

  beforeEach(() => {
    dataDir = temporaryFolder();
    load = new IngestLoad();
  });
  afterEach(async () => {
    await load.stop();
    await server.kill9();
    await waitFor(() => processesOf(join(dataDir, 'postgres')).length === 0);
    removeFolder(dataDir);
  });

  it.each([
    ['at once', '0'],
    ['after serving on for a while', '500'],
  ])('%s drains, ends with exit code 0 and its database, and has kept everything', async (_, delay) => {
    server = await startE2eServer({ dataDir, env: { SHUTDOWN_DELAY_MS: delay } });
    load.resume(server.url);
    await load.acknowledge(200);
    const stoppedAt = Date.now();
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(Date.now() - stoppedAt).toBeLessThan(10_000);
    expect(processesOf(join(dataDir, 'postgres'))).toEqual([]);
    expect(server.stdout()).toContain('xtrace: stopped');
    await load.suspend();
    load.refused.forEach(expectRetryLater);

    server = await startE2eServer({ dataDir });
    const api = new Api(server.url);
    expect(await findLost(api, load.facts)).toEqual([]);
    load.resume(server.url);
    await load.acknowledge(20);
    await load.suspend();
    expect(await findLost(api, load.facts)).toEqual([]);
    expect(await findWrongSums(dataDir)).toEqual({});
    const everything = await listEverything(api);
    expect(everything).toHaveLength(new Set(everything).size);
  });
});
