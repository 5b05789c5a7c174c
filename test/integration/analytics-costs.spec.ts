import { SplitCosts1796150000000 } from '../../migrations/1796150000000-SplitCosts.js';
import { FillSplitCosts1796200000000 } from '../../migrations/1796200000000-FillSplitCosts.js';
import { type AnalyticsQuery } from '../../src/domain/analytics.js';
import { type ObservationPatch } from '../../src/domain/observation.js';
import { type PriceSheet, type PriceSnapshot, PriceTable } from '../../src/domain/price.js';
import { type WriteQueue } from '../../src/ingest/write-queue.js';
import { AnalyticsReader } from '../../src/storage/analytics/analytics-reader.js';
import { compileClassPattern } from '../../src/storage/pricing/own-price-matcher.js';
import { PriceBook } from '../../src/storage/pricing/price-book.js';
import { ReadPool } from '../../src/storage/read-pool.js';
import { type TestDatabase } from '../support/database.js';
import { batchOf, NOW_MS } from '../support/messages.js';
import { createWriteDatabase, openQueue } from '../support/write-database.js';

jest.setTimeout(60_000);

const PROJECT = { no: 1, id: 'project 1' };
const NOW = NOW_MS * 1000;

let database: TestDatabase;
let queue: WriteQueue;
let reader: AnalyticsReader;

/** Calls that are priced in every way there is: by class, by part of a class, by tier, by total, as stated, not at all. */
const CALLS: readonly Partial<ObservationPatch>[] = [
  { model: 'gpt-4o-mini', usage: { input: 1000, output: 200, total: 1200 } },
  { model: 'gpt-4o-mini', usage: { input: 1001, output: 7, input_cached_tokens: 333 } },
  { model: 'claude-sonnet-4-5', usage: { input: 10, output: 20, input_cache_creation: 30, input_cached_tokens: 40 } },
  { model: 'claude-sonnet-4-5', usage: { input: 150_000, input_cached_tokens: 60_000, output: 5 } },
  { model: 'gemini-2.5-pro', usage: { input: 250_000, output: 100, output_reasoning_tokens: 11 } },
  { model: 'gemini-2.5-pro', usage: { input: 100, output: 100, cached_content_token_count: 5, strange: 9 } },
  { type: 'EMBEDDING', model: 'text-embedding-3-small', usage: { total: 700 } },
  {
    model: 'own',
    statedCost: { input: 0.001, output_reasoning: 0.0025, output: 1e-9, total: 0.5 },
    usage: { input: 3 },
  },
  { model: 'own', statedCost: { total: 0.25 } },
  { model: 'tiered', usage: { input: 900, output: 100, input_cached_tokens: 50 } },
  { model: 'tiered', usage: { input: 1100, output: 100, input_cached_tokens: 50 } },
  { model: 'tiered', usage: { input: 5, output: 100, Input_Long: 3000 } },
  { model: 'nobody knows it', usage: { input: 5, output: 6 } },
  { model: 'gpt-4o-mini' },
];

/** By the names of its classes and their counts, as `POST /api/public/models` makes it. */
const TIERED: PriceSheet = {
  prices: [
    { usageClass: 'input', usdPerMillion: 1 },
    { usageClass: 'output', usdPerMillion: 2 },
  ],
  tiers: [],
  conditionalTiers: [
    {
      ...{ id: 'l', name: 'long', priority: 1 },
      conditions: [{ usageDetailPattern: '^input_LONG', operator: 'gt', value: 2000, caseSensitive: false }],
      prices: [{ usageClass: 'output', usdPerMillion: 50 }],
    },
    {
      ...{ id: 'm', name: 'medium', priority: 2 },
      conditions: [{ usageDetailPattern: '^input', operator: 'gt', value: 1000, caseSensitive: true }],
      prices: [
        { usageClass: 'input', usdPerMillion: 10 },
        { usageClass: 'input_cached_tokens', usdPerMillion: 3 },
        { usageClass: 'output', usdPerMillion: 20 },
      ],
    },
  ],
};

beforeAll(async () => {
  database = await createWriteDatabase();
  await database.pool.query(
    'INSERT INTO model_prices (id, model_id, project_no, model_pattern, sheet, created_at) VALUES ' +
      "(gen_random_uuid(), 'tiered', 1, 'tiered', $1, now())",
    [JSON.stringify(TIERED)],
  );
  queue = openQueue(database.connection, { prices: new PriceBook() });
  reader = new AnalyticsReader(new ReadPool(await database.dataSource(), { readTimeoutMs: 10_000 }));
  const patches = CALLS.map((call, i): ObservationPatch => ({
    kind: 'observation',
    index: i,
    traceId: 't',
    id: `call ${i}`,
    stamp: 2,
    startTime: NOW - 1_000_000,
    type: 'GENERATION',
    ...call,
  }));
  // An agent that repeats the usage of a call below it.
  const agent = { ...patches[0]!, id: 'agent', type: 'AGENT' as const };
  const below = { ...patches[0]!, id: 'below', parentObservationId: 'agent' };
  await queue.submit(batchOf(1, [...patches, agent, below]));
});

afterAll(async () => {
  await queue.stop();
  await database.drop();
});

interface Stored {
  readonly id: string;
  readonly type: string;
  readonly usage: Record<string, number> | null;
  readonly stated_cost: Record<string, number> | null;
  readonly cost_nano_usd: string | null;
  readonly repeated: number | null;
  readonly snapshot: string | null;
}

/** Nano-USD by class of one stored row, not rounded, by way of the price itself. */
function costsOf({ type, usage, stated_cost, cost_nano_usd, repeated, snapshot }: Stored): Map<string, number> {
  const costs = new Map<string, number>();
  if (cost_nano_usd === null || ((repeated ?? 0) & 2) !== 0) return costs;
  if (stated_cost !== null) {
    for (const [name, usd] of Object.entries(stated_cost)) costs.set(name, usd * 1e9);
  } else {
    const table = new PriceTable((JSON.parse(snapshot!) as PriceSnapshot).sheet, compileClassPattern);
    for (const line of table.price(usage!, type === 'EMBEDDING')!.lines) {
      costs.set(line.usageClass, Number(line.amountFemtoUsd) / 1e6);
    }
  }
  return costs.set('total', Number(cost_nano_usd));
}

async function stored(): Promise<Stored[]> {
  const { rows } = await database.pool.query<Stored>(
    'SELECT id, type, usage, stated_cost, cost_nano_usd, repeated, snapshot FROM observations LEFT JOIN price_snapshots ' +
      'ON key = price_key ORDER BY id',
  );
  return rows;
}

function query(asked: Partial<AnalyticsQuery>): AnalyticsQuery {
  return {
    view: 'observations',
    dimensions: ['id'],
    metrics: [],
    filter: [],
    granularity: null,
    from: NOW - 3_600_000_000,
    to: NOW,
    order: [{ target: { kind: 'dimension', index: 0 }, direction: 'asc' }],
    bins: 10,
    rowLimit: null,
    ...asked,
  };
}

const sum = (measure: string) => ({ measure, aggregation: 'sum' }) as const;

it('the rows are priced in every way', async () => {
  const rows = await stored();
  expect(rows.filter(({ snapshot }) => snapshot !== null).length).toBe(11);
  expect(rows.filter(({ repeated }) => repeated !== null).map(({ id }) => id)).toEqual(['agent']);
  const tiers = rows.map(({ snapshot }) =>
    snapshot === null ? 0 : (JSON.parse(snapshot) as PriceSnapshot).sheet.tiers.length,
  );
  expect(tiers.some((count) => count > 0)).toBe(true);
  expect(rows.flatMap((row) => [...costsOf(row).keys()])).toEqual(
    expect.arrayContaining([
      'input',
      'output',
      'input_cached_tokens',
      'input_cache_creation',
      'output_reasoning',
      'total',
    ]),
  );
});

it('input and output cost what the price says of their classes', async () => {
  const part = (row: Stored, name: string) =>
    Math.round([...costsOf(row)].reduce((sum, [usageClass, nano]) => sum + (usageClass.includes(name) ? nano : 0), 0)) /
    1e9;
  const answer = await reader.query(
    PROJECT,
    query({ metrics: [sum('inputCost'), sum('outputCost'), sum('totalCost')] }),
  );
  expect(answer.map(({ dimensions, metrics }) => [...dimensions, ...metrics])).toEqual(
    (await stored()).map((row) => [
      row.id,
      part(row, 'input'),
      part(row, 'output'),
      (costsOf(row).get('total') ?? 0) / 1e9,
    ]),
  );
});

it('costs by type are those of the classes, and the total', async () => {
  const answer = await reader.query(PROJECT, query({ dimensions: ['id', 'costType'], metrics: [sum('costByType')] }));
  const expected = (await stored()).flatMap((row) =>
    [...costsOf(row)].map(([usageClass, nano]) => [row.id, usageClass, Math.round(nano) / 1e9] as const),
  );
  const order = (a: readonly unknown[], b: readonly unknown[]) => (String(a) < String(b) ? -1 : 1);
  expect(answer.map(({ dimensions, metrics }) => [...dimensions, ...metrics]).sort(order)).toEqual(
    [...expected].sort(order),
  );
});

it('usage by type is that of the classes, and the total', async () => {
  const answer = await reader.query(PROJECT, query({ dimensions: ['usageType'], metrics: [sum('usageByType')] }));
  const expected = new Map<string, number>();
  const calls = [...CALLS, { usage: { input: 1000, output: 200, total: 1200 } }];
  for (const { usage } of calls) {
    if (!usage) continue;
    const rest = Object.entries(usage).filter(([name]) => name !== 'total');
    const total = usage['total'] ?? rest.reduce((all, [, count]) => all + count, 0);
    for (const [name, count] of [...rest, ['total', total] as const])
      expected.set(name, (expected.get(name) ?? 0) + count);
  }
  expect(new Map(answer.map(({ dimensions, metrics }) => [dimensions[0], metrics[0]]))).toEqual(expected);
});

it('a filter on types of cost asks whether the observation has one', async () => {
  const filter = [
    { type: 'arrayOptions', column: 'costType', operator: 'any of', value: ['output_reasoning'] },
  ] as const;
  expect(await reader.query(PROJECT, query({ filter }))).toEqual([
    { time: null, dimensions: ['call 7'], metrics: [1] },
  ]);
});

describe('what was stored before costs were split', () => {
  // What conditional tiers say, no SQL can: the migration leaves that to who prices anew.
  const SPLIT =
    "SELECT id, input_cost_nano_usd, output_cost_nano_usd FROM observations WHERE model IS DISTINCT FROM 'tiered' ORDER BY id";
  const split = async (note: string) =>
    (await database.pool.query<{ input_cost_nano_usd: string | null }>(`${SPLIT} -- ${note}`)).rows;

  it('is split by the migration as writes do it, whatever fits a batch, and what is split stays', async () => {
    const before = await split('as written');
    const runner = (await database.dataSource()).createQueryRunner();
    await new SplitCosts1796150000000().down(runner);
    await new SplitCosts1796150000000().up(runner);
    expect((await split('empty')).every((row) => row.input_cost_nano_usd === null)).toBe(true);
    await new FillSplitCosts1796200000000(2).up(runner);
    expect(await split('filled')).toEqual(before);
    await database.pool.query('UPDATE observations SET input_cost_nano_usd = 7 WHERE input_cost_nano_usd IS NOT NULL');
    const marked = await split('marked');
    await new FillSplitCosts1796200000000().up(runner);
    expect(await split('filled again')).toEqual(marked);
    await runner.release();
  });
});
