import type { Config } from './config/config.js';
import { ConfigError } from './config/config.js';
import { CredentialsError } from './config/credentials.js';
import { type DatabaseConnection, describeConnection } from './config/database-connection.js';
import { FolderError } from './config/folder.js';
import { authority, ListenError } from './config/listen-error.js';
import { EmbeddedPostgresError } from './embedded-postgres/embedded-postgres-error.js';
import { SchemaIsNewer } from './storage/data-source.js';
import { DatabaseUnfit } from './storage/database-fitness.js';

export interface StartContext {
  readonly config?: Config;
  readonly database?: DatabaseConnection;
}

/** What the system, node and `pg` put on their errors. */
interface Details {
  readonly code?: string;
  readonly syscall?: string;
  readonly path?: string;
  readonly address?: string;
  readonly hostname?: string;
  readonly message: string;
}

/** Whose messages say all that there is to say. */
const EXPLAINED = [EmbeddedPostgresError, FolderError, CredentialsError, SchemaIsNewer, DatabaseUnfit] as const;

const FILE_ERRORS = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOSPC',
  'EDQUOT',
  'ENOTDIR',
  'EEXIST',
  'EISDIR',
  'ELOOP',
  'EIO',
]);
const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'no answer in time',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name could not be looked up at this time',
  ENOENT: 'there is no such socket',
  '57P03': 'it is starting up or shutting down',
  '53300': 'it has no connection left',
};
const CERTIFICATE_ERRORS =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+|ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/;

/** Why a start failed: one line per problem, each with the setting that cures it. Never shows a secret. */
export function describeStartError(error: unknown, { config, database }: StartContext): string[] {
  if (error instanceof ConfigError) return [...error.problems];
  if (EXPLAINED.some((kind) => error instanceof kind)) return [(error as Error).message];
  if (error instanceof ListenError) return [portLine(error)];
  const details = root(error);
  return [
    listenLine(details, config) ??
      (database && databaseLine(details, database)) ??
      fileLine(details) ??
      `${oneLine(details.message)}${config?.logLevel === 'debug' ? '' : ' (LOG_LEVEL=debug shows where)'}`,
  ];
}

/** The error that says most: drivers and frameworks wrap it, and a host name with two addresses fails twice. */
function root(error: unknown): Details {
  let current = error;
  for (let depth = 0; depth < 8 && typeof current === 'object' && current !== null; depth += 1) {
    const { errors, driverError, cause } = current as { errors?: unknown[]; driverError?: unknown; cause?: unknown };
    const inner: unknown = errors?.[0] ?? driverError ?? cause;
    if (typeof inner !== 'object' || inner === null || inner === current) break;
    current = inner;
  }
  const { message } = Object(current) as { message?: unknown };
  return typeof message === 'string' ? (current as Details) : { message: String(current) };
}

function listenLine({ code, syscall, hostname, message }: Details, config: Config | undefined): string | undefined {
  if (!config) return undefined;
  const address = authority(config.bindHost, config.bindPort);
  if (code === 'EADDRINUSE')
    return `${address} is in use by another program: stop it, or set BIND_ADDR to a free address.`;
  if (code === 'EADDRNOTAVAIL') return `${address} is not an address of this machine: set BIND_ADDR.`;
  if (syscall === 'listen')
    return `Cannot listen on ${address} (${code}): set BIND_ADDR to an address and port that this user may open.`;
  if (syscall === 'getaddrinfo' && hostname === config.bindHost)
    return `Cannot listen on ${address}: ${message}; set BIND_ADDR.`;
  return undefined;
}

/** Of the ports besides that of BIND_ADDR. */
function portLine({ authority: address, code, setting }: ListenError): string {
  if (code === 'EADDRINUSE')
    return `${address} is in use by another program: stop it, or set ${setting} to a free port.`;
  return `Cannot listen on ${address} (${code}): set ${setting} to a port that this user may open, and BIND_ADDR to an address of this machine.`;
}

function databaseLine({ code = '', syscall, message }: Details, database: DatabaseConnection): string | undefined {
  const where = describeConnection(database);
  const atHost = `the database server of ${where}`;
  switch (code) {
    case '28P01':
      return `Wrong password for user ${database.user} of ${where}: check DATABASE_URL (special characters must be percent-encoded).`;
    case '28000':
      return /no encryption|SSL off/i.test(message)
        ? `${capital(atHost)} accepts only TLS: add sslmode=require or sslmode=verify-full to DATABASE_URL.`
        : `${capital(atHost)} does not let user ${database.user} in: ${oneLine(message)}; check DATABASE_URL and pg_hba.conf.`;
    case '3D000':
      return `There is no database ${database.database} on ${where}: create it, or name another one in DATABASE_URL.`;
    case '42501':
      return `User ${database.user} may not set up ${where}: ${oneLine(message)}; make it the owner of the database.`;
  }
  const parameter = /unsupported startup parameter: (\w+)/.exec(message)?.[1];
  if (parameter !== undefined) {
    return (
      `The connection pooler at ${where} refuses a limit: add ${parameter} to ignore_startup_parameters of PgBouncer, which ` +
      'has to be in session mode, or name the database itself in DATABASE_URL.'
    );
  }
  if (/does not support SSL/i.test(message)) {
    return `${capital(atHost)} has no TLS: use sslmode=disable or sslmode=prefer in DATABASE_URL, or switch TLS on in the server.`;
  }
  if (CERTIFICATE_ERRORS.test(code)) {
    return (
      `The certificate of ${where} is not trusted (${code}): name its authority with sslrootcert=… in DATABASE_URL, ` +
      'or use sslmode=require to encrypt without checking it.'
    );
  }
  // ENOENT is also what a missing file says; a connection attempt names its system call.
  const isConnecting = code !== 'ENOENT' || syscall === 'connect';
  const reason = isConnecting ? UNREACHABLE[code] : undefined;
  if (reason !== undefined) return `Cannot reach the database ${where} (${code}): ${reason}; check DATABASE_URL.`;
  if (/timeout expired|connection timeout|terminated unexpectedly/i.test(message)) {
    return `Cannot reach the database ${where}: ${oneLine(message)}; check DATABASE_URL.`;
  }
  return undefined;
}

function fileLine({ code = '', path, syscall }: Details): string | undefined {
  if (path === undefined || !FILE_ERRORS.has(code)) return undefined;
  return `Cannot ${syscall ?? 'use'} ${path} (${code}): make it accessible to this user, or set XTRACE_DATA_DIR to another folder.`;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
