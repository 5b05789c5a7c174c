import { createServer } from 'node:net';
import { ConfigError, parseConfig } from './config/config.js';
import { CredentialsError } from './config/credentials.js';
import { parseDatabaseUrl } from './config/database-connection.js';
import { FolderError } from './config/folder.js';
import { EmbeddedPostgresError } from './embedded-postgres/embedded-postgres-error.js';
import { describeStartError } from './start-error.js';

const config = parseConfig({});
const database = parseDatabaseUrl('postgres://ada:geheim@db.example/app');
const tell = (error: unknown) => describeStartError(error, { config, database });
const failure = (message: string, details: object) => Object.assign(new Error(message), details);

describe('a start that fails', () => {
  it('lists every problem of the settings', () => {
    expect(tell(new ConfigError(['A is wrong', 'B is wrong']))).toEqual(['A is wrong', 'B is wrong']);
  });

  it('repeats what the private PostgreSQL and the credentials say', () => {
    expect(tell(new EmbeddedPostgresError('made by 15'))).toEqual(['made by 15']);
    expect(tell(new CredentialsError('damaged'))).toEqual(['damaged']);
    expect(tell(new FolderError('a file is in the way'))).toEqual(['a file is in the way']);
  });

  it('names the address and BIND_ADDR when the port is taken', async () => {
    const first = createServer();
    const port = await new Promise<number>((resolve) =>
      first.listen(0, '127.0.0.1', () => resolve((first.address() as { port: number }).port)),
    );
    const second = createServer();
    const error = await new Promise<Error>((resolve) => second.once('error', resolve).listen(port, '127.0.0.1'));
    first.close();
    const lines = describeStartError(error, { config: parseConfig({ BIND_ADDR: `127.0.0.1:${port}` }), database });
    expect(lines).toEqual([
      `127.0.0.1:${port} is in use by another program: stop it, or set BIND_ADDR to a free address.`,
    ]);
  });

  it.each([
    ['EADDRNOTAVAIL', { code: 'EADDRNOTAVAIL', syscall: 'listen' }, '127.0.0.1:8742 is not an address of this machine'],
    ['EACCES on listen', { code: 'EACCES', syscall: 'listen' }, 'Cannot listen on 127.0.0.1:8742 (EACCES)'],
    ['an unknown bind host', { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: '127.0.0.1' }, 'set BIND_ADDR'],
    [
      'ECONNREFUSED',
      { code: 'ECONNREFUSED', syscall: 'connect' },
      'Cannot reach the database ada@db.example:5432/app (ECONNREFUSED)',
    ],
    [
      'an unknown database host',
      { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'db.example' },
      'the host name is unknown',
    ],
    ['a missing socket', { code: 'ENOENT', syscall: 'connect', address: '/run/x' }, 'there is no such socket'],
    ['28P01', { code: '28P01' }, 'Wrong password for user ada of ada@db.example:5432/app'],
    ['3D000', { code: '3D000' }, 'There is no database app on'],
    ['42501', { code: '42501' }, 'make it the owner'],
    ['57P03', { code: '57P03' }, 'it is starting up'],
    ['53300', { code: '53300' }, 'no connection left'],
    ['a self-signed certificate', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }, 'sslrootcert'],
    ['a certificate for another name', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'is not trusted'],
  ])('explains %s in one line that says what to change', (_, details, part) => {
    const lines = tell(failure('text of the driver', details));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(part);
  });

  it('names the setting of a pooler that refuses a limit', () => {
    const [line] = tell(failure('unsupported startup parameter: statement_timeout', { code: '08P01' }));
    expect(line).toMatch(/db\.example:5432.* add statement_timeout to ignore_startup_parameters/);
    expect(line).not.toContain('geheim');
  });

  it('tells TLS that is refused from TLS that is required', () => {
    expect(tell(new Error('The server does not support SSL connections'))[0]).toContain('sslmode=disable');
    const hba = failure('no pg_hba.conf entry for host "10.0.0.1", user "ada", database "app", no encryption', {
      code: '28000',
    });
    expect(tell(hba)[0]).toContain('add sslmode=require');
    expect(tell(failure('role "ada" is not permitted to log in', { code: '28000' }))[0]).toContain(
      'does not let user ada in',
    );
  });

  it('finds the cause inside the errors of drivers and of host names with two addresses', () => {
    const cause = failure('refused', { code: 'ECONNREFUSED', syscall: 'connect' });
    const line = tell(cause);
    expect(tell(new AggregateError([cause, cause]))).toEqual(line);
    expect(tell(failure('QueryFailedError', { driverError: cause }))).toEqual(line);
    expect(tell(new Error('wrapped', { cause }))).toEqual(line);
  });

  it('names the folder and XTRACE_DATA_DIR when the data folder cannot be written', () => {
    const error = failure('EROFS: read-only file system', { code: 'EROFS', syscall: 'mkdir', path: '/ro/.data' });
    expect(tell(error)[0]).toBe(
      'Cannot mkdir /ro/.data (EROFS): make it accessible to this user, or set XTRACE_DATA_DIR to another folder.',
    );
  });

  it('says anything else in one line and where to find more', () => {
    expect(tell(new Error('first\n  second'))).toEqual(['first second (LOG_LEVEL=debug shows where)']);
    expect(tell('thrown text')[0]).toContain('thrown text');
    expect(describeStartError(new Error('early'), {})[0]).toContain('early');
  });

  it('never shows the password of the database', () => {
    for (const code of ['28P01', '28000', '3D000', '42501', 'ECONNREFUSED', 'CERT_HAS_EXPIRED']) {
      expect(tell(failure('x', { code })).join()).not.toContain('geheim');
    }
  });
});
