import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT, type RunningServer } from '../support/server-process.js';
import { type JsonObject, observationNamed, startE2eServer, type TraceAnswer } from './support/api.js';
import { type RecordedRequest, type Replayed, send, sendRecording } from './support/replay.js';

jest.setTimeout(60_000);

const readme = readFileSync(join(PROJECT_ROOT, 'README.md'), 'utf8');
const isServed = (path: string) => readme.includes(`\`GET ${path}\``);

/** Starts a server of its own and sends it what a client once sent, in the same order. */
async function replay(name: string): Promise<{ server: RunningServer; answers: Replayed[] }> {
  const server = await startE2eServer({ env: { METRICS_RETENTION_DAYS: '0' } });
  return { server, answers: await sendRecording(server, name) };
}

/** What a field must be for a client that knows types: as serde reads the structs of the Rust client. */
const KINDS = {
  text: (value: unknown) => typeof value === 'string',
  'text?': (value: unknown) => value === undefined || value === null || typeof value === 'string',
  uuid: (value: unknown) => typeof value === 'string' && /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(value),
  // DateTime<Utc> takes RFC 3339 with a zone.
  time: (value: unknown) =>
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value),
  flag: (value: unknown) => typeof value === 'boolean',
  number: (value: unknown) => typeof value === 'number',
  'number?': (value: unknown) => value === undefined || value === null || typeof value === 'number',
  // i64 and usize refuse 1.0 and null.
  integer: (value: unknown) => Number.isInteger(value),
  // Any JSON, but there.
  json: (value: unknown) => value !== undefined,
  texts: (value: unknown) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  list: (value: unknown) => Array.isArray(value),
};
type Shape = Readonly<Record<string, keyof typeof KINDS>>;

const TRACE: Shape = {
  id: 'uuid',
  timestamp: 'time',
  name: 'text?',
  sessionId: 'text?',
  release: 'text?',
  version: 'text?',
  userId: 'text?',
  tags: 'texts',
  public: 'flag',
  environment: 'text',
  htmlPath: 'text',
  latency: 'number?',
  totalCost: 'number?',
};
const TRACE_ITEM: Shape = { ...TRACE, observations: 'texts', scores: 'texts' };
const TRACE_DETAIL: Shape = {
  ...TRACE,
  input: 'json',
  output: 'json',
  metadata: 'json',
  observations: 'list',
  scores: 'list',
};
const META: Shape = { page: 'integer', limit: 'integer', totalItems: 'integer', totalPages: 'integer' };
const DAY: Shape = {
  date: 'text',
  countTraces: 'integer',
  countObservations: 'integer',
  totalCost: 'number',
  usage: 'json',
};
const SERIES_META: Shape = { latest_ts: 'text?', series_count: 'integer', truncated: 'flag' };
const API_RESPONSE: Shape = { message: 'text', code: 'text?' };

function expectShape(value: unknown, shape: Shape): void {
  const object = value as JsonObject;
  const wrong = Object.entries(shape).filter(([field, kind]) => !KINDS[kind](object[field]));
  expect(wrong.map(([field, kind]) => `${field} is ${JSON.stringify(object[field])}, not ${kind}`)).toEqual([]);
}

function expectPage(answer: JsonObject, shape: Shape): JsonObject[] {
  expectShape(answer['meta'], META);
  const items = answer['data'] as JsonObject[];
  for (const item of items) expectShape(item, shape);
  return items;
}

/** The daily sums as soon as README.md lists their route, until then its absence. */
function expectDaily({ status, json }: Replayed): void {
  if (isServed('/api/public/metrics/daily')) {
    expect(status).toBe(200);
    expectPage(json, DAY);
  } else expect(status).toBe(404);
}

const startingWith = (answers: readonly Replayed[], start: string) =>
  answers.filter(({ request }) => `${request.method} ${request.path}`.startsWith(start));

/** Everything is answered as it was in the recording, but for what was not served then. */
function expectTheSameStatuses(answers: readonly Replayed[]): void {
  const others = answers.filter(({ request }) => !request.path.startsWith('/api/public/metrics/daily'));
  const shown = (status: number, { method, path }: RecordedRequest) => `${status} ${method} ${path}`;
  expect(others.map(({ status, request }) => shown(status, request))).toEqual(
    others.map(({ request }) => shown(request.status, request)),
  );
}

describe('the Rust client of xtrace (xtrace-client 0.0.15)', () => {
  let server: RunningServer;
  let answers: Replayed[];

  beforeAll(async () => {
    ({ server, answers } = await replay('xtrace-client-rust-0.0.15'));
  });
  afterAll(() => server.stop());

  it('gets the status of each call that it makes', () => {
    expect(answers.length).toBeGreaterThan(15);
    expectTheSameStatuses(answers);
  });

  it('can parse what its writes are answered', () => {
    const writes = answers.filter(({ request }) => request.method === 'POST');
    expect(writes.map(({ request }) => request.path)).toContain('/v1/metrics/batch');
    for (const { json } of writes) {
      expectShape(json, API_RESPONSE);
      expect(json['message']).toBe('Request Successful.');
    }
  });

  it('can parse each page of traces, with every filter and without inputs', () => {
    const [all, filtered, core] = startingWith(answers, 'GET /api/public/traces?');
    expect(expectPage(all!.json, TRACE_ITEM)).toHaveLength(2);
    const [one, ...none] = expectPage(filtered!.json, TRACE_ITEM);
    expect(none).toEqual([]);
    expect(one).toMatchObject({
      id: 'a0000000-0000-4000-8000-000000000001',
      name: 'chat.turn',
      sessionId: 'rust-session-1',
      userId: 'ada',
      tags: ['beta', 'rust'],
      environment: 'staging',
      externalId: 'ticket-42',
      bookmarked: true,
      public: true,
      // Of its observations: what was stated on the trace (2.5 s, 0.0125 USD) counts only where there is none.
      latency: 2.2,
      totalCost: 0.0000048,
      metadata: { tenant: 'acme', turn_id: 'turn-1', run_id: 'run-1' },
    });
    for (const trace of expectPage(core!.json, TRACE_ITEM)) {
      expect(trace).toMatchObject({ observations: [], scores: [], latency: -1, totalCost: -1 });
    }
  });

  it('can parse a trace in full, also one of which only ids were stated, whose nulls are nothing', () => {
    const [whole, bare] = startingWith(answers, 'GET /api/public/traces/').map(({ json }) => json as TraceAnswer);
    for (const trace of [whole, bare]) expectShape(trace, TRACE_DETAIL);
    expect(whole!.observations.map(({ name }) => name)).toEqual(['chat.generation', 'agent.tool']);
    const generation = observationNamed(whole!, 'chat.generation');
    expect(generation).toMatchObject({
      type: 'GENERATION',
      model: 'gpt-4o-mini',
      usageDetails: { input: 12, output: 5, total: 17 },
      latency: 2,
      timeToFirstToken: 0.5,
      promptName: 'qa',
      promptVersion: 3,
      calculatedTotalCost: 0.0000048,
      metadata: { step_id: 'step-1', step_type: 'llm_call' },
    });
    // Written later and on its own, it took nothing from the trace.
    expect(observationNamed(whole!, 'agent.tool')).toMatchObject({
      level: 'ERROR',
      parentObservationId: generation.id,
    });
    expect(bare).toMatchObject({
      name: null,
      input: null,
      output: null,
      tags: [],
      public: false,
      environment: 'default',
    });
    expect(bare!.observations[0]).toMatchObject({ type: 'GENERATION', name: null, model: null });
  });

  it('can parse time series, names and the answer without any', () => {
    const [found, nothing] = startingWith(answers, 'GET /api/public/metrics/query').map(({ json }) => json);
    for (const answer of [found, nothing]) expectShape(answer!['meta'], SERIES_META);
    expect(nothing).toEqual({ data: [], meta: { series_count: 0, truncated: false } });
    const [series] = found!['data'] as { labels: JsonObject; values: JsonObject[] }[];
    expect(series!.labels).toEqual({ node_id: 'rust-node' });
    for (const value of series!.values) expectShape(value, { timestamp: 'text', value: 'number' });
    expect(series!.values.map(({ value }) => value)).toEqual([50, 80]);
    const names = startingWith(answers, 'GET /api/public/metrics/names').at(-1)!.json;
    expect(names['data']).toEqual(['agent_tokens', 'gpu_utilization', 'span_duration']);
  });

  it('asks for daily sums', () => {
    const [daily] = startingWith(answers, 'GET /api/public/metrics/daily');
    expectDaily(daily!);
  });
});

describe('the Python client of xtrace (xtrace-sdk 0.0.3)', () => {
  let server: RunningServer;
  let answers: Replayed[];

  beforeAll(async () => {
    ({ server, answers } = await replay('xtrace-sdk-python-0.0.3'));
  });
  afterAll(() => server.stop());

  it('gets 200 and a message for all that it sends', () => {
    expectTheSameStatuses(answers);
    const [points] = startingWith(answers, 'POST /v1/metrics/batch');
    expectShape(points!.json, API_RESPONSE);
  });

  it('reads the names and the series that it wrote', () => {
    const [names] = startingWith(answers, 'GET /api/public/metrics/names');
    expect(names!.json['data']).toEqual(['kv_cache_usage', 'unlabelled']);
    const [query] = startingWith(answers, 'GET /api/public/metrics/query');
    const data = query!.json['data'] as { values: JsonObject[] }[];
    expect(data.map(({ values }) => values.map(({ value }) => value))).toEqual([[1]]);
  });

  it('leaves the calls of its OpenAI wrapper, the streamed one with its first token', async () => {
    const headers: [string, string][] = [];
    const get = (path: string) => send(server, { method: 'GET', path, headers, auth: 'Bearer', status: 200 });
    const list = await get('/api/public/traces?sessionId=python-session-1&orderBy=timestamp.asc');
    const traces = expectPage(list.json, TRACE_ITEM);
    const details = await Promise.all(traces.map(({ id }) => get(`/api/public/traces/${String(id)}`)));
    const [plain, streamed] = details.map(({ json }) => observationNamed(json as TraceAnswer, 'chat'));
    for (const call of [plain, streamed]) {
      expect(call).toMatchObject({
        type: 'GENERATION',
        model: 'gpt-4o-mini',
        output: 'It is noon.',
        usageDetails: { input: 12, output: 5, total: 17 },
      });
    }
    expect(plain!['timeToFirstToken']).toBeNull();
    expect(streamed!['timeToFirstToken']).toBeGreaterThan(0);
    expect(traces[0]).toMatchObject({
      metadata: { turn_id: 'turn-1', run_id: 'run-1' },
      userId: 'ada',
      tags: ['python'],
    });
  });
});

describe('the reading calls of Xinference, as xtrace documents them (not recorded: no published Xinference makes them)', () => {
  const headers: [string, string][] = [
    ['Accept-Encoding', 'gzip, deflate'],
    ['Accept', '*/*'],
  ];
  /** Days of a clock in Beijing, as `datetime.isoformat()` writes them. */
  const RANGE = 'fromTimestamp=2026-03-01T16%3A00%3A00%2B00%3A00&toTimestamp=2026-03-02T16%3A00%3A00%2B00%3A00';
  let server: RunningServer;

  beforeAll(async () => {
    ({ server } = await replay('xtrace-client-rust-0.0.15'));
  });
  afterAll(() => server.stop());

  const get = (path: string, auth?: string) => send(server, { method: 'GET', path, headers, auth, status: 200 });

  it('find out with the key pair whether the server is theirs', async () => {
    const { status, json } = await get('/api/public/projects', 'Basic');
    expect(status).toBe(200);
    const [project] = json['data'] as JsonObject[];
    expectShape(project, { id: 'text', name: 'text', createdAt: 'time', updatedAt: 'time', metadata: 'json' });
    expect((await get('/api/public/projects')).status).toBe(401);
  });

  it('page through traces and open one', async () => {
    const list = await get(`/api/public/traces?page=1&limit=5&${RANGE}`, 'Basic');
    const [trace] = expectPage(list.json, {
      ...TRACE_ITEM,
      projectId: 'text',
      createdAt: 'time',
      updatedAt: 'time',
      externalId: 'text?',
      bookmarked: 'flag',
    });
    expect(list.json['meta']).toEqual({ page: 1, limit: 5, totalItems: 1, totalPages: 1, nextCursor: undefined });
    const detail = await get(`/api/public/traces/${String(trace!['id'])}`, 'Basic');
    expect(detail.status).toBe(200);
    expectShape(detail.json, TRACE_DETAIL);
  });

  it('ask for the sums of a day', async () => {
    expectDaily(await get(`/api/public/metrics/daily?${RANGE}&page=1&limit=50`, 'Basic'));
  });
});

describe('SDKs of others in Python', () => {
  it.each(['langfuse-python-3.15.0', 'opentelemetry-python-1.45.2'])('%s gets its answers', async (name) => {
    const { server, answers } = await replay(name);
    try {
      expectTheSameStatuses(answers);
      const list = await send(server, {
        method: 'GET',
        path: '/api/public/traces',
        headers: [],
        auth: 'Bearer',
        status: 200,
      });
      const [summary, ...others] = list.json['data'] as JsonObject[];
      expect(others).toEqual([]);
      const path = `/api/public/traces/${String(summary!['id'])}`;
      const trace = (await send(server, { method: 'GET', path, headers: [], auth: 'Bearer', status: 200 }))
        .json as TraceAnswer;
      // The OpenTelemetry program exports each span twice, by both routes.
      const generation = trace.observations.find(({ model }) => model !== null)!;
      expect(generation).toMatchObject({
        type: 'GENERATION',
        model: 'gpt-4o-mini',
        usageDetails: { input: 12, output: 5, total: 17 },
      });
      if (name.startsWith('langfuse')) {
        expect(trace).toMatchObject({
          name: 'chat.turn',
          sessionId: 'langfuse-session-1',
          userId: 'ada',
          tags: ['python'],
          input: { turn: 1 },
          output: 'noon',
        });
        expect(trace.metadata).toMatchObject({ tenant: 'acme' });
        expect(trace.observations).toHaveLength(3);
        expect(generation).toMatchObject({
          name: 'chat.generation',
          calculatedTotalCost: 0.0000048,
          modelParameters: { temperature: 0.2 },
        });
        expect(observationNamed(trace, 'clock')).toMatchObject({
          type: 'TOOL',
          level: 'ERROR',
          statusMessage: 'no clock',
        });
      } else {
        expect(trace).toMatchObject({
          name: 'invoke_agent planner',
          sessionId: 'otel-session-1',
          userId: 'ada',
          environment: 'staging',
        });
        expect(trace.observations).toHaveLength(2);
        expect(generation).toMatchObject({ level: 'ERROR', statusMessage: 'no answer', version: '3.1.0' });
      }
    } finally {
      await server.stop();
    }
  });
});
