import { type RunningServer } from '../support/server-process.js';
import { Api, BATCH, type JsonObject, startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

const DAILY = '/api/public/metrics/daily';
const HOSTILE = [
  `'; DROP TABLE traces; --`,
  `' OR '1'='1`,
  `1 OR 1=1`,
  `$1`,
  `{a,b}`,
  `%`,
  `_`,
  `\\`,
  `NULL`,
  `😀`,
  `__proto__`,
];
const TEXTS = ['traceName', 'userId', 'tags', 'version', 'release', 'environment'];

let server: RunningServer;
let api: Api;

beforeAll(async () => {
  server = await startE2eServer();
  api = new Api(server.url);
});
afterAll(async () => {
  await server.stop();
});

const at = (daysAgo: number, time: string) =>
  `${new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10)}T${time}Z`;
const dateOf = (daysAgo: number) => at(daysAgo, '').slice(0, 10);
const query = (parameters: Record<string, string>) => `${DAILY}?${new URLSearchParams(parameters).toString()}`;

describe('GET /api/public/metrics/daily', () => {
  it('is an empty page where nothing is stored', async () => {
    expect(await api.read(DAILY)).toEqual({ data: [], meta: { page: 1, limit: 50, totalItems: 0, totalPages: 0 } });
  });

  it('shows days, newest first, with usage by cost; what names no model is unknown', async () => {
    const generation = (id: string, startTime: string, model: string, totalCost: number) => ({
      id,
      traceId: 'one',
      type: 'GENERATION',
      startTime,
      model,
      usage: { input: 100, output: 10, total: 110 },
      calculatedTotalCost: totalCost,
    });
    await api.write(BATCH, {
      trace: {
        id: 'one',
        timestamp: at(3, '23:59:50'),
        name: 'chat.turn',
        userId: 'ada',
        tags: ['a,b', 'c'],
        release: 'r1',
        version: 'v1',
        environment: 'staging',
      },
      observations: [
        { id: 'root', traceId: 'one', type: 'SPAN', startTime: at(3, '23:59:50') },
        generation('cheap', at(3, '23:59:55'), 'a-model', 0.25),
        generation('dear', at(3, '23:59:59.999'), 'b-model', 0.5),
        generation('next day', at(2, '00:00:00'), 'a-model', 0.125),
      ],
    });
    const before = {
      date: dateOf(3),
      countTraces: 1,
      countObservations: 3,
      totalCost: 0.75,
      usage: [
        {
          model: 'b-model',
          inputUsage: 100,
          outputUsage: 10,
          totalUsage: 110,
          countTraces: 1,
          countObservations: 1,
          totalCost: 0.5,
        },
        {
          model: 'a-model',
          inputUsage: 100,
          outputUsage: 10,
          totalUsage: 110,
          countTraces: 1,
          countObservations: 1,
          totalCost: 0.25,
        },
        {
          model: 'unknown',
          inputUsage: 0,
          outputUsage: 0,
          totalUsage: 0,
          countTraces: 1,
          countObservations: 1,
          totalCost: 0,
        },
      ],
    };
    const after = {
      date: dateOf(2),
      countTraces: 0,
      countObservations: 1,
      totalCost: 0.125,
      usage: [
        {
          model: 'a-model',
          inputUsage: 100,
          outputUsage: 10,
          totalUsage: 110,
          countTraces: 1,
          countObservations: 1,
          totalCost: 0.125,
        },
      ],
    };
    const meta = { page: 1, limit: 50, totalItems: 2, totalPages: 1 };
    expect(await api.read(DAILY)).toEqual({ data: [after, before], meta });
    for (const filter of [
      { traceName: 'chat.turn' },
      { userId: 'ada' },
      { tags: 'a,b' },
      { version: 'v1' },
      { release: 'r1' },
      { environment: 'staging' },
      {
        traceName: 'chat.turn',
        userId: 'ada',
        tags: 'c',
        version: 'v1',
        release: 'r1',
        environment: 'production,staging',
      },
      { toTimestamp: at(2, '00:00:00') },
    ] as Record<string, string>[]) {
      expect([filter, await api.read(query(filter))]).toEqual([filter, { data: [after, before], meta }]);
    }
    expect(await api.read(`${DAILY}?tags=c&tags=other`)).toMatchObject({ data: [], meta: { totalItems: 0 } });
    expect(await api.read(query({ limit: '1', page: '2' }))).toEqual({
      data: [before],
      meta: { page: 2, limit: 1, totalItems: 2, totalPages: 2 },
    });
    expect(await api.read(query({ limit: '200', page: '1000000000' }))).toMatchObject({
      data: [],
      meta: { totalItems: 2 },
    });
    // Bounds are inclusive.
    expect(await api.read(query({ fromTimestamp: at(2, '00:00:00') }))).toMatchObject({ data: [after] });
    expect(await api.read(query({ toTimestamp: at(3, '23:59:50') }))).toMatchObject({
      data: [{ countTraces: 1, countObservations: 1, usage: [{ model: 'unknown' }] }],
    });
  });

  it('goes back thirty days unless told, that of the end included', async () => {
    for (const [id, daysAgo] of [
      ['in', 29],
      ['out', 31],
    ] as const) {
      await api.write(BATCH, { trace: { id, timestamp: at(daysAgo, '00:00:00'), userId: 'old' } });
    }
    const dates = async (parameters: Record<string, string>) =>
      ((await api.read(query({ userId: 'old', ...parameters })))['data'] as JsonObject[]).map((day) => day['date']);
    expect(await dates({})).toEqual([dateOf(29)]);
    expect(await dates({ toTimestamp: at(3, '12:00:00') })).toEqual([dateOf(29), dateOf(31)]);
    expect(await dates({ fromTimestamp: at(40, '00:00:00') })).toEqual([dateOf(29), dateOf(31)]);
  });

  it.each([
    ['limit', '1e9'],
    ['limit', '0'],
    ['limit', '201'],
    ['limit', '-1'],
    ['page', '0'],
    ['page', '1.5'],
    ['fromTimestamp', 'yesterday'],
    ['fromTimestamp', '2026-02-30T00:00:00Z'],
    ['toTimestamp', '2026-01-01'],
    ['toTimestamp', `2026-01-01T00:00:00Z'; SELECT 1`],
    ['traceName', 'a\0b'],
    ['tags', '\0'],
  ])('refuses %s=%j by name', async (name, value) => {
    const answer = await api.get(query({ [name]: value }));
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({
      message: expect.stringMatching(`^${name} `),
      error: 'InvalidRequestError',
      code: 'BAD_REQUEST',
      data: null,
    });
  });

  it('refuses a beginning after the end, and a parameter given twice', async () => {
    const wrong = await api.get(query({ fromTimestamp: at(1, '00:00:00'), toTimestamp: at(2, '00:00:00') }));
    expect([wrong.status, wrong.json()]).toMatchObject([
      400,
      { message: 'fromTimestamp must not be after toTimestamp' },
    ]);
    for (const name of ['page', 'limit', 'userId', 'traceName', 'release', 'version', 'toTimestamp']) {
      expect([name, (await api.get(`${DAILY}?${name}=1&${name}=2`)).status]).toEqual([name, 400]);
    }
  });

  it('takes SQL in a filter for the text it is', async () => {
    for (const value of HOSTILE) {
      for (const name of TEXTS) expect(await api.read(query({ [name]: value }))).toMatchObject({ data: [] });
    }
    for (const [n, value] of HOSTILE.entries()) {
      const fields = { name: value, userId: value, tags: [value], version: value, release: value };
      await api.write(BATCH, { trace: { id: `hostile-${n}`, timestamp: at(1, '10:00:00'), ...fields } });
    }
    for (const value of HOSTILE) {
      for (const name of TEXTS.filter((text) => text !== 'environment')) {
        const { data } = await api.read(query({ [name]: value }));
        expect([name, value, data]).toMatchObject([name, value, [{ date: dateOf(1), countTraces: 1, usage: [] }]]);
      }
    }
  });
});
