import { Logger } from '@nestjs/common';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { Client } from 'pg';
import { parseConfig } from '../../src/config/config.js';
import { DomainError, NotFound } from '../../src/domain/errors.js';
import { mediaIdOf, type MediaContent, type MediaLink } from '../../src/domain/media.js';
import { type DatasetItemPatch, DatasetItemStore } from '../../src/storage/datasets/dataset-item-store.js';
import { DatasetStore } from '../../src/storage/datasets/dataset-store.js';
import { PartitionKeeper } from '../../src/storage/partitions.js';
import { type MediaSql } from '../../src/storage/media/media-objects.js';
import { MediaReader, type MediaTexts } from '../../src/storage/media/media-reader.js';
import { MediaStore } from '../../src/storage/media/media-store.js';
import { MediaStores } from '../../src/storage/media/media-stores.js';
import { MEDIA_CHUNK_BYTES } from '../../src/storage/media/verified-bytes.js';
import { Retention } from '../../src/storage/retention.js';
import { MediaSweeper } from '../../src/storage/media/media-sweeper.js';
import { MetricPartitionKeeper } from '../../src/storage/metric-partitions.js';
import { ReadPool } from '../../src/storage/read-pool.js';
import { startBucket, type TestBucket } from '../support/bucket.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { batchOf } from '../support/messages.js';
import { untilItWaits } from '../support/retention.js';
import { openQueue } from '../support/write-database.js';

jest.setTimeout(60_000);

const DAY_MS = 86_400_000;
const DAYS = 30;
const PROJECT = { no: 1, id: 'default' };
const OTHER = { no: 2, id: 'other' };

interface TestFile {
  readonly bytes: Buffer;
  readonly content: MediaContent;
  readonly id: string;
}

function fileOf(bytes: Buffer): TestFile {
  const sha256 = createHash('sha256').update(bytes).digest('base64');
  return { bytes, content: { contentType: 'image/png', contentLength: bytes.length, sha256 }, id: mediaIdOf(sha256) };
}

const linkOf = (traceId: string): MediaLink => ({
  owner: { kind: 'trace', traceId, observationId: null },
  field: 'input',
});
const ITEM_LINK: MediaLink = { owner: { kind: 'dataset-item', datasetId: 'd', itemId: 'i' }, field: 'expectedOutput' };

/** In pieces as a socket gives them. */
function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

describe('files', () => {
  let database: TestDatabase;
  let pool: ReadPool;
  let bucket: TestBucket;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    bucket = await startBucket();
    database = await createTestDatabase();
    pool = new ReadPool(await database.dataSource(), { readTimeoutMs: 30_000 });
    await database.pool.query(`INSERT INTO projects (no, id, name) VALUES (1, 'default', 'd'), (2, 'other', 'o')
      ON CONFLICT DO NOTHING`);
  });
  beforeEach(() =>
    database.pool.query('TRUNCATE media, media_links, media_chunks, media_loose_objects, datasets, dataset_items'),
  );
  afterAll(async () => {
    await database.drop();
    await bucket.stop();
  });

  /** As a server with these settings has it. */
  function open(env: Record<string, string> = {}, sql: MediaSql = pool) {
    const config = parseConfig(env);
    const stores = new MediaStores(sql, config);
    return { config, store: new MediaStore(sql, stores.current), reader: new MediaReader(pool, stores) };
  }

  async function put(store: MediaStore, file: TestFile, links = [linkOf('t')], project = PROJECT): Promise<void> {
    await store.announce(project, file.content, links);
    await store.upload(project, file.content, Readable.from(pieces(file.bytes)));
  }

  async function read(reader: MediaReader, file: TestFile, range?: { from: number; to: number }, project = PROJECT) {
    const { read: open } = await reader.open(project.id, file.id);
    const chunks: Buffer[] = [];
    for await (const chunk of open(range ?? { from: 0, to: file.bytes.length - 1 })) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  const count = async (table: string): Promise<number> =>
    (await database.pool.query<{ n: number }>(`SELECT count(*)::int4 AS n FROM ${table}`)).rows[0]!.n;
  const remains = async () => [
    await count('media_chunks'),
    await count('media_loose_objects'),
    (await bucket.keys()).length,
  ];

  const file = fileOf(randomBytes(5 * MEDIA_CHUNK_BYTES + 777));

  describe.each(['in PostgreSQL', 'in a bucket'])('%s', (where) => {
    const settings = () => (where === 'in a bucket' ? bucket.settings : {});
    const sweepAll = async () => {
      await database.pool.query(`UPDATE media_links SET linked_at = 'epoch'`);
      await sweep(settings());
    };
    afterEach(sweepAll);

    it('come back byte by byte, whole or in part', async () => {
      const { store, reader } = open(settings());
      await put(store, file);
      expect((await read(reader, file)).equals(file.bytes)).toBe(true);
      for (const [from, to] of [
        [0, 0],
        [MEDIA_CHUNK_BYTES - 1, MEDIA_CHUNK_BYTES],
        [100, 3 * MEDIA_CHUNK_BYTES + 5],
        [file.bytes.length - 1, file.bytes.length - 1],
      ] as const) {
        const part = await read(reader, file, { from, to });
        expect([from, to, part.equals(file.bytes.subarray(from, to + 1))]).toEqual([from, to, true]);
      }
      expect(await reader.get(PROJECT, file.id)).toMatchObject({ id: file.id, contentLength: file.bytes.length });
    });

    it('are not stored at all when their bytes are others, too many, too few or cut off', async () => {
      const { store, reader } = open(settings());
      await store.announce(PROJECT, file.content, [linkOf('t')]);
      const flipped = Buffer.from(file.bytes);
      flipped[0]! ^= 1;
      async function* cutOff(): AsyncGenerator<Buffer> {
        yield* pieces(file.bytes.subarray(0, 400_000));
        await Promise.reject(new Error('aborted'));
      }
      for (const source of [
        Readable.from(pieces(flipped)),
        Readable.from(pieces(Buffer.concat([file.bytes, file.bytes]))),
        Readable.from(pieces(file.bytes.subarray(1))),
        cutOff(),
      ]) {
        await expect(store.upload(PROJECT, file.content, source)).rejects.toBeInstanceOf(DomainError);
      }
      expect(await remains()).toEqual([0, 0, 0]);
      expect(await reader.get(PROJECT, file.id)).toMatchObject({ uploadedAt: null });
      await expect(reader.open(PROJECT.id, file.id)).rejects.toThrow(NotFound);
    });

    it('are stored once in a project, however many send them at once, and once more in another project', async () => {
      const { store, reader } = open(settings());
      await Promise.all(Array.from({ length: 6 }, (_, i) => put(store, file, [linkOf(`t${i}`)])));
      const chunks = where === 'in PostgreSQL' ? 6 : 0;
      expect(await remains()).toEqual([chunks, 0, 1 - Math.sign(chunks)]);
      expect(await store.announce(PROJECT, file.content, [linkOf('later')])).toEqual({ isStored: true });
      expect(await count('media_links')).toBe(7);

      await expect(reader.open(OTHER.id, file.id)).rejects.toThrow(NotFound);
      await expect(reader.get(OTHER, file.id)).rejects.toThrow(NotFound);
      expect(await store.announce(OTHER, file.content, [linkOf('t')])).toEqual({ isStored: false });
      await put(store, file, undefined, OTHER);
      expect((await read(reader, file, undefined, OTHER)).equals(file.bytes)).toBe(true);
      expect(await count('media')).toBe(2);
    });

    it('go when nobody has them any more, with all their bytes', async () => {
      const { store } = open(settings());
      await put(store, file);
      await sweepAll();
      expect(await count('media')).toBe(0);
      expect(await remains()).toEqual([0, 0, 0]);
    });
  });

  it('in PostgreSQL take a few chunks of memory, whatever their size', async () => {
    let inserted = 0;
    let ahead = 0;
    const sql: MediaSql = {
      query: async (text, params, name) => {
        const rows = await pool.query(text, params, name);
        if (name === 'insert media chunk') inserted += (params![3] as Buffer).length;
        return rows as never[];
      },
    };
    const large = fileOf(randomBytes(24 * 1024 * 1024));
    function* watched(): Generator<Buffer> {
      let given = 0;
      for (const piece of pieces(large.bytes)) {
        given += piece.length;
        ahead = Math.max(ahead, given - inserted);
        yield piece;
      }
    }
    const { store, reader } = open({}, sql);
    await store.announce(PROJECT, large.content, [linkOf('t')]);
    await store.upload(PROJECT, large.content, Readable.from(watched()));
    expect(inserted).toBe(large.bytes.length);
    expect(ahead).toBeLessThanOrEqual(3 * MEDIA_CHUNK_BYTES);
    expect((await read(reader, large)).equals(large.bytes)).toBe(true);
    const { rows } = await database.pool.query(
      `SELECT attstorage FROM pg_attribute WHERE attrelid = 'media_chunks'::regclass AND attname = 'bytes'`,
    );
    expect(rows).toEqual([{ attstorage: 'e' }]);
  });

  it('in a bucket that is not configured any more are not lost: they are told from those that are gone', async () => {
    const { store } = open(bucket.settings);
    await put(store, file);
    await expect(open().reader.open(PROJECT.id, file.id)).rejects.toThrow('not configured any more');
    await database.pool.query(`UPDATE media_links SET linked_at = 'epoch'`);
    await sweep();
    expect([await count('media'), await count('media_loose_objects'), (await bucket.keys()).length]).toEqual([0, 1, 1]);
    await sweep(bucket.settings);
    expect(await remains()).toEqual([0, 0, 0]);
  });

  it('resolve in texts when the project has them, with one query for many texts', async () => {
    const { store, reader } = open();
    await put(store, file);
    const missing = fileOf(Buffer.from('not sent'));
    await store.announce(PROJECT, missing.content, [linkOf('t')]);
    const tag = ({ id }: TestFile) => `@@@langfuseMedia:type=image/png|id=${id}|source=bytes@@@`;
    const items: MediaTexts[] = [
      { input: JSON.stringify({ image: [tag(file), tag(missing)] }), metadata: null },
      { expectedOutput: JSON.stringify(tag(file)) },
      { input: '"text"' },
    ];
    const found = await reader.references(PROJECT, items);
    expect(found.map((list) => list.map(({ field, jsonPath, media }) => [field, jsonPath, media.id]))).toEqual([
      [['input', "$['image'][0]", file.id]],
      [['expectedOutput', '$', file.id]],
      [],
    ]);
    expect(await reader.references(OTHER, items)).toEqual([[], [], []]);
  });

  /** Runs retention as of now with files of `env`. */
  async function sweep(env: Record<string, string> = {}, nowMs = Date.now()): Promise<number | undefined> {
    const keeper = new MetricPartitionKeeper(await database.dataSource());
    const days = { tracesRetentionDays: DAYS, metricsRetentionDays: 0 };
    await database.pool.query('DELETE FROM retention_clock');
    const retention = new Retention(database.connection, days, keeper, new MediaSweeper(parseConfig(env)));
    return (await retention.run(nowMs))?.files;
  }

  describe('of traces', () => {
    it('go with the last trace that has them, and with one that never came', async () => {
      const nowMs = Date.now();
      await new PartitionKeeper(await database.dataSource(), parseConfig({})).ensure(nowMs);
      const queue = openQueue(database.connection, { nowMs: () => nowMs });
      await queue.submit(batchOf(1, [{ kind: 'trace', index: 0, traceId: 'lives', stamp: 2 }]));
      await queue.stop();
      const { store } = open();
      const [kept, shared, item, gone, young] = ['a', 'b', 'c', 'd', 'e'].map((text) => fileOf(Buffer.from(text)));
      await put(store, kept!, [linkOf('lives')]);
      await put(store, shared!, [linkOf('gone'), linkOf('lives')]);
      await put(store, item!, [linkOf('gone'), ITEM_LINK]);
      await database.pool.query(
        `INSERT INTO dataset_items (project_no, id, valid_from, valid_to, dataset_id, created_at, status)
         VALUES (1, 'i', now(), 'infinity', 'd', now(), 'ACTIVE')`,
      );
      await put(store, gone!, [linkOf('gone'), linkOf('never came')]);
      await database.pool.query('UPDATE media_links SET linked_at = $1', [new Date(nowMs - DAYS * DAY_MS - 1000)]);
      await put(store, young!, [linkOf('not here yet')]);

      expect(await sweep({}, nowMs)).toBe(1);
      const { rows } = await database.pool.query<{ id: string }>('SELECT id FROM media');
      expect(rows.map(({ id }) => id).sort()).toEqual([kept!, shared!, item!, young!].map(({ id }) => id).sort());
      expect(await count('media_links')).toBe(4);
      expect(await remains()).toEqual([4, 0, 0]);
    });

    it('stay when they are linked while they are being removed', async () => {
      const { store } = open();
      await put(store, file, [linkOf('gone')]);
      await database.pool.query(`UPDATE media_links SET linked_at = 'epoch'`);
      const client = new Client(database.connection);
      await client.connect();
      await client.query('BEGIN');
      const sql: MediaSql = {
        query: async (text, params = []) => (await client.query(text, [...params])).rows as never[],
      };
      expect(await open({}, sql).store.announce(PROJECT, file.content, [linkOf('new')])).toEqual({ isStored: true });
      const sweeping = sweep();
      await untilItWaits(database, 'FOR UPDATE');
      await client.query('COMMIT');
      expect(await sweeping).toBe(0);
      await client.end();
      expect(await count('media')).toBe(1);
      expect(await count('media_links')).toBe(1);
    });
  });

  describe('of dataset items', () => {
    const item = (id: string, input: unknown): DatasetItemPatch => ({ id, input: JSON.stringify(input) });
    const tag = ({ id }: TestFile) => `@@@langfuseMedia:type=image/png|id=${id}|source=bytes@@@`;

    it('stay as long as a version of the item does, also where a trace brought them, and go with the last one', async () => {
      const datasets = new DatasetStore(pool);
      const items = new DatasetItemStore(pool);
      const { store } = open();
      const [announced, fromTrace, erased, never] = ['a', 'b', 'c', 'd'].map((text) => fileOf(Buffer.from(text)));
      const dataset = await datasets.put(PROJECT, { name: 'pictures' });
      const putItem = async (id: string, input: unknown) =>
        store.keepForItem(PROJECT, await items.put(PROJECT, dataset, item(id, input), () => Promise.resolve()));
      const linked = (itemId: string): MediaLink => ({
        owner: { kind: 'dataset-item', datasetId: dataset.id, itemId },
        field: 'input',
      });
      await put(store, announced!, [linked('kept')]);
      await put(store, fromTrace!, [linkOf('gone')]);
      await put(store, erased!, [linked('erased')]);
      await put(store, never!, [linked('never came')]);
      await putItem('kept', [tag(announced!), tag(fromTrace!), tag(fromTrace!), tag(fileOf(Buffer.from('unknown')))]);
      await putItem('kept', 'another version without files');
      await putItem('erased', tag(erased!));
      const left = async () => {
        await database.pool.query(`UPDATE media_links SET linked_at = now() - interval '${DAYS + 1} days'`);
        await sweep();
        const { rows } = await database.pool.query<{ id: string }>('SELECT id FROM media');
        return rows.map(({ id }) => id).sort();
      };
      const idsOf = (...files: (TestFile | undefined)[]) => files.map((one) => one!.id).sort();

      expect(await left()).toEqual(idsOf(announced, fromTrace, erased));
      await items.delete(PROJECT, 'kept', false);
      await items.delete(PROJECT, 'erased', true);
      expect(await left()).toEqual(idsOf(announced, fromTrace));
      await datasets.delete(PROJECT, 'pictures');
      expect(await left()).toEqual([]);
      expect(await remains()).toEqual([0, 0, 0]);
    });

    it('may come a day after the file at most', async () => {
      const { store } = open();
      await put(store, file, [ITEM_LINK]);
      await database.pool.query(`UPDATE media_links SET linked_at = now() - interval '23 hours'`);
      expect(await sweep()).toBe(0);
      await database.pool.query(`UPDATE media_links SET linked_at = now() - interval '25 hours'`);
      expect(await sweep()).toBe(1);
    });
  });

  it('of which a server that ended left parts behind are swept after a day', async () => {
    const ids = [randomBytes(16), randomBytes(16)].map((bytes) => bytes.toString('hex'));
    for (const [i, id] of ids.entries()) {
      await database.pool.query(`INSERT INTO media_chunks VALUES (1, $1, 0, 'x')`, [id]);
      await database.pool.query(`INSERT INTO media_loose_objects VALUES (1, $1, 'postgresql', now() - $2::interval)`, [
        id,
        i === 0 ? '25 hours' : '23 hours',
      ]);
    }
    await sweep();
    expect(await remains()).toEqual([1, 1, 0]);
  });
});
