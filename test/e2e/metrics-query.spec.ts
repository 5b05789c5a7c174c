import { type RunningServer } from '../support/server-process.js';
import { Api, BATCH, type JsonObject, startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

const V1 = '/api/public/metrics';
const V2 = '/api/public/v2/metrics';
const DAY_MS = 86_400_000;
const TODAY = new Date(Date.now() - (Date.now() % DAY_MS));
const at = (daysAgo: number, time = '00:00:00.000') =>
  `${new Date(TODAY.getTime() - daysAgo * DAY_MS).toISOString().slice(0, 10)}T${time}Z`;
const dateOf = (daysAgo: number) => at(daysAgo).slice(0, 10);

const HOSTILE = [
  `'; DROP TABLE traces; --`,
  `' OR '1'='1`,
  `1 OR 1=1`,
  `$1`,
  `$1::int4) OR (true`,
  `{a,b}`,
  `%`,
  `_`,
  `\\`,
  `NULL`,
  `😀`,
  `__proto__`,
  `{prices}`,
];

let server: RunningServer;
let api: Api;

const ASKED = {
  view: 'observations',
  dimensions: [],
  metrics: [{ measure: 'count', aggregation: 'count' }],
  fromTimestamp: at(6),
  toTimestamp: at(0, '23:59:59.999'),
};
const address = (asked: object, route = V2) => `${route}?query=${encodeURIComponent(JSON.stringify(asked))}`;
const rows = async (asked: object, route = V2) =>
  (await api.read(address({ ...ASKED, ...asked }, route)))['data'] as JsonObject[];
const by = (...names: string[]) => ({ dimensions: names.map((field) => ({ field })) });
const metrics = (...names: string[]) => ({
  metrics: names.map((name) => {
    const [aggregation, measure] = name.split(' ');
    return { aggregation, measure };
  }),
});

beforeAll(async () => {
  server = await startE2eServer();
  api = new Api(server.url);
  const generation = (id: string, daysAgo: number, model: string, seconds: number, totalCost: number) => ({
    id,
    traceId: 'one',
    type: 'GENERATION',
    name: 'answer',
    startTime: at(daysAgo, '12:00:00.000'),
    endTime: at(daysAgo, `12:00:0${seconds}.000`),
    completionStartTime: at(daysAgo, '12:00:00.250'),
    model,
    usage: { input: 100, output: 10, total: 110 },
    calculatedTotalCost: totalCost,
    metadata: { region: 'eu' },
  });
  await api.write(BATCH, {
    trace: { id: 'one', timestamp: at(4, '12:00:00.000'), name: 'chat.turn', userId: 'ada', tags: ['a,b', 'c'] },
    observations: [
      { id: 'root', traceId: 'one', type: 'SPAN', name: 'run', startTime: at(4, '12:00:00.000') },
      generation('first', 4, 'a-model', 1, 0.25),
      generation('second', 4, 'b-model', 2, 0.5),
      generation('third', 2, 'a-model', 4, 0.125),
    ],
  });
  await api.write(BATCH, { trace: { id: 'two', timestamp: at(3, '09:00:00.000'), name: 'search', userId: 'bob' } });
});
afterAll(async () => {
  await server.stop();
});

describe('GET /api/public/v2/metrics', () => {
  it('sums by model and day, ordered by time, with the days between', async () => {
    const asked = { ...by('providedModelName'), ...metrics('sum totalCost', 'count count') };
    const row = (daysAgo: number, providedModelName: string | null, cost: number, count: number) => ({
      providedModelName,
      time_dimension: dateOf(daysAgo),
      sum_totalCost: cost,
      count_count: count,
    });
    expect(await rows({ ...asked, timeDimension: { granularity: 'day' } })).toEqual([
      row(6, null, 0, 0),
      row(5, null, 0, 0),
      row(4, 'a-model', 0.25, 1),
      row(4, 'b-model', 0.5, 1),
      row(4, null, 0, 1),
      row(3, null, 0, 0),
      row(2, 'a-model', 0.125, 1),
      row(1, null, 0, 0),
      row(0, null, 0, 0),
    ]);
    // An order that is asked for has no gaps to fill.
    const orderBy = [{ field: 'sum_totalCost', direction: 'desc' }];
    expect(await rows({ ...asked, timeDimension: { granularity: 'day' }, orderBy })).toEqual([
      row(4, 'b-model', 0.5, 1),
      row(4, 'a-model', 0.25, 1),
      row(2, 'a-model', 0.125, 1),
      row(4, null, 0, 1),
    ]);
  });

  it('gives the same from sums and from rows', async () => {
    const asked = { ...by('providedModelName'), ...metrics('sum totalTokens', 'avg totalTokens') };
    const fromSums = await rows(asked);
    expect(fromSums).toEqual([
      { providedModelName: 'a-model', sum_totalTokens: 220, avg_totalTokens: 110 },
      { providedModelName: 'b-model', sum_totalTokens: 110, avg_totalTokens: 110 },
      { providedModelName: null, sum_totalTokens: 0, avg_totalTokens: 0 },
    ]);
    // A condition that every observation meets, and that no sum knows.
    const filters = [{ type: 'string', column: 'environment', operator: '=', value: 'default' }];
    expect(await rows({ ...asked, filters })).toEqual(fromSums);
  });

  it('knows latencies, percentiles, histograms and how many are different', async () => {
    const names = [
      'p50 latency',
      'max latency',
      'count latency',
      'min timeToFirstToken',
      'uniq traceId',
      'histogram latency',
    ];
    expect(await rows({ ...metrics(...names), config: { bins: 3 } })).toEqual([
      {
        p50_latency: 2000,
        max_latency: 4000,
        count_latency: 3,
        min_timeToFirstToken: 250,
        uniq_traceId: 1,
        histogram_latency: [
          [1000, 2000, 1],
          [2000, 3000, 1],
          [3000, 4000, 1],
        ],
      },
    ]);
  });

  it('groups by users where it is bounded', async () => {
    const asked = { ...by('userId'), ...metrics('sum totalCost') };
    expect((await api.get(address({ ...ASKED, ...asked }))).status).toBe(400);
    const orderBy = [{ field: 'sum_totalCost', direction: 'desc' }];
    expect(await rows({ ...asked, orderBy, config: { row_limit: 5 } })).toEqual([
      { userId: 'ada', sum_totalCost: 0.875 },
    ]);
  });

  it('filters by dimensions and by metadata', async () => {
    const count = async (filter: object) => (await rows({ filters: [filter] }))[0]!['count_count'];
    expect(await count({ type: 'stringOptions', column: 'type', operator: 'any of', value: ['GENERATION'] })).toBe(3);
    expect(await count({ type: 'arrayOptions', column: 'tags', operator: 'all of', value: ['a,b'] })).toBe(4);
    expect(await count({ type: 'boolean', column: 'isRootObservation', operator: '=', value: false })).toBe(0);
    expect(await count({ type: 'stringObject', column: 'metadata', key: 'region', operator: '=', value: 'eu' })).toBe(
      3,
    );
  });

  it('has no view of traces', async () => {
    const answer = await api.get(address({ ...ASKED, view: 'traces' }));
    expect([answer.status, answer.json()]).toEqual([
      400,
      {
        message:
          'query.view must be one of observations, scores-numeric, scores-categorical, scores-boolean, got "traces"',
        error: 'InvalidRequestError',
        code: 'BAD_REQUEST',
        data: null,
      },
    ]);
  });
});

describe('GET /api/public/metrics', () => {
  it('counts traces, their observations, latency and cost', async () => {
    const names = ['count count', 'sum observationsCount', 'avg totalCost', 'max latency', 'uniq uniqueUserIds'];
    expect(await rows({ view: 'traces', ...by('name'), ...metrics(...names) }, V1)).toEqual([
      {
        name: 'chat.turn',
        count_count: 1,
        sum_observationsCount: 4,
        avg_totalCost: 0.875,
        max_latency: 2 * DAY_MS + 4000,
        uniq_uniqueUserIds: 1,
      },
      {
        name: 'search',
        count_count: 1,
        sum_observationsCount: 0,
        avg_totalCost: 0,
        max_latency: null,
        uniq_uniqueUserIds: 1,
      },
    ]);
  });

  it('has one column when no metric is named', async () => {
    expect(await rows({ view: 'traces', metrics: [] }, V1)).toEqual([{ count: 2 }]);
  });

  it('refuses an answer of too many rows', async () => {
    const range = { fromTimestamp: '2020-01-01T00:00:00Z', timeDimension: { granularity: 'minute' } };
    const answer = await api.get(address({ ...ASKED, ...range }, V1));
    expect([answer.status, answer.json()['message']]).toEqual([400, expect.stringContaining('more than 100000 rows')]);
    expect(await rows({ ...range, config: { row_limit: 2 } }, V1)).toEqual([
      { time_dimension: '2020-01-01T00:00:00.000Z', count_count: 0 },
      { time_dimension: '2020-01-01T00:01:00.000Z', count_count: 0 },
    ]);
  });

  it('leaves the routes below it alone', async () => {
    expect(await api.read('/api/public/metrics/names')).toEqual({ data: [] });
    expect((await api.get('/api/public/metrics/query?name=none')).status).toBe(200);
    expect((await api.read('/api/public/metrics/daily'))['meta']).toMatchObject({ totalItems: 3 });
  });
});

describe('anything but a query', () => {
  afterEach(async () => {
    expect(await rows({})).toEqual([{ count_count: 4 }]);
  });

  it.each([V1, V2])('is 400 at %s', async (route) => {
    for (const query of ['', '{', 'null', '[]', '"x"', '1', ...HOSTILE]) {
      const answer = await api.get(`${route}?query=${encodeURIComponent(query)}`);
      expect([query, answer.status]).toEqual([query, 400]);
      expect(answer.json()).toMatchObject({ error: 'InvalidRequestError', code: 'BAD_REQUEST', data: null });
    }
    expect((await api.get(route)).json()).toMatchObject({ message: 'Invalid JSON in query parameter' });
  });

  it('in any of its names is 400 that says where', async () => {
    const places: readonly (readonly [string, (text: string) => object])[] = [
      ['query.view', (view) => ({ view })],
      ['query.dimensions[0].field', (field) => ({ dimensions: [{ field }] })],
      ['query.metrics[0].measure', (measure) => ({ metrics: [{ measure, aggregation: 'sum' }] })],
      ['query.metrics[0].aggregation', (aggregation) => ({ metrics: [{ measure: 'count', aggregation }] })],
      ['query.timeDimension.granularity', (granularity) => ({ timeDimension: { granularity } })],
      ['query.fromTimestamp', (fromTimestamp) => ({ fromTimestamp })],
      ['query.orderBy[0].field', (field) => ({ orderBy: [{ field, direction: 'asc' }] })],
      ['query.orderBy[0].direction', (direction) => ({ orderBy: [{ field: 'count_count', direction }] })],
      ['query.config.row_limit', (row_limit) => ({ config: { row_limit } })],
      ['query.filters[0]', (column) => ({ filters: [{ type: 'string', column, operator: '=', value: '' }] })],
      ['query.filters[0]', (type) => ({ filters: [{ type, column: 'name', operator: '=', value: '' }] })],
      ['query.filters[0]', (operator) => ({ filters: [{ type: 'string', column: 'name', operator, value: '' }] })],
    ];
    for (const [place, make] of places) {
      for (const text of HOSTILE) {
        const answer = await api.get(address({ ...ASKED, ...make(text) }));
        expect([place, text, answer.status]).toEqual([place, text, 400]);
        expect(String(answer.json()['message']).startsWith(place)).toBe(true);
      }
    }
  });

  it('as a value of a filter is a value that nothing has', async () => {
    for (const value of HOSTILE) {
      for (const column of ['name', 'traceName', 'userId', 'providedModelName', 'level']) {
        const filters = [{ type: 'string', column, operator: '=', value }];
        expect(await rows({ filters })).toEqual([{ count_count: 0 }]);
      }
      const filters = [
        { type: 'stringObject', column: 'metadata', key: value, operator: '=', value },
        { type: 'arrayOptions', column: 'tags', operator: 'any of', value: [value] },
      ];
      expect(await rows({ filters })).toEqual([{ count_count: 0 }]);
    }
  });

  it('that PostgreSQL cannot hold is 400', async () => {
    const filters = [{ type: 'string', column: 'name', operator: '=', value: 'a\u0000b' }];
    expect((await api.get(address({ ...ASKED, filters }))).status).toBe(400);
  });
});

describe('tools of model calls, whichever door they came by', () => {
  const OFFERED = ['search', 'book'].map((name) => ({ type: 'function', function: { name, parameters: {} } }));
  const CALLED = ['search', 'search'].map((name) => ({ type: 'function', function: { name, arguments: '{}' } }));
  const input = { messages: [{ role: 'user', content: 'two flights' }], tools: OFFERED };
  const output = { role: 'assistant', content: null, tool_calls: CALLED };
  const range = { fromTimestamp: at(20), toTimestamp: at(19) };

  beforeAll(async () => {
    const startTime = at(20, '12:00:00.000');
    const observation = { traceId: 'tools', startTime };
    const agent = { ...observation, id: 'agent', type: 'AGENT', input, output: [output] };
    const call = { ...observation, id: 'by batch', type: 'GENERATION', input, output };
    const without = { ...observation, id: 'plain', type: 'GENERATION', input: 'tools?', output: 'no' };
    await api.write(BATCH, { observations: [agent, call, without] });
    const event = (type: string, minute: number, body: object) => ({
      ...{ id: `${type}-${minute}`, type, timestamp: at(20, `12:0${minute}:00.000`) },
      body: { ...observation, id: 'by event', ...body },
    });
    // What a later message leaves out stays.
    const batch = [
      event('generation-create', 1, { input }),
      event('generation-update', 2, { output: [output] }),
      event('generation-update', 3, { name: 'x' }),
      // What it says anew goes, tools included.
      event('generation-create', 4, { id: 'emptied', input, output: [output] }),
      event('generation-update', 5, { id: 'emptied', input: 'two flights', output: 'none' }),
    ];
    expect((await api.postJson('/api/public/ingestion', { batch })).json()).toMatchObject({ errors: [] });
    const attribute = (key: string, value: unknown) => ({
      key,
      value: { stringValue: typeof value === 'string' ? value : JSON.stringify(value) },
    });
    const parts = CALLED.map(({ function: { name } }) => ({ type: 'tool_call', name, arguments: {} }));
    const span = {
      ...{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'chat' },
      startTimeUnixNano: `${Date.parse(startTime)}000000`,
      endTimeUnixNano: `${Date.parse(startTime)}500000`,
      attributes: [
        attribute('gen_ai.operation.name', 'chat'),
        attribute('gen_ai.input.messages', [{ role: 'user', parts: [{ type: 'text', content: 'two flights' }] }]),
        attribute('gen_ai.tool.definitions', OFFERED),
        attribute('gen_ai.output.messages', [{ role: 'assistant', parts, finish_reason: 'tool_call' }]),
      ],
    };
    await api.write('/api/public/otel/v1/traces', { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  });

  it('group and count observations and calls', async () => {
    const called = { ...range, ...by('calledToolNames'), ...metrics('count count') };
    expect(await rows(called)).toEqual([{ calledToolNames: 'search', count_count: 6 }]);
    expect(await rows({ ...range, ...by('toolNames'), ...metrics('sum toolDefinitions') })).toEqual([
      { toolNames: 'book', sum_toolDefinitions: 6 },
      { toolNames: 'search', sum_toolDefinitions: 6 },
    ]);
    for (const route of [V1, V2]) {
      expect(
        await rows({ ...range, ...metrics('sum toolCalls', 'max toolDefinitions', 'count count') }, route),
      ).toEqual([{ sum_toolCalls: 6, max_toolDefinitions: 2, count_count: 6 }]);
    }
    const filters = [{ type: 'arrayOptions', column: 'toolNames', operator: 'all of', value: ['book', 'search'] }];
    expect(await rows({ ...range, filters })).toEqual([{ count_count: 3 }]);
  });

  it('are shown with the observation, and filtered by', async () => {
    const filter = encodeURIComponent(
      JSON.stringify([{ type: 'arrayOptions', column: 'calledToolNames', operator: 'any of', value: ['search'] }]),
    );
    const seen = async (path: string) =>
      ((await api.read(path))['data'] as JsonObject[])
        .map(({ id, toolNames, calledToolNames }) => ({ id, toolNames, calledToolNames }))
        .sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
    const expected = ['b'.repeat(16), 'by batch', 'by event'].map((id) => ({
      ...{ id, toolNames: ['search', 'book'], calledToolNames: ['search', 'search'] },
    }));
    expect(await seen(`/api/public/observations?filter=${filter}`)).toEqual(expected);
    expect(await seen(`/api/public/v2/observations?fields=model&filter=${filter}`)).toEqual(expected);
    for (const id of ['plain', 'emptied'])
      expect(await api.read(`/api/public/observations/${id}`)).toMatchObject({ toolNames: [], calledToolNames: [] });
  });
});
