import { type ObservationPatch } from '../../src/domain/observation.js';
import { type Project } from '../../src/domain/project.js';
import { type TracePatch } from '../../src/domain/trace.js';
import { type WriteQueue } from '../../src/ingest/write-queue.js';
import { CostReader } from '../../src/storage/pricing/cost-reader.js';
import { PriceBook } from '../../src/storage/pricing/price-book.js';
import { PriceStore } from '../../src/storage/pricing/price-store.js';
import { Repricer } from '../../src/storage/pricing/repricer.js';
import { SnapshotReader } from '../../src/storage/pricing/snapshot-reader.js';
import { ReadPool } from '../../src/storage/read-pool.js';
import { TraceReader } from '../../src/storage/trace-reader.js';
import { type TestDatabase } from '../support/database.js';
import { emptyTables, storedContents, wrongSums } from '../support/fold.js';
import { batchOf, NOW_MS, type Patch } from '../support/messages.js';
import { createWriteDatabase, openQueue } from '../support/write-database.js';

jest.setTimeout(60_000);

const PROJECT: Project = { no: 1, id: 'project 1' };
const T0 = NOW_MS * 1000;
const EVERYTHING = { from: T0 - 86_400_000_000, to: T0 + 86_400_000_000 };

const observation = (id: string, stamp: number, fields: Partial<ObservationPatch> = {}): ObservationPatch => ({
  kind: 'observation',
  index: 0,
  traceId: 't',
  id,
  stamp,
  ...fields,
});
const inSession: TracePatch = { kind: 'trace', index: 0, traceId: 't', stamp: 2, sessionId: 's' };
/** 10,000 × 2.50 + 1,000 × 10.00 USD per million. */
const GPT_4O = {
  type: 'GENERATION',
  startTime: T0,
  model: 'gpt-4o',
  usage: { input: 10_000, output: 1000, total: 11_000 },
} as const;
const GPT_4O_NANO_USD = 35_000_000;

describe('costs', () => {
  let database: TestDatabase;
  let pool: ReadPool;
  let book: PriceBook;
  let queue: WriteQueue;
  let store: PriceStore;
  let repricer: Repricer;
  let costs: CostReader;

  beforeAll(async () => {
    database = await createWriteDatabase();
    pool = new ReadPool(await database.dataSource(), { readTimeoutMs: 30_000 });
  });
  beforeEach(() => {
    book = new PriceBook();
    queue = openQueue(database.connection, { prices: book });
    store = new PriceStore(pool, book);
    repricer = new Repricer(pool, book, database.connection);
    costs = new CostReader(pool, new SnapshotReader(pool), book);
  });
  afterEach(async () => {
    await queue.stop();
    await emptyTables(database.pool);
    await database.pool.query('DELETE FROM model_prices; DELETE FROM price_snapshots');
  });
  afterAll(() => database.drop());

  const write = async (...patches: Patch[]): Promise<void> => void (await queue.submit(batchOf(1, patches)));
  const stored = () => storedContents(database.pool, 1);
  const ownPrice = (modelPattern: string, input: number, fields: object = {}) =>
    store.create(PROJECT, {
      modelPattern,
      provider: null,
      validFrom: null,
      sheet: { prices: [{ usageClass: 'input', usdPerMillion: input }], tiers: [] },
      definition: null,
      ...fields,
    });
  const costNanoUsd = async (): Promise<(number | null)[]> => {
    const { rows } = await database.pool.query<{ cost: string | null }>(
      'SELECT cost_nano_usd AS cost FROM observations ORDER BY trace_id, id',
    );
    return rows.map(({ cost }) => (cost === null ? null : Number(cost)));
  };

  it('are the same in whatever order a call tells its type, model, usage and start, and are in every sum', async () => {
    const { type, startTime, model, usage } = GPT_4O;
    const said: Patch[] = [
      observation('o', 2, { type }),
      observation('o', 4, { model, provider: 'openai' }),
      observation('o', 6, { usage }),
      observation('o', 8, { startTime }),
      inSession,
    ];
    const results = new Set<string>();
    for (let turn = 0; turn < said.length; turn += 1) {
      for (const order of [said, said.toReversed()]) {
        for (const patch of [...order.slice(turn), ...order.slice(0, turn), order[turn]!]) {
          await write(patch);
          expect(await wrongSums(database.pool)).toEqual({});
        }
        const { observations, traces, sessions, usageHourly, traceModels } = await stored();
        const sums = [traces, sessions, usageHourly, traceModels].map((rows) =>
          rows.map((row) => row['cost_nano_usd']),
        );
        expect(sums.flat()).toEqual([GPT_4O_NANO_USD, GPT_4O_NANO_USD, GPT_4O_NANO_USD, GPT_4O_NANO_USD]);
        results.add(JSON.stringify(observations));
        await emptyTables(database.pool);
      }
    }
    expect(results.size).toBe(1);
  });

  it('that a client states win, and give way to computed ones when they are taken back', async () => {
    await write(observation('o', 2, { ...GPT_4O, statedCost: { total: 1 } }));
    expect(await costNanoUsd()).toEqual([1e9]);
    expect(await costs.getCost(PROJECT, 'o')).toMatchObject({ observation: { priceKey: null } });
    await write(observation('o', 4, { statedCost: null }));
    expect(await costNanoUsd()).toEqual([GPT_4O_NANO_USD]);
  });

  it('stay as they are when a price changes and an update says nothing about them', async () => {
    await write(observation('o', 2, GPT_4O));
    await ownPrice('gpt-4o', 100);
    await write(observation('o', 4, { output: '"done"', endTime: T0 + 1, usage: { ...GPT_4O.usage } }));
    expect(await costNanoUsd()).toEqual([GPT_4O_NANO_USD]);
    await write(observation('o', 6, { usage: { input: 1000 } }));
    expect(await costNanoUsd()).toEqual([100_000_000]);
  });

  it('are explained by the price that was used, also when it is gone', async () => {
    const { id } = await ownPrice('self-.*', 0.5, { provider: 'vllm' });
    await write(observation('o', 2, { ...GPT_4O, model: 'self-hosted', provider: 'vllm' }));
    await store.delete(PROJECT, id);
    const { observation: seen, present } = await costs.getCost(PROJECT, 'o');
    expect(seen).toMatchObject({
      costNanoUsd: 5_000_000,
      price: { source: 'own', priceId: id, model: 'self-.*', provider: 'vllm', matchedBy: 'model' },
    });
    expect(present).toBeUndefined();
    const trace = await new TraceReader(pool).getTrace(PROJECT, 't');
    expect(trace.observations[0]!.price).toMatchObject({ priceId: id });
    await expect(store.delete(PROJECT, id)).rejects.toThrow('not found');
  });

  it('of an id that several traces have want to be told which trace, and those of others are not shown', async () => {
    await write(observation('o', 2, GPT_4O), { ...observation('o', 2, GPT_4O), traceId: 'u' });
    await expect(costs.getCost(PROJECT, 'o')).rejects.toThrow('traceId');
    expect((await costs.getCost(PROJECT, 'o', 'u')).observation).toMatchObject({ traceId: 'u' });
    await expect(costs.getCost({ no: 2, id: 'other' }, 'o', 'u')).rejects.toThrow('not found');
  });

  describe('priced anew', () => {
    const calls = (): Patch[] => [
      inSession,
      observation('a', 2, GPT_4O),
      observation('b', 2, { ...GPT_4O, model: 'mine' }),
      observation('stated', 2, { ...GPT_4O, statedCost: { total: 2 } }),
      { ...observation('c', 2, { ...GPT_4O, type: 'TOOL', model: 'mine' }), traceId: 'u' },
      { ...observation('d', 2, { ...GPT_4O, startTime: T0 + 3_600_000_000, model: 'mine' }), traceId: 'v' },
    ];

    it('show first what changes, then change it and every sum, and the second time nothing', async () => {
      await write(...calls());
      await ownPrice('mine', 1);
      const before = await stored();
      const changes = [{ model: 'mine', observations: 2, oldNanoUsd: 0, newNanoUsd: 20_000_000 }];
      expect(await repricer.preview(PROJECT, EVERYTHING)).toMatchObject({
        models: changes,
        traces: 3,
        observations: 3,
      });
      expect(await stored()).toEqual(before);

      expect(await repricer.apply(PROJECT, EVERYTHING)).toMatchObject({ models: changes, nextCursor: undefined });
      expect(await wrongSums(database.pool)).toEqual({});
      expect(await costNanoUsd()).toEqual([GPT_4O_NANO_USD, 10_000_000, 2e9, null, 10_000_000]);
      expect((await stored()).sessions).toMatchObject([{ cost_nano_usd: 2_045_000_000 }]);
      expect(await repricer.apply(PROJECT, EVERYTHING)).toMatchObject({ models: [] });
    });

    it('bring what input and output cost, and the tier, to rows that lack them or have others', async () => {
      const SPLIT = 'SELECT input_cost_nano_usd, output_cost_nano_usd, price_tier FROM observations';
      await write(observation('o', 2, GPT_4O), inSession);
      const right = (await database.pool.query(SPLIT)).rows;
      const changes = [{ model: 'gpt-4o', observations: 1, oldNanoUsd: GPT_4O_NANO_USD, newNanoUsd: GPT_4O_NANO_USD }];
      for (const wrong of ['input_cost_nano_usd = NULL', 'output_cost_nano_usd = 7', 'price_tier = 1']) {
        await database.pool.query(`UPDATE observations SET ${wrong}`);
        expect(await repricer.apply(PROJECT, EVERYTHING)).toMatchObject({ models: changes });
        expect((await database.pool.query(SPLIT)).rows).toEqual(right);
      }
      expect(await repricer.apply(PROJECT, EVERYTHING)).toMatchObject({ models: [] });
      expect(await wrongSums(database.pool)).toEqual({});
    });

    it('stay within their project, time and model', async () => {
      await write(...calls());
      await ownPrice('mine|gpt-4o', 1);
      expect((await repricer.apply({ no: 2, id: 'other' }, EVERYTHING)).traces).toBe(0);
      expect((await repricer.apply(PROJECT, { ...EVERYTHING, to: T0 })).traces).toBe(2);
      expect(await costNanoUsd()).toEqual([10_000_000, 10_000_000, 2e9, null, null]);
      const { models } = await repricer.preview(PROJECT, { ...EVERYTHING, model: 'gpt-4o' });
      expect(models).toEqual([]);
    });

    it('lose their cost with their price', async () => {
      const { id } = await ownPrice('mine', 1);
      await write(...calls());
      await store.delete(PROJECT, id);
      await repricer.apply(PROJECT, EVERYTHING);
      expect(await wrongSums(database.pool)).toEqual({});
      expect(await costNanoUsd()).toEqual([GPT_4O_NANO_USD, null, 2e9, null, null]);
    });

    it('keep every sum while others write into the same traces', async () => {
      const ids = Array.from({ length: 40 }, (_, i) => `o${i}`);
      const patches = ids.map((id, i) => ({
        ...observation(id, 2, { ...GPT_4O, model: 'mine' }),
        traceId: `t${i % 9}`,
      }));
      await write(...patches);
      await ownPrice('mine', 1);
      const writes = patches.map((patch) => write({ ...patch, stamp: 4, usage: { input: 7, output: 1 } }));
      await Promise.all([repricer.apply(PROJECT, EVERYTHING), ...writes]);
      await repricer.apply(PROJECT, EVERYTHING);
      expect(await wrongSums(database.pool)).toEqual({});
      expect(new Set(await costNanoUsd())).toEqual(new Set([7000]));
    });

    it('go on where a part stopped, also within a trace of very many calls', async () => {
      const many = Array.from({ length: 2100 }, (_, i) => observation(`o${i}`, 2, { ...GPT_4O, model: 'mine' }));
      const others = Array.from({ length: 150 }, (_, i) => ({ ...observation('x', 2, GPT_4O), traceId: `t${i}` }));
      await write(...many, ...others);
      await ownPrice('mine|gpt-4o', 1);
      const part = await repricer.apply(PROJECT, EVERYTHING);
      expect(part).toMatchObject({ traces: 151, observations: 2250, nextCursor: undefined });
      expect(await wrongSums(database.pool)).toEqual({});
      expect(new Set(await costNanoUsd())).toEqual(new Set([10_000_000]));
    });
  });

  it('keep own prices bounded and their patterns linear', async () => {
    await expect(ownPrice('(a', 1)).rejects.toThrow('modelPattern is no RE2 expression: missing closing )');
    await expect(ownPrice('(?=a)b', 1)).rejects.toThrow('modelPattern');
    await ownPrice('(a*)*b', 1);
    await write(observation('o', 2, { ...GPT_4O, model: 'a'.repeat(200) }));
    expect(await costNanoUsd()).toEqual([null]);
    expect(await store.list(PROJECT)).toMatchObject([{ modelPattern: '(a*)*b' }]);
    expect(await store.list({ no: 2, id: 'other' })).toEqual([]);
  });
});
