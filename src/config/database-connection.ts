import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

/** TLS towards the database, in the words of node:tls. */
export interface DatabaseTls {
  rejectUnauthorized: boolean;
  /** PEM text of the certificate authorities to trust instead of the built-in ones. */
  ca?: string;
  /** PEM text of a client certificate and its key. */
  cert?: string;
  key?: string;
  /** Replaces the host name check; `verify-ca` accepts any name. */
  checkServerIdentity?: () => undefined;
}

/**
 * Where the database is and how to log in: the options that `pg` and TypeORM's postgres driver take as they are.
 * `host` is a name, an address, or the absolute path of the folder that holds the unix socket.
 */
export interface DatabaseConnection {
  host: string;
  port: number;
  user: string;
  password?: string;
  database: string;
  /** `false` or absent: plain text. */
  ssl?: boolean | DatabaseTls;
  /**
   * Set by `sslmode=prefer`: TLS is dropped if the server has none. The driver cannot fall back by itself, so
   * {@link settleTls} asks the server once; a caller that skips it gets TLS without the fallback.
   */
  sslOptional?: boolean;
}

/** Of `verify-ca`: the certificate counts, whatever name it has. */
const ANY_NAME = { checkServerIdentity: () => undefined };

/** The connection without the one function in it, which `postMessage` cannot copy; {@link fromCloneable} puts it back. */
export function toCloneable(connection: DatabaseConnection): DatabaseConnection & { readonly anyName?: true } {
  const { ssl } = connection;
  if (typeof ssl !== 'object' || ssl.checkServerIdentity === undefined) return connection;
  const { checkServerIdentity: _, ...cloneable } = ssl;
  return { ...connection, ssl: cloneable, anyName: true };
}

export function fromCloneable({ anyName, ...connection }: ReturnType<typeof toCloneable>): DatabaseConnection {
  if (anyName !== true) return connection;
  return { ...connection, ssl: { ...(connection.ssl as DatabaseTls), ...ANY_NAME } };
}

/** Injection token of the {@link DatabaseConnection} that the process was started with. */
export const DATABASE = Symbol('DatabaseConnection');

/** A DATABASE_URL that cannot be used. The message never contains the URL, which may hold a password. */
export class DatabaseUrlError extends Error {
  override readonly name = 'DatabaseUrlError';
}

const EMPTY_HOST = 'empty-host.invalid';

/**
 * Reads a PostgreSQL URL: `postgres://user:password@host:port/database?sslmode=…`. Parts may also be given as libpq
 * parameters (`host`, `port`, `user`, `password`, `dbname`), which is how a socket folder is named:
 * `postgres://user@/database?host=/run/postgresql`. Parameters that libpq does not know are ignored, because URLs
 * copied from an ORM carry them.
 * @throws DatabaseUrlError for another scheme, a missing user, a bad port, an unknown sslmode or an unreadable certificate.
 */
export function parseDatabaseUrl(text: string): DatabaseConnection {
  const url = parseUrl(text);
  const query = (name: string) => url.searchParams.get(name) || undefined;
  const hostname = url.hostname === EMPTY_HOST ? '' : decode(url.hostname).replace(/^\[(.*)\]$/, '$1');
  const path = decode(url.pathname.replace(/^\//, ''));

  const host = query('host') ?? (hostname || 'localhost');
  const user = query('user') ?? decode(url.username);
  if (user === '') throw new DatabaseUrlError('names no user');
  const password = query('password') ?? (decode(url.password) || undefined);
  const port = Number(query('port') ?? (url.port || 5432));
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new DatabaseUrlError('has a port outside 1..65535');

  return {
    host,
    port,
    user,
    ...(password === undefined ? {} : { password }),
    database: query('dbname') ?? (path || user),
    // PostgreSQL never speaks TLS on a unix socket, and libpq ignores sslmode there.
    ...(host.startsWith('/') ? {} : tlsOf(query)),
  };
}

function parseUrl(text: string): URL {
  if (!/^postgres(ql)?:\/\//.test(text)) throw new DatabaseUrlError('does not start with postgres:// or postgresql://');
  try {
    // The URL standard refuses `user@` without a host, which libpq allows.
    return new URL(text.replace(/^([a-z]+:\/\/[^/?#]*@)(?=[/?#]|$)/, `$1${EMPTY_HOST}`));
  } catch {
    throw new DatabaseUrlError('cannot be read; percent-encode special characters in the user name and the password');
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new DatabaseUrlError('has a % that is not followed by two hex digits; write a literal % as %25');
  }
}

/** The TLS modes of libpq (PostgreSQL documentation, "SSL Support", table of sslmode). */
function tlsOf(query: (name: string) => string | undefined): Pick<DatabaseConnection, 'ssl' | 'sslOptional'> {
  const mode = query('sslmode') ?? (query('ssl') === 'true' ? 'require' : 'disable');
  const rootCertificate = query('sslrootcert');
  const ca = rootCertificate === undefined || rootCertificate === 'system' ? undefined : readPem(rootCertificate);
  const certificate = query('sslcert');
  const key = query('sslkey');
  const files = {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: readPem(certificate) }),
    ...(key === undefined ? {} : { key: readPem(key) }),
  };
  switch (mode) {
    case 'disable':
      return {};
    case 'prefer':
      return { ssl: { rejectUnauthorized: false, ...files }, sslOptional: true };
    case 'require':
      // libpq: a root certificate turns `require` into `verify-ca`.
      return {
        ssl:
          ca === undefined
            ? { rejectUnauthorized: false, ...files }
            : { rejectUnauthorized: true, ...ANY_NAME, ...files },
      };
    case 'verify-ca':
      return { ssl: { rejectUnauthorized: true, ...ANY_NAME, ...files } };
    case 'verify-full':
      return { ssl: { rejectUnauthorized: true, ...files } };
    default:
      throw new DatabaseUrlError('has an unknown sslmode; use disable, prefer, require, verify-ca or verify-full');
  }
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new DatabaseUrlError(
      `names the certificate file ${path}, which cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}

/** Code of the SSLRequest message (PostgreSQL documentation, "Message Formats"). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/**
 * Decides `sslmode=prefer` by asking the server whether it speaks TLS; any other connection is returned as it is.
 * A server that cannot be asked keeps TLS on: the real connection attempt then reports what is wrong.
 */
export async function settleTls(connection: DatabaseConnection, timeoutMs = 5000): Promise<DatabaseConnection> {
  if (!connection.sslOptional) return connection;
  const { sslOptional: _, ...settled } = connection;
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(connection.port, connection.host);
    const finish = (text: string) => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(timeoutMs, () => finish(''));
    socket.once('connect', () => socket.write(SSL_REQUEST));
    socket.once('data', (data) => finish(data.toString('latin1', 0, 1)));
    socket.once('error', () => finish(''));
    socket.once('close', () => finish(''));
  });
  return answer === 'N' ? { ...settled, ssl: false } : settled;
}

/** The connection for logs and errors: `user@host:port/database`, never the password. */
export function describeConnection(connection: DatabaseConnection): string {
  const { user, host, port, database } = connection;
  if (host.startsWith('/')) return `${user}@[unix ${host}/.s.PGSQL.${port}]/${database}`;
  return `${user}@${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
}
