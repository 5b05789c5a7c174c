import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { type DataSource } from 'typeorm';
import { parseConfig } from '../../src/config/config.js';
import { newDataSource } from '../../src/storage/data-source.js';
import { PartitionKeeper } from '../../src/storage/partitions.js';
import { bucketAt } from '../../src/storage/trace-writer.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { wrongSums } from '../support/fold.js';
import { batchOf, NOW_MS, type Patch } from '../support/messages.js';
import { openQueue } from '../support/write-database.js';

jest.setTimeout(60_000);

const WEEK_MS = 7 * 86_400_000;
const TABLES = ['logs', 'observation_payloads', 'observations', 'trace_payloads'];
const observation: Patch = { kind: 'observation', index: 0, traceId: 't', id: 'o', stamp: 2, input: '"x"' };
const trace: Patch = { kind: 'trace', index: 0, traceId: 't', stamp: 2, input: '"x"' };

describe('weekly partitions', () => {
  beforeAll(() => Logger.overrideLogger(false));

  let database: TestDatabase;
  let keeper: PartitionKeeper;
  beforeEach(async () => {
    database = await createTestDatabase();
    // See createWriteDatabase.
    database.pool.on('error', () => undefined);
    keeper = await keeperWith({});
  });
  afterEach(() => database.drop());

  async function keeperWith(env: Record<string, string>): Promise<PartitionKeeper> {
    return new PartitionKeeper(await database.dataSource(), parseConfig(env));
  }

  async function partitions(): Promise<{ parent: string; name: string; oid: number; bounds: string }[]> {
    const { rows } = await database.pool.query(
      `SELECT i.inhparent::regclass::text AS parent, c.relname AS name, c.oid::int8 AS oid,
       pg_get_expr(c.relpartbound, c.oid) AS bounds
       FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relkind = 'r' ORDER BY 2`,
    );
    return rows;
  }

  const bucket = bucketAt(NOW_MS);
  const expectedNames = (first: number, weeks = 5): string[] =>
    TABLES.flatMap((table) => Array.from({ length: weeks }, (_, i) => `${table}_w${first + i}`)).sort();

  it('are made for this week and the next four, of four tables', async () => {
    await keeper.ensure(NOW_MS);
    const made = await partitions();
    expect(made.map(({ name }) => name)).toEqual(expectedNames(bucket));
    for (const { parent, name, bounds } of made) {
      const week = Number(name.slice(-4));
      expect(name).toBe(`${parent}_w${week}`);
      expect(bounds).toBe(`FOR VALUES FROM (${week}) TO (${week + 1})`);
    }
  });

  it('are made once: asking again changes nothing', async () => {
    await keeper.ensure(NOW_MS);
    const made = await partitions();
    await keeper.ensure(NOW_MS);
    await keeper.ensure(NOW_MS + 1000);
    expect(await partitions()).toEqual(made);
  });

  it('are added as the weeks go by, and stay when they are over', async () => {
    await keeper.ensure(NOW_MS);
    await keeper.ensure(NOW_MS + WEEK_MS);
    expect((await partitions()).map(({ name }) => name)).toEqual(expectedNames(bucket, 6));
  });

  it('are made by several processes at once without a quarrel', async () => {
    const others: DataSource[] = [];
    for (let i = 0; i < 4; i += 1) {
      others.push(await newDataSource(database.connection, { connections: 1, timeoutMs: 30_000 }).initialize());
    }
    try {
      await Promise.all(others.map((dataSource) => new PartitionKeeper(dataSource, parseConfig({})).ensure(NOW_MS)));
      expect((await partitions()).map(({ name }) => name)).toEqual(expectedNames(bucket));
    } finally {
      await Promise.all(others.map((dataSource) => dataSource.destroy()));
    }
  });

  it('are made while a writer and a reader are in the middle of a transaction', async () => {
    await keeper.ensure(NOW_MS);
    const clients = [new Client(database.connection), new Client(database.connection)];
    const [writer, reader] = clients as [Client, Client];
    for (const client of clients) await client.connect();
    try {
      await writer.query('BEGIN');
      await writer.query(
        `INSERT INTO observations (project_no, trace_id, id, bucket, created_at, updated_at) VALUES (1, 't', 'o', $1, now(), now())`,
        [bucket],
      );
      await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      for (const table of TABLES) await reader.query(`SELECT FROM ${table}`);
      // Waiting for one of them would take for ever.
      await keeper.ensure(NOW_MS + WEEK_MS);
      expect((await partitions()).map(({ name }) => name)).toEqual(expectedNames(bucket, 6));
      await writer.query('COMMIT');
    } finally {
      for (const client of clients) await client.end();
    }
    const { rows } = await database.pool.query('SELECT id FROM observations');
    expect(rows).toEqual([{ id: 'o' }]);
  });

  it('let writers write while they are being made', async () => {
    await keeper.ensure(NOW_MS);
    const maker = new Client(database.connection);
    await maker.connect();
    const queue = openQueue(database.connection);
    try {
      await maker.query('BEGIN');
      // What the keeper does, stopped before its commit.
      await maker.query('CREATE TABLE extra (LIKE observations)');
      await maker.query(
        `ALTER TABLE observations ATTACH PARTITION extra FOR VALUES FROM (${bucket + 50}) TO (${bucket + 51})`,
      );
      await expect(queue.submit(batchOf(1, [observation, trace]))).resolves.toEqual({ rejected: [] });
      await maker.query('ROLLBACK');
    } finally {
      await maker.end();
      await queue.stop();
    }
  });

  it('leave nothing behind when making them fails half-way', async () => {
    await database.pool.query(`CREATE TABLE observation_payloads_w${bucket + 2} (in_the_way int)`);
    await expect(keeper.ensure(NOW_MS)).rejects.toThrow('already exists');
    expect(await partitions()).toEqual([]);
    await database.pool.query(`DROP TABLE observation_payloads_w${bucket + 2}`);
    await keeper.ensure(NOW_MS);
    expect(await partitions()).toHaveLength(20);
  });

  it('that are missing when a message arrives are made, and the message is stored', async () => {
    let made = 0;
    const queue = openQueue(database.connection, {
      onMissingPartition: async () => {
        made += 1;
        await keeper.ensure(NOW_MS);
      },
    });
    const receipts = await Promise.all([1, 2, 3].map((no) => queue.submit(batchOf(no, [observation, trace]))));
    await queue.stop();
    expect(receipts).toEqual([{ rejected: [] }, { rejected: [] }, { rejected: [] }]);
    expect(made).toBeGreaterThan(0);
    const { rows } = await database.pool.query('SELECT project_no, bucket FROM observations ORDER BY project_no');
    expect(rows).toEqual([1, 2, 3].map((no) => ({ project_no: no, bucket })));
    expect(await wrongSums(database.pool)).toEqual({});
  });

  describe('store payload texts', () => {
    async function storage(): Promise<string[]> {
      const { rows } = await database.pool.query<{ column: string }>(
        `SELECT DISTINCT format('%s %s %s', a.attname, a.attstorage, nullif(a.attcompression, '')) AS column
         FROM pg_inherits i JOIN pg_attribute a ON a.attrelid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
         WHERE p.relname LIKE '%_payloads' AND a.attname IN ('input', 'output', 'metadata') ORDER BY 1`,
      );
      return rows.map((row) => row.column.trim());
    }

    async function hasLz4(): Promise<boolean> {
      const { rows } = await database.pool.query<{ lz4: boolean }>(
        `SELECT 'lz4' = ANY(enumvals) AS lz4 FROM pg_settings WHERE name = 'default_toast_compression'`,
      );
      return rows[0]!.lz4;
    }

    it('with lz4 where PostgreSQL has it, else uncompressed', async () => {
      await keeper.ensure(NOW_MS);
      expect(await storage()).toEqual(
        (await hasLz4()) ? ['input x l', 'metadata x l', 'output x l'] : ['input e', 'metadata e', 'output e'],
      );
    });

    it('uncompressed when the setting says so', async () => {
      await (await keeperWith({ PAYLOAD_COMPRESSION: 'none' })).ensure(NOW_MS);
      expect(await storage()).toEqual(['input e', 'metadata e', 'output e']);
    });

    it('with pglz when the setting says so', async () => {
      await (await keeperWith({ PAYLOAD_COMPRESSION: 'pglz' })).ensure(NOW_MS);
      expect(await storage()).toEqual(['input x p', 'metadata x p', 'output x p']);
    });
  });

  it('of observations leave room for updates', async () => {
    await keeper.ensure(NOW_MS);
    const { rows } = await database.pool.query<{ options: string[] | null }>(
      `SELECT reloptions AS options FROM pg_class WHERE relname = 'observations_w${bucket}'`,
    );
    expect(rows[0]!.options).toContain('fillfactor=70');
  });

  it('are looked after every hour until the server stops', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    try {
      const ensure = jest.spyOn(keeper, 'ensure').mockResolvedValue();
      keeper.onApplicationBootstrap();
      await jest.advanceTimersByTimeAsync(3 * 3_600_000);
      expect(ensure).toHaveBeenCalledTimes(3);
      await keeper.onApplicationShutdown();
      await jest.advanceTimersByTimeAsync(3 * 3_600_000);
      expect(ensure).toHaveBeenCalledTimes(3);
    } finally {
      jest.useRealTimers();
    }
  });
});
