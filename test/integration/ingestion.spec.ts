import { parseConfig } from '../../src/config/config.js';
import { type IngestBatch } from '../../src/domain/ingest-batch.js';
import { Redactor } from '../../src/domain/redaction.js';
import { FlushEvents } from '../../src/ingest/flush-events.js';
import { IngestService } from '../../src/ingest/ingest.service.js';
import { OrphanIngestService } from '../../src/ingest/orphan-ingest.service.js';
import { type WriteQueue } from '../../src/ingest/write-queue.js';
import { mapEvents } from '../../src/modules/langfuse-compat/ingestion.map.js';
import { readEnvelope } from '../../src/modules/langfuse-compat/ingestion.schema.js';
import { removeExpiredMessages } from '../../src/storage/expired-traces.js';
import { MediaIntake } from '../../src/storage/media/media-intake.js';
import { MAX_ORPHANS, OrphanStore } from '../../src/storage/orphans/orphan-store.js';
import { PartitionKeeper } from '../../src/storage/partitions.js';
import { PriceBook } from '../../src/storage/pricing/price-book.js';
import { WriteConnections } from '../../src/storage/write-connections.js';
import { type TestDatabase } from '../support/database.js';
import { dumpProject, wrongSums } from '../support/fold.js';
import { cutInPieces, disordered, NOW_MS, Random } from '../support/messages.js';
import { createWriteDatabase, openQueue } from '../support/write-database.js';

jest.setTimeout(60_000);

const SEEDS = 6;
const ORDERS = 6;
const EPOCH_MS = NOW_MS - 3_600_000;

type Event = Record<string, unknown>;

let database: TestDatabase;
let queue: WriteQueue;
let store: OrphanStore;
let orphans: OrphanIngestService;
let projectNo = 0;

beforeAll(async () => {
  database = await createWriteDatabase();
  queue = openQueue(database.connection);
  store = new OrphanStore(database.connection);
  const ingest = { submit: (batch: IngestBatch) => queue.submit(batch) } as unknown as IngestService;
  orphans = new OrphanIngestService(store, ingest, new Redactor());
});
beforeEach(() => {
  projectNo += 1;
});
afterAll(async () => {
  await queue.stop();
  await store.onApplicationShutdown();
  await database.drop();
});

/** Takes a batch as the door does, in project `no`. */
async function send(batch: readonly Event[], no = projectNo): Promise<void> {
  const body = Buffer.from(JSON.stringify({ batch }));
  const { traces, observations, strays, refused } = mapEvents(readEnvelope(body), { nowMs: NOW_MS, onlyScores: false });
  expect(refused).toEqual([]);
  const project = { no, id: `project ${no}` };
  const { rejected } = await orphans.submit({ project, traces, observations, bytes: body.length }, strays);
  expect(rejected).toEqual([]);
}

const at = (ms: number): string => new Date(EPOCH_MS + ms).toISOString();
const event = (type: string, ms: number, body: object): Event => ({
  id: `${type} ${ms}`,
  type,
  timestamp: at(ms),
  body,
});

/** Events about few things at few times, made to collide. No two rival values have the same time and kind. */
function randomEvents(random: Random): Event[] {
  const events: Event[] = [];
  let ms = 0;
  const some = <T>(value: T): T | null | undefined =>
    random.chance(0.4) ? undefined : random.chance(0.2) ? null : value;
  for (let n = 0; n < 60; n += 1) {
    if (random.chance(0.8)) ms += random.below(5000);
    const traceId = `t${random.below(4)}`;
    const value = `${random.pick(['a', '😀', '\uff5e', ''])}${random.below(9)}`;
    const common = {
      ...{ name: some(value), input: some(random.pick<unknown>([value, 0, '', { v: value }])), output: some([value]) },
      ...{
        metadata: some(random.pick<unknown>([{ [`k${random.below(3)}`]: value, z: [n] }, value])),
        version: some(value),
      },
      environment: random.pick(['prod', 'dev', undefined, 'bad env!']),
    };
    if (random.chance(0.3)) {
      const trace = {
        ...common,
        id: traceId,
        userId: some(value),
        sessionId: some(`s${random.below(3)}`),
        tags: [value],
      };
      events.push(
        event('trace-create', ms, { ...trace, timestamp: random.chance(0.5) ? at(ms - 50) : null, public: some(true) }),
      );
      continue;
    }
    const kind = random.pick(['span', 'generation']);
    const usage = { input: random.below(100), output: random.below(100) };
    events.push(
      event(`${kind}-${random.pick(['create', 'update'])}`, ms, {
        ...{ ...common, id: `o${random.below(5)}`, traceId, level: some('ERROR'), endTime: some(at(ms + 100)) },
        ...{
          parentObservationId: some(`o${random.below(5)}`),
          model: some(random.pick(['m', 'n'])),
          usage: some(usage),
        },
        ...{ costDetails: some({ input: random.below(100) / 1000 }), startTime: some(at(ms)) },
        ...(kind === 'generation' && random.chance(0.3)
          ? { promptName: value || 'p', promptVersion: 1 + random.below(3) }
          : {}),
      }),
    );
  }
  return events;
}

describe('events', () => {
  it.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
    'give the same rows and sums in any order, repetition and split (seed %i)',
    async (seed) => {
      const random = new Random(seed);
      const events = randomEvents(random);
      let first: string | undefined;
      for (let order = 0; order < ORDERS; order += 1) {
        projectNo += 1;
        for (const piece of cutInPieces(random, disordered(random, events), order === 0 ? 100 : 12)) await send(piece);
        const dump = await dumpProject(database.pool, projectNo);
        expect(dump).toBe((first ??= dump));
      }
      expect(await wrongSums(database.pool)).toEqual({});
    },
  );
});

describe('an update that names no trace', () => {
  const create = (id: string, traceId?: string) => event('span-create', 0, { id, traceId, name: 'created' });
  const update = (id: string, ms: number, body: object) => event('span-update', ms, { id, ...body });
  const waiting = async (no = projectNo) =>
    (
      await database.pool.query<{ id: string; content: string; tries: number }>(
        'SELECT * FROM orphans WHERE project_no = $1',
        [no],
      )
    ).rows;
  const outputs = async () => {
    const sql =
      'SELECT o.trace_id, o.name, p.output, p.metadata FROM observations o LEFT JOIN observation_payloads p USING (project_no, trace_id, id, bucket) WHERE project_no = $1';
    return (await database.pool.query(sql, [projectNo])).rows;
  };
  const MINUTES_LATER = () => Date.now() + 600_000;

  it('goes where its observation is', async () => {
    await send([create('a', 't')]);
    await send([update('a', 1, { output: 'x' })]);
    expect(await outputs()).toEqual([{ trace_id: 't', name: 'created', output: '"x"', metadata: null }]);
    expect(await waiting()).toEqual([]);
  });

  it('waits until that is known, through any repetition, and then is the same as if it had come last', async () => {
    const updates = [
      update('a', 1, { output: 'x', metadata: { n: 1 } }),
      update('a', 2, { metadata: { n: 2, é: '\u2028' } }),
    ];
    await send(updates);
    await send([...updates].reverse());
    expect(await waiting()).toHaveLength(2);
    await orphans.sweep(MINUTES_LATER());
    expect((await waiting()).map(({ tries }) => tries)).toEqual([1, 1]);
    await send([create('a', 't')]);
    await orphans.sweep(MINUTES_LATER() + 600_000);
    expect(await waiting()).toEqual([]);
    expect(await outputs()).toEqual([
      { trace_id: 't', name: 'created', output: '"x"', metadata: '{"n":2,"é":"\u2028"}' },
    ]);
  });

  it('never finds the observation of another project', async () => {
    await send([create('a', 't')], projectNo + 1);
    await send([update('a', 1, { output: 'x' })]);
    await orphans.sweep(MINUTES_LATER());
    expect(await waiting()).toHaveLength(1);
    projectNo += 1;
    expect(await outputs()).toEqual([expect.objectContaining({ output: null })]);
  });

  it('takes the trace of its own id, else the smallest one, of several', async () => {
    await send([create('a', 'z'), create('a', 'y'), create('b', 'a'), create('b')]);
    await send([update('a', 1, { output: 'x' }), update('b', 1, { output: 'x' })]);
    const found = (await outputs()).filter(({ output }) => output !== null).map(({ trace_id }) => trace_id as string);
    expect(found.sort()).toEqual(['b', 'y']);
  });

  it('waits without its secrets', async () => {
    await send([update('a', 1, { metadata: { api_key: 'very-secret-1' }, statusMessage: 'Bearer abcdef0123456789' })]);
    const [row] = await waiting();
    expect(row!.content).toContain('[redacted]');
    expect(row!.content).not.toMatch(/very-secret|abcdef0123/);
  });

  it('is kept when the write fails that would have brought it there', async () => {
    await send([update('a', 1, { output: 'x' })]);
    await send([create('a', 't')]);
    const failing = new OrphanIngestService(
      store,
      { submit: () => Promise.reject(new Error('no room')) } as unknown as IngestService,
      new Redactor(),
    );
    await expect(failing.sweep(MINUTES_LATER())).rejects.toThrow('no room');
    expect(await waiting()).toHaveLength(1);
    await orphans.sweep(MINUTES_LATER());
    expect(await waiting()).toEqual([]);
    expect(await outputs()).toEqual([expect.objectContaining({ output: '"x"' })]);
  });

  it('brings the file inside it along, which is stored when it goes', async () => {
    const config = parseConfig({ MEDIA_EXTRACT_BASE64: 'on' });
    const media = new MediaIntake(config, database.connection);
    const connections = new WriteConnections(config, database.connection, new PriceBook());
    const keeper = new PartitionKeeper(await database.dataSource(), config);
    const partitions = { ensure: () => keeper.ensure() };
    const ingest = new IngestService(config, connections, partitions, new Redactor(), new FlushEvents(), media);
    await keeper.ensure();
    try {
      await send([update('a', 1, { output: 'data:image/png;base64,aGVsbG8=' })]);
      await send([create('a', 't')]);
      await new OrphanIngestService(store, ingest, new Redactor()).sweep(MINUTES_LATER());
      expect(await waiting()).toEqual([]);
      expect(await outputs()).toEqual([
        expect.objectContaining({ output: expect.stringContaining('@@@langfuseMedia:type=image/png|id=') as string }),
      ]);
      const files = await database.pool.query('SELECT 1 FROM media WHERE project_no = $1 AND object_id IS NOT NULL', [
        projectNo,
      ]);
      expect(files.rowCount).toBe(1);
    } finally {
      await ingest.onApplicationShutdown();
      await media.onApplicationShutdown();
    }
  });

  it('makes room among those of its own project, and never takes that of another', async () => {
    await database.pool.query('DELETE FROM orphans');
    const small = projectNo + 1;
    await send([update('few', 1, { output: 'x' })], small);
    await database.pool.query(`UPDATE orphans SET received_at = now() - interval '2 days'`);
    await send(Array.from({ length: MAX_ORPHANS + 5 }, (_, n) => update(`n${n}`, 1, {})));
    expect([(await waiting(small)).map(({ id }) => id), (await waiting()).length]).toEqual([['few'], MAX_ORPHANS - 1]);

    await database.pool.query('DELETE FROM orphans WHERE project_no = $1 AND id > $2', [projectNo, 'n3']);
    const left = (await waiting()).length;
    await database.pool.query('UPDATE orphans SET bytes = $2 WHERE project_no = $1', [projectNo, 64 * 1024 * 1024]);
    await send([update('new', 1, {})]);
    expect([left > 1, (await waiting(small)).map(({ id }) => id)]).toEqual([true, ['few']]);
    expect((await waiting()).map(({ id }) => id)).toEqual(['new']);
  });

  it('expires with the traces, and the oldest make room for new ones', async () => {
    await database.pool.query('DELETE FROM orphans');
    await send([update('old', 1, { output: 'x' })]);
    await database.pool.query(`UPDATE orphans SET received_at = now() - interval '2 days'`);
    await send(Array.from({ length: MAX_ORPHANS - 1 }, (_, n) => update(`n${n}`, 1, {})));
    expect(await waiting()).toHaveLength(MAX_ORPHANS);
    await send([update('new', 1, {})]);
    const ids = new Set((await waiting()).map(({ id }) => id));
    expect([ids.size, ids.has('old'), ids.has('new')]).toEqual([MAX_ORPHANS, false, true]);
    const client = await database.pool.connect();
    try {
      expect(await removeExpiredMessages(client, 'orphans', Date.now() - 86_400_000)).toBe(0);
      expect(await removeExpiredMessages(client, 'orphans', Date.now() + 1000)).toBe(MAX_ORPHANS);
    } finally {
      client.release();
    }
  });
});
