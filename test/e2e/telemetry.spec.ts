import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readTable, section } from '../support/markdown.js';
import {
  PROJECT_ROOT,
  type RunningServer,
  TEST_PUBLIC_KEY,
  TEST_SECRET_KEY,
  TEST_TOKEN,
  waitFor,
} from '../support/server-process.js';
import { Api, aSpan, BATCH, BEARER, JSON_TYPE, OTLP, startE2eServer, uniqueId } from './support/api.js';
import { type Family, parsePrometheusText, valueOf } from './support/prometheus-text.js';

jest.setTimeout(60_000);

const METRICS_TOKEN = 'scrape-token-0123456789';
const SCRAPER = { authorization: `Bearer ${METRICS_TOKEN}` };
const MAX_BODY_BYTES = 100_000;
/** Stands for whatever must not leave the server by another way than it is meant to. */
const CANARY = 'canary-5f1e9c';
const POINTS = '/v1/metrics/batch';

interface Delivery {
  readonly [key: string]: unknown;
  readonly requestId: string;
  readonly reasons: readonly Record<string, unknown>[];
}

describe('what the built server tells of itself', () => {
  let server: RunningServer;
  let api: Api;

  beforeAll(async () => {
    server = await startE2eServer({
      env: {
        LOG_FORMAT: 'json',
        LOG_LEVEL: 'debug',
        METRICS_BEARER_TOKEN: METRICS_TOKEN,
        XTRACE_MAX_REQUEST_BODY_BYTES: String(MAX_BODY_BYTES),
        INGEST_MAX_IN_FLIGHT_BYTES: String(MAX_BODY_BYTES),
      },
    });
    api = new Api(server.url);
  });
  afterAll(async () => {
    await server.stop();
  });

  const scrape = async (): Promise<Map<string, Family>> => {
    const answer = await api.get('/metrics', SCRAPER);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/plain/)]);
    return parsePrometheusText(answer.text);
  };

  /** How much the series have grown since `before`, by the name and labels given. */
  const growth = async (
    before: Map<string, Family>,
    ...series: readonly [name: string, labels: Record<string, string>][]
  ): Promise<number[]> => {
    const after = await scrape();
    return series.map(([name, labels]) => valueOf(after, name, labels) - valueOf(before, name, labels));
  };

  const deliveries = async (query = '', headers: Record<string, string> = BEARER): Promise<Delivery[]> => {
    const answer = await api.get(`/api/internal/deliveries${query}`, headers);
    expect(answer.status).toBe(200);
    return answer.json()['data'] as Delivery[];
  };

  const deliveryOf = async (requestId: string, query = ''): Promise<Delivery> =>
    waitFor(async () => (await deliveries(query)).find((delivery) => delivery.requestId === requestId));

  /** Sends with a request id of its own. */
  const send = async (path: string, body: string | Uint8Array, headers: Record<string, string> = JSON_TYPE) => {
    const id = uniqueId('request');
    const answer = await api.post(path, body, { 'x-request-id': id, ...headers });
    return { id, answer };
  };

  const logLines = (): Record<string, unknown>[] =>
    (server.stdout() + server.stderr())
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  const spansOf = (...spans: object[]) => JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
  const batchOf = (...observations: unknown[]) => JSON.stringify({ observations });
  const pointsOf = (...metrics: unknown[]) => JSON.stringify({ metrics });
  const point = (name: string) => ({ name, labels: {}, value: 1, timestamp: new Date().toISOString() });

  /** Takes the whole budget of bodies until it is let go, by declaring a body and not sending all of it. */
  const occupy = async (requestId: string): Promise<Socket> => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST ${BATCH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TEST_TOKEN}\r\nx-request-id: ${requestId}\r\n` +
        `content-type: application/json\r\ncontent-length: ${MAX_BODY_BYTES}\r\n\r\n{"`,
    );
    await waitFor(async () => valueOf(await scrape(), 'xtrace_in_flight_bytes') === MAX_BODY_BYTES);
    return socket;
  };

  describe('the log', () => {
    it('is one JSON object a line, from the start of the process on', () => {
      const lines = logLines();
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) {
        expect(line).toMatchObject({
          time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          level: expect.stringMatching(/^(error|warn|info|debug)$/),
          message: expect.any(String),
        });
      }
      expect(lines.map(({ message }) => message)).toContainEqual(expect.stringMatching(/^xtrace is ready on http/));
    });

    it('names requests that were not taken whole by their ids, with numbers and codes', async () => {
      // Other tests may have used up the rate of such lines.
      const ids = new Set<unknown>();
      const line = await waitFor(async () => {
        const refused = { id: CANARY, traceId: 't', name: [CANARY] };
        ids.add((await send(BATCH, batchOf({ id: 'x', traceId: 't' }, refused))).id);
        return logLines().find(({ requestId }) => ids.has(requestId));
      });
      expect(line).toMatchObject({
        level: 'warn',
        context: 'Request',
        method: 'POST',
        route: BATCH,
        door: 'batch',
        result: 'partial',
        status: 207,
        items: 2,
        refused: 1,
        codes: { INVALID_FIELD: 1 },
      });
    });

    it('never holds a payload or a secret, and neither do the metrics', async () => {
      const trace = { id: 'c', input: CANARY, userId: CANARY, metadata: { [CANARY]: CANARY } };
      const attributes = [{ key: CANARY, value: { stringValue: CANARY } }];
      const sent = [
        await send(BATCH, JSON.stringify({ trace })),
        await send(`${BATCH}?key=${CANARY}`, `{"${CANARY}`),
        await send(OTLP, spansOf(aSpan({ name: CANARY, attributes }))),
        await send(OTLP, spansOf(aSpan({ spanId: CANARY, name: CANARY }))),
        await send(OTLP, CANARY),
        await send(OTLP, CANARY, { 'content-type': CANARY, 'user-agent': CANARY }),
        await send(POINTS, pointsOf({ ...point(CANARY), labels: { [CANARY]: CANARY } })),
        await send(POINTS, pointsOf({ name: CANARY, value: CANARY })),
        await send(BATCH, CANARY, { authorization: `Bearer ${CANARY}` }),
        await send(`/${CANARY}`, CANARY),
      ];
      await api.get(`/api/public/traces?userId=${CANARY}`);
      // Each of them has its line, so that there was something to leak into.
      await waitFor(() => {
        const logged = new Set(logLines().map(({ requestId }) => requestId));
        return sent.every(({ id }) => logged.has(id));
      });
      const metrics = (await api.get('/metrics', SCRAPER)).text;
      for (const secret of [CANARY, TEST_TOKEN, TEST_SECRET_KEY, TEST_PUBLIC_KEY, METRICS_TOKEN]) {
        expect(server.stdout() + server.stderr()).not.toContain(secret);
        expect(metrics).not.toContain(secret);
      }
    });
  });

  describe('GET /metrics', () => {
    it('gives exactly the metrics that the guide to monitoring explains', async () => {
      const guide = readFileSync(join(PROJECT_ROOT, 'ops/docs/monitoring.md'), 'utf8');
      const explained = readTable(section(guide, 'Prometheus')).flatMap(([names]) => names!.match(/xtrace_\w+/g) ?? []);
      const given = [...(await scrape()).keys()].filter((name) => name.startsWith('xtrace_'));
      expect(given.sort()).toEqual(explained.sort());
    });

    it('is valid text with process, event loop, queues, pools and limits in it', async () => {
      const families = await scrape();
      for (const name of [
        'process_cpu_seconds_total',
        'process_resident_memory_bytes',
        'xtrace_event_loop_delay_seconds',
        'xtrace_event_loop_active_seconds_total',
        'xtrace_ingest_thread_active_seconds_total',
        'xtrace_build_info',
        'xtrace_queue_bytes',
        'xtrace_queue_max_bytes',
        'xtrace_in_flight_bytes',
        'xtrace_db_connections_busy',
        'xtrace_db_connections_max',
        'xtrace_db_queries_waiting',
        'xtrace_rate_limited_queries_total',
        'xtrace_auth_failures_total',
        'xtrace_quarantined_items_total',
        'xtrace_flush_failures_total',
      ]) {
        expect([name, families.get(name)?.samples.length ?? 0]).not.toEqual([name, 0]);
      }
      expect(valueOf(families, 'xtrace_db_connections_max', { pool: 'write' })).toBe(2);
    });

    it('opens to its own token, which opens nothing else', async () => {
      expect((await api.get('/metrics', SCRAPER)).status).toBe(200);
      expect((await api.get('/metrics', BEARER)).status).toBe(200);
      expect((await api.get('/metrics', { authorization: 'Bearer wrong' })).status).toBe(401);
      expect((await api.get('/api/public/traces', SCRAPER)).status).toBe(403);
      expect((await api.get('/api/internal/deliveries', SCRAPER)).status).toBe(403);
      expect((await api.post(BATCH, batchOf(), { ...JSON_TYPE, ...SCRAPER })).status).toBe(403);
    });

    it('counts accepted writes of each door by request and by item, and what their queues committed', async () => {
      const before = await scrape();
      const observation = (id: string) => ({ id, traceId: 'telemetry-1' });
      await send(OTLP, spansOf(aSpan(), aSpan()));
      await send('/v1/traces', spansOf(aSpan()));
      await send(BATCH, JSON.stringify({ trace: { id: 'telemetry-1' }, observations: [observation('a')] }));
      await send(POINTS, pointsOf(point('telemetry'), point('telemetry'), point('telemetry_other')));
      await waitFor(async () => (await growth(before, ['xtrace_write_requests_total', {}]))[0] === 4);
      expect(
        await growth(
          before,
          ['xtrace_write_requests_total', { door: 'otlp', result: 'accepted' }],
          ['xtrace_write_requests_total', { door: 'batch', result: 'accepted' }],
          ['xtrace_write_requests_total', { door: 'metrics', result: 'accepted' }],
          ['xtrace_write_items_total', { door: 'otlp', result: 'accepted' }],
          ['xtrace_write_items_total', { door: 'batch', result: 'accepted' }],
          ['xtrace_write_items_total', { door: 'metrics', result: 'accepted' }],
          ['xtrace_flush_items_sum', { queue: 'points' }],
          ['xtrace_write_refusals_total', {}],
        ),
      ).toEqual([2, 1, 1, 3, 2, 3, 3, 0]);
      const [flushes, seconds, bytes] = await growth(
        before,
        ['xtrace_flush_duration_seconds_count', { queue: 'traces' }],
        ['xtrace_flush_duration_seconds_sum', { queue: 'traces' }],
        ['xtrace_write_bytes_total', { door: 'batch' }],
      );
      expect(flushes).toBeGreaterThanOrEqual(3);
      expect(seconds).toBeGreaterThan(0);
      expect(bytes).toBe(
        Buffer.byteLength(JSON.stringify({ trace: { id: 'telemetry-1' }, observations: [observation('a')] })),
      );
      const lastCommit = valueOf(await scrape(), 'xtrace_last_commit_timestamp_seconds', { queue: 'traces' });
      expect(Math.abs(Date.now() / 1000 - lastCommit)).toBeLessThan(60);
    });

    it('counts what was refused by reason', async () => {
      const before = await scrape();
      await send(OTLP, spansOf(aSpan(), aSpan({ spanId: 'short' })));
      await send(OTLP, spansOf(aSpan({ spanId: 'short' }), aSpan({ traceId: '00' })));
      await send(BATCH, batchOf({ id: 'a', traceId: 't' }, { id: 'b', traceId: 't', name: 5 }));
      await send(BATCH, '{');
      await send(POINTS, pointsOf({ name: '' }));
      await send(BATCH, 'x'.repeat(MAX_BODY_BYTES + 1));
      await send(OTLP, 'x', { 'content-type': 'text/plain' });
      await fetch(server.url + OTLP, { method: 'POST', headers: { authorization: 'Bearer wrong' } });
      await fetch(server.url + OTLP, { method: 'POST' });
      await waitFor(async () => (await growth(before, ['xtrace_write_requests_total', {}]))[0] === 9);
      expect(
        await growth(
          before,
          ['xtrace_write_requests_total', { door: 'otlp', result: 'partial' }],
          ['xtrace_write_requests_total', { door: 'otlp', result: 'refused' }],
          ['xtrace_write_requests_total', { door: 'otlp', result: 'unauthenticated' }],
          ['xtrace_write_requests_total', { door: 'batch', result: 'partial' }],
          ['xtrace_write_requests_total', { door: 'batch', result: 'refused' }],
          ['xtrace_write_requests_total', { door: 'metrics', result: 'refused' }],
        ),
      ).toEqual([1, 2, 2, 1, 2, 1]);
      expect(
        await growth(
          before,
          ['xtrace_write_refusals_total', { door: 'otlp', reason: 'BAD_REQUEST' }],
          ['xtrace_write_refusals_total', { door: 'otlp', reason: 'UNAUTHORIZED' }],
          ['xtrace_write_refusals_total', { door: 'otlp', reason: 'UNSUPPORTED_MEDIA_TYPE' }],
          ['xtrace_write_refusals_total', { door: 'batch', reason: 'PAYLOAD_TOO_LARGE' }],
          ['xtrace_write_items_refused_total', { door: 'otlp', code: 'INVALID_FIELD' }],
          ['xtrace_write_items_total', { door: 'metrics', result: 'refused' }],
          ['xtrace_auth_failures_total', { reason: 'wrong' }],
          ['xtrace_auth_failures_total', { reason: 'missing' }],
        ),
      ).toEqual([1, 2, 1, 1, 3, 1, 1, 1]);
    });

    it('counts what is deferred while there is no room, and clients that hang up', async () => {
      const before = await scrape();
      const occupant = uniqueId('occupant');
      const socket = await occupy(occupant);
      const otlp = await send(OTLP, spansOf(aSpan()));
      const batch = await send(BATCH, batchOf({ id: 'a', traceId: 't' }));
      const ingestion = await send('/api/public/ingestion', '{"batch":[]}');
      expect([otlp, batch, ingestion].map(({ answer }) => answer.status)).toEqual([503, 429, 503]);
      expect(ingestion.answer.headers.get('retry-after')).toBe('1');
      socket.destroy();
      expect(await deliveryOf(occupant)).toMatchObject({ result: 'aborted', status: null, itemCount: null });
      expect(
        await growth(
          before,
          ['xtrace_write_requests_total', { door: 'otlp', result: 'deferred' }],
          ['xtrace_write_requests_total', { door: 'batch', result: 'deferred' }],
          ['xtrace_write_requests_total', { door: 'batch', result: 'aborted' }],
          ['xtrace_write_refusals_total', { door: 'otlp', reason: 'OVER_CAPACITY' }],
          ['xtrace_write_refusals_total', { door: 'batch', reason: 'OVER_CAPACITY' }],
        ),
      ).toEqual([1, 1, 1, 1, 1]);
    });

    it('measures requests by the template of their route', async () => {
      const before = await scrape();
      await api.get(`/api/public/traces/${CANARY}`);
      await api.get('/api/public/traces?limit=1');
      const count = 'xtrace_http_request_duration_seconds_count';
      await waitFor(
        async () => (await growth(before, [count, { route: '/api/public/traces', status: '2xx' }]))[0] === 1,
      );
      expect(await growth(before, [count, { route: '/api/public/traces/:traceId', status: '4xx' }])).toEqual([1]);
    });

    it('does not grow with the addresses that clients make up', async () => {
      await api.get('/nowhere');
      await api.post('/nowhere', '');
      const seriesOf = async () => [...(await scrape()).values()].reduce((sum, { samples }) => sum + samples.length, 0);
      await scrape();
      const before = await seriesOf();
      for (let i = 0; i < 1000; i += 50) {
        const paths = Array.from({ length: 50 }, (_, j) => `/${CANARY}/${i + j}?x=${i + j}`);
        const statuses = await Promise.all(paths.map(async (path) => (await api.get(path)).status));
        expect(new Set(statuses)).toEqual(new Set([404]));
      }
      expect(await seriesOf()).toBe(before);
      const unknown = { route: '(unknown)', status: '4xx', method: 'GET' };
      expect(valueOf(await scrape(), 'xtrace_http_request_duration_seconds_count', unknown)).toBeGreaterThan(1000);
    });
  });

  describe('GET /api/internal/deliveries', () => {
    it('tells who sent what to which door and that it is committed', async () => {
      const body = gzipSync(spansOf(aSpan(), aSpan()));
      const { id } = await send(OTLP, body, {
        ...JSON_TYPE,
        'content-encoding': 'gzip',
        'user-agent': 'OTel-OTLP-Exporter-JavaScript/0.223.0',
      });
      expect(await deliveryOf(id)).toEqual({
        requestId: id,
        receivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        door: 'otlp',
        method: 'POST',
        path: OTLP,
        client: {
          name: 'OTel-OTLP-Exporter-JavaScript',
          version: '0.223.0',
          userAgent: 'OTel-OTLP-Exporter-JavaScript/0.223.0',
        },
        remoteAddress: '127.0.0.1',
        credential: 'bearer-token',
        result: 'accepted',
        status: 200,
        durationMs: expect.any(Number),
        sentBytes: body.length,
        bodyBytes: Buffer.byteLength(spansOf(aSpan(), aSpan())),
        itemCount: 2,
        acceptedCount: 2,
        refusedCount: 0,
        message: null,
        reasons: [],
        count: 1,
      });
    });

    it('says why items were refused', async () => {
      const { id } = await send(OTLP, spansOf(aSpan(), aSpan({ spanId: 'short' }), aSpan({ spanId: '00' })));
      expect(await deliveryOf(id, '?problems=true')).toMatchObject({
        result: 'partial',
        itemCount: 3,
        acceptedCount: 1,
        refusedCount: 2,
        reasons: [{ code: 'INVALID_FIELD', field: 'spanId', count: 2, firstIndex: 1 }],
      });
    });

    it('says why a whole request was refused, also when every item was', async () => {
      const bad = await send(OTLP, spansOf(aSpan({ spanId: 'short' })));
      expect(await deliveryOf(bad.id)).toMatchObject({
        result: 'refused',
        status: 400,
        itemCount: 1,
        acceptedCount: 0,
        message: expect.stringContaining('spanId'),
      });
      const unreadable = await send(OTLP, `{"${CANARY}`);
      const delivery = await deliveryOf(unreadable.id);
      expect(delivery).toMatchObject({ status: 400, itemCount: null, message: expect.stringContaining('JSON') });
      expect(JSON.stringify(delivery)).not.toContain(CANARY);
    });

    it('shows data that went to an address where there is no door', async () => {
      const { id, answer } = await send(`/api/public/otel/v1/spans?key=${CANARY}`, spansOf(aSpan()));
      expect(answer.status).toBe(404);
      const delivery = await deliveryOf(id, '?problems=true');
      expect(delivery).toMatchObject({ door: null, path: '/api/public/otel/v1/spans', result: 'refused', status: 404 });
      expect(JSON.stringify(delivery)).not.toContain(CANARY);
    });

    it('shows senders with wrong credentials once, with how often they tried and nothing of the credentials', async () => {
      const headers = { authorization: `Bearer ${CANARY}`, 'user-agent': 'lost-sdk/1.2.3' };
      for (let i = 0; i < 3; i += 1) await fetch(server.url + OTLP, { method: 'POST', headers, body: CANARY });
      const strangers = await waitFor(async () => {
        const found = (await deliveries()).filter(({ client }) => (client as { name: string }).name === 'lost-sdk');
        return found.some(({ count }) => count === 3) && found;
      });
      expect(strangers).toEqual([
        expect.objectContaining({
          result: 'unauthenticated',
          status: 401,
          credential: null,
          message: expect.stringContaining('Invalid credentials'),
        }),
      ]);
      expect(JSON.stringify(strangers)).not.toContain(CANARY);
    });

    it('keeps problems while good deliveries push them out of the list', async () => {
      const { id } = await send(BATCH, '{');
      await deliveryOf(id);
      for (let i = 0; i < 200; i += 1) await send(BATCH, batchOf({ id: `many-${i}`, traceId: 'many' }));
      await waitFor(async () => !(await deliveries('?limit=200')).some(({ requestId }) => requestId === id));
      expect(await deliveryOf(id, '?problems=1&limit=200')).toMatchObject({ status: 400 });
    });

    it('refuses parameters out of range', async () => {
      expect((await api.get('/api/internal/deliveries?limit=201')).status).toBe(400);
      expect((await api.get('/api/internal/deliveries?problems=maybe')).status).toBe(400);
    });
  });

  describe('request ids', () => {
    it('come back as they were sent if they are fit, else a new one comes', async () => {
      const ids = async (id: string) => (await api.get('/healthz', { 'x-request-id': id })).headers.get('x-request-id');
      expect(await ids('gateway-0af7651916cd43dd')).toBe('gateway-0af7651916cd43dd');
      expect(await ids('"quoted" and spaced')).toMatch(/^[0-9a-f-]{36}$/);
      expect((await api.get('/healthz', {})).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect((await api.get('/nowhere', { 'x-request-id': 'also-there' })).headers.get('x-request-id')).toBe(
        'also-there',
      );
    });
  });
});
