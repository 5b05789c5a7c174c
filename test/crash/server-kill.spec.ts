import { join } from 'node:path';
import { DATABASE, ROLE } from '../../src/embedded-postgres/database.js';
import { Api, startE2eServer } from '../e2e/support/api.js';
import { findLost, IngestLoad, listEverything } from '../e2e/support/ingest-load.js';
import { findWrongSums } from '../e2e/support/recount.js';
import { removeFolder, type RunningServer, temporaryFolder, waitFor } from '../support/server-process.js';
import { processesOf, type Report, startHost } from './launcher-host.js';

jest.setTimeout(180_000);

const CYCLES = 3;

describe('a server that is killed under load', () => {
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

  it('has kept everything it acknowledged, nothing twice, and every sum is that of the rows', async () => {
    server = await startE2eServer({ dataDir });
    for (let cycle = 1; cycle <= CYCLES; cycle += 1) {
      load.resume(server.url);
      // Another moment each time; some clients are always waiting for their answer.
      await load.acknowledge(150 + 37 * cycle);
      const unansweredBefore = load.unanswered;
      await server.kill9();
      await load.suspend();
      expect(load.unanswered).toBeGreaterThan(unansweredBefore);

      server = await startE2eServer({ dataDir });
      expect(await findLost(new Api(server.url), load.facts)).toEqual([]);
      expect(await findWrongSums(dataDir)).toEqual({});
    }

    // Now what got no answer is sent once more: some of it was stored.
    load.resume(server.url);
    await load.acknowledge(50);
    await load.suspend();
    const api = new Api(server.url);
    expect(await findLost(api, load.facts)).toEqual([]);
    expect(await findWrongSums(dataDir)).toEqual({});
    const everything = await listEverything(api);
    expect(everything).toHaveLength(new Set(everything).size);
    expect(load.refused).toEqual([]);
  });
});

describe('two servers on one database', () => {
  let host: RunningServer & { report: Report };
  let dataDir: string;
  const servers: RunningServer[] = [];
  const loads = [new IngestLoad(), new IngestLoad()] as const;

  beforeAll(async () => {
    dataDir = temporaryFolder();
    host = await startHost(dataDir);
  });
  afterAll(async () => {
    await Promise.all(loads.map((load) => load.stop()));
    await Promise.all([...servers, host].map((server) => server.kill9()));
    await waitFor(() => processesOf(join(dataDir, 'postgres')).length === 0);
    removeFolder(dataDir);
  });

  it('make its tables together, write the same traces, and lose nothing when one of them is killed', async () => {
    const databaseUrl = `postgres://${ROLE}@/${DATABASE}?host=${encodeURIComponent(host.report.socketDir)}`;
    servers.push(...(await Promise.all([startE2eServer({ databaseUrl }), startE2eServer({ databaseUrl })])));
    const [one, other] = servers as [RunningServer, RunningServer];
    // The clients of both send the same ids.
    loads[0].resume(one.url);
    loads[1].resume(other.url);
    await Promise.all(loads.map((load) => load.acknowledge(100)));
    await one.kill9();
    await loads[0].suspend();
    expect(loads[0].unanswered).toBeGreaterThan(0);
    loads[0].resume(other.url);
    await Promise.all(loads.map((load) => load.acknowledge(30)));
    await Promise.all(loads.map((load) => load.suspend()));

    const api = new Api(other.url);
    expect(
      await findLost(
        api,
        loads.flatMap((load) => load.facts),
      ),
    ).toEqual([]);
    expect(await findWrongSums(dataDir)).toEqual({});
    const everything = await listEverything(api);
    expect(everything).toHaveLength(new Set(everything).size);
    expect(loads.flatMap((load) => load.refused)).toEqual([]);
  });
});
