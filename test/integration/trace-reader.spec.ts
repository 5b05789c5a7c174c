import { InvalidInput, NotFound } from '../../src/domain/errors.js';
import { type Page } from '../../src/domain/page.js';
import { type TraceListItem } from '../../src/domain/trace.js';
import { ReadPool } from '../../src/storage/read-pool.js';
import { TRACE_SORT_KEYS, type TraceFilter, type TraceOrder, type TraceParts } from '../../src/storage/sql/filter.js';
import { traceCostUsd, traceLatencySeconds } from '../../src/storage/sql/trace-figures.js';
import { TraceReader } from '../../src/storage/trace-reader.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { BUCKET, insertRows, makePartitions, OTHER_PROJECT, PROJECT, second } from '../support/rows.js';

const NEWEST_FIRST: TraceOrder = { key: 'timestamp', direction: 'desc' };
const CORE: TraceParts = { io: false, observations: false };
const ALL: TraceParts = { io: true, observations: true };
const FIRST_PAGE = { page: 1, limit: 200 };

let database: TestDatabase;
let pool: ReadPool;
let reader: TraceReader;

beforeAll(async () => {
  database = await createTestDatabase();
  const dataSource = await database.dataSource();
  await makePartitions(dataSource);
  pool = new ReadPool(dataSource, { readTimeoutMs: 10_000 });
  reader = new TraceReader(pool);
});

afterAll(async () => {
  await database.drop();
});

beforeEach(async () => {
  await database.pool.query('TRUNCATE traces, trace_payloads, observations, observation_payloads, sessions');
});

const micros = (time: string) => Date.parse(time) * 1000;

async function findIds(filter: TraceFilter, order = NEWEST_FIRST): Promise<string[]> {
  const page = await reader.findTraces(PROJECT, filter, FIRST_PAGE, order, CORE);
  expect(page.totalItems).toBe(page.items.length);
  return ids(page);
}

const ids = (page: Page<TraceListItem>) => page.items.map((trace) => trace.traceId);

describe('a list of traces', () => {
  describe('filtered', () => {
    beforeEach(async () => {
      await insertRows(database.pool, 'traces', [
        { trace_id: 'a', ts: second(1), user_id: 'ann', session_id: 's1', name: 'chat', version: '1', release: 'r1' },
        { trace_id: 'b', ts: second(2), user_id: 'ann', session_id: 's2', name: 'plan', version: '2', release: 'r1' },
        { trace_id: 'c', ts: second(3), user_id: 'bob', session_id: 's2', name: 'chat', version: '1', release: 'r2' },
        { trace_id: 'd', ts: second(4), tags: ['red'], environment: 'production' },
        { trace_id: 'e', ts: second(5), tags: ['blue', 'red'], environment: 'default' },
        { trace_id: 'f', ts: second(6), tags: ['blue, red', '"quoted"', 'back\\slash', '{}'], environment: 'staging' },
      ]);
    });

    it.each<[string, TraceFilter, string[]]>([
      ['nothing', {}, ['f', 'e', 'd', 'c', 'b', 'a']],
      ['user', { userId: 'ann' }, ['b', 'a']],
      ['session', { sessionId: 's2' }, ['c', 'b']],
      ['name', { name: 'chat' }, ['c', 'a']],
      ['version', { version: '1' }, ['c', 'a']],
      ['release', { release: 'r1' }, ['b', 'a']],
      ['user and name', { userId: 'ann', name: 'chat' }, ['a']],
      [
        'user, session, name, version and release',
        { userId: 'bob', sessionId: 's2', name: 'chat', version: '1', release: 'r2' },
        ['c'],
      ],
      ['a user that does not exist', { userId: 'nobody' }, []],
      ['one tag', { tagSets: [['red']] }, ['e', 'd']],
      ['several tags, all of which a trace must have', { tagSets: [['red', 'blue']] }, ['e']],
      ['a tag with a comma, which is one tag', { tagSets: [['blue, red']] }, ['f']],
      ['tags with quotes, backslashes and braces', { tagSets: [['"quoted"', 'back\\slash', '{}']] }, ['f']],
      ['any of two sets of tags', { tagSets: [['blue, red'], ['blue', 'red']] }, ['f', 'e']],
      ['an environment', { environments: ['production'] }, ['d']],
      ['any of several environments', { environments: ['production', 'staging'] }, ['f', 'd']],
      ['the default environment, stated or not', { environments: ['default'] }, ['e', 'c', 'b', 'a']],
      ['the default environment or another', { environments: ['staging', 'default'] }, ['f', 'e', 'c', 'b', 'a']],
      ['a start, inclusive', { from: micros(second(5)) }, ['f', 'e']],
      ['an end, inclusive', { to: micros(second(2)) }, ['b', 'a']],
      ['a time range and a user', { from: micros(second(2)), to: micros(second(3)), userId: 'ann' }, ['b']],
      ['a range without traces', { from: micros(second(3)), to: micros(second(2)) }, []],
      [
        'the whole of time',
        { from: -62_135_596_800_000_000, to: 253_402_300_799_999_000 },
        ['f', 'e', 'd', 'c', 'b', 'a'],
      ],
    ])('by %s shows exactly the traces that match', async (_, filter, expected) => {
      expect(await findIds(filter)).toEqual(expected);
    });

    it.each(["' OR 1=1 --", "ann'; DROP TABLE traces; --", '$1', '%', 'a_n', "\\'", 'ann" OR ""="'])(
      'by %j takes it as a value and not as SQL',
      async (text) => {
        for (const filter of [
          { userId: text },
          { sessionId: text },
          { name: text },
          { version: text },
          { release: text },
          { tagSets: [[text]] },
          { environments: [text] },
        ]) {
          expect(await findIds(filter)).toEqual([]);
        }
        expect(await findIds({})).toHaveLength(6);
      },
    );
  });

  it('includes a trace up to the millisecond it is shown with', async () => {
    await insertRows(database.pool, 'traces', [{ trace_id: 'a', ts: '2026-01-31T09:30:00.123456Z' }]);
    const shown = micros('2026-01-31T09:30:00.123Z');
    expect(await findIds({ from: shown, to: shown })).toEqual(['a']);
    expect(await findIds({ to: shown - 1000 })).toEqual([]);
    expect(await findIds({ from: shown + 1000 })).toEqual([]);
    expect(await findIds({ to: shown + 455 })).toEqual([]);
    expect(await findIds({ to: shown + 456 })).toEqual(['a']);
  });

  it('never shows what belongs to another project', async () => {
    await insertRows(database.pool, 'traces', [
      { trace_id: 'mine', ts: second(1) },
      { trace_id: 'theirs', ts: second(2), project_no: OTHER_PROJECT.no },
      { trace_id: 'shared-id', ts: second(3), name: 'mine' },
      { trace_id: 'shared-id', ts: second(4), name: 'theirs', project_no: OTHER_PROJECT.no },
    ]);
    await insertRows(database.pool, 'trace_payloads', [
      { trace_id: 'shared-id', input: '"mine"' },
      { trace_id: 'shared-id', input: '"theirs"', project_no: OTHER_PROJECT.no },
    ]);
    await insertRows(database.pool, 'observations', [
      { trace_id: 'shared-id', id: 'mine' },
      { trace_id: 'shared-id', id: 'theirs', project_no: OTHER_PROJECT.no },
    ]);
    const page = await reader.findTraces(PROJECT, {}, FIRST_PAGE, NEWEST_FIRST, ALL);
    expect(
      page.items.map(({ traceId, name, input, observationIds }) => [traceId, name, input, observationIds]),
    ).toEqual([
      ['shared-id', 'mine', '"mine"', ['mine']],
      ['mine', null, null, []],
    ]);
    expect(page.totalItems).toBe(2);
  });

  it('holds every column of a trace, times to the microsecond and JSON as it was stored', async () => {
    await insertRows(database.pool, 'traces', [
      {
        trace_id: 'tr/1 ä',
        ts: '2026-01-31T09:30:00.123456Z',
        first_start: '2026-01-31T09:30:00.123457Z',
        last_end: '2026-01-31T09:30:02.000001Z',
        created_at: '2026-01-31T09:30:03.999999Z',
        updated_at: '1969-12-31T23:59:59.999999Z',
        name: 'chat.turn',
        user_id: 'ann',
        session_id: 's1',
        release: 'r1',
        version: '1.0',
        environment: 'production',
        external_id: 'x-1',
        public: true,
        bookmarked: false,
        stated_latency_seconds: 1.5,
        stated_cost_usd: 0.25,
        tags: ['a', 'b,c'],
        metadata: { z: 1, 'key "quoted"': [1, { deep: null }] },
        observation_count: 3,
        generation_count: 2,
        error_count: 1,
        input_tokens: 100,
        output_tokens: 20,
        total_tokens: 120,
        cost_nano_usd: 9_007_199_254_740_991,
      },
    ]);
    await insertRows(database.pool, 'trace_payloads', [
      { trace_id: 'tr/1 ä', input: '{"b" : 1.00, "a":"\\u00e4 ä"}', output: '"out"' },
    ]);
    const [trace] = (await reader.findTraces(PROJECT, {}, FIRST_PAGE, NEWEST_FIRST, ALL)).items;
    expect(trace).toEqual({
      traceId: 'tr/1 ä',
      timestamp: micros('2026-01-31T09:30:00.123Z') + 456,
      firstStart: micros('2026-01-31T09:30:00.123Z') + 457,
      lastEnd: micros('2026-01-31T09:30:02.000Z') + 1,
      createdAt: micros('2026-01-31T09:30:03.999Z') + 999,
      updatedAt: -1,
      name: 'chat.turn',
      userId: 'ann',
      sessionId: 's1',
      release: 'r1',
      version: '1.0',
      environment: 'production',
      externalId: 'x-1',
      public: true,
      bookmarked: false,
      statedLatencySeconds: 1.5,
      statedCostUsd: 0.25,
      tags: ['a', 'b,c'],
      metadata: '{"z": 1, "key \\"quoted\\"": [1, {"deep": null}]}',
      input: '{"b" : 1.00, "a":"\\u00e4 ä"}',
      output: '"out"',
      observationIds: [],
      totals: {
        observationCount: 3,
        generationCount: 2,
        errorCount: 1,
        inputTokens: 100,
        outputTokens: 20,
        totalTokens: 120,
        costNanoUsd: 9_007_199_254_740_991,
      },
    });
  });

  it('leaves inputs, outputs, metadata and observation ids out unless they are asked for', async () => {
    await insertRows(database.pool, 'traces', [{ trace_id: 'a', metadata: { k: 1 } }]);
    await insertRows(database.pool, 'trace_payloads', [{ trace_id: 'a', input: '"in"', output: '"out"' }]);
    await insertRows(database.pool, 'observations', [{ trace_id: 'a', id: 'o' }]);
    const find = async (parts: TraceParts) => {
      const [trace] = (await reader.findTraces(PROJECT, {}, FIRST_PAGE, NEWEST_FIRST, parts)).items;
      return [trace?.input, trace?.output, trace?.metadata, trace?.observationIds];
    };
    expect(await find(CORE)).toEqual([null, null, null, []]);
    expect(await find({ io: true, observations: false })).toEqual(['"in"', '"out"', '{"k": 1}', []]);
    expect(await find({ io: false, observations: true })).toEqual([null, null, null, ['o']]);
  });

  it('gives each trace its own payload and observations, whichever week they lie in', async () => {
    await insertRows(database.pool, 'traces', [
      { trace_id: 'old', ts: second(1), bucket: BUCKET },
      { trace_id: 'bare', ts: second(2), bucket: BUCKET },
      { trace_id: 'new', ts: second(3), bucket: BUCKET + 1 },
    ]);
    await insertRows(database.pool, 'trace_payloads', [
      { trace_id: 'old', input: '"old in"' },
      { trace_id: 'new', input: '"new in"', bucket: BUCKET + 1 },
    ]);
    await insertRows(database.pool, 'observations', [
      { trace_id: 'old', id: 'late', start_time: second(9) },
      { trace_id: 'old', id: 'early', start_time: second(1) },
      { trace_id: 'old', id: 'same-b', start_time: second(5) },
      { trace_id: 'old', id: 'same-a', start_time: second(5) },
      { trace_id: 'new', id: 'unstarted', created_at: second(7), bucket: BUCKET + 1 },
      { trace_id: 'new', id: 'started', start_time: second(8), created_at: second(1), bucket: BUCKET + 1 },
    ]);
    const page = await reader.findTraces(PROJECT, {}, FIRST_PAGE, NEWEST_FIRST, ALL);
    expect(page.items.map(({ traceId, input, observationIds }) => [traceId, input, observationIds])).toEqual([
      ['new', '"new in"', ['unstarted', 'started']],
      ['bare', null, []],
      ['old', '"old in"', ['early', 'same-a', 'same-b', 'late']],
    ]);
  });

  describe('in order', () => {
    const shown: Record<string, (trace: TraceListItem) => unknown> = {
      id: (trace) => trace.traceId,
      timestamp: (trace) => trace.timestamp,
      name: (trace) => trace.name,
      userId: (trace) => trace.userId,
      release: (trace) => trace.release,
      version: (trace) => trace.version,
      public: (trace) => trace.public ?? false,
      bookmarked: (trace) => trace.bookmarked ?? false,
      sessionId: (trace) => trace.sessionId,
      latency: traceLatencySeconds,
      totalCost: traceCostUsd,
    };

    beforeEach(async () => {
      const some = (i: number, text: string) => (i % 3 === 0 ? null : `${text}${i % 2}`);
      await insertRows(
        database.pool,
        'traces',
        Array.from({ length: 24 }, (_, i) => ({
          trace_id: `t${String((i * 7) % 24).padStart(2, '0')}`,
          ts: second(i % 5),
          name: some(i, 'n'),
          user_id: some(i + 1, 'u'),
          session_id: some(i + 2, 's'),
          release: some(i, 'r'),
          version: some(i, 'v'),
          public: i % 4 === 0 ? null : i % 2 === 0,
          bookmarked: i % 5 === 0 ? null : i % 3 === 0,
          first_start: i % 2 === 0 ? second(0) : null,
          last_end: i % 2 === 0 ? second((i % 6) - 1) : null,
          stated_latency_seconds: i % 3 === 0 ? i / 2 : null,
          cost_nano_usd: i % 2 === 0 ? i * 1_000_000 : 0,
          stated_cost_usd: i % 3 === 0 ? i / 1000 : null,
        })),
      );
    });

    it.each(
      TRACE_SORT_KEYS.flatMap((key) => [{ key, direction: 'asc' } as const, { key, direction: 'desc' } as const]),
    )('by $key, $direction, sorts as it shows, values that are missing last and ties by id', async (order) => {
      const page = await reader.findTraces(PROJECT, {}, FIRST_PAGE, order, CORE);
      expect(page.items).toHaveLength(24);
      const sign = order.direction === 'asc' ? 1 : -1;
      const valueOf = shown[order.key]!;
      const compare = (a: unknown, b: unknown) => (a === b ? 0 : (a as number) < (b as number) ? -1 : 1);
      const expected = [...page.items].sort((a, b) => {
        const [x, y] = [valueOf(a), valueOf(b)];
        if ((x === null) !== (y === null)) return x === null ? 1 : -1;
        return sign * (compare(x, y) || compare(a.traceId, b.traceId));
      });
      expect(ids(page)).toEqual(expected.map((trace) => trace.traceId));
      // The first half must not depend on how much is asked for.
      const half = await reader.findTraces(PROJECT, {}, { page: 1, limit: 12 }, order, CORE);
      expect(ids(half)).toEqual(ids(page).slice(0, 12));
    });

    it.each(TRACE_SORT_KEYS)('by %s walks every trace exactly once, page by page', async (key) => {
      const seen: string[] = [];
      for (let page = 1; ; page += 1) {
        const part = await reader.findTraces(PROJECT, {}, { page, limit: 5 }, { key, direction: 'desc' }, CORE);
        seen.push(...ids(part));
        expect(part.totalItems).toBe(24);
        expect(part.hasMore).toBe(page < 5);
        if (!part.hasMore) break;
      }
      expect(seen).toHaveLength(24);
      expect(new Set(seen).size).toBe(24);
    });

    it.each(['asc', 'desc'] as const)(
      'by timestamp, %s, walks every trace exactly once by cursor',
      async (direction) => {
        const order = { key: 'timestamp', direction } as const;
        const whole = await reader.findTraces(PROJECT, {}, FIRST_PAGE, order, CORE);
        expect(whole.nextCursor).toBeUndefined();
        const seen: string[] = [];
        for (let cursor: string | undefined; ;) {
          const request = { page: 1, limit: 5, ...(cursor === undefined ? {} : { cursor }) };
          const part: Page<TraceListItem> = await reader.findTraces(PROJECT, {}, request, order, CORE);
          seen.push(...ids(part));
          expect(part.totalItems).toBe(24);
          expect(part.hasMore).toBe(part.nextCursor !== undefined);
          if (part.nextCursor === undefined) break;
          cursor = part.nextCursor;
        }
        expect(seen).toEqual(ids(whole));
      },
    );

    it('keeps its place by cursor while newer traces arrive', async () => {
      const first = await reader.findTraces(PROJECT, {}, { page: 1, limit: 10 }, NEWEST_FIRST, CORE);
      await insertRows(database.pool, 'traces', [{ trace_id: 'newer', ts: second(100) }]);
      const rest = await reader.findTraces(
        PROJECT,
        {},
        { page: 1, limit: 200, cursor: first.nextCursor! },
        NEWEST_FIRST,
        CORE,
      );
      expect(new Set([...ids(first), ...ids(rest)]).size).toBe(24);
      expect(rest.items).toHaveLength(14);
    });

    it('refuses a cursor outside timestamp order', async () => {
      const { nextCursor } = await reader.findTraces(PROJECT, {}, { page: 1, limit: 5 }, NEWEST_FIRST, CORE);
      const find = reader.findTraces(
        PROJECT,
        {},
        { page: 1, limit: 5, cursor: nextCursor! },
        { key: 'name', direction: 'asc' },
        CORE,
      );
      await expect(find).rejects.toThrow(InvalidInput);
    });
  });

  it.each(['x', 'MTIz', Buffer.from('1:').toString('base64url'), Buffer.from("1e3:'").toString('base64url')])(
    'refuses %j as a cursor',
    async (cursor) => {
      const find = reader.findTraces(PROJECT, {}, { page: 1, limit: 5, cursor }, NEWEST_FIRST, CORE);
      await expect(find).rejects.toThrow(new InvalidInput('cursor is no cursor of this server', 'cursor'));
    },
  );

  it('is empty beyond its last page and still tells how many there are', async () => {
    await insertRows(database.pool, 'traces', [{ trace_id: 'a' }]);
    const page = await reader.findTraces(PROJECT, {}, { page: 3, limit: 5 }, NEWEST_FIRST, ALL);
    expect(page).toEqual({ items: [], totalItems: 1, isTotalCapped: false, hasMore: false });
  });

  describe('longer than the counting cap', () => {
    const CAP = 10;
    const insert = (from: number, to: number) =>
      insertRows(
        database.pool,
        'traces',
        Array.from({ length: to - from }, (_, i) => ({ trace_id: `t${from + i}`, ts: second(from + i), name: 'n' })),
      );
    const find = (capped: TraceReader, page = 1, filter: TraceFilter = {}) =>
      capped.findTraces(PROJECT, filter, { page, limit: 4 }, NEWEST_FIRST, CORE);

    it('gives the cap as a lower bound, says so, and still reaches its last trace', async () => {
      const capped = new TraceReader(pool, CAP);
      await insert(0, CAP);
      expect(await find(capped)).toMatchObject({ totalItems: 10, isTotalCapped: false, hasMore: true });
      await insert(CAP, CAP + 4);
      expect(await find(capped)).toMatchObject({ totalItems: 10, isTotalCapped: true, hasMore: true });
      expect(await find(capped, 3)).toMatchObject({ totalItems: 10, isTotalCapped: true, hasMore: true });
      const last = await find(capped, 4);
      expect(last).toMatchObject({ totalItems: 10, isTotalCapped: true, hasMore: false });
      expect(ids(last)).toEqual(['t1', 't0']);
    });

    it('remembers per filter and project that it is longer, and counts again what is shorter', async () => {
      const capped = new TraceReader(pool, CAP);
      await insert(0, CAP + 2);
      expect(await find(capped)).toMatchObject({ isTotalCapped: true });
      expect(await find(capped, 1, { name: 'other' })).toMatchObject({ totalItems: 0, isTotalCapped: false });
      expect(await capped.findTraces(OTHER_PROJECT, {}, FIRST_PAGE, NEWEST_FIRST, CORE)).toMatchObject({
        totalItems: 0,
      });
      expect(await find(capped, 1, { from: micros(second(CAP + 1)) })).toMatchObject({ totalItems: 1 });
      await insert(CAP + 2, CAP + 3);
      expect(await find(capped, 1, { from: micros(second(CAP + 1)) })).toMatchObject({ totalItems: 2 });
    });
  });
});

describe('one trace', () => {
  it('has everything in it: its payload, and every observation with its own in start order', async () => {
    await insertRows(database.pool, 'traces', [
      { trace_id: 'a', name: 'chat', metadata: { k: [1, 2] }, observation_count: 3 },
      { trace_id: 'b' },
    ]);
    await insertRows(database.pool, 'trace_payloads', [
      { trace_id: 'a', input: '{"q":1}', output: '[]' },
      { trace_id: 'b', input: '"b"' },
    ]);
    await insertRows(database.pool, 'observations', [
      { trace_id: 'a', id: 'third', start_time: second(3), name: 'last' },
      { trace_id: 'a', id: 'without-start', created_at: second(2) },
      { trace_id: 'b', id: 'first', name: 'of b' },
      {
        trace_id: 'a',
        id: 'first',
        start_time: '2026-01-31T09:30:00.000001Z',
        end_time: '2026-01-31T09:30:01.5Z',
        completion_start_time: '2026-01-31T09:30:00.250001Z',
        created_at: '2026-01-31T09:31:00Z',
        updated_at: '2026-01-31T09:32:00Z',
        type: 'GENERATION',
        name: 'chat.generation',
        level: 'WARNING',
        status_message: 'slow',
        model: 'gpt-4o',
        model_parameters: '{"temperature": 0.70}',
        parent_observation_id: 'root',
        version: '2',
        environment: 'production',
        prompt_id: 'p1',
        prompt_name: 'greeting',
        prompt_version: '3',
        usage: { input: 10, output: 5, total: 15, __proto__x: 1 },
        input_tokens: 10,
        output_tokens: 5,
        total_tokens: 15,
        stated_cost: { total: 0.5 },
        cost_nano_usd: 500_000_000,
        stated_facts: {
          usageUnit: 'CHARACTERS',
          statedLatencySeconds: 1.25,
          statedTimeToFirstTokenSeconds: 0.5,
          modelId: 'm1',
          inputPriceUsd: 0.1,
          outputPriceUsd: 0.2,
          totalPriceUsd: 0.3,
        },
      },
    ]);
    await insertRows(database.pool, 'observation_payloads', [
      { trace_id: 'a', id: 'first', input: '{"x" : 1}', output: '"out"', metadata: '{"m": 1}' },
      { trace_id: 'a', id: 'third', input: '"third in"' },
      { trace_id: 'a', id: 'written-a-moment-later', input: '"no row yet"' },
      { trace_id: 'b', id: 'first', input: '"of b"' },
    ]);
    const trace = await reader.getTrace(PROJECT, 'a');
    expect(trace).toMatchObject({
      traceId: 'a',
      name: 'chat',
      input: '{"q":1}',
      output: '[]',
      metadata: '{"k": [1, 2]}',
    });
    expect(trace.observations.map(({ id, input }) => [id, input?.toString() ?? null])).toEqual([
      ['first', '{"x" : 1}'],
      ['without-start', null],
      ['third', '"third in"'],
    ]);
    expect(trace.observations[0]).toEqual({
      traceId: 'a',
      id: 'first',
      startTime: micros('2026-01-31T09:30:00Z') + 1,
      endTime: micros('2026-01-31T09:30:01.500Z'),
      completionStartTime: micros('2026-01-31T09:30:00.250Z') + 1,
      createdAt: micros('2026-01-31T09:31:00Z'),
      updatedAt: micros('2026-01-31T09:32:00Z'),
      type: 'GENERATION',
      name: 'chat.generation',
      level: 'WARNING',
      statusMessage: 'slow',
      model: 'gpt-4o',
      modelParameters: '{"temperature": 0.70}',
      parentObservationId: 'root',
      version: '2',
      environment: 'production',
      promptId: 'p1',
      promptName: 'greeting',
      promptVersion: '3',
      usage: { input: 10, output: 5, total: 15, __proto__x: 1 },
      inputTokens: 10,
      outputTokens: 5,
      totalTokens: 15,
      statedCost: { total: 0.5 },
      priceKey: null,
      price: null,
      costNanoUsd: 500_000_000,
      usageUnit: 'CHARACTERS',
      statedLatencySeconds: 1.25,
      statedTimeToFirstTokenSeconds: 0.5,
      modelId: 'm1',
      inputPriceUsd: 0.1,
      outputPriceUsd: 0.2,
      totalPriceUsd: 0.3,
      ...{
        requestedModel: null,
        provider: null,
        finishReason: null,
        toolName: null,
        toolNames: null,
        calledToolNames: null,
        agentName: null,
      },
      ...{ turnId: null, runId: null, stepId: null, parentStepId: null, stepType: null, attemptIndex: null },
      runState: null,
      experiment: null,
      input: Buffer.from('{"x" : 1}'),
      output: Buffer.from('"out"'),
      metadata: Buffer.from('{"m": 1}'),
    });
  });

  it('comes without inputs, or without observations, when only the rest is asked for', async () => {
    await insertRows(database.pool, 'traces', [{ trace_id: 'a', metadata: { k: 1 } }]);
    await insertRows(database.pool, 'trace_payloads', [{ trace_id: 'a', input: '"in"' }]);
    await insertRows(database.pool, 'observations', [{ trace_id: 'a', id: 'o', name: 'n' }]);
    await insertRows(database.pool, 'observation_payloads', [{ trace_id: 'a', id: 'o', input: '"in"' }]);
    const withoutIo = await reader.getTrace(PROJECT, 'a', { io: false, observations: true });
    expect([withoutIo.input, withoutIo.metadata]).toEqual([null, null]);
    expect(withoutIo.observations).toMatchObject([{ id: 'o', name: 'n', input: null }]);
    const withoutObservations = await reader.getTrace(PROJECT, 'a', { io: true, observations: false });
    expect(withoutObservations).toMatchObject({ input: '"in"', metadata: '{"k": 1}', observations: [] });
  });

  it('is found by any id that can be stored, and only by exactly that', async () => {
    const odd = ['a/b?c#d', 'ä😀', "o'clock", '%2F', ' spaced ', '__proto__', 'x'.repeat(800)];
    await insertRows(
      database.pool,
      'traces',
      odd.map((id) => ({ trace_id: id })),
    );
    for (const id of odd) expect((await reader.getTrace(PROJECT, id)).traceId).toBe(id);
    for (const id of ['A/B?C#D', 'spaced', '', '%', 'nul\0', 'lone \ud800']) {
      await expect(reader.getTrace(PROJECT, id)).rejects.toThrow(
        new NotFound(`Trace ${id} not found within authorized project`),
      );
    }
  });

  it('of another project is not found', async () => {
    await insertRows(database.pool, 'traces', [{ trace_id: 'theirs', project_no: OTHER_PROJECT.no }]);
    await expect(reader.getTrace(PROJECT, 'theirs')).rejects.toThrow(NotFound);
    await expect(reader.getTrace(OTHER_PROJECT, 'theirs')).resolves.toMatchObject({ traceId: 'theirs' });
  });
});
