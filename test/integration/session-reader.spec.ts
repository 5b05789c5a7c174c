import { NotFound } from '../../src/domain/errors.js';
import { type Page } from '../../src/domain/page.js';
import { type Session } from '../../src/domain/session.js';
import { ReadPool } from '../../src/storage/read-pool.js';
import { SessionReader } from '../../src/storage/session-reader.js';
import { type SessionFilter } from '../../src/storage/sql/filter.js';
import { TraceReader } from '../../src/storage/trace-reader.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { insertRows, makePartitions, OTHER_PROJECT, PROJECT, second } from '../support/rows.js';

const FIRST_PAGE = { page: 1, limit: 200 };

let database: TestDatabase;
let pool: ReadPool;
let reader: SessionReader;

beforeAll(async () => {
  database = await createTestDatabase();
  const dataSource = await database.dataSource();
  await makePartitions(dataSource);
  pool = new ReadPool(dataSource, { readTimeoutMs: 10_000 });
  reader = new SessionReader(pool, new TraceReader(pool));
});

afterAll(async () => {
  await database.drop();
});

beforeEach(async () => {
  await database.pool.query('TRUNCATE traces, trace_payloads, sessions');
});

const micros = (time: string) => Date.parse(time) * 1000;
const ids = (page: Page<Session>) => page.items.map((session) => session.sessionId);

async function findIds(filter: SessionFilter): Promise<string[]> {
  const page = await reader.findSessions(PROJECT, filter, FIRST_PAGE);
  expect(page.totalItems).toBe(page.items.length);
  return ids(page);
}

describe('a list of sessions', () => {
  it('holds the sums of each, its earliest environment and the earliest user that is named', async () => {
    await insertRows(database.pool, 'sessions', [
      {
        session_id: 'talk',
        created_at: '2026-01-31T09:30:00.123456Z',
        trace_count: 3,
        observation_count: 7,
        generation_count: 4,
        error_count: 1,
        input_tokens: 100,
        output_tokens: 20,
        total_tokens: 120,
        cost_nano_usd: 5_000_000_000,
        first_time: second(0),
        last_time: second(9),
      },
    ]);
    await insertRows(database.pool, 'traces', [
      { trace_id: 'late', ts: second(9), session_id: 'talk', user_id: 'bob', environment: 'staging' },
      { trace_id: 'first', ts: second(0), session_id: 'talk', environment: 'production' },
      { trace_id: 'second', ts: second(1), session_id: 'talk', user_id: 'ann', environment: 'staging' },
      { trace_id: 'elsewhere', ts: second(-5), session_id: 'other', user_id: 'eve', environment: 'x' },
      { trace_id: 'theirs', ts: second(-5), session_id: 'talk', user_id: 'eve', project_no: OTHER_PROJECT.no },
    ]);
    const page = await reader.findSessions(PROJECT, {}, FIRST_PAGE);
    expect(page).toEqual({ items: [expect.anything()], totalItems: 1, isTotalCapped: false, hasMore: false });
    expect(page.items[0]).toEqual({
      sessionId: 'talk',
      createdAt: micros('2026-01-31T09:30:00.123Z') + 456,
      environment: 'production',
      userId: 'ann',
      traceCount: 3,
      totals: {
        observationCount: 7,
        generationCount: 4,
        errorCount: 1,
        inputTokens: 100,
        outputTokens: 20,
        totalTokens: 120,
        costNanoUsd: 5_000_000_000,
      },
      firstTime: micros(second(0)),
      lastTime: micros(second(9)),
    });
  });

  it('is newest first by creation, ties by id', async () => {
    await insertRows(database.pool, 'sessions', [
      { session_id: 'b', created_at: second(1) },
      { session_id: 'a', created_at: second(1) },
      { session_id: 'c', created_at: second(2) },
      { session_id: 'd', created_at: second(0) },
    ]);
    expect(await findIds({})).toEqual(['c', 'b', 'a', 'd']);
  });

  it('leaves out sessions that no trace names any more, and those of other projects', async () => {
    await insertRows(database.pool, 'sessions', [
      { session_id: 'alive' },
      { session_id: 'left', trace_count: 0 },
      { session_id: 'theirs', project_no: OTHER_PROJECT.no },
    ]);
    expect(await findIds({})).toEqual(['alive']);
  });

  it('is cut by creation time, inclusive to the millisecond that is shown', async () => {
    await insertRows(
      database.pool,
      'sessions',
      [1, 2, 3].map((n) => ({ session_id: `s${n}`, created_at: second(n).replace('Z', '456Z') })),
    );
    expect(await findIds({ from: micros(second(2)) })).toEqual(['s3', 's2']);
    expect(await findIds({ to: micros(second(2)) })).toEqual(['s2', 's1']);
    expect(await findIds({ from: micros(second(2)), to: micros(second(2)) })).toEqual(['s2']);
  });

  it('is filtered by the environment of the earliest trace, where none stated means default', async () => {
    await insertRows(database.pool, 'sessions', [
      { session_id: 'a', created_at: second(1) },
      { session_id: 'b', created_at: second(2) },
      { session_id: 'c', created_at: second(3) },
    ]);
    await insertRows(database.pool, 'traces', [
      { trace_id: 'a1', session_id: 'a', ts: second(1), environment: 'production' },
      { trace_id: 'a2', session_id: 'a', ts: second(2), environment: 'staging' },
      { trace_id: 'b1', session_id: 'b', ts: second(1) },
      { trace_id: 'c1', session_id: 'c', ts: second(1), environment: 'default' },
    ]);
    expect(await findIds({ environments: ['production'] })).toEqual(['a']);
    expect(await findIds({ environments: ['staging'] })).toEqual([]);
    expect(await findIds({ environments: ['default'] })).toEqual(['c', 'b']);
    expect(await findIds({ environments: ['default', 'production'] })).toEqual(['c', 'b', 'a']);
    expect(await findIds({ environments: ["x') OR true --"] })).toEqual([]);
  });

  it('is walked exactly once, page by page and by cursor, even where times are equal', async () => {
    await insertRows(
      database.pool,
      'sessions',
      Array.from({ length: 23 }, (_, i) => ({ session_id: `s${(i * 7) % 23}`, created_at: second(i % 3) })),
    );
    const whole = await findIds({});
    expect(whole).toHaveLength(23);

    const byPage: string[] = [];
    for (let page = 1; page <= 5; page += 1) {
      const part = await reader.findSessions(PROJECT, {}, { page, limit: 5 });
      expect([part.totalItems, part.hasMore]).toEqual([23, page < 5]);
      byPage.push(...ids(part));
    }
    expect(byPage).toEqual(whole);

    const byCursor: string[] = [];
    for (let cursor: string | undefined; ;) {
      const request = { page: 1, limit: 5, ...(cursor === undefined ? {} : { cursor }) };
      const part: Page<Session> = await reader.findSessions(PROJECT, {}, request);
      byCursor.push(...ids(part));
      if (part.nextCursor === undefined) break;
      cursor = part.nextCursor;
    }
    expect(byCursor).toEqual(whole);
  });

  it('counts up to its cap and says when there are more', async () => {
    const capped = new SessionReader(pool, new TraceReader(pool), 3);
    await insertRows(
      database.pool,
      'sessions',
      ['a', 'b', 'c', 'd'].map((id) => ({ session_id: id })),
    );
    expect(await capped.findSessions(PROJECT, {}, { page: 1, limit: 2 })).toMatchObject({
      totalItems: 3,
      isTotalCapped: true,
      hasMore: true,
    });
  });
});

describe('one session', () => {
  beforeEach(async () => {
    await insertRows(database.pool, 'sessions', [
      { session_id: 'talk/1', trace_count: 5 },
      { session_id: 'left', trace_count: 0 },
      { session_id: 'theirs', project_no: OTHER_PROJECT.no },
    ]);
    await insertRows(
      database.pool,
      'traces',
      [4, 2, 5, 1, 3].map((n) => ({
        trace_id: `t${n}`,
        session_id: 'talk/1',
        ts: second(Math.ceil(n / 2)),
        metadata: { n },
      })),
    );
    await insertRows(database.pool, 'traces', [
      { trace_id: 'other', session_id: 'talk/2' },
      { trace_id: 'theirs', session_id: 'talk/1', project_no: OTHER_PROJECT.no },
    ]);
    await insertRows(database.pool, 'trace_payloads', [{ trace_id: 't1', input: '"in"', output: '"out"' }]);
  });

  it('has its traces in time order, oldest first, with their inputs and outputs', async () => {
    const { session, traces } = await reader.getSession(PROJECT, 'talk/1', FIRST_PAGE);
    expect(session).toMatchObject({ sessionId: 'talk/1', traceCount: 5 });
    expect(traces.items.map((trace) => trace.traceId)).toEqual(['t1', 't2', 't3', 't4', 't5']);
    expect(traces.items[0]).toMatchObject({ input: '"in"', output: '"out"', metadata: '{"n": 1}', observationIds: [] });
  });

  it('gives them in pages', async () => {
    const { traces } = await reader.getSession(PROJECT, 'talk/1', { page: 2, limit: 2 });
    expect(traces.items.map((trace) => trace.traceId)).toEqual(['t3', 't4']);
    expect(traces).toMatchObject({ totalItems: 5, hasMore: true });
    const rest = await reader.getSession(PROJECT, 'talk/1', { page: 1, limit: 2, cursor: traces.nextCursor! });
    expect(rest.traces.items.map((trace) => trace.traceId)).toEqual(['t5']);
  });

  it.each(['unknown', 'left', 'theirs', 'TALK/1', 'nul\0'])('is not found when no trace names it: %j', async (id) => {
    await expect(reader.getSession(PROJECT, id, FIRST_PAGE)).rejects.toThrow(
      new NotFound(`Session ${id} not found within authorized project`),
    );
  });
});
