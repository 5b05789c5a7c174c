import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type ApiKeyDescription, type KeyScope } from '../../domain/api-key.js';
import { Conflict, InvalidInput, NotFound } from '../../domain/errors.js';
import { type Project } from '../../domain/project.js';
import { type Micros } from '../../domain/time.js';
import { ReadPool } from '../read-pool.js';
import {
  API_KEY_COLUMNS,
  type ApiKeyColumns,
  displaySecret,
  generatePair,
  hashSecret,
  type KeyPair,
  toDescription,
} from './api-key-rows.js';
import { changingKeys, KeyCopies } from './key-changes.js';

/** Every process holds all keys in memory. */
export const MAX_KEYS_PER_PROJECT = 100;

/** A key to be made. */
export interface NewApiKey {
  readonly scopes: readonly KeyScope[];
  readonly note: string | null;
  readonly expiresAt: Micros | null;
  /** Halves that clients have already; made unless given. */
  readonly pair?: KeyPair;
}

/** A key with its secret, which is known at this moment and never again. */
export interface MadeApiKey {
  readonly key: ApiKeyDescription;
  readonly secretKey: string;
}

/** What is needed of a project to make a key, as parameters 1 to 7. */
const NEW_COLUMNS = 'id, public_key, secret_hash, display_secret, project_no';

/** The keys of projects. What this process changes holds in it at once, in others within 5 s. */
@Injectable()
export class ApiKeyStore {
  constructor(
    private readonly pool: ReadPool,
    private readonly copies: KeyCopies,
  ) {}

  /** Newest first. Those that have expired are among them until somebody revokes them. */
  async list(project: Project): Promise<ApiKeyDescription[]> {
    const rows = await this.pool.query<ApiKeyColumns>(
      `SELECT ${API_KEY_COLUMNS} FROM api_keys WHERE project_no = $1 ORDER BY created_at DESC, id`,
      [project.no],
    );
    return rows.map(toDescription);
  }

  /** @throws Conflict when a half of the pair is that of another key, InvalidInput when the project has too many. */
  async create(project: Project, { scopes, note, expiresAt, pair }: NewApiKey): Promise<MadeApiKey> {
    const halves = pair ?? generatePair();
    const sql =
      `INSERT INTO api_keys (${NEW_COLUMNS}, scopes, note, expires_at, created_at) ` +
      "SELECT $1, $2, $3, $4, $5, $6, $7, to_timestamp(0) + $8 * interval '1 microsecond', clock_timestamp() " +
      'WHERE (SELECT count(*) FROM api_keys WHERE project_no = $5) < $9 ' +
      'AND EXISTS (SELECT FROM projects WHERE no = $5 AND deleted_at IS NULL) ON CONFLICT DO NOTHING';
    const made = await this.insert(sql, halves, [project.no, scopes, note, expiresAt, MAX_KEYS_PER_PROJECT]);
    return made ?? (await this.explain(project));
  }

  /**
   * Makes a key that opens the same as the key `id`, which goes on opening it for `overlapSeconds`. A key that was to
   * expire is followed by one of the same lifetime.
   * @throws NotFound unless the project has it, Conflict when it has expired, InvalidInput when there are too many.
   */
  async rotate(project: Project, id: string, overlapSeconds: number): Promise<MadeApiKey> {
    const sql =
      `INSERT INTO api_keys (${NEW_COLUMNS}, scopes, note, expires_at, created_at) ` +
      'SELECT $1, $2, $3, $4, project_no, scopes, note, clock_timestamp() + (expires_at - created_at), clock_timestamp() ' +
      'FROM former WHERE (SELECT count(*) FROM api_keys WHERE project_no = $5) < $7 ON CONFLICT DO NOTHING';
    const former =
      'former AS (SELECT * FROM api_keys WHERE project_no = $5 AND id = $6 ' +
      'AND (expires_at IS NULL OR expires_at > clock_timestamp()) FOR UPDATE)';
    const limited =
      "limited AS (UPDATE api_keys k SET expires_at = least(k.expires_at, clock_timestamp() + $8 * interval '1 second') " +
      'FROM former WHERE k.id = former.id AND EXISTS (SELECT FROM changed))';
    const made = await this.insert(sql, generatePair(), [project.no, id, MAX_KEYS_PER_PROJECT, overlapSeconds], {
      before: former,
      after: limited,
    });
    if (made !== undefined) return made;
    const found = (await this.list(project)).find((key) => key.id === id) ?? notFound(id);
    if (found.expiresAt !== null && found.expiresAt <= Date.now() * 1000)
      throw new Conflict(`API key ${id} has expired: make another`);
    return await this.explain(project);
  }

  /** From now on the key opens nothing, here at once. @throws NotFound unless the project has it. */
  async revoke(project: Project, id: string): Promise<void> {
    const sql = changingKeys({ statement: 'DELETE FROM api_keys WHERE project_no = $1 AND id = $2 RETURNING id' });
    const rows = await this.pool.query(sql, [project.no, id]);
    if (rows.length === 0) notFound(id);
    await this.copies.refresh();
  }

  private async insert(
    sql: string,
    { publicKey, secretKey }: KeyPair,
    params: readonly unknown[],
    parts: { readonly before?: string; readonly after?: string } = {},
  ): Promise<MadeApiKey | undefined> {
    const [row] = await this.pool.query<ApiKeyColumns>(
      changingKeys({ statement: `${sql} RETURNING ${API_KEY_COLUMNS}`, ...parts }),
      [randomUUID(), publicKey, hashSecret(secretKey), displaySecret(secretKey), ...params],
    );
    if (row === undefined) return undefined;
    // The key is made, and its secret is not lost because this process learns of it a little later.
    await this.copies.refresh().catch(() => undefined);
    return { key: toDescription(row), secretKey };
  }

  /** Why no key was made. */
  private async explain(project: Project): Promise<never> {
    const keys = await this.list(project);
    if (keys.length >= MAX_KEYS_PER_PROJECT)
      throw new InvalidInput(`a project has at most ${MAX_KEYS_PER_PROJECT} keys: revoke one first`);
    throw new Conflict('There is a key with this public or secret key already');
  }
}

function notFound(id: string): never {
  throw new NotFound(`API key ${id} not found within authorized project`);
}
