import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../config/config.js';
import { resolveCredentials } from '../../config/credentials.js';
import { VERSION } from '../../http/version.js';
import { checkCredentials, checkNode, checkPort, checkSecret, judgeSpace } from './host-checks.js';

describe('the check of Node', () => {
  it.each([
    ['20.18.3', 'failure'],
    ['18.20.0', 'failure'],
    ['20.19.0', 'ok'],
    ['20.20.2', 'ok'],
    ['22.3.0', 'ok'],
  ])('%s is %s where 20.19 is the least', (version, status) => {
    expect(checkNode(version, '>=20.19').status).toBe(status);
  });
});

describe('the check of a secret', () => {
  const good = '3f9c1be07a52d4861f0e9d8c7b6a5f43';
  it.each(['short', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'change-me-please-0815', 'my-secret-token-xyz'])(
    '%s can be guessed: a failure for a server that others reach, else a warning',
    (secret) => {
      expect(checkSecret('T', secret, true)).toMatchObject([{ status: 'failure' }]);
      expect(checkSecret('T', secret, false)).toMatchObject([{ status: 'warning' }]);
      expect(JSON.stringify(checkSecret('T', secret, true))).not.toContain(secret);
    },
  );

  it('finds nothing wrong with a random one, nor with none', () => {
    expect([...checkSecret('T', good, true), ...checkSecret('T', undefined, true)]).toEqual([]);
  });
});

describe('the check of credentials', () => {
  let dataDir: string;
  const check = (env: Record<string, string> = {}) =>
    checkCredentials(parseConfig({ XTRACE_DATA_DIR: dataDir, ...env }));
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'xtrace-doctor-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));

  it('makes no file', () => {
    expect(check()).toMatchObject([{ status: 'ok', found: expect.stringContaining('first start') }]);
    expect(existsSync(join(dataDir, 'credentials.json'))).toBe(false);
  });

  it('minds a file that others can read, and one that is damaged', () => {
    const { file } = resolveCredentials(parseConfig({ XTRACE_DATA_DIR: dataDir }));
    expect(check()).toMatchObject([{ status: 'ok' }]);
    chmodSync(file, 0o640);
    expect(check()).toMatchObject([{ status: 'failure', next: `chmod 600 ${file}` }]);
    chmodSync(file, 0o600);
    writeFileSync(file, '{');
    expect(check()).toMatchObject([{ status: 'failure', found: expect.stringContaining('damaged') }]);
  });

  it('minds open routes on an open address', () => {
    const env = { XTRACE_ALLOW_UNAUTHENTICATED_COMPAT: 'on' };
    expect(check({ ...env, BIND_ADDR: '0.0.0.0:8742' })).toMatchObject([{ status: 'warning' }]);
    expect(check({ ...env, BIND_ADDR: '127.0.0.1:8742' })).toMatchObject([{ status: 'ok' }]);
  });
});

describe('the check of the port', () => {
  const servers: ReturnType<typeof createServer>[] = [];
  const listen = async (answer: (url: string | undefined) => { status: number; body: string }) => {
    const server = createServer((request, response) => {
      const { status, body } = answer(request.url);
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(body);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return parseConfig({ BIND_ADDR: `127.0.0.1:${(server.address() as AddressInfo).port}` });
  };
  const xtrace = (version: string, ready: number) => (url: string | undefined) =>
    url === '/healthz'
      ? { status: 200, body: JSON.stringify({ status: 'ok', version, uptimeSeconds: 1 }) }
      : { status: ready, body: '{}' };
  afterEach(async () => {
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  });

  it('knows xtrace, whether it is ready, and its version', async () => {
    expect(await checkPort(await listen(xtrace(VERSION, 200)))).toMatchObject({ status: 'ok' });
    expect(await checkPort(await listen(xtrace(VERSION, 503)))).toMatchObject({ status: 'failure' });
    expect(await checkPort(await listen(xtrace('0.0.1', 200)))).toMatchObject({
      status: 'warning',
      next: 'restart it',
    });
  });

  it('minds any other program', async () => {
    const config = await listen(() => ({ status: 200, body: '{"status":"ok"}' }));
    expect(await checkPort(config)).toMatchObject({
      status: 'failure',
      found: `127.0.0.1:${config.bindPort} is in use by another program`,
      next: 'stop it, or set BIND_ADDR to a free address',
    });
  });

  it('finds a port free that nobody listens on, and an address that is not here', async () => {
    const config = await listen(xtrace(VERSION, 200));
    await new Promise((resolve) => servers.splice(0)[0]!.close(resolve));
    expect(await checkPort(config)).toMatchObject({ status: 'ok', found: `127.0.0.1:${config.bindPort} is free` });
    expect(await checkPort(parseConfig({ BIND_ADDR: '192.0.2.1:8742' }))).toMatchObject({ status: 'failure' });
  });
});

describe('the check of a disk', () => {
  it.each([
    [0.5e9, 'failure'],
    [3e9, 'warning'],
    [50e9, 'ok'],
  ])('%d free bytes are %s', (bytes, status) => {
    expect(judgeSpace('disk', '/data', bytes).status).toBe(status);
  });
});
