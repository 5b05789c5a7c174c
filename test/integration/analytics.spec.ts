import {
  ANALYTICS_AGGREGATIONS,
  type AnalyticsQuery,
  type AnalyticsRow,
  type AnalyticsView,
  rulesOf,
  TEXT_AGGREGATIONS,
} from '../../src/domain/analytics.js';
import { type FilterCondition } from '../../src/domain/filter.js';
import { type Granularity } from '../../src/domain/time-bucket.js';
import { type WriteQueue } from '../../src/ingest/write-queue.js';
import { AnalyticsReader } from '../../src/storage/analytics/analytics-reader.js';
import { QueryTimeout } from '../../src/domain/errors.js';
import { newDataSource } from '../../src/storage/data-source.js';
import { ReadPool } from '../../src/storage/read-pool.js';
import { type Answered, loadEntities, recount } from '../support/analytics-recount.js';
import { type TestDatabase } from '../support/database.js';
import { batchOf, cutInPieces, disordered, NOW_MS, type Patch, Random, randomMessages } from '../support/messages.js';
import { createWriteDatabase, openQueue } from '../support/write-database.js';

jest.setTimeout(120_000);

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const PROJECT = { no: 1, id: 'project 1' };
/** Shortly before a midnight, within a month and in the one before. */
const EPOCHS = [1, 2, 5, 40].map((days) => Date.UTC(2026, 0, 31) * 1000 - days * DAY - HOUR - 20 * SECOND);
const EVERYTHING: AnalyticsQuery = {
  view: 'observations',
  dimensions: [],
  metrics: [],
  filter: [],
  granularity: null,
  from: EPOCHS.at(-1)! - 10 * DAY,
  to: NOW_MS * 1000 + DAY,
  order: [],
  bins: 10,
  rowLimit: null,
};

let database: TestDatabase;
let queue: WriteQueue;
/** By sums where they say enough, and never by them. */
let reader: AnalyticsReader;
let scanner: AnalyticsReader;
let entities: Awaited<ReturnType<typeof loadEntities>>;

beforeAll(async () => {
  database = await createWriteDatabase();
  queue = openQueue(database.connection);
  const pool = new ReadPool(await database.dataSource(), { readTimeoutMs: 10_000 });
  reader = new AnalyticsReader(pool);
  scanner = new AnalyticsReader(pool, false);
  const random = new Random(20260131);
  const patches: Patch[] = EPOCHS.flatMap((epoch, n) =>
    randomMessages(random, { traces: 25, sessions: 3, observationsPerTrace: 6, epoch }).map((patch) => ({
      ...patch,
      traceId: `${n}-${patch.traceId}`,
    })),
  );
  for (const piece of cutInPieces(random, disordered(random, patches), 60)) await queue.submit(batchOf(1, piece));
  await queue.submit(batchOf(2, patches.slice(0, 200)));
  await insertScores(random);
  await database.pool.query('ANALYZE');
  entities = await loadEntities(database.pool, 1);
});

afterAll(async () => {
  await queue.stop();
  await database.drop();
});

/** On traces and observations that are there and that are not, in both projects. */
async function insertScores(random: Random): Promise<void> {
  for (let n = 0; n < 300; n += 1) {
    const type = random.pick(['NUMERIC', 'NUMERIC', 'BOOLEAN', 'CATEGORICAL']);
    const value = type === 'NUMERIC' ? random.below(1000) / 7 : random.below(2);
    const label =
      type === 'NUMERIC' ? null : type === 'BOOLEAN' ? ['False', 'True'][value] : random.pick(['good', 'bad']);
    const at = random.pick(EPOCHS) + random.below(DAY);
    await database.pool.query(
      'INSERT INTO scores (project_no, id, ts, trace_id, observation_id, session_id, environment, name, source, data_type, ' +
        'value, string_value, config_id, metadata, first_stamp, stamp, created_at, updated_at) VALUES ' +
        "($1, $2, 'epoch'::timestamptz + $3 * interval '1 microsecond', $4, $5, $6, $7, $8, 'API', $9, $10, $11, $12, $13, 0, 0, now(), now())",
      [
        random.chance(0.9) ? 1 : 2,
        `score ${n}`,
        at,
        random.chance(0.9) ? `${random.below(4)}-trace-${random.below(27)}` : null,
        random.chance(0.5) ? `obs-${random.below(7)}` : null,
        random.chance(0.2) ? `session-${random.below(3)}` : null,
        random.chance(0.5) ? 'prod' : null,
        `score name ${random.below(3)}`,
        type,
        value,
        label,
        random.chance(0.3) ? 'config' : null,
        random.chance(0.5) ? { k0: random.below(3) } : null,
      ],
    );
  }
}

/** Rows in an order of their own, numbers to twelve digits. */
function sorted(rows: readonly (AnalyticsRow | Answered)[]): unknown[] {
  const round = (value: unknown): unknown => {
    if (typeof value === 'number') return Number(value.toPrecision(12));
    return typeof value === 'object' && value !== null
      ? JSON.parse(JSON.stringify(value, (_, member: unknown) => (typeof member === 'number' ? round(member) : member)))
      : value;
  };
  const key = ({ time, dimensions }: AnalyticsRow | Answered) => JSON.stringify([time, dimensions]);
  return [...rows]
    .sort((a, b) => (key(a) < key(b) ? -1 : 1))
    .map(({ time, dimensions, metrics }) => ({ time, dimensions, metrics: metrics.map(round) }));
}

/** Unfilled, so that only what is there is compared. */
function ordered(query: AnalyticsQuery): AnalyticsQuery {
  return { ...query, order: [{ target: { kind: 'metric', index: 0 }, direction: 'desc' }] };
}

async function expectRecounted(asked: Partial<AnalyticsQuery>): Promise<number> {
  const query = ordered({ ...EVERYTHING, ...asked });
  const answer = await reader.query(PROJECT, query);
  const expected = recount(entities.get(query.view)!, query);
  expect({ query, rows: sorted(answer) }).toEqual({ query, rows: sorted(expected) });
  return expected.length;
}

const VIEWS: readonly AnalyticsView[] = [
  'traces',
  'observations',
  'scores-numeric',
  'scores-categorical',
  'scores-boolean',
];
const rulesOfView = (view: AnalyticsView) => rulesOf(view, view === 'traces' ? 1 : 2)!;
/** Those of costs and usage by class have a spec of their own. */
const APART = ['costByType', 'usageByType'];
const measuresOf = (view: AnalyticsView) => [...rulesOfView(view).measures].filter(([name]) => !APART.includes(name));
const metricsOf = (view: AnalyticsView) =>
  measuresOf(view).flatMap(([measure, { kind }]) =>
    (kind === 'text' ? TEXT_AGGREGATIONS : ANALYTICS_AGGREGATIONS).map((aggregation) => ({ measure, aggregation })),
  );
const dimensionsOf = (view: AnalyticsView) =>
  [...rulesOfView(view).dimensions.keys()].filter((name) => !APART.includes(name));

it('the data have what is to be told apart', () => {
  const observations = entities.get('observations')!;
  expect(observations.length).toBeGreaterThan(250);
  for (const measure of ['latency', 'streamingLatency', 'tokensPerSecond', 'timeToFirstToken']) {
    const values = observations.map(({ measures }) => measures[measure]);
    expect([measure, values.includes(null), values.some((value) => Number(value) > 0)]).toEqual([measure, true, true]);
  }
  for (const measure of ['inputTokens', 'inputCost', 'totalCost', 'countScores', 'toolCalls', 'toolDefinitions']) {
    expect([measure, observations.some(({ measures }) => Number(measures[measure]) > 0)]).toEqual([measure, true]);
  }
  for (const view of VIEWS) expect(entities.get(view)!.length).toBeGreaterThan(20);
});

describe('every measure by every aggregation equals a recount', () => {
  it.each(VIEWS)('over all %s', async (view) => {
    for (const metric of metricsOf(view)) await expectRecounted({ view, metrics: [metric] });
  });

  it.each(VIEWS)('by name of %s and by day', async (view) => {
    const dimensions = ['name'];
    for (const [measure] of measuresOf(view)) {
      const metrics = metricsOf(view).filter((metric) => metric.measure === measure);
      expect(await expectRecounted({ view, dimensions, granularity: 'day', metrics })).toBeGreaterThan(3);
    }
  });

  it.each(VIEWS)('of %s when there is nothing', async (view) => {
    const empty = { from: EVERYTHING.to + DAY, to: EVERYTHING.to + 2 * DAY };
    for (const metric of metricsOf(view)) expect(await expectRecounted({ view, metrics: [metric], ...empty })).toBe(1);
    expect(await expectRecounted({ view, dimensions: ['name'], ...empty })).toBe(0);
  });

  it.each(VIEWS)('all at once of %s', async (view) => {
    await expectRecounted({ view, dimensions: ['environment'], metrics: metricsOf(view) });
  });
});

describe('every dimension groups as a recount does', () => {
  const metrics = [
    { measure: 'count', aggregation: 'count' },
    { measure: 'count', aggregation: 'p95' },
  ] as const;

  it.each(VIEWS)('of %s', async (view) => {
    for (const dimension of dimensionsOf(view)) {
      await expectRecounted({ view, dimensions: [dimension], metrics });
      await expectRecounted({ view, dimensions: [dimension], metrics: metrics.slice(0, 1), granularity: 'week' });
    }
  });
});

/** Some condition that a dimension takes, on a value that is there or not. */
function conditionOn(random: Random, view: AnalyticsView, column: string): FilterCondition {
  const kind = rulesOfView(view).dimensions.get(column)!.kind;
  const some = () => random.pick(entities.get(view)!).dimensions[column] ?? null;
  if (kind === 'number')
    return { type: 'number', column, operator: random.pick(['=', '>']), value: (some() ?? 1) as number };
  if (kind === 'boolean') return { type: 'boolean', column, operator: '=', value: random.chance(0.5) };
  if (kind !== 'text') {
    const value = [random.pick([...((some() ?? []) as string[]), 'no such'])];
    return { type: 'arrayOptions', column, operator: random.pick(['any of', 'none of', 'all of']), value };
  }
  const value = [some(), some(), 'no such'].filter((one) => one !== null && one !== '') as string[];
  return random.pick<FilterCondition>([
    { type: 'stringOptions', column, operator: random.pick(['any of', 'none of']), value },
    { type: 'string', column, operator: random.pick(['=', 'contains']), value: value[0]! },
    { type: 'null', column, operator: random.pick(['is null', 'is not null']), value: '' },
  ]);
}

/** Bounds on hours, on times of messages, and a microsecond beside them. */
function randomRange(random: Random): Pick<AnalyticsQuery, 'from' | 'to'> {
  const near = () => {
    const time = random.pick(EPOCHS) + random.below(4) * HOUR + random.below(40) * SECOND - random.below(2);
    return random.chance(0.5) ? time : time - (time % HOUR) - random.below(2);
  };
  const [from, to] = [near(), near()].sort((a, b) => a - b) as [number, number];
  return random.chance(0.3) ? { from: EVERYTHING.from, to: EVERYTHING.to } : { from, to: from === to ? to + HOUR : to };
}

const GRANULARITIES: readonly (Granularity | null)[] = ['minute', 'hour', 'day', 'week', 'month', null, null];

function randomQuery(random: Random, view: AnalyticsView): Partial<AnalyticsQuery> {
  const some = <T>(items: readonly T[], most: number) =>
    Array.from({ length: random.below(most + 1) }, () => random.pick(items));
  const dimensions = dimensionsOf(view);
  return {
    view,
    ...randomRange(random),
    dimensions: [...new Set(some(dimensions, 3))],
    metrics: [...new Map(some(metricsOf(view), 4).map((one) => [JSON.stringify(one), one])).values()],
    filter: some(
      dimensions.filter((name) => name !== 'costType'),
      2,
    ).map((name) => conditionOn(random, view, name)),
    granularity: random.pick(GRANULARITIES),
    bins: 1 + random.below(12),
  };
}

it('a condition on classes of usage asks for what the dimension shows: nothing of what repeats other usage', async () => {
  const filter: FilterCondition[] = [
    { type: 'arrayOptions', column: 'usageType', operator: 'any of', value: ['total'] },
  ];
  const found = await expectRecounted({ view: 'observations', dimensions: ['traceId'], filter });
  expect(found).toBeGreaterThan(0);
});

it.each(VIEWS)('random queries over %s equal a recount', async (view) => {
  const random = new Random(7);
  let found = 0;
  for (let n = 0; n < 60; n += 1) found += Math.sign(await expectRecounted(randomQuery(random, view)));
  expect(found).toBeGreaterThan(15);
});

describe('what sums by hour can answer', () => {
  const metrics = [
    { measure: 'count', aggregation: 'count' },
    { measure: 'count', aggregation: 'sum' },
    ...['inputTokens', 'outputTokens', 'totalTokens', 'totalCost'].flatMap((measure) =>
      (['sum', 'avg', 'count'] as const).map((aggregation) => ({ measure, aggregation })),
    ),
  ] as const;

  it('is the same as a scan says, to the last digit, in any range', async () => {
    const random = new Random(11);
    let found = 0;
    for (let n = 0; n < 80; n += 1) {
      const dimensions = ['providedModelName', 'startTimeMonth'].filter(() => random.chance(0.5));
      const query: AnalyticsQuery = {
        ...EVERYTHING,
        ...randomRange(random),
        dimensions,
        metrics: metrics.filter(() => random.chance(0.3)),
        filter: random.chance(0.5) ? [conditionOn(random, 'observations', 'providedModelName')] : [],
        granularity: random.pick(['hour', 'day', 'week', 'month', null] as const),
        rowLimit: random.chance(0.3) ? 3 : null,
      };
      const answer = await reader.query(PROJECT, query);
      expect({ query, answer }).toEqual({ query, answer: await scanner.query(PROJECT, query) });
      await expectRecounted({ ...query, rowLimit: null });
      found += Math.sign(answer.length);
    }
    expect(found).toBeGreaterThan(50);
  });

  it('holds for traces by time', async () => {
    const random = new Random(12);
    for (let n = 0; n < 40; n += 1) {
      const query: AnalyticsQuery = {
        ...EVERYTHING,
        ...randomRange(random),
        view: 'traces',
        dimensions: random.chance(0.5) ? ['timestampMonth'] : [],
        granularity: random.pick(['hour', 'day', null] as const),
      };
      expect(await reader.query(PROJECT, query)).toEqual(await scanner.query(PROJECT, query));
    }
  });

  it('reads no observation where whole hours are asked for', async () => {
    const ofOther = { no: 9, id: 'sums alone' };
    await database.pool.query(
      "INSERT INTO usage_hourly VALUES (9, '2026-01-05T10:00Z', 'm', 0, 7, 0, 0, 10, 20, 30, 5000000000, 0, 0)",
    );
    const query: AnalyticsQuery = {
      ...EVERYTHING,
      from: Date.UTC(2026, 0, 5) * 1000,
      to: Date.UTC(2026, 0, 6) * 1000 - 1,
      dimensions: ['providedModelName'],
      metrics: [
        { measure: 'count', aggregation: 'count' },
        { measure: 'totalCost', aggregation: 'sum' },
        { measure: 'totalTokens', aggregation: 'avg' },
      ],
    };
    expect(await reader.query(ofOther, query)).toEqual([{ time: null, dimensions: ['m'], metrics: [7, 5, 30 / 7] }]);
    expect(await scanner.query(ofOther, query)).toEqual([]);
  });
});

it('a query that takes too long is ended, and its connection serves the next one', async () => {
  const dataSource = await newDataSource(database.connection, { connections: 1, timeoutMs: 300 }).initialize();
  const impatient = new AnalyticsReader(new ReadPool(dataSource, { readTimeoutMs: 300 }), false);
  const holder = await database.pool.connect();
  try {
    await holder.query('BEGIN; LOCK TABLE observations IN ACCESS EXCLUSIVE MODE');
    await expect(impatient.query(PROJECT, EVERYTHING)).rejects.toBeInstanceOf(QueryTimeout);
    await holder.query('ROLLBACK');
    expect(await impatient.query(PROJECT, EVERYTHING)).toEqual(await reader.query(PROJECT, EVERYTHING));
  } finally {
    holder.release();
    await dataSource.destroy();
  }
});
