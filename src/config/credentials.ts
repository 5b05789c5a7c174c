import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config.js';
import { makeFolder } from './folder.js';

/** The secrets that this server accepts for its default project. */
export interface Credentials {
  readonly bearerToken: string;
  /** The Basic key pair: both or neither. Absent only in production, where none is generated. */
  readonly publicKey?: string;
  readonly secretKey?: string;
  /** As configured; none is generated. */
  readonly metricsToken?: string;
  /** At least one of them comes from `file`, not from the settings. */
  readonly generated: boolean;
  /** `file` was written by this call. */
  readonly firstStart: boolean;
  /** Absolute path of the file with the generated ones, whether it exists or not. */
  readonly file: string;
}

/** A credentials file that cannot be used or written. The message never shows its content. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
}

/** In the data folder. */
const CREDENTIALS_FILE = 'credentials.json';

/** What a start generates, and its file holds. */
export interface Generated {
  readonly bearerToken: string;
  readonly publicKey: string;
  readonly secretKey: string;
}

/**
 * The credentials of this start: those of the settings, completed outside production by ones that are generated once
 * and kept in `<dataDir>/credentials.json`, readable by its owner alone. Two servers that start together on one data
 * folder agree on the same file.
 * @throws CredentialsError if the file is damaged or cannot be written, FolderError, and the file system's error if it
 * cannot be read.
 */
export function resolveCredentials(
  config: Pick<Config, 'production' | 'bearerToken' | 'publicKey' | 'secretKey' | 'metricsToken' | 'dataDir'>,
): Credentials {
  const { bearerToken, publicKey, secretKey, metricsToken } = config;
  const file = join(config.dataDir, CREDENTIALS_FILE);
  if (bearerToken !== undefined && (config.production || publicKey !== undefined)) {
    return { bearerToken, publicKey, secretKey, metricsToken, generated: false, firstStart: false, file };
  }
  if (config.production) throw new CredentialsError('production generates no credentials: set API_BEARER_TOKEN');

  const { kept, firstStart } = readOrCreate(config.dataDir, file);
  return {
    bearerToken: bearerToken ?? kept.bearerToken,
    publicKey: publicKey ?? kept.publicKey,
    secretKey: secretKey ?? kept.secretKey,
    metricsToken,
    generated: true,
    firstStart,
    file,
  };
}

/**
 * The credentials that a server has generated in `dataDir`, for a client on the same machine; undefined where no server
 * has started yet. Makes nothing.
 * @throws CredentialsError if the file is damaged, and the file system's error if it cannot be read.
 */
export function keptCredentials(dataDir: string): Generated | undefined {
  return read(join(dataDir, CREDENTIALS_FILE));
}

function readOrCreate(dataDir: string, file: string): { kept: Generated; firstStart: boolean } {
  const existing = read(file);
  if (existing) return { kept: existing, firstStart: false };
  makeFolder(dataDir);
  const fresh = generate();
  if (writeOnce(file, `${JSON.stringify(fresh, null, 2)}\n`)) return { kept: fresh, firstStart: true };
  const rival = read(file);
  if (!rival) throw new CredentialsError(`${file} was created and removed again by another process; start once more`);
  return { kept: rival, firstStart: false };
}

function generate(): Generated {
  const secret = () => randomBytes(32).toString('base64url');
  return { bearerToken: secret(), publicKey: `pk-xt-${secret()}`, secretKey: `sk-xt-${secret()}` };
}

function read(file: string): Generated | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    // Without the folder, or with a file in its place, there is none either.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    content = undefined;
  }
  if (!isGenerated(content)) {
    throw new CredentialsError(
      `${file} is damaged: expected JSON with bearerToken, publicKey and secretKey. ` +
        'Restore it from a backup, or delete it to get new credentials at the next start.',
    );
  }
  return content;
}

function isGenerated(content: unknown): content is Generated {
  if (typeof content !== 'object' || content === null) return false;
  const { bearerToken, publicKey, secretKey } = content as Record<string, unknown>;
  return [bearerToken, publicKey, secretKey].every(
    (value) => typeof value === 'string' && /^[\x21-\x7e]{16,}$/.test(value),
  );
}

/**
 * Writes `file` as a whole or not at all, and not if it exists: a link appears complete and never replaces.
 * Returns whether this call made it.
 */
function writeOnce(file: string, text: string): boolean {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      writeSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    linkSync(temporary, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // A write to a full disk names no file by itself.
    throw new CredentialsError(
      `Cannot write ${file} (${code}): make room or give the right to, or set XTRACE_DATA_DIR.`,
    );
  } finally {
    rmSync(temporary, { force: true });
  }
}
