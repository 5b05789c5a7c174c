import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { join } from 'node:path';
import {
  type RunningServer,
  TEST_TOKEN,
  removeFolder,
  spawnServer,
  startServer,
  temporaryFolder,
  waitFor,
} from '../support/server-process.js';
import { processesOf } from '../crash/launcher-host.js';

jest.setTimeout(60_000);

const servers: RunningServer[] = [];
const folders: string[] = [];
const keep = (server: RunningServer): RunningServer => {
  servers.push(server);
  return server;
};
const folder = () => {
  const path = temporaryFolder();
  folders.push(path);
  return path;
};

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.kill9()));
  for (const path of folders.splice(0)) {
    await waitFor(() => processesOf(join(path, 'postgres')).length === 0);
    removeFolder(path);
  }
});

/** A request whose body never ends by itself, once the server has it in hand. */
async function hangingRequest(url: string): Promise<ClientRequest> {
  const open = request(`${url}/v1/l/batch`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${TEST_TOKEN}`,
      'content-type': 'application/json',
      'content-length': 100,
      expect: '100-continue',
    },
  });
  open.on('error', () => undefined);
  await new Promise((resolve) => open.once('continue', resolve).flushHeaders());
  open.write('{"trace":');
  return open;
}

describe('a server that starts', () => {
  it('with no settings at all makes its database and credentials, shows them once, and takes the database along', async () => {
    const dataDir = folder();
    const env = { API_BEARER_TOKEN: undefined, XTRACE_PUBLIC_KEY: undefined, XTRACE_SECRET_KEY: undefined };
    const first = keep(await startServer({ dataDir, env }));
    await first.waitForOutput(/secret key {2}(\S+)/);
    const kept = JSON.parse(readFileSync(join(dataDir, 'credentials.json'), 'utf8')) as Record<string, string>;
    for (const secret of Object.values(kept)) expect(first.stdout()).toContain(secret);
    expect(statSync(join(dataDir, 'credentials.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(dataDir).sort()).toEqual(['credentials.json', 'postgres', 'postgres.log', 'socket']);
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
    expect(await first.stop()).toEqual({ code: 0, signal: null });
    expect(first.stdout()).toContain('xtrace: stopped');
    expect(processesOf(join(dataDir, 'postgres'))).toEqual([]);

    const second = keep(await startServer({ dataDir, env }));
    await second.waitForOutput(/Credentials are kept in (\S+)/);
    for (const secret of Object.values(kept)) expect(second.stdout()).not.toContain(secret);
  });

  it('writes no credentials file when all are set, warns about a setting that does not exist, and ends on SIGINT', async () => {
    const dataDir = folder();
    const server = keep(await startServer({ dataDir, env: { XTRACE_DATADIR: 'x' } }));
    expect(existsSync(join(dataDir, 'credentials.json'))).toBe(false);
    expect(server.stdout()).not.toContain(TEST_TOKEN);
    expect(server.stderr()).toContain('XTRACE_DATADIR is not a setting of xtrace');
    server.signal('SIGINT');
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(processesOf(join(dataDir, 'postgres'))).toEqual([]);
  });
});

describe('a server that stops', () => {
  it('serves on for SHUTDOWN_DELAY_MS while its readiness says no', async () => {
    const server = keep(await startServer({ env: { SHUTDOWN_DELAY_MS: '1500' } }));
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    server.signal('SIGTERM');
    await server.waitForOutput(/SIGTERM, finishing open requests/);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  it('answers a request that was open, and refuses new connections meanwhile', async () => {
    const server = keep(await startServer());
    const open = await hangingRequest(server.url);
    const answered = new Promise<number | undefined>((resolve) =>
      open.once('response', (response) => resolve(response.resume().statusCode)),
    );
    server.signal('SIGTERM');
    await server.waitForOutput(/finishing open requests/);
    await waitFor(() =>
      fetch(`${server.url}/healthz`).then(
        () => false,
        () => true,
      ),
    );
    const rest = '{"id":"t-1","name":"sent while stopping"}}';
    open.end(rest.padEnd(100 - '{"trace":'.length));
    expect(await answered).toBe(200);
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  it('gives up on open requests after SHUTDOWN_GRACE_MS and says so', async () => {
    const dataDir = folder();
    const server = keep(await startServer({ dataDir, env: { SHUTDOWN_GRACE_MS: '300' } }));
    await hangingRequest(server.url);
    server.signal('SIGTERM');
    expect(await server.exited).toEqual({ code: 1, signal: null });
    expect(server.stderr()).toContain('still busy after SHUTDOWN_GRACE_MS (300)');
    await waitFor(() => processesOf(join(dataDir, 'postgres')).length === 0);
  });

  it('gives up at once on a second signal, but not on the echo of the same key press', async () => {
    const server = keep(await startServer());
    await hangingRequest(server.url);
    server.signal('SIGINT');
    await server.waitForOutput(/finishing open requests/);
    server.signal('SIGINT');
    let hasExited = false;
    void server.exited.then(() => (hasExited = true));
    const since = Date.now();
    await waitFor(() => Date.now() - since > 1100);
    expect(hasExited).toBe(false);
    server.signal('SIGINT');
    expect(await server.exited).toEqual({ code: 1, signal: null });
    expect(server.stderr()).toContain('SIGINT again');
  });

  it('leaves no half-made database when it is stopped during its first start', async () => {
    const dataDir = folder();
    const server = keep(spawnServer({ dataDir }));
    await server.waitForOutput(/creating a private PostgreSQL/);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    const next = keep(await startServer({ dataDir }));
    expect((await fetch(`${next.url}/healthz`)).status).toBe(200);
  });
});
