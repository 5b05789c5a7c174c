import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, type Server, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { processesOf, query, startHost } from '../crash/launcher-host.js';
import {
  type RunningServer,
  type ServerOptions,
  removeFolder,
  spawnServer,
  temporaryFolder,
  waitFor,
} from '../support/server-process.js';

jest.setTimeout(60_000);

const servers: RunningServer[] = [];
const folders: string[] = [];
const folder = () => {
  const path = temporaryFolder();
  folders.push(path);
  return path;
};

function someFile(): string {
  const file = join(folder(), 'file');
  writeFileSync(file, '');
  return file;
}

afterAll(async () => {
  await Promise.all(servers.map((server) => server.kill9()));
  for (const path of folders) {
    await waitFor(() => processesOf(join(path, 'postgres')).length === 0);
    removeFolder(path);
  }
});

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

/** What a start that must fail says, without the common prefix. */
async function complaints(options: ServerOptions): Promise<string[]> {
  const server = spawnServer({ dataDir: folder(), ...options });
  servers.push(server);
  expect(await server.exited).toEqual({ code: 1, signal: null });
  const lines = server.stderr().trim().split('\n');
  for (const line of lines) expect(line).toMatch(/^xtrace cannot start: /);
  return lines.map((line) => line.replace('xtrace cannot start: ', ''));
}

describe('a start that fails says what to change, one line per problem, and exits with 1', () => {
  it('when settings are wrong', async () => {
    expect(await complaints({ env: { BIND_ADDR: 'here', LOG_LEVEL: 'loud' } })).toEqual([
      'BIND_ADDR is "here", expected host:port, such as 127.0.0.1:8742 or [::1]:8742',
      'LOG_LEVEL is "loud", expected error, warn, info or debug',
    ]);
  });

  it('when production lacks its database and token', async () => {
    const lines = await complaints({ env: { NODE_ENV: 'production', API_BEARER_TOKEN: undefined } });
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['DATABASE_URL', 'API_BEARER_TOKEN']);
  });

  it('when the address is in use, and leaves no database behind', async () => {
    const other = createServer();
    const port = await listen(other);
    try {
      const dataDir = folder();
      expect(await complaints({ dataDir, env: { BIND_ADDR: `127.0.0.1:${port}` } })).toEqual([
        `127.0.0.1:${port} is in use by another program: stop it, or set BIND_ADDR to a free address.`,
      ]);
      expect(processesOf(join(dataDir, 'postgres'))).toEqual([]);
    } finally {
      other.close();
    }
  });

  it.each(['OTLP_GRPC_PORT', 'OTLP_HTTP_PORT'])('when the port of %s is in use', async (setting) => {
    const other = createServer();
    const port = await listen(other);
    try {
      expect(await complaints({ env: { [setting]: String(port) } })).toEqual([
        `127.0.0.1:${port} is in use by another program: stop it, or set ${setting} to a free port.`,
      ]);
    } finally {
      other.close();
    }
  });

  // The first to want it are the credentials or, with those of the settings, the database.
  it.each([
    ['a file above it', 'ENOTDIR', () => join(someFile(), 'data'), undefined],
    ['a file in its place', 'EEXIST, something else has that name', someFile, 'token-of-the-settings'],
    ['a file system that lets nobody make one', '\\w+', () => '/proc/xtrace/data', undefined],
  ])('when the data folder cannot be made because of %s', async (_, reason, place, token) => {
    const dataDir = place();
    expect(await complaints({ dataDir, env: { API_BEARER_TOKEN: token } })).toEqual([
      expect.stringMatching(`^Cannot create the folder ${dataDir} \\(${reason}\\): .*XTRACE_DATA_DIR`),
    ]);
  });

  it('when the credentials file is damaged', async () => {
    const dataDir = folder();
    writeFileSync(join(dataDir, 'credentials.json'), '{');
    expect((await complaints({ dataDir, env: { API_BEARER_TOKEN: undefined } }))[0]).toContain(
      'credentials.json is damaged',
    );
  });

  it('when the database was made by another PostgreSQL', async () => {
    const dataDir = folder();
    mkdirSync(join(dataDir, 'postgres'));
    writeFileSync(join(dataDir, 'postgres/PG_VERSION'), '12\n');
    expect((await complaints({ dataDir }))[0]).toContain('was made by PostgreSQL 12');
  });

  it('when nothing listens where DATABASE_URL points to', async () => {
    const closed = createServer();
    const port = await listen(closed);
    await new Promise((resolve) => closed.close(resolve));
    const [line] = await complaints({ databaseUrl: `postgres://ada:geheim@127.0.0.1:${port}/app` });
    expect(line).toContain(`Cannot reach the database ada@127.0.0.1:${port}/app (ECONNREFUSED)`);
    expect(line).not.toContain('geheim');
  });
});

describe('a PostgreSQL server that does not let the start in', () => {
  let port: number;
  let relay: Server;

  /** A real server with a password, reached by TCP through a relay to its socket. */
  beforeAll(async () => {
    const host = await startHost(folder());
    servers.push(host);
    const { connection, dataDir, socketDir } = host.report;
    const superuser = { ...connection, user: 'postgres' };
    await query(superuser, `CREATE ROLE ada LOGIN PASSWORD 'right'`);
    await query(superuser, `CREATE DATABASE latin OWNER ada ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
    const rules = join(dataDir, 'postgres/pg_hba.conf');
    writeFileSync(rules, `local all ada scram-sha-256\n${readFileSync(rules, 'utf8')}`);
    await query(superuser, 'SELECT pg_reload_conf()');
    relay = createServer((client) => {
      const upstream = connect(join(socketDir, '.s.PGSQL.5432'));
      for (const socket of [client, upstream]) socket.on('error', () => undefined);
      client.pipe(upstream).pipe(client);
    });
    port = await listen(relay);
  });
  afterAll(() => relay.close());

  it('for a wrong password', async () => {
    const [line] = await complaints({ databaseUrl: `postgres://ada:wrong@127.0.0.1:${port}/xtrace` });
    expect(line).toContain('Wrong password for user ada');
    expect(line).not.toContain('wrong@');
  });

  it('for a database that does not exist', async () => {
    const [line] = await complaints({ databaseUrl: `postgres://ada:right@127.0.0.1:${port}/nowhere` });
    expect(line).toContain('There is no database nowhere');
  });

  it('for TLS that it does not speak', async () => {
    const [line] = await complaints({ databaseUrl: `postgres://ada:right@127.0.0.1:${port}/xtrace?sslmode=require` });
    expect(line).toContain('has no TLS: use sslmode=disable or sslmode=prefer');
  });

  it('for a database of another encoding, which could not hold most of what comes', async () => {
    const lines = await complaints({ databaseUrl: `postgres://ada:right@127.0.0.1:${port}/latin` });
    expect(lines).toEqual([
      expect.stringContaining(`the database has the encoding LATIN1: make one with ENCODING 'UTF8'`),
    ]);
  });

  it('for a user who may not create tables', async () => {
    const [line] = await complaints({ databaseUrl: `postgres://ada:right@127.0.0.1:${port}/xtrace?sslmode=prefer` });
    expect(line).toContain('User ada may not set up');
  });
});
