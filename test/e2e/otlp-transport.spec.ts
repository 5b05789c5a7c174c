import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { aLogRequest } from '../fixtures/otlp/logs.js';
import { aGauge, aMetricsRequest } from '../fixtures/otlp/metrics-wire.js';
import { type RunningServer, TEST_PUBLIC_KEY, TEST_SECRET_KEY, TEST_TOKEN } from '../support/server-process.js';
import {
  Api,
  aSpan,
  BEARER,
  JSON_TYPE,
  type JsonObject,
  otelSpanId,
  otelTraceId,
  PROTOBUF_TYPE,
  startE2eServer,
} from './support/api.js';
import { decodePartialSuccess, decodeStatus, encodeExport, encodeSpan } from './support/protobuf.js';

jest.setTimeout(60_000);

const TRACES = '/v1/traces';
const PAGE = 'https://app.example.com';
const ofSpans = (...spans: JsonObject[]): JsonObject => ({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
const nowNanos = (): string => String(BigInt(Date.now()) * 1_000_000n);

describe('OTLP over HTTP', () => {
  let server: RunningServer;
  let api: Api;
  beforeAll(async () => {
    server = await startE2eServer({ env: { CORS_ORIGINS: `${PAGE},http://localhost:3000` } });
    api = new Api(server.url);
  });
  afterAll(() => server.stop());

  /** Anything but a redirect: some exporters take one for success. */
  const send = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(server.url + path, { redirect: 'manual', method: 'POST', ...init });

  describe('a compressed body', () => {
    const codings: [string, (bytes: Buffer) => Buffer][] = [
      ['gzip', gzipSync],
      ['deflate', deflateSync],
      ['deflate', deflateRawSync],
      ['identity', (bytes) => bytes],
    ];
    it.each(codings)('in %s is stored', async (coding, compress) => {
      const [traceId, spanId] = [otelTraceId(), otelSpanId()];
      const body = compress(encodeExport(encodeSpan(traceId, spanId, 'sent small')));
      const answer = await api.post(TRACES, body, { ...PROTOBUF_TYPE, 'content-encoding': coding });
      expect([answer.status, answer.bytes.length]).toEqual([200, 0]);
      expect(await api.hasTrace(traceId)).toBe(true);
    });

    it('in zstd is read as far as its content goes', async () => {
      const post = (name: string) =>
        api.post(TRACES, readFileSync(join(import.meta.dirname, `../fixtures/zstd/${name}.zst`)), {
          ...JSON_TYPE,
          'content-encoding': 'zstd',
        });
      const traceId = 'e2e0e2e0e2e0e2e0e2e0e2e0e2e0e2e0';
      expect((await post('trace-export')).status).toBe(200);
      expect(await api.hasTrace(traceId)).toBe(true);
      const notJson = await post('text');
      expect([notJson.status, notJson.json()['message']]).toEqual([400, expect.stringContaining('not valid JSON')]);
    });

    it.each([
      ['gzip', () => gzipSync(Buffer.alloc(64 * 1024 * 1024))],
      ['deflate', () => deflateSync(Buffer.alloc(64 * 1024 * 1024))],
      ['zstd', () => readFileSync(join(import.meta.dirname, '../fixtures/zstd/zeros-64-mib.zst'))],
    ])('in %s that inflates beyond the limit is 413 and final', async (coding, bomb) => {
      const answer = await api.post(TRACES, bomb(), { ...PROTOBUF_TYPE, 'content-encoding': coding });
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([413, null]);
      expect(decodeStatus(answer.bytes)).toMatchObject({ code: 8, message: expect.stringContaining('larger than') });
    });

    it('in another coding is 415 and says which are taken', async () => {
      const answer = await api.post(TRACES, 'x', { ...JSON_TYPE, 'content-encoding': 'br' });
      expect(answer.status).toBe(415);
      expect(answer.json()['message']).toContain('use gzip, deflate, zstd or none');
    });
  });

  describe('an address', () => {
    it.each([
      '/v1/traces',
      '/v1/traces/',
      '//v1/traces',
      '/V1/Traces',
      '/v1/trace',
      '/v1/v1/traces',
      '/v1/traces/v1/traces',
      '/otlp/v1/traces',
      '/otlp',
      '/api/public/otel/v1/traces',
      '/api/public/otel/v1/traces/v1/traces',
      '/api/public/otel',
      '/api/public/otel/',
    ])('%s takes spans', async (path) => {
      const traceId = otelTraceId();
      const headers = { ...BEARER, ...JSON_TYPE };
      const answer = await send(path, { headers, body: JSON.stringify(ofSpans(aSpan({ traceId }))) });
      expect([answer.status, await answer.text()]).toEqual([200, '{}']);
      expect(await api.hasTrace(traceId)).toBe(true);
    });

    it('without a signal serves all three, by the exporters themselves', async () => {
      const config = { url: `${server.url}/api/public/otel`, headers: BEARER };
      const resource = resourceFromAttributes({ 'service.name': 'no-signal' });
      const tracer = new BasicTracerProvider({
        resource,
        spanProcessors: [new SimpleSpanProcessor(new ProtobufExporter(config))],
      });
      const span = tracer.getTracer('t').startSpan('anywhere');
      span.end();
      await tracer.shutdown();
      const metrics = new MeterProvider({
        resource,
        readers: [
          new PeriodicExportingMetricReader({
            exporter: new OTLPMetricExporter(config),
            exportIntervalMillis: 3_600_000,
          }),
        ],
      });
      metrics.getMeter('m').createGauge('anywhere.gauge').record(7);
      await metrics.shutdown();
      const logs = new LoggerProvider({
        resource,
        processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter(config) })],
      });
      logs.getLogger('l').emit({ eventName: 'anywhere.event', body: 'here' });
      await logs.shutdown();

      expect(await api.hasTrace(span.spanContext().traceId)).toBe(true);
      expect((await api.read('/api/public/metrics/names'))['data']).toContain('anywhere.gauge');
      expect((await api.read('/api/public/logs?eventName=anywhere.event'))['data']).toHaveLength(1);
    });

    it.each(['/v1/profiles', '/api/public/otel/v1/spans', '/otlp/v2/traces', '/v1development/profiles', '/nowhere'])(
      '%s that nothing answers is 404 in the encoding of the request, with a hint',
      async (path) => {
        const answer = await send(path, { headers: { ...BEARER, ...PROTOBUF_TYPE }, body: encodeExport() });
        expect([answer.status, answer.headers.get('content-type')]).toEqual([404, PROTOBUF_TYPE['content-type']]);
        const status = decodeStatus(Buffer.from(await answer.arrayBuffer()));
        expect(status.code).toBe(5);
        expect(status.message).toContain(
          'set OTEL_EXPORTER_OTLP_ENDPOINT to the address of this server without a path',
        );
      },
    );

    it.each(['GET', 'PUT', 'DELETE', 'PATCH'])('answers %s with 405 and Allow: POST', async (method) => {
      for (const path of [TRACES, '/v1/metrics', '/v1/logs', '/api/public/otel', '/v1/traces/v1/traces']) {
        const answer = await send(path, { method, headers: BEARER });
        expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
        expect(await answer.json()).toEqual({ code: 12, message: expect.stringContaining(method) });
      }
    });
  });

  describe('credentials', () => {
    const pair = Buffer.from(`${TEST_PUBLIC_KEY}:${TEST_SECRET_KEY}`).toString('base64');
    it.each([
      { authorization: `Bearer ${TEST_TOKEN}` },
      { authorization: `Bearer%20${TEST_TOKEN}` },
      { authorization: `Basic ${pair}` },
      { authorization: `Basic%20${pair.replaceAll('=', '%3D')}` },
      { 'x-api-key': TEST_TOKEN },
    ])('%j are understood', async (headers) => {
      expect((await send(TRACES, { headers: { ...JSON_TYPE, ...headers } as never, body: '{}' })).status).toBe(200);
    });
  });

  describe('an error before the body is looked at', () => {
    const cases: [string, number, number, Record<string, string>, string][] = [
      ['no credentials', 401, 16, {}, '{}'],
      ['a wrong media type', 415, 3, { ...BEARER, 'content-type': 'text/csv' }, 'a,b'],
      ['no media type that could be one', 415, 3, { ...BEARER, 'content-type': '=;=' }, '{}'],
      ['a coding nobody knows', 415, 3, { ...BEARER, ...JSON_TYPE, 'content-encoding': 'x' }, '{}'],
      ['a body too large', 413, 8, { ...BEARER, ...JSON_TYPE }, ' '.repeat(21 * 1024 * 1024)],
      ['a damaged body', 400, 3, { ...BEARER, ...JSON_TYPE, 'content-encoding': 'gzip' }, '{}'],
    ];
    it.each(cases)('such as %s is %i in google.rpc.Status', async (_, status, code, headers, body) => {
      const answer = await send(TRACES, { headers, body });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/json']);
      expect(answer.headers.get('retry-after')).toBeNull();
      expect(await answer.json()).toEqual({ code, message: expect.stringMatching(/.+/) });
    });
  });

  describe('an export at the address of another signal', () => {
    const exports = {
      traces: ofSpans(aSpan()),
      metrics: aMetricsRequest([aGauge('g', { timeUnixNano: nowNanos(), asInt: '1' })]),
      logs: aLogRequest([{ timeUnixNano: nowNanos(), body: { stringValue: 'x' } }]),
    };
    const signals = ['traces', 'metrics', 'logs'] as const;
    it.each(signals.flatMap((sent) => signals.filter((at) => at !== sent).map((at) => [sent, at] as const)))(
      '%s at that of %s is 400 and names its own',
      async (sent, at) => {
        const answer = await api.postJson(`/v1/${at}`, exports[sent]);
        expect(answer.status).toBe(400);
        expect(answer.json()).toEqual({ code: 3, message: expect.stringContaining(`belong to /v1/${sent}`) });
      },
    );
  });

  describe('a page in a browser', () => {
    const preflight = (origin: string, path = TRACES) =>
      send(path, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type,authorization,traceparent,x-langfuse-sdk-name',
        },
      });

    it('of a stated origin is answered before it sends, without credentials', async () => {
      for (const path of [TRACES, '/v1/logs', '/api/public/otel/v1/traces']) {
        const { status, headers } = await preflight(PAGE, path);
        expect([status, headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([
          204,
          PAGE,
          'origin',
        ]);
        const allowed = headers.get('access-control-allow-headers')!.split(', ');
        const needed = ['content-type', 'content-encoding', 'authorization', 'traceparent', 'tracestate', 'x-api-key'];
        expect(allowed).toEqual(expect.arrayContaining([...needed, 'x-langfuse-sdk-name']));
        expect(headers.get('access-control-allow-methods')).toContain('POST');
      }
    });

    it('reads answers and errors, and what they say of a retry', async () => {
      const ask = (headers: Record<string, string>) =>
        send(TRACES, { headers: { ...JSON_TYPE, origin: PAGE, ...headers }, body: '{}' });
      for (const [headers, status] of [
        [BEARER, 200],
        [{}, 401],
      ] as const) {
        const answer = await ask(headers);
        expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([status, PAGE]);
        expect(answer.headers.get('access-control-expose-headers')).toBe('retry-after, x-request-id');
      }
    });

    it('of another origin is not let in', async () => {
      for (const origin of ['https://evil.example', 'null', `${PAGE}.evil.example`]) {
        const answer = await preflight(origin);
        expect(answer.headers.get('access-control-allow-origin')).toBeNull();
        expect(answer.status).toBe(405);
      }
    });
  });

  it('answers a partial success in either encoding, which no exporter sends again', async () => {
    const good = aSpan();
    const json = await api.postJson(TRACES, ofSpans(good, aSpan({ traceId: '00' })));
    expect([json.status, json.json()]).toMatchObject([200, { partialSuccess: { rejectedSpans: '1' } }]);
    const body = encodeExport(encodeSpan(otelTraceId(), otelSpanId(), 'good'), encodeSpan('00', otelSpanId(), 'bad'));
    const protobuf = await api.post(TRACES, body, PROTOBUF_TYPE);
    expect([protobuf.status, decodePartialSuccess(protobuf.bytes)?.rejectedSpans]).toEqual([200, 1]);
  });
});

/** A load balancer: refuses what comes while it has no server, and once told of one, holds requests until that is up. */
class Gateway {
  readonly statuses: number[] = [];
  readonly arrivals: number[] = [];
  target: Promise<string> | undefined;
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Gateway> {
    const server = createServer();
    const gateway = new Gateway(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        gateway.arrivals.push(performance.now());
        const answer = (status: number, headers: Record<string, string>, body?: Buffer): void => {
          gateway.statuses.push(status);
          response.writeHead(status, headers).end(body, () => server.emit('answered'));
        };
        gateway.pass(request, Buffer.concat(chunks)).then(
          async (passed) => {
            if (passed === undefined) answer(503, { 'retry-after': '2' });
            else answer(passed.status, {}, Buffer.from(await passed.arrayBuffer()));
          },
          () => answer(599, {}),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async answered(): Promise<void> {
    await once(this.server, 'answered');
  }

  private async pass({ url, headers }: IncomingMessage, body: Buffer): Promise<Response | undefined> {
    if (this.target === undefined) return undefined;
    const kept = ['authorization', 'content-type', 'content-encoding'].map((name) => [name, String(headers[name])]);
    return fetch((await this.target) + url!, { method: 'POST', headers: Object.fromEntries(kept), body });
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

describe.each([
  ['protobuf', ProtobufExporter],
  ['JSON', JsonExporter],
])('the JS exporter in %s with gzip', (_, Exporter) => {
  let gateway: Gateway;
  let server: RunningServer;
  let dataDir: string;
  beforeAll(async () => {
    gateway = await Gateway.start();
    dataDir = mkdtempSync(join(tmpdir(), 'xtrace-transport-'));
    chmodSync(dataDir, 0o777);
    server = await startE2eServer({ dataDir });
  });
  afterAll(async () => {
    gateway.close();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** Exports one span and waits until its exporter has done with it, one way or the other. Returns its trace's id. */
  async function traced(headers: Record<string, string>, path = TRACES): Promise<string> {
    const compression = 'gzip' as NonNullable<ConstructorParameters<typeof Exporter>[0]>['compression'];
    const exporter = new Exporter({ url: gateway.url + path, headers, compression, timeoutMillis: 45_000 });
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const span = provider.getTracer('t').startSpan('after a restart');
    span.end();
    await provider.shutdown();
    return span.spanContext().traceId;
  }

  it('waits out a restart for as long as Retry-After says, and its span is stored', async () => {
    await server.stop();
    const refused = gateway.answered();
    const waiting = traced(BEARER);
    await refused;
    gateway.target = startE2eServer({ dataDir }).then((started) => (server = started).url);
    const traceId = await waiting;
    expect(gateway.statuses).toEqual([503, 200]);
    // The exporter's own first pause is 1.2 s at most.
    expect(gateway.arrivals[1]! - gateway.arrivals[0]!).toBeGreaterThanOrEqual(1990);
    expect(await new Api(server.url).hasTrace(traceId)).toBe(true);
  });

  it.each([
    ['wrong credentials', 401, { authorization: 'Bearer wrong' }, TRACES],
    ['an address that is none', 404, BEARER, '/api/public/otel/v1/spans'],
    ['an address of another signal', 400, BEARER, '/v1/metrics'],
  ])('does not try again after %s', async (_, status, headers, path) => {
    gateway.target = Promise.resolve(server.url);
    gateway.statuses.length = 0;
    await traced(headers, path);
    expect(gateway.statuses).toEqual([status]);
  });
});
