import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DatabaseConnection,
  describeConnection,
  fromCloneable,
  parseDatabaseUrl,
  settleTls,
  toCloneable,
} from './database-connection.js';

describe('DATABASE_URL', () => {
  it.each([
    [
      'postgres://u:p@db.example:6543/app',
      { host: 'db.example', port: 6543, user: 'u', password: 'p', database: 'app' },
    ],
    ['postgresql://u@db', { host: 'db', port: 5432, user: 'u', database: 'u' }],
    ['postgres://u@[::1]:5433/app', { host: '::1', port: 5433, user: 'u', database: 'app' }],
    [
      'postgres://u%40corp:p%40%2F%25@db/my%20app',
      { host: 'db', port: 5432, user: 'u@corp', password: 'p@/%', database: 'my app' },
    ],
    ['postgres://u@/app?host=/run/pg', { host: '/run/pg', port: 5432, user: 'u', database: 'app' }],
    [
      'postgres://u:p@/app?host=%2Frun%2Fpg&port=5499',
      { host: '/run/pg', port: 5499, user: 'u', password: 'p', database: 'app' },
    ],
    ['postgres://%2Frun%2Fpg/app?user=u', { host: '/run/pg', port: 5432, user: 'u', database: 'app' }],
    ['postgres:///app?user=u&password=p', { host: 'localhost', port: 5432, user: 'u', password: 'p', database: 'app' }],
    ['postgres://u@db/app?schema=public&connection_limit=5', { host: 'db', port: 5432, user: 'u', database: 'app' }],
  ])('%s is understood', (url, connection) => {
    expect(parseDatabaseUrl(url)).toEqual(connection);
  });

  it.each([
    ['mysql://u@db/app', 'does not start with postgres://'],
    ['db.example', 'does not start with postgres://'],
    ['postgres://db/app', 'names no user'],
    ['postgres://u:p%zz@db/app', 'not followed by two hex digits'],
    ['postgres://u:p@db:99999/app', 'cannot be read'],
    ['postgres://u@db/app?port=0', 'port outside'],
    ['postgres://u@db/app?sslmode=maybe', 'unknown sslmode'],
    ['postgres://u@db/app?sslmode=verify-ca&sslrootcert=/no/such.pem', '/no/such.pem, which cannot be read (ENOENT)'],
  ])('%s is refused with the reason', (url, reason) => {
    expect(() => parseDatabaseUrl(url)).toThrow(reason);
  });

  it('each sslmode is as strict as libpq documents it', () => {
    const ssl = (query: string) => parseDatabaseUrl(`postgres://u@db/app?${query}`).ssl;
    expect(ssl('sslmode=disable')).toBeUndefined();
    expect(ssl('')).toBeUndefined();
    expect(ssl('sslmode=require')).toEqual({ rejectUnauthorized: false });
    expect(ssl('sslmode=verify-full')).toEqual({ rejectUnauthorized: true });
    expect(ssl('sslmode=verify-ca')).toEqual({ rejectUnauthorized: true, checkServerIdentity: expect.any(Function) });
    expect(ssl('sslmode=verify-full&sslrootcert=system')).toEqual({ rejectUnauthorized: true });
    expect(parseDatabaseUrl('postgres://u@db/app?sslmode=prefer')).toMatchObject({
      ssl: { rejectUnauthorized: false },
      sslOptional: true,
    });
  });

  it('a root certificate is read from its file and makes require check the server', () => {
    const folder = mkdtempSync(join(tmpdir(), 'xtrace-ca-'));
    try {
      const file = join(folder, 'ca.pem');
      writeFileSync(file, 'PEM');
      expect(parseDatabaseUrl(`postgres://u@db/app?sslmode=require&sslrootcert=${file}`).ssl).toMatchObject({
        rejectUnauthorized: true,
        ca: 'PEM',
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a unix socket never uses TLS', () => {
    expect(parseDatabaseUrl('postgres://u@/app?host=/run/pg&sslmode=require')).not.toHaveProperty('ssl');
  });

  it('the description for logs never shows the password', () => {
    expect(describeConnection(parseDatabaseUrl('postgres://u:geheim@db/app'))).toBe('u@db:5432/app');
    expect(describeConnection(parseDatabaseUrl('postgres://u:geheim@[::1]/app'))).toBe('u@[::1]:5432/app');
    expect(describeConnection(parseDatabaseUrl('postgres://u@/app?host=/run/pg'))).toBe(
      'u@[unix /run/pg/.s.PGSQL.5432]/app',
    );
  });
});

describe('sslmode=prefer', () => {
  let server: Server;
  const listen = (answer: string) =>
    new Promise<number>((resolve) => {
      server = createServer((socket) => void socket.once('data', () => socket.end(answer)));
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it.each([
    ['N', false],
    ['S', { rejectUnauthorized: false }],
  ])('with a server that answers %s the connection has ssl %j', async (answer, ssl) => {
    const port = await listen(answer);
    const settled = await settleTls(parseDatabaseUrl(`postgres://u@127.0.0.1:${port}/app?sslmode=prefer`));
    expect(settled.ssl).toEqual(ssl);
    expect(settled).not.toHaveProperty('sslOptional');
  });

  it('does not ask the server for any other mode', async () => {
    const port = await listen('N');
    const connection = parseDatabaseUrl(`postgres://u@127.0.0.1:${port}/app?sslmode=require`);
    expect(await settleTls(connection)).toBe(connection);
  });

  it.each(['verify-ca', 'verify-full', 'disable'])('crosses to another thread and back with sslmode=%s', (mode) => {
    const connection = parseDatabaseUrl(`postgres://u@h/d?sslmode=${mode}`);
    const crossed = fromCloneable(structuredClone(toCloneable(connection)));
    const checks = (ssl: DatabaseConnection['ssl']) => typeof ssl === 'object' && ssl.checkServerIdentity !== undefined;
    expect(JSON.stringify(crossed)).toBe(JSON.stringify(connection));
    expect(checks(crossed.ssl)).toBe(mode === 'verify-ca');
  });
});
