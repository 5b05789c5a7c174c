import { existsSync, realpathSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Config } from '../../config/config.js';
import { CredentialsError, resolveCredentials } from '../../config/credentials.js';
import { VERSION } from '../../http/version.js';
import { describeStartError } from '../../start-error.js';
import { formatBytes } from '../progress.js';
import { type Check, failure, ok, skipped, warning } from './check.js';

const ANSWER_MS = 3000;
const GB = 1e9;
/** PostgreSQL stops when the disk is full; a checkpoint alone may need max_wal_size (2 GB here). */
const TOO_LITTLE_BYTES = 1 * GB;
const LITTLE_BYTES = 5 * GB;

/** `found` and `least` as `20.19.0`. */
export function checkNode(found: string, least: string): Check {
  const parts = (text: string) =>
    text
      .replace(/^[^\d]*/, '')
      .split('.')
      .map(Number);
  const [major = 0, minor = 0] = parts(found);
  const [leastMajor = 0, leastMinor = 0] = parts(least);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return ok('node', found);
  return failure('node', found, `install Node ${leastMajor}.${leastMinor} or later`);
}

/** A secret that can be guessed; `isPublic`: the server listens beyond this machine. */
export function checkSecret(name: string, secret: string | undefined, isPublic: boolean): Check[] {
  if (secret === undefined) return [];
  const isWeak =
    secret.length < 16 ||
    new Set(secret).size < 8 ||
    (secret.length < 32 && /change|secret|password|example|default|token|1234/i.test(secret));
  if (!isWeak) return [];
  const next = `set it to the output of: node -p "crypto.randomBytes(32).toString('hex')"`;
  return [
    isPublic
      ? failure('credentials', `${name} is easy to guess`, next)
      : warning('credentials', `${name} is easy to guess`, next),
  ];
}

/** Settings and file; makes nothing. */
export function checkCredentials(config: Config): Check[] {
  const isPublic = !isLoopback(config.bindHost);
  const checks = [
    ...checkSecret('API_BEARER_TOKEN', config.bearerToken, isPublic),
    ...checkSecret('XTRACE_SECRET_KEY', config.secretKey, isPublic),
  ];
  if (config.allowUnauthenticatedCompat && isPublic)
    checks.push(
      warning(
        'credentials',
        `everyone who reaches ${config.bindHost} may write: XTRACE_ALLOW_UNAUTHENTICATED_COMPAT is on`,
        'switch it off, or listen on 127.0.0.1',
      ),
    );
  const file = join(config.dataDir, 'credentials.json');
  const isUsed = !config.production && (config.bearerToken === undefined || config.publicKey === undefined);
  if (existsSync(file)) {
    const mode = statSync(file).mode & 0o777;
    if ((mode & 0o077) !== 0)
      checks.push(
        failure('credentials', `${file} can be read by others (mode ${mode.toString(8)})`, `chmod 600 ${file}`),
      );
    if (isUsed) {
      try {
        resolveCredentials(config);
      } catch (error) {
        const lines = error instanceof CredentialsError ? [error.message] : describeStartError(error, { config });
        checks.push(failure('credentials', lines.join(' '), 'see there'));
      }
    }
  }
  if (checks.length > 0) return checks;
  if (!isUsed) return [ok('credentials', 'from the settings')];
  return [
    ok(
      'credentials',
      existsSync(file) ? `in ${file}, readable by its owner alone` : 'none yet; the first start makes them',
    ),
  ];
}

/** Whether the server could listen, or already does. */
export async function checkPort(config: Config): Promise<Check> {
  const { bindHost, bindPort } = config;
  if (bindPort === 0) return ok('port', 'any free one');
  const host = bindHost === '0.0.0.0' ? '127.0.0.1' : bindHost === '::' ? '::1' : bindHost;
  const base = `http://${host.includes(':') ? `[${host}]` : host}:${bindPort}`;
  const version = await askVersion(base);
  if (version === undefined) return await tryListening(config);
  const isReady = await fetch(`${base}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS) }).then(
    (response) => response.ok,
    () => false,
  );
  const found = `xtrace ${version} answers on ${base}`;
  if (!isReady) return failure('port', `${found}, but is not ready`, `curl ${base}/readyz says why`);
  if (version !== VERSION) return warning('port', `${found}, and this is ${VERSION}`, 'restart it');
  return ok('port', found);
}

/** The version of the xtrace that answers there, if one does. */
async function askVersion(base: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${base}/healthz`, { signal: AbortSignal.timeout(ANSWER_MS), redirect: 'manual' });
    const body = (await response.json()) as { status?: unknown; version?: unknown; uptimeSeconds?: unknown } | null;
    const isOurs = body?.status === 'ok' && typeof body.uptimeSeconds === 'number';
    return isOurs && typeof body.version === 'string' ? body.version : undefined;
  } catch {
    return undefined;
  }
}

async function tryListening(config: Config): Promise<Check> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: config.bindHost, port: config.bindPort, exclusive: true }, resolve);
    });
    await new Promise((resolve) => server.close(resolve));
    return ok('port', `${config.bindHost}:${config.bindPort} is free`);
  } catch (error) {
    const [line = ''] = describeStartError(error, { config });
    const [found = line, next = 'set BIND_ADDR'] = line.split(/: (?=stop|set)/);
    return failure('port', found, next.replace(/\.$/, ''));
  }
}

/** The disk of the private PostgreSQL, and that of its log if that is another. */
export async function checkDisk(clusterDir: string): Promise<Check[]> {
  const folders = [{ name: 'disk', path: clusterDir }];
  try {
    const wal = realpathSync(join(clusterDir, 'pg_wal'));
    if (statSync(wal).dev !== statSync(clusterDir).dev) folders.push({ name: 'disk of WAL', path: wal });
  } catch {
    // Another account's folder: its disk is that of the cluster in all but rare cases.
  }
  return await Promise.all(
    folders.map(async ({ name, path }) => {
      try {
        const { bavail, bsize } = await statfs(path);
        return judgeSpace(name, path, bavail * bsize);
      } catch (error) {
        return skipped(name, (error as Error).message);
      }
    }),
  );
}

export function judgeSpace(name: string, path: string, freeBytes: number): Check {
  const found = `${formatBytes(freeBytes)} free at ${path}`;
  const next = 'free space there, or move XTRACE_DATA_DIR';
  if (freeBytes < TOO_LITTLE_BYTES) return failure(name, found, next);
  if (freeBytes < LITTLE_BYTES) return warning(name, found, next);
  return ok(name, found);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}
