import { type DailyUsage } from '../../src/domain/daily-usage.js';
import { type WriteQueue } from '../../src/ingest/write-queue.js';
import { ReadPool } from '../../src/storage/read-pool.js';
import { type DailyUsageQuery, UsageReader } from '../../src/storage/usage-reader.js';
import { type TestDatabase } from '../support/database.js';
import { expectedContents, type Contents, type Row, wrongSums } from '../support/fold.js';
import { batchOf, cutInPieces, disordered, NOW_MS, type Patch, Random, randomMessages } from '../support/messages.js';
import { summed } from '../support/repeated-usage.js';
import { createWriteDatabase, openQueue } from '../support/write-database.js';

jest.setTimeout(120_000);

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const PROJECT = { no: 1, id: 'project 1' };
/** Shortly before a midnight: observations start up to two hours later. */
const EPOCHS = [1, 2, 5, 40].map((days) => Date.UTC(2026, 0, 31) * 1000 - days * DAY - HOUR - 20 * SECOND);
const EVERYTHING: DailyUsageQuery = { filter: {}, from: EPOCHS.at(-1)! - 100 * DAY };
const ALL_DAYS = { page: 1, limit: 200 };

let database: TestDatabase;
let queue: WriteQueue;
let reader: UsageReader;
let patches: Patch[];
let contents: Contents;

beforeAll(async () => {
  database = await createWriteDatabase();
  queue = openQueue(database.connection);
  reader = new UsageReader(new ReadPool(await database.dataSource(), { readTimeoutMs: 10_000 }));
  const random = new Random(20260131);
  patches = EPOCHS.flatMap((epoch, n) =>
    randomMessages(random, { traces: 25, sessions: 3, observationsPerTrace: 6, epoch }).map((patch) => ({
      ...patch,
      traceId: `${n}-${patch.traceId}`,
    })),
  );
  for (const piece of cutInPieces(random, disordered(random, patches), 60)) await queue.submit(batchOf(1, piece));
  // Another project has the same ids, and no part in any answer.
  await queue.submit(batchOf(2, patches.slice(0, 200)));
  contents = expectedContents(patches, NOW_MS * 1000);
});

afterAll(async () => {
  await queue.stop();
  await database.drop();
});

/** The answer, counted anew from what the messages add up to. Shares no code with what it checks. */
function recount({ filter, from, to = Infinity }: DailyUsageQuery): DailyUsage[] {
  const last = to % 1000 === 0 ? to + 999 : to;
  const isInside = (time: number) => time >= from && time <= last;
  const traces = contents.traces.filter(
    (trace) =>
      (filter.name === undefined || trace['name'] === filter.name) &&
      (filter.userId === undefined || trace['user_id'] === filter.userId) &&
      (filter.release === undefined || trace['release'] === filter.release) &&
      (filter.version === undefined || trace['version'] === filter.version) &&
      (filter.environments === undefined ||
        filter.environments.includes((trace['environment'] ?? 'default') as string)) &&
      (filter.tagSets === undefined ||
        filter.tagSets.some((tags) => tags.every((tag) => (trace['tags'] as string[]).includes(tag)))),
  );
  const ids = new Set(traces.map((trace) => trace['trace_id']));
  const timeOf = (row: Row) => (row['start_time'] as number | null) ?? NOW_MS * 1000;
  const observations = contents.observations.filter((row) => ids.has(row['trace_id']) && isInside(timeOf(row)));
  const counted = traces.filter((trace) => isInside(trace['ts'] as number));
  const dayOf = (time: number) => Math.floor(time / DAY);
  const days = [
    ...new Set([...counted.map((t) => dayOf(t['ts'] as number)), ...observations.map((o) => dayOf(timeOf(o)))]),
  ];
  const sum = (rows: readonly Row[], column: string) => rows.reduce((total, row) => total + summed(row, column), 0);
  return days
    .sort((a, b) => b - a)
    .map((day) => {
      const ofDay = observations.filter((row) => dayOf(timeOf(row)) === day);
      const models = [...new Set(ofDay.map((row) => (row['model'] as string | null) ?? ''))].map((model) => {
        const rows = ofDay.filter((row) => (row['model'] ?? '') === model);
        return {
          model,
          traceCount: new Set(rows.map((row) => row['trace_id'])).size,
          observationCount: rows.length,
          inputTokens: sum(rows, 'input_tokens'),
          outputTokens: sum(rows, 'output_tokens'),
          totalTokens: sum(rows, 'total_tokens'),
          costNanoUsd: sum(rows, 'cost_nano_usd'),
        };
      });
      return {
        day,
        traceCount: counted.filter((trace) => dayOf(trace['ts'] as number) === day).length,
        observationCount: ofDay.length,
        costNanoUsd: sum(ofDay, 'cost_nano_usd'),
        models: models.sort(
          (a, b) => b.costNanoUsd - a.costNanoUsd || Buffer.compare(Buffer.from(a.model), Buffer.from(b.model)),
        ),
      };
    });
}

async function expectRecounted(query: DailyUsageQuery): Promise<number> {
  const answer = await reader.findDays(PROJECT, query, ALL_DAYS);
  const expected = recount(query);
  expect({ query, items: answer.items }).toEqual({ query, items: expected });
  expect(answer).toMatchObject({ totalItems: expected.length, hasMore: false, isTotalCapped: false });
  return expected.length;
}

type Filter = DailyUsageQuery['filter'];

/** Some of every filter: values that match, a list of two, and one that nothing matches. */
const FILTERS: readonly Filter[] = [
  {},
  ...['name 1', 'name 4', 'no such name'].map((name) => ({ name })),
  ...['user-0', 'user-3'].map((userId) => ({ userId })),
  ...['r0', 'r2'].map((release) => ({ release })),
  ...['v0', 'v1'].map((version) => ({ version })),
  ...[['prod'], ['default'], ['dev', 'default'], ['staging']].map((environments) => ({ environments })),
  ...[[['b']], [['b', 'c']], [['e,f'], ['e', 'f']], [['{d}', '"g"']]].map((tagSets) => ({ tagSets })),
];

/** Bounds on midnights, on the times of messages, on parts of one day, and none. */
const RANGES: readonly Pick<DailyUsageQuery, 'from' | 'to'>[] = [
  EVERYTHING,
  { from: EPOCHS[1]! - (EPOCHS[1]! % DAY), to: EPOCHS[0]! - (EPOCHS[0]! % DAY) + 2 * DAY - 1 },
  { from: EPOCHS[1]! + 15 * SECOND },
  { from: EPOCHS[1]! + 15 * SECOND, to: EPOCHS[0]! + 25 * SECOND + HOUR },
  { from: EPOCHS[0]! + 30 * SECOND, to: EPOCHS[0]! + 30 * SECOND + HOUR },
  { from: EPOCHS[2]!, to: EPOCHS[2]! + 10 * SECOND },
  { from: EPOCHS[2]! + 5 * SECOND, to: EPOCHS[2]! + 5 * SECOND },
  { from: EPOCHS[3]! - DAY, to: NOW_MS * 1000 },
  { from: EPOCHS[3]! - DAY, to: NOW_MS * 1000 - 1 },
  { from: NOW_MS * 1000 + 1000 },
];

it('the messages go past midnight, and some observations have no start', () => {
  const days = (row: Row) => [row['first_start'], row['last_end']].map((time) => Math.floor((time as number) / DAY));
  expect(
    contents.traces.filter((row) => row['first_start'] !== null && days(row)[0] !== days(row)[1]).length,
  ).toBeGreaterThan(30);
  expect(contents.observations.filter((row) => row['start_time'] === null).length).toBeGreaterThan(10);
});

it('the sums behind it are right', async () => {
  expect(await wrongSums(database.pool)).toEqual({});
});

describe('daily usage equals a recount', () => {
  it.each(FILTERS.map((filter) => [JSON.stringify(filter), filter] as const))(
    'by %s, in every range',
    async (_, filter) => {
      for (const range of RANGES) await expectRecounted({ filter, ...range });
    },
  );

  it('by any two filters', async () => {
    let found = 0;
    for (const one of FILTERS) {
      for (const other of FILTERS)
        found += Math.sign(await expectRecounted({ ...EVERYTHING, filter: { ...one, ...other } }));
    }
    expect(found).toBeGreaterThan(150);
  });

  it('by any filters in any range', async () => {
    const random = new Random(5);
    for (let n = 0; n < 200; n += 1) {
      const filter = Object.assign(
        {},
        ...Array.from({ length: random.below(5) }, () => random.pick(FILTERS)),
      ) as Filter;
      const near = () => random.pick(EPOCHS) + random.below(4) * HOUR + random.below(40) * SECOND - random.below(2);
      const [from, to] = [near(), near()].sort((a, b) => a - b) as [number, number];
      await expectRecounted({ filter, from, ...(random.chance(0.8) ? { to } : {}) });
    }
  });
});

describe('pages of days', () => {
  it('together are all days, newest first, and one behind the last is empty', async () => {
    const whole = recount(EVERYTHING);
    const pages = [];
    for (let page = 1; page <= whole.length + 1; page += 1) {
      pages.push(await reader.findDays(PROJECT, EVERYTHING, { page, limit: 1 }));
    }
    expect(pages.flatMap(({ items }) => items)).toEqual(whole);
    expect(pages.map(({ hasMore }) => hasMore)).toEqual(whole.map((_, i) => i < whole.length - 1).concat(false));
    expect(new Set(pages.map(({ totalItems }) => totalItems))).toEqual(new Set([whole.length]));
  });
});

describe('what changes later', () => {
  const own = { no: 7, id: 'later' };
  const T0 = EPOCHS[0]! - (EPOCHS[0]! % DAY);
  const days = async (filter: Filter = {}) => {
    const { items } = await reader.findDays(own, { filter, from: T0 - 9 * DAY }, ALL_DAYS);
    return items.map(({ day, traceCount, models }) => ({
      day: day - T0 / DAY,
      traceCount,
      models: models.map(({ model, traceCount: traces, inputTokens }) => `${model} ${traces} ${inputTokens}`),
    }));
  };
  const observation = (id: string, stamp: number, fields: object): Patch => ({
    kind: 'observation',
    index: 0,
    traceId: 't',
    id,
    stamp,
    ...fields,
  });

  it('moves a trace and its models to where they belong', async () => {
    const write = (...messages: Patch[]) => queue.submit(batchOf(own.no, messages));
    await write(
      observation('a', 2, { startTime: T0 + HOUR, model: 'm', usage: { input: 5 } }),
      observation('b', 2, { startTime: T0 + 2 * HOUR, model: 'm', usage: { input: 7 } }),
      { kind: 'trace', index: 0, traceId: 't', stamp: 2, release: 'r1' },
    );
    expect(await days()).toEqual([{ day: 0, traceCount: 1, models: ['m 1 12'] }]);
    // Another model for one of them: both have the trace.
    await write(observation('b', 4, { model: 'n' }));
    expect(await days()).toEqual([{ day: 0, traceCount: 1, models: ['m 1 5', 'n 1 7'] }]);
    // An earlier start on the day before takes the trace's timestamp along, and the other model's day.
    await write(observation('b', 6, { startTime: T0 - HOUR }));
    const moved = [
      { day: 0, traceCount: 0, models: ['m 1 5'] },
      { day: -1, traceCount: 1, models: ['n 1 7'] },
    ];
    expect(await days()).toEqual(moved);
    expect(await days({ release: 'r1' })).toEqual(moved);
    // Back to the model it had.
    await write(observation('b', 8, { model: 'm' }));
    expect(await days({ release: 'r1' })).toEqual([
      { day: 0, traceCount: 0, models: ['m 1 5'] },
      { day: -1, traceCount: 1, models: ['m 1 7'] },
    ]);
    // The filter follows the trace.
    await write({ kind: 'trace', index: 0, traceId: 't', stamp: 10, release: 'r2' });
    expect(await days({ release: 'r1' })).toEqual([]);
    expect(await wrongSums(database.pool)).toEqual({});
  });
});
