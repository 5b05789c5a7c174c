import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Client } from 'pg';
import { type DatabaseConnection } from '../../src/config/database-connection.js';
import { ArchiveReader } from '../../src/cli/backup/archive-reader.js';
import { FileExists } from '../../src/cli/backup/archive-writer.js';
import { writeBackup } from '../../src/cli/backup/backup.js';
import { BackupDamaged } from '../../src/cli/backup/manifest.js';
import { restoreCredentials } from '../../src/cli/backup/restore-credentials.js';
import { restoreBackup, verifyBackup } from '../../src/cli/backup/restore.js';
import { Progress } from '../../src/cli/progress.js';
import { RestoreRefused, TableRestore } from '../../src/storage/backup/table-restore.js';
import { NoSchema, TableSnapshot } from '../../src/storage/backup/table-snapshot.js';
import { readPartitions } from '../../src/storage/backup/schema-contents.js';
import { SchemaIsNewer, executedMigrations } from '../../src/storage/data-source.js';
import { MetricPartitionKeeper } from '../../src/storage/metric-partitions.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';
import { insertRows, makePartitions } from '../support/rows.js';
import { removeFolder, temporaryFolder } from '../support/server-process.js';
import { checksums, fillAllTables } from '../support/table-contents.js';

jest.setTimeout(60_000);

const quiet = () => new Progress({ write: () => true });

describe('a backup', () => {
  let folder: string;
  let file: string;
  let source: TestDatabase;
  const targets: TestDatabase[] = [];

  const target = async (options: { empty?: boolean } = {}) => {
    const database = await createTestDatabase(options);
    targets.push(database);
    return database;
  };
  const restore = async (database: DatabaseConnection, replace = false, from = file) => {
    const archive = await ArchiveReader.open(from);
    try {
      await verifyBackup(archive, quiet());
      return await restoreBackup({ database, archive, replace, progress: quiet() });
    } finally {
      archive.close();
    }
  };

  beforeAll(async () => {
    folder = temporaryFolder();
    file = join(folder, 'backup.zip');
    writeFileSync(join(folder, 'credentials.json'), '{"bearerToken":"of the source"}\n');
    source = await createTestDatabase();
    const dataSource = await source.dataSource();
    await makePartitions(dataSource);
    await new MetricPartitionKeeper(dataSource).ensure();
    await fillAllTables(source.pool);
    await writeBackup({
      database: source.connection,
      file,
      credentialsFile: join(folder, 'credentials.json'),
      progress: quiet(),
    });
  });
  afterEach(async () => {
    for (const database of targets.splice(0)) await database.drop();
  });
  afterAll(async () => {
    await source.drop();
    removeFolder(folder);
  });

  it('brings every table back as it was, with its partitions', async () => {
    const { pool, connection } = await target({ empty: true });
    expect(await restore(connection)).toMatchObject({ migrated: [], skipped: [] });
    const expected = await checksums(source.pool);
    expect(await checksums(pool)).toEqual(expected);
    for (const sum of Object.values(expected)) expect(sum).toMatch(/^2 /);
    const [before, after] = await Promise.all(
      [source.pool, pool].map(async (database) => {
        const client = await database.connect();
        const partitions = await readPartitions(client);
        client.release();
        return partitions;
      }),
    );
    expect(after).toEqual(before);
    expect(after!.length).toBeGreaterThan(10);
  });

  it('is readable by its owner alone, and never replaces a file', async () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await expect(writeBackup({ database: source.connection, file, progress: quiet() })).rejects.toThrow(FileExists);
  });

  it('leaves no file behind when it fails', async () => {
    const { connection } = await target({ empty: true });
    const none = join(folder, 'none.zip');
    await expect(writeBackup({ database: connection, file: none, progress: quiet() })).rejects.toThrow(NoSchema);
    expect(readdirSync(folder).sort()).toEqual(['backup.zip', 'credentials.json']);
  });

  it('holds one moment, whatever is written while it is read', async () => {
    const { pool, connection } = await target();
    await insertRows(pool, 'traces', [{ trace_id: 'before' }]);
    const snapshot = await TableSnapshot.open(connection);
    await insertRows(pool, 'traces', [{ trace_id: 'after' }]);
    const { stream, rows } = snapshot.read({ name: 'traces', columns: ['trace_id'] });
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('before\n');
    expect(await rows()).toBe(1);
    await snapshot.close();
  });

  it('of an older schema is restored into that schema, which is then migrated', async () => {
    const old = await target();
    const dataSource = await old.dataSource();
    const all = await executedMigrations(dataSource);
    await dataSource.undoLastMigration();
    await insertRows(old.pool, 'traces', [{ trace_id: 'old' }]);
    const oldFile = join(folder, 'old.zip');
    await writeBackup({ database: old.connection, file: oldFile, progress: quiet() });
    const fresh = await target({ empty: true });
    expect(await restore(fresh.connection, false, oldFile)).toMatchObject({ migrated: [all.at(-1)] });
    expect(await executedMigrations(await fresh.dataSource())).toEqual(all);
    expect((await fresh.pool.query('SELECT trace_id FROM traces')).rows).toEqual([{ trace_id: 'old' }]);
  });

  it('goes into a database that a server has only been started on', async () => {
    const { connection, pool } = await target();
    await pool.query(`INSERT INTO projects (no, id, name) VALUES (1, 'default', 'default')`);
    await restore(connection);
    expect(await checksums(pool)).toEqual(await checksums(source.pool));
  });

  it('replaces data only with consent, and then all of it', async () => {
    const { connection, pool } = await target();
    await insertRows(pool, 'traces', [{ trace_id: 'mine' }]);
    const before = await checksums(pool);
    await expect(restore(connection)).rejects.toThrow('the database holds data (in traces)');
    expect(await checksums(pool)).toEqual(before);
    await restore(connection, true);
    expect(await checksums(pool)).toEqual(await checksums(source.pool));
  });

  it('is not restored under a server that is connected', async () => {
    const { connection } = await target();
    const server = new Client({ ...connection, application_name: 'xtrace writes' });
    await server.connect();
    await expect(restore(connection, true)).rejects.toThrow('stop it, restore, and start it again');
    await server.end();
    await restore(connection, true);
  });

  it('of a newer schema is refused, and so is a newer database', async () => {
    const { connection, pool } = await target();
    const plan = { migrations: ['AddFuture2000000000000'], partitions: [], sequences: [], replace: true };
    await expect(TableRestore.begin(connection, plan)).rejects.toThrow(RestoreRefused);
    await pool.query(`INSERT INTO migrations (timestamp, name) VALUES (2000000000000, 'AddFuture2000000000000')`);
    await expect(restore(connection, true)).rejects.toThrow(SchemaIsNewer);
  });

  it('whose restore fails half-way leaves the database as it was', async () => {
    const { connection, pool } = await target();
    await insertRows(pool, 'traces', [{ trace_id: 'mine' }]);
    const before = await checksums(pool);
    const archive = await ArchiveReader.open(file);
    const table = archive.table.bind(archive);
    archive.table = (name) =>
      name === 'traces' ? Promise.resolve(Readable.from([Buffer.from('no\trow\n')])) : table(name);
    await expect(restoreBackup({ database: connection, archive, replace: true, progress: quiet() })).rejects.toThrow(
      'invalid input syntax',
    );
    archive.close();
    expect(await checksums(pool)).toEqual(before);
  });

  it('with a row too few is refused before anything is kept', async () => {
    const { connection, pool } = await target();
    const archive = await ArchiveReader.open(file);
    const table = archive.table.bind(archive);
    archive.table = (name) => (name === 'sessions' ? Promise.resolve(Readable.from([])) : table(name));
    await expect(restoreBackup({ database: connection, archive, replace: false, progress: quiet() })).rejects.toThrow(
      'table sessions gave 0 rows, and the backup says 2',
    );
    archive.close();
    expect((await pool.query('SELECT FROM traces')).rowCount).toBe(0);
  });

  it('that is cut off anywhere is refused', async () => {
    const whole = readFileSync(file);
    const cut = join(folder, 'cut.zip');
    for (const length of [0, 1, 100, whole.length >> 1, whole.length - 30, whole.length - 1]) {
      writeFileSync(cut, whole.subarray(0, length));
      await expect(ArchiveReader.open(cut)).rejects.toThrow(BackupDamaged);
    }
  });

  it('with a flipped bit is refused, or still gives the same rows', async () => {
    const whole = readFileSync(file);
    const bad = join(folder, 'bad.zip');
    let refused = 0;
    for (let position = 11; position < whole.length; position += 97) {
      const copy = Buffer.from(whole);
      copy[position]! ^= 0x10;
      writeFileSync(bad, copy);
      try {
        const archive = await ArchiveReader.open(bad);
        await archive.verify(() => undefined).finally(() => archive.close());
      } catch (error) {
        expect(error).toBeInstanceOf(BackupDamaged);
        refused += 1;
      }
    }
    // The rest hit names, times and attributes that ZIP keeps twice or that mean nothing to us.
    expect(refused).toBeGreaterThan(whole.length / 97 / 2);
  });

  it('gives credentials to a data folder that has none, and replaces others only with consent', async () => {
    const archive = await ArchiveReader.open(file);
    const dataDir = join(folder, 'data');
    const kept = join(dataDir, 'credentials.json');
    expect(await restoreCredentials(archive, dataDir, false)).toContain(kept);
    expect(readFileSync(kept, 'utf8')).toContain('of the source');
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    expect(await restoreCredentials(archive, dataDir, false)).toBeUndefined();
    writeFileSync(kept, 'others');
    expect(await restoreCredentials(archive, dataDir, false)).toContain('left as it is');
    expect(readFileSync(kept, 'utf8')).toBe('others');
    const line = await restoreCredentials(archive, dataDir, true);
    expect(readFileSync(kept, 'utf8')).toContain('of the source');
    const [aside = ''] = /\S+replaced-\S+/.exec(line ?? '') ?? [];
    expect(existsSync(aside) && readFileSync(aside, 'utf8')).toBe('others');
    archive.close();
  });
});
