import { type Page } from '../../domain/page.js';
import { type Session } from '../../domain/session.js';
import { type TraceListItem } from '../../domain/trace.js';
import { CursorPageMetaDto } from '../../http/page.dto.js';
import { SessionDetailDto, SessionDto, SessionPageDto, SessionTraceDto } from './sessions.dto.js';
import { presentSessionDetail, presentSessionPage } from './sessions.present.js';

const PROJECT = { no: 7, id: 'project 1' };
const AT = Date.parse('2026-01-31T09:30:00Z') * 1000;
const TOTALS = {
  observationCount: 48,
  generationCount: 12,
  errorCount: 1,
  inputTokens: 100,
  outputTokens: 20,
  totalTokens: 120,
  costNanoUsd: 1_950_000,
};

const SESSION: Session = {
  sessionId: 's/"1"',
  createdAt: AT,
  environment: null,
  userId: null,
  traceCount: 6,
  totals: TOTALS,
  firstTime: null,
  lastTime: AT + 1_000_000,
};

const TRACE: TraceListItem = {
  traceId: 'a/b',
  timestamp: AT,
  name: 'chat',
  userId: null,
  sessionId: 's/"1"',
  release: null,
  version: null,
  environment: null,
  externalId: null,
  public: null,
  bookmarked: null,
  statedLatencySeconds: 1.5,
  statedCostUsd: null,
  tags: ['a'],
  totals: { ...TOTALS, costNanoUsd: 500_000_000 },
  firstStart: null,
  lastEnd: null,
  createdAt: AT,
  updatedAt: AT,
  input: '{"a" : 1.0}',
  output: null,
  metadata: null,
  observationIds: [],
};

const page = <T>(items: T[], rest: Partial<Page<T>> = {}): Page<T> => ({
  items,
  totalItems: items.length,
  isTotalCapped: false,
  hasMore: false,
  ...rest,
});

describe('a session', () => {
  it("has Langfuse's four keys and the sums over its traces", () => {
    expect(JSON.parse(presentSessionPage(PROJECT, page([SESSION]), { page: 1, limit: 50 }))).toEqual({
      data: [
        {
          id: 's/"1"',
          createdAt: '2026-01-31T09:30:00.000Z',
          projectId: 'project 1',
          environment: 'default',
          userId: null,
          countTraces: 6,
          countObservations: 48,
          countGenerations: 12,
          countErrors: 1,
          inputTokens: 100,
          outputTokens: 20,
          totalTokens: 120,
          totalCost: 0.00195,
          firstTimestamp: null,
          lastTimestamp: '2026-01-31T09:30:01.000Z',
        },
      ],
      meta: { page: 1, limit: 50, totalItems: 1, totalPages: 1 },
    });
  });

  it('embeds a page of its traces with their inputs as they were stored', () => {
    const traces = page([TRACE], { totalItems: 2, hasMore: true, nextCursor: 'abc' });
    const json = presentSessionDetail(PROJECT, { session: SESSION, traces }, { page: 1, limit: 1 });
    expect(json).toContain('"input":{"a" : 1.0},"output":null,"metadata":{}');
    const shown = JSON.parse(json);
    expect(shown).toMatchObject({
      id: 's/"1"',
      countTraces: 6,
      meta: { page: 1, limit: 1, totalItems: 2, totalPages: 2, nextCursor: 'abc' },
    });
    expect(shown.traces).toHaveLength(1);
    expect(shown.traces[0]).toMatchObject({
      id: 'a/b',
      projectId: 'project 1',
      name: 'chat',
      environment: 'default',
      public: false,
      htmlPath: '/project/project%201/traces/a%2Fb',
      latency: 1.5,
      totalCost: 0.5,
    });
  });

  it('keeps the number of pages ahead while rows remain beyond a capped count', () => {
    const capped = page([SESSION], { totalItems: 20, isTotalCapped: true, hasMore: true });
    expect(JSON.parse(presentSessionPage(PROJECT, capped, { page: 5, limit: 10 })).meta).toEqual({
      page: 5,
      limit: 10,
      totalItems: 20,
      totalPages: 6,
      totalItemsCapped: true,
    });
  });
});

describe('the documentation of sessions', () => {
  const documented = (dto: { prototype: object }) =>
    (Reflect.getMetadata('swagger/apiModelPropertiesArray', dto.prototype) as string[])
      .map((name) => name.slice(1))
      .sort();
  const keys = (value: object) => Object.keys(value).sort();

  it('names exactly the keys that answers have', () => {
    const more = { isTotalCapped: true, nextCursor: 'abc', hasMore: true };
    const list = JSON.parse(presentSessionPage(PROJECT, page([SESSION], more), { page: 1, limit: 1 }));
    expect(keys(list)).toEqual(documented(SessionPageDto));
    expect(keys(list.meta)).toEqual(documented(CursorPageMetaDto));
    expect(keys(list.data[0])).toEqual(documented(SessionDto));
    const detail = JSON.parse(
      presentSessionDetail(PROJECT, { session: SESSION, traces: page([TRACE]) }, { page: 1, limit: 1 }),
    );
    expect(keys(detail)).toEqual(documented(SessionDetailDto));
    expect(keys(detail.traces[0])).toEqual(documented(SessionTraceDto));
  });
});
