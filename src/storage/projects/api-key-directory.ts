import { timingSafeEqual } from 'node:crypto';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Pool, type PoolClient, type QueryResultRow } from 'pg';
import { type DatabaseConnection } from '../../config/database-connection.js';
import { type ApiKey, KeyDirectory, type KeyScope } from '../../domain/api-key.js';
import { Unavailable } from '../../domain/errors.js';
import { clientOptions } from '../client-options.js';
import { RepeatedWork } from '../repeated-work.js';
import { hashSecret } from './api-key-rows.js';
import { KEY_CHANNEL, KEY_COUNTER, type KeyCopies } from './key-changes.js';

/**
 * One look at one row. With the longest that it may take less than 5 s, after which a key that another process has
 * revoked opens nothing here, as long as the database answers.
 */
const POLL_MS = 2000;
const QUERY_TIMEOUT_MS = 2500;
/** How often the time of the last use of one key is written. */
const USE_WRITTEN_EVERY_MS = 60_000;

const NO_HASH = Buffer.alloc(32);

const REVISION = 'SELECT revision::text FROM change_counters WHERE name = $1';
const KEYS =
  'SELECT k.id, k.public_key, k.secret_hash, k.scopes, k.expires_at, p.no, p.id AS project_id ' +
  'FROM api_keys k JOIN projects p ON p.no = k.project_no AND p.deleted_at IS NULL';
const WRITE_USES =
  'UPDATE api_keys k SET last_used_at = u.at FROM unnest($1::text[], $2::timestamptz[]) u(id, at) ' +
  'WHERE k.id = u.id AND (k.last_used_at IS NULL OR k.last_used_at < u.at)';

interface HeldKey extends ApiKey {
  readonly publicKey: string;
  readonly secretHash: Buffer;
  readonly expiresMs: number;
}

interface Use {
  usedMs: number;
  writtenMs: number;
}

/**
 * All keys in memory, because authentication happens with every request and before its body is read. The copy follows
 * the table in two ways: PostgreSQL tells of changes at once, and a look every two seconds finds them where it cannot,
 * behind a pooler that shares connections between transactions.
 */
export class ApiKeyDirectory extends KeyDirectory implements KeyCopies, OnApplicationShutdown {
  private readonly logger = new Logger('Keys');
  private readonly pool: Pool;
  private readonly listening = new WeakSet<PoolClient>();
  private byPublicKey = new Map<string, HeldKey>();
  /** The hash in base64. */
  private bySecretHash = new Map<string, HeldKey>();
  private readonly uses = new Map<string, Use>();
  private revision: string | undefined;
  /** The refresh that was asked for last; each begins after the one before it has ended. */
  private refreshed: Promise<void> = Promise.resolve();
  private readonly rounds: RepeatedWork;
  private isStale = false;

  private constructor(database: DatabaseConnection, pollMs: number) {
    super();
    this.rounds = new RepeatedWork(() => this.poll(), pollMs);
    // A connection of its own: when queries occupy all others, revoked keys would go on opening.
    this.pool = new Pool({
      ...clientOptions(database, 'xtrace keys'),
      max: 1,
      idleTimeoutMillis: 0,
      query_timeout: QUERY_TIMEOUT_MS,
      statement_timeout: QUERY_TIMEOUT_MS,
    });
    // Without a listener the loss of an idle connection would end the process; the next look makes another.
    this.pool.on('error', () => undefined);
  }

  /** Reads all keys, and follows them until the shutdown. */
  static async open(database: DatabaseConnection, pollMs: number = POLL_MS): Promise<ApiKeyDirectory> {
    const directory = new ApiKeyDirectory(database, pollMs);
    await directory.refresh();
    directory.rounds.start();
    return directory;
  }

  override findByPair(publicKey: string, secretKey: string): ApiKey | undefined {
    const key = this.byPublicKey.get(publicKey);
    // Also where there is no such key, so that both answers take the same time.
    const isRight = timingSafeEqual(key?.secretHash ?? NO_HASH, hashSecret(secretKey));
    return isRight ? this.use(key) : undefined;
  }

  /** The map is asked for a hash, of which the sender cannot choose a prefix: how long it takes tells nothing of keys. */
  override findBySecret(secretKey: string): ApiKey | undefined {
    return this.use(this.bySecretHash.get(hashSecret(secretKey).toString('base64')));
  }

  override findByPublicKey(publicKey: string): ApiKey | undefined {
    return this.use(this.byPublicKey.get(publicKey));
  }

  /** Resolves once this holds what was committed at the call. @throws Unavailable when the database does not answer. */
  async refresh(): Promise<void> {
    const next = this.refreshed.catch(() => undefined).then(() => this.load());
    this.refreshed = next;
    try {
      await next;
    } catch (error) {
      throw new Unavailable(`the database does not answer: ${(error as Error).message}`);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
    await this.writeUses(0).catch(() => undefined);
    await this.pool.end();
  }

  private use(key: HeldKey | undefined): ApiKey | undefined {
    const nowMs = Date.now();
    if (key === undefined || key.expiresMs <= nowMs) return undefined;
    const use = this.uses.get(key.id);
    if (use === undefined) this.uses.set(key.id, { usedMs: nowMs, writtenMs: -Infinity });
    else use.usedMs = nowMs;
    return key;
  }

  /** Never rejects: what is known stays in force while the database is away. */
  private async poll(): Promise<void> {
    try {
      await this.refresh();
      await this.writeUses(USE_WRITTEN_EVERY_MS);
      if (this.isStale) this.logger.log('keys are followed again');
      this.isStale = false;
    } catch (error) {
      if (!this.isStale && !this.rounds.isStopping)
        this.logger.warn(`keys are as they were: ${(error as Error).message}`);
      this.isStale = true;
    }
  }

  /** The revision first: what changes after it is read once more, never missed. */
  private async load(): Promise<void> {
    const [counter] = await this.query<{ revision: string }>(REVISION, [KEY_COUNTER]);
    const revision = counter?.revision ?? '';
    if (revision === this.revision) return;
    const keys = (await this.query<KeyColumns>(KEYS)).map(toKey);
    this.byPublicKey = new Map(keys.map((key) => [key.publicKey, key]));
    this.bySecretHash = new Map(keys.map((key) => [key.secretHash.toString('base64'), key]));
    this.revision = revision;
    const ids = new Set(keys.map(({ id }) => id));
    for (const id of this.uses.keys()) if (!ids.has(id)) this.uses.delete(id);
  }

  /** On the one connection, which listens from its first statement on. */
  private async query<T extends QueryResultRow>(sql: string, params: unknown[] = []): Promise<T[]> {
    const client = await this.pool.connect();
    try {
      if (!this.listening.has(client)) await this.listen(client);
      const { rows } = await client.query<T>(sql, params);
      client.release();
      return rows;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  private async listen(client: PoolClient): Promise<void> {
    // Its loss fails the statement that runs; without a listener it would end the process as well.
    client.on('error', () => undefined);
    await client.query(`LISTEN ${KEY_CHANNEL}`);
    client.on('notification', () => void this.refresh().catch(() => undefined));
    this.listening.add(client);
  }

  /** Writes the times of keys that were used since theirs was written, at least `ageMs` ago. */
  private async writeUses(ageMs: number): Promise<void> {
    const nowMs = Date.now();
    const due = [...this.uses].filter(([, { usedMs, writtenMs }]) => usedMs > writtenMs && nowMs - writtenMs >= ageMs);
    if (due.length === 0) return;
    // Sorted: two processes that write the same rows wait for each other, and never both.
    due.sort(([a], [b]) => (a < b ? -1 : 1));
    await this.query(WRITE_USES, [due.map(([id]) => id), due.map(([, { usedMs }]) => new Date(usedMs))]);
    for (const [, use] of due) use.writtenMs = nowMs;
  }
}

interface KeyColumns {
  id: string;
  public_key: string;
  secret_hash: Buffer;
  scopes: KeyScope[];
  expires_at: Date | null;
  no: number;
  project_id: string;
}

function toKey(row: KeyColumns): HeldKey {
  return {
    id: row.id,
    project: { no: row.no, id: row.project_id },
    scopes: row.scopes,
    publicKey: row.public_key,
    secretHash: row.secret_hash,
    expiresMs: row.expires_at?.getTime() ?? Infinity,
  };
}
