import { connect } from 'node:net';
import { Logger } from '@nestjs/common';
import { type ApiKey, type KeyScope } from '../../src/domain/api-key.js';
import { Conflict, InvalidInput, NotFound } from '../../src/domain/errors.js';
import { type Project } from '../../src/domain/project.js';
import { type DatabaseConnection } from '../../src/config/database-connection.js';
import { ApiKeyDirectory } from '../../src/storage/projects/api-key-directory.js';
import { ApiKeyStore, MAX_KEYS_PER_PROJECT, type MadeApiKey } from '../../src/storage/projects/api-key-store.js';
import { openDefaultProject } from '../../src/storage/projects/default-project.js';
import { type KeyCopies, NoKeyCopies } from '../../src/storage/projects/key-changes.js';
import { ProjectStore } from '../../src/storage/projects/project-store.js';
import { ReadPool } from '../../src/storage/read-pool.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { waitFor } from '../support/server-process.js';
import { startTransactionPooler } from '../support/transaction-pooler.js';

jest.setTimeout(60_000);

const NEVER_MS = 3_600_000;
const WANTED = { scopes: ['ingest', 'read'] as const, note: null, expiresAt: null };

let database: TestDatabase;
let pool: ReadPool;
let projects: ProjectStore;
let project: Project;
const directories: ApiKeyDirectory[] = [];

/** The keys as a process of its own holds them; it looks for changes only every `pollMs`. */
const openDirectory = async (pollMs = NEVER_MS, connection: DatabaseConnection = database.connection) => {
  const directory = await ApiKeyDirectory.open(connection, pollMs);
  directories.push(directory);
  return directory;
};
/** What a process that holds `copies` does with keys; without them it is the command line. */
const storeWith = (copies: KeyCopies = new NoKeyCopies()) => new ApiKeyStore(pool, copies);
const find = (directory: ApiKeyDirectory, { key, secretKey }: MadeApiKey): (ApiKey | undefined)[] => [
  directory.findByPair(key.publicKey, secretKey),
  directory.findBySecret(secretKey),
  directory.findByPublicKey(key.publicKey),
];
const opens = (directory: ApiKeyDirectory, made: MadeApiKey): boolean => {
  const found = find(directory, made);
  const isOpen = found[0] !== undefined;
  // All ways to use a key begin and end together.
  expect(found.map((one) => one !== undefined)).toEqual([isOpen, isOpen, isOpen]);
  return isOpen;
};
const expireAfter = (made: MadeApiKey, seconds: number) =>
  database.pool.query("UPDATE api_keys SET expires_at = now() + $2 * interval '1 second' WHERE id = $1", [
    made.key.id,
    seconds,
  ]);

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
  pool = new ReadPool(await database.dataSource(), { readTimeoutMs: 10_000 });
});
beforeEach(async () => {
  projects = new ProjectStore(pool, new NoKeyCopies());
  const { id } = await projects.create({ name: 'a project' });
  project = await projects.find(id);
});
afterEach(async () => {
  await Promise.all(directories.splice(0).map((directory) => directory.onApplicationShutdown()));
});
afterAll(() => database.drop());

describe('a key', () => {
  it('opens its project with its scopes, and nothing like it does', async () => {
    const directory = await openDirectory();
    const made = await storeWith(directory).create(project, WANTED);
    const expected = { id: made.key.id, project, scopes: ['ingest', 'read'] };
    expect(find(directory, made)).toMatchObject([expected, expected, expected]);
    const { publicKey } = made.key;
    const other = await storeWith(directory).create(project, WANTED);
    expect(directory.findByPair(publicKey, other.secretKey)).toBeUndefined();
    expect(directory.findByPair(other.key.publicKey, made.secretKey)).toBeUndefined();
    expect(directory.findByPair(publicKey, '')).toBeUndefined();
    expect(directory.findByPair('', made.secretKey)).toBeUndefined();
    expect(directory.findBySecret(made.secretKey.slice(0, -1))).toBeUndefined();
    expect(directory.findBySecret(publicKey)).toBeUndefined();
    expect(directory.findByPublicKey(made.secretKey)).toBeUndefined();
    // An empty hash is what an unknown public key is compared with.
    expect(directory.findByPair('unknown', '\0'.repeat(32))).toBeUndefined();
  });

  it('is known to the database by a hash alone', async () => {
    const made = await storeWith().create(project, { ...WANTED, note: 'n' });
    const { rows } = await database.pool.query<{ text: string; hash: Buffer }>(
      'SELECT k::text AS text, secret_hash AS hash FROM api_keys k WHERE id = $1',
      [made.key.id],
    );
    expect(rows[0]!.text).toContain(made.key.publicKey);
    expect(rows[0]!.text).not.toContain(made.secretKey.slice(6, -4));
    expect(rows[0]!.text).not.toContain(Buffer.from(made.secretKey).toString('hex'));
    expect(rows[0]!.hash).toHaveLength(32);
    // 256 bits of randomness in each half.
    expect(made.secretKey).toMatch(/^sk-xt-[\w-]{43}$/);
    expect(made.key.publicKey).toMatch(/^pk-xt-[\w-]{43}$/);
  });

  it('may be one that clients have already, but not that of another', async () => {
    const pair = { publicKey: 'pk-lf-1234567890', secretKey: 'sk-lf-1234567890' };
    const directory = await openDirectory();
    const made = await storeWith(directory).create(project, { ...WANTED, pair });
    expect(directory.findByPair(pair.publicKey, pair.secretKey)).toMatchObject({ id: made.key.id });
    for (const taken of [pair, { ...pair, publicKey: 'pk-lf-other' }, { ...pair, secretKey: 'sk-lf-other-567890' }]) {
      await expect(storeWith().create(project, { ...WANTED, pair: taken })).rejects.toThrow(Conflict);
    }
  });

  it('opens nothing from its expiry on, without anybody doing anything', async () => {
    const made = await storeWith().create(project, { ...WANTED, expiresAt: (Date.now() + 3_600_000) * 1000 });
    const directory = await openDirectory();
    expect(opens(directory, made)).toBe(true);
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_001);
    expect(opens(directory, made)).toBe(false);
    jest.restoreAllMocks();
  });

  it('cannot be made beyond the limit of a project, nor for a project that is deleted', async () => {
    await database.pool.query(
      `INSERT INTO api_keys (id, project_no, public_key, secret_hash, display_secret, scopes, created_at)
       SELECT 'full' || i, $1, 'full' || i, int4send(i), '', '{read}', now() FROM generate_series(1, $2::int) i`,
      [project.no, MAX_KEYS_PER_PROJECT],
    );
    await expect(storeWith().create(project, WANTED)).rejects.toThrow(InvalidInput);
    await expect(storeWith().rotate(project, 'full1', 0)).rejects.toThrow(InvalidInput);
    await projects.delete(project);
    expect(await storeWith().list(project)).toEqual([]);
    await expect(storeWith().create(project, WANTED)).rejects.toThrow(Conflict);
  });
});

describe('a revoked key', () => {
  it('opens nothing in the process that revoked it when that has been answered', async () => {
    const directory = await openDirectory();
    const store = storeWith(directory);
    const [made, kept] = [await store.create(project, WANTED), await store.create(project, WANTED)];
    await store.revoke(project, made.key.id);
    expect([opens(directory, made), opens(directory, kept)]).toEqual([false, true]);
    await expect(store.revoke(project, made.key.id)).rejects.toThrow(NotFound);
  });

  it('is told of to other processes', async () => {
    const made = await storeWith().create(project, WANTED);
    const other = await openDirectory();
    expect(opens(other, made)).toBe(true);
    await storeWith().revoke(project, made.key.id);
    await waitFor(() => !opens(other, made));
    const next = await storeWith().create(project, WANTED);
    await waitFor(() => opens(other, next));
  });

  it('is found out behind a pooler, through which nobody can be told', async () => {
    const { host, port } = database.connection;
    const pooler = await startTransactionPooler(() => connect(`${host}/.s.PGSQL.${port}`));
    const made = await storeWith().create(project, WANTED);
    try {
      const other = await openDirectory(50, { ...database.connection, host: '127.0.0.1', port: pooler.port });
      expect(opens(other, made)).toBe(true);
      await storeWith().revoke(project, made.key.id);
      await waitFor(() => !opens(other, made));
      await other.onApplicationShutdown();
      directories.splice(directories.indexOf(other), 1);
    } finally {
      await pooler.stop();
    }
  });

  it('is found out after the connection was lost, and keys stay in force meanwhile', async () => {
    const made = await storeWith().create(project, WANTED);
    const directory = await openDirectory(50);
    await database.pool.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'xtrace keys' AND datname = current_database()",
    );
    expect(opens(directory, made)).toBe(true);
    await storeWith().revoke(project, made.key.id);
    await waitFor(() => !opens(directory, made));
  });

  it('is only revoked by its own project', async () => {
    const made = await storeWith().create(project, WANTED);
    const other = await projects.find((await projects.create({ name: 'other' })).id);
    await expect(storeWith().revoke(other, made.key.id)).rejects.toThrow(NotFound);
    await expect(storeWith().rotate(other, made.key.id, 0)).rejects.toThrow(NotFound);
    expect(await storeWith().list(other)).toEqual([]);
    expect(opens(await openDirectory(), made)).toBe(true);
  });
});

describe('a rotated key', () => {
  it('goes on beside its successor for as long as it was told', async () => {
    const directory = await openDirectory();
    const store = storeWith(directory);
    const scopes: readonly KeyScope[] = ['read', 'admin'];
    const made = await store.create(project, { scopes, note: 'mine', expiresAt: null });
    const next = await store.rotate(project, made.key.id, 60);
    expect(next.key).toMatchObject({ scopes, note: 'mine', expiresAt: null });
    expect(next.secretKey).not.toBe(made.secretKey);
    expect([opens(directory, made), opens(directory, next)]).toEqual([true, true]);
    const nowMs = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(nowMs + 61_000);
    expect([opens(directory, made), opens(directory, next)]).toEqual([false, true]);
    jest.restoreAllMocks();
  });

  it('ends at once without an overlap, and is not rotated again', async () => {
    const directory = await openDirectory();
    const store = storeWith(directory);
    const made = await store.create(project, WANTED);
    const next = await store.rotate(project, made.key.id, 0);
    expect([opens(directory, made), opens(directory, next)]).toEqual([false, true]);
    await expect(store.rotate(project, made.key.id, 0)).rejects.toThrow('has expired');
  });

  it('is followed by one of the same lifetime, and never lives longer for it', async () => {
    const store = storeWith();
    const made = await store.create(project, WANTED);
    await expireAfter(made, 1000);
    const next = await store.rotate(project, made.key.id, 2000);
    const [former] = (await store.list(project)).filter(({ id }) => id === made.key.id);
    expect(former!.expiresAt! - made.key.createdAt).toBeLessThan(1002 * 1e6);
    expect((next.key.expiresAt! - next.key.createdAt) / 1e6).toBeCloseTo(
      (former!.expiresAt! - former!.createdAt) / 1e6,
      1,
    );
  });
});

describe('the last use of a key', () => {
  const lastUse = async (made: MadeApiKey) =>
    (await storeWith().list(project)).find(({ id }) => id === made.key.id)!.lastUsedAt;

  it('is written in passing, at most once a minute', async () => {
    const made = await storeWith().create(project, WANTED);
    const unused = await storeWith().create(project, WANTED);
    const directory = await openDirectory(20);
    const startMs = Date.now();
    opens(directory, made);
    const first = await waitFor(() => lastUse(made));
    expect(first).toBeGreaterThanOrEqual(startMs * 1000);
    opens(directory, made);
    // Some looks later: the key that is made meanwhile is seen by one of them.
    const later = await storeWith().create(project, WANTED);
    opens(await openDirectory(), later);
    await waitFor(() => directory.findByPublicKey(later.key.publicKey));
    await waitFor(() => lastUse(later));
    expect(await lastUse(made)).toBe(first);
    expect(await lastUse(unused)).toBeNull();
  });

  it('is not lost at a stop', async () => {
    const made = await storeWith().create(project, WANTED);
    const directory = await openDirectory();
    opens(directory, made);
    expect(await lastUse(made)).toBeNull();
    await directory.onApplicationShutdown();
    directories.splice(directories.indexOf(directory), 1);
    expect(await lastUse(made)).not.toBeNull();
  });
});

describe('projects', () => {
  it('are named once, and numbered for ever', async () => {
    const { id } = await projects.create({ name: 'One', metadata: '{"team":"a"}' }, 'one');
    const first = await projects.find(id);
    await expect(projects.create({ name: 'Two' }, 'one')).rejects.toThrow(Conflict);
    expect(await projects.update(first, { name: 'Uno' })).toMatchObject({ name: 'Uno', metadata: '{"team": "a"}' });

    await projects.delete(first);
    await expect(projects.find('one')).rejects.toThrow(NotFound);
    await expect(projects.describe(first)).rejects.toThrow(NotFound);
    await expect(projects.update(first, { name: 'x' })).rejects.toThrow(NotFound);
    await expect(projects.delete(first)).rejects.toThrow(NotFound);
    await projects.create({ name: 'Again' }, 'one');
    expect((await projects.find('one')).no).toBeGreaterThan(first.no);
  });

  it('take their keys with them, in every process', async () => {
    const made = await storeWith().create(project, WANTED);
    const [own, other] = [await openDirectory(), await openDirectory()];
    expect([opens(own, made), opens(other, made)]).toEqual([true, true]);
    await new ProjectStore(pool, own).delete(project);
    expect(opens(own, made)).toBe(false);
    await waitFor(() => !opens(other, made));
  });

  it('can be made by several at once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, (_, i) => projects.create({ name: 'many' }, `many-${i}`)));
    const numbers = await Promise.all(made.map(async ({ id }) => (await projects.find(id)).no));
    expect(new Set(numbers).size).toBe(8);
  });

  it('have one that the settings name, made once', async () => {
    const dataSource = await database.dataSource();
    const found = await Promise.all([1, 2, 3].map(() => openDefaultProject(dataSource, 'of the settings')));
    expect(new Set(found.map((directory) => directory.defaultProject().no)).size).toBe(1);
    expect(found[0]!.defaultProject().id).toBe('of the settings');
  });

  it('have a name of the settings only until somebody gives them another', async () => {
    const dataSource = await database.dataSource();
    const nameOf = async () => (await projects.list()).find(({ id }) => id === 'named')?.name;
    await openDefaultProject(dataSource, 'named', 'Support');
    expect(await nameOf()).toBe('Support');
    await projects.update(await projects.find('named'), { name: 'Help' });
    await openDefaultProject(dataSource, 'named', 'Support');
    expect(await nameOf()).toBe('Help');
  });
});
