import { Client, credentials, Metadata, status as GrpcStatus, type ServiceError } from '@grpc/grpc-js';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { once } from 'node:events';
import { type ClientHttp2Stream, connect } from 'node:http2';
import { createServer, type AddressInfo } from 'node:net';
import {
  removeFolder,
  type RunningServer,
  temporaryFolder,
  TEST_PUBLIC_KEY,
  TEST_SECRET_KEY,
  TEST_TOKEN,
  waitFor,
} from '../support/server-process.js';
import { Api, BEARER, JSON_TYPE, otelTraceId, startE2eServer } from './support/api.js';
import { field, fixed64 } from './support/protobuf.js';

jest.setTimeout(60_000);

const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const MAX_BYTES = 256 * 1024;
const BASIC = `Basic ${Buffer.from(`${TEST_PUBLIC_KEY}:${TEST_SECRET_KEY}`).toString('base64')}`;

const asIs = (bytes: Buffer): Buffer => bytes;
type Compression = NonNullable<NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>['compression']>;

interface Answer {
  readonly code: number;
  readonly details: string;
  readonly trailers: Metadata;
  readonly body: Buffer;
}

/** A client without generated code, to send what no exporter would. */
class RawClient {
  private readonly client: Client;

  constructor(address: string, options: object = {}) {
    this.client = new Client(address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      ...options,
    });
  }

  call(path: string, message: Buffer, headers: Record<string, string> = BEARER): Promise<Answer> {
    const metadata = new Metadata();
    for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
    return new Promise((resolve) => {
      let body: Buffer = Buffer.alloc(0);
      this.client
        .makeUnaryRequest(path, asIs, asIs, message, metadata, (error: ServiceError | null, answer) => {
          body = answer ?? body;
        })
        .once('status', ({ code, details, metadata: trailers }) =>
          setImmediate(() => resolve({ code, details, trailers, body })),
        );
    });
  }

  close(): void {
    this.client.close();
  }
}

/** A call whose message comes when the test says so; `ended` has the status once the server has sent it. */
function openCall(address: string, headers: Record<string, string> = {}) {
  const session = connect(`http://${address}`);
  const stream: ClientHttp2Stream = session.request({
    ':method': 'POST',
    ':path': EXPORT,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...BEARER,
    ...headers,
  });
  const ended = new Promise<number>((resolve, reject) => {
    const onHeaders = (fields: Record<string, unknown>): void => {
      if (fields['grpc-status'] !== undefined) resolve(Number(fields['grpc-status']));
    };
    stream.on('response', onHeaders).on('trailers', onHeaders).on('error', reject).resume();
  });
  return {
    ended,
    /** The frame of a message: whether it is compressed, its length, its bytes. */
    send(message: Buffer, isCompressed = false): void {
      const head = Buffer.alloc(5);
      head.writeUInt8(isCompressed ? 1 : 0);
      head.writeUInt32BE(message.length, 1);
      stream.end(Buffer.concat([head, message]));
    },
    /** The rest of an uncompressed message after {@link reach}. */
    finish(message: Buffer): void {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(message.length);
      stream.end(Buffer.concat([length, message]));
    },
    /** No more than the metadata and the first byte, and time for the server to take it. */
    async reach(): Promise<void> {
      if (session.connecting) await once(session, 'connect');
      stream.write(Buffer.alloc(1));
      await new Promise<void>((resolve, reject) => session.ping((error) => (error ? reject(error) : resolve())));
    },
    close(): void {
      session.destroy();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A server that has said where it listens. */
async function start(options: Parameters<typeof startE2eServer>[0]): Promise<RunningServer> {
  const started = await startE2eServer(options);
  await started.waitForOutput(/OTLP over gRPC on (\S+)/);
  await started.waitForOutput(/OTLP over HTTP on (\S+)/);
  return started;
}

const grpcOf = (server: RunningServer): string => /OTLP over gRPC on (\S+)/.exec(server.stdout())![1]!;
const otlpHttpOf = (server: RunningServer): string => /OTLP over HTTP on (\S+)/.exec(server.stdout())![1]!;

function exporterTo(address: string, authorization = `Bearer ${TEST_TOKEN}`, timeoutMillis = 20_000) {
  const metadata = new Metadata();
  metadata.set('authorization', authorization);
  return new OTLPTraceExporter({
    url: `http://${address}`,
    metadata,
    compression: 'gzip' as Compression,
    timeoutMillis,
  });
}

/** A finished span, and its trace's id. */
function span(text = 'Grüße 😀') {
  const memory = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(memory)] });
  provider
    .getTracer('grpc-test')
    .startSpan('chat', { attributes: { 'gen_ai.operation.name': 'chat', 'app.text': text } })
    .end();
  const [finished] = memory.getFinishedSpans();
  return { spans: [finished!], traceId: finished!.spanContext().traceId };
}

const send = (exporter: OTLPTraceExporter, spans: ReturnType<typeof span>['spans']) =>
  new Promise<{ code: number; error?: Error }>((resolve) => exporter.export(spans, resolve));

/** What a Collector does with UNAVAILABLE; the exporter of JavaScript leaves it to its caller. */
const sendUntilTaken = (exporter: OTLPTraceExporter, spans: ReturnType<typeof span>['spans']) =>
  waitFor(async () => {
    const result = await send(exporter, spans);
    return result.code === Number(ExportResultCode.SUCCESS) ? result : undefined;
  });

/** An ExportTraceServiceRequest with a span for each trace id. */
function exportOf(traceIds: readonly string[]): Buffer {
  const spans = traceIds.map((traceId) =>
    field(
      2,
      field(1, Buffer.from(traceId, 'hex')),
      field(2, Buffer.from('0102030405060708', 'hex')),
      field(5, 'raw'),
      fixed64(7, BigInt(Date.now()) * 1_000_000n),
      fixed64(8, BigInt(Date.now()) * 1_000_000n),
    ),
  );
  return field(1, field(2, ...spans));
}

/** Whether google.rpc.RetryInfo is among the details of the status. */
const retryInfo = ({ trailers }: Answer): boolean =>
  trailers.get('grpc-status-details-bin').some((value) => value.includes('google.rpc.RetryInfo'));

let server: RunningServer;
let api: Api;
let raw: RawClient;
beforeAll(async () => {
  server = await start({
    env: {
      OTLP_GRPC_PORT: '0',
      OTLP_HTTP_PORT: '0',
      XTRACE_MAX_REQUEST_BODY_BYTES: String(MAX_BYTES),
      INGEST_MAX_IN_FLIGHT_BYTES: String(2 * MAX_BYTES),
    },
  });
  api = new Api(server.url);
  raw = new RawClient(grpcOf(server));
});
afterAll(async () => {
  raw.close();
  await server.stop();
});

const deliveries = async (query = '') =>
  (await api.read(`/api/internal/deliveries${query}`)).data as Record<string, unknown>[];

describe('the exporters of OpenTelemetry over gRPC, with gzip', () => {
  it.each([
    ['a bearer token', `Bearer ${TEST_TOKEN}`],
    ['a key pair', BASIC],
  ])('store spans with %s, and deliveries show the call', async (_, authorization) => {
    const { spans, traceId } = span();
    const exporter = exporterTo(grpcOf(server), authorization);
    expect(await send(exporter, spans)).toMatchObject({ code: ExportResultCode.SUCCESS });
    await exporter.shutdown();
    const [observation] = (await api.trace(traceId)).observations;
    expect(observation).toMatchObject({ name: 'chat', type: 'GENERATION' });
    expect(JSON.stringify(observation!.metadata)).toContain('Grüße 😀');
    expect((await deliveries())[0]).toMatchObject({
      door: 'otlp',
      path: EXPORT,
      result: 'accepted',
      status: 200,
      itemCount: 1,
      client: { name: 'OTel-OTLP-Exporter-JavaScript' },
    });
  });

  it('store metrics and logs', async () => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${TEST_TOKEN}`);
    const options = { url: `http://${grpcOf(server)}`, metadata, compression: 'gzip' as Compression };
    const meters = new MeterProvider({
      readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(options) })],
    });
    meters.getMeter('m').createCounter('grpc.counter').add(7);
    await meters.shutdown();
    const logs = new LoggerProvider({
      processors: [new SimpleLogRecordProcessor({ exporter: new OTLPLogExporter(options) })],
    });
    logs.getLogger('l').emit({ body: 'hello over gRPC', severityNumber: SeverityNumber.INFO });
    await logs.shutdown();
    const doors = (await deliveries()).slice(0, 2).map(({ door, result }) => [door, result]);
    expect(doors).toEqual([
      ['otlp-logs', 'accepted'],
      ['otlp-metrics', 'accepted'],
    ]);
    expect((await api.get('/api/public/logs')).text).toContain('hello over gRPC');
    expect((await api.get('/api/public/metrics/names')).text).toContain('grpc.counter');
  });
});

describe('a call that is refused', () => {
  it('for its credentials is not repeated by the exporter', async () => {
    const exporter = exporterTo(grpcOf(server), 'Bearer wrong');
    const { code, error } = await send(exporter, span().spans);
    expect([code, (error as ServiceError).code]).toEqual([ExportResultCode.FAILED, GrpcStatus.UNAUTHENTICATED]);
    await exporter.shutdown();
    expect((await deliveries())[0]).toMatchObject({
      path: EXPORT,
      door: 'otlp',
      status: 401,
      result: 'unauthenticated',
      count: 1,
    });
  });

  it.each([
    ['as sent', {}, () => Buffer.from(Array.from({ length: MAX_BYTES + 1 }, (_, i) => (i * 7919) % 251))],
    ['inflated', { 'grpc.default_compression_algorithm': 2 }, () => Buffer.alloc(40 * MAX_BYTES)],
  ])('for its size %s is not to be sent again', async (_, options, message) => {
    const client = new RawClient(grpcOf(server), options);
    const answer = await client.call(EXPORT, message());
    client.close();
    expect([answer.code, retryInfo(answer)]).toEqual([GrpcStatus.RESOURCE_EXHAUSTED, false]);
    expect(answer.details).toContain(String(MAX_BYTES));
    expect((await deliveries())[0]).toMatchObject({ status: 413, result: 'refused', message: answer.details });
  });

  it('for bytes that are no export says so, with the id that the log has', async () => {
    const answer = await raw.call(EXPORT, Buffer.from('hello'), { ...BEARER, 'x-request-id': 'grpc-1' });
    expect([answer.code, retryInfo(answer)]).toEqual([GrpcStatus.INVALID_ARGUMENT, false]);
    expect(answer.trailers.get('x-request-id')).toEqual(['grpc-1']);
    expect((await deliveries())[0]).toMatchObject({ requestId: 'grpc-1', status: 400, result: 'refused' });
  });

  it('for damaged gzip is refused for good', async () => {
    const call = openCall(grpcOf(server), { 'grpc-encoding': 'gzip' });
    call.send(Buffer.from('not gzip'), true);
    expect(await call.ended).toBe(GrpcStatus.INVALID_ARGUMENT);
    call.close();
  });

  it('for an unknown method or compression is UNIMPLEMENTED', async () => {
    const { code } = await raw.call(EXPORT.replace('Trace', 'Profiles'), Buffer.alloc(0));
    expect(code).toBe(GrpcStatus.UNIMPLEMENTED);
    const call = openCall(grpcOf(server), { 'grpc-encoding': 'snappy' });
    call.send(Buffer.from('x'), true);
    expect(await call.ended).toBe(GrpcStatus.UNIMPLEMENTED);
    call.close();
  });

  it('for want of room says when to come back, over HTTP as well, and who does is served', async () => {
    // Two calls that have announced themselves hold what the server may hold at once.
    const holding = [openCall(grpcOf(server)), openCall(grpcOf(server))];
    await Promise.all(holding.map((call) => call.reach()));
    const answer = await waitFor(async () => {
      const got = await raw.call(EXPORT, Buffer.alloc(0));
      return got.code === Number(GrpcStatus.OK) ? undefined : got;
    });
    expect([answer.code, retryInfo(answer)]).toEqual([GrpcStatus.UNAVAILABLE, true]);
    expect((await deliveries())[0]).toMatchObject({ status: 503, result: 'deferred' });
    expect((await api.post('/v1/traces', '{}', JSON_TYPE)).status).toBe(503);

    const exporter = exporterTo(grpcOf(server));
    const { spans, traceId } = span();
    const sent = sendUntilTaken(exporter, spans);
    await waitFor(async () => ((await deliveries())[0]!.client as { name?: string }).name?.startsWith('OTel'));
    for (const call of holding) call.close();
    expect((await sent).code).toBe(ExportResultCode.SUCCESS);
    await exporter.shutdown();
    expect(await api.hasTrace(traceId)).toBe(true);
    await waitFor(async () => (await deliveries('?problems=true')).some(({ result }) => result === 'aborted'));
  });

  it('in part says of what and why, and stores the rest', async () => {
    const good = otelTraceId();
    const answer = await raw.call(EXPORT, exportOf([good, ''.padEnd(32, '0')]));
    expect(answer.code).toBe(GrpcStatus.OK);
    // ExportTraceServiceResponse.partial_success.rejected_spans = 1
    expect([...answer.body.subarray(0, 1), ...answer.body.subarray(2, 4)]).toEqual([0x0a, 0x08, 1]);
    expect(answer.body.toString('utf8')).toContain('traceId');
    expect(await api.hasTrace(good)).toBe(true);
    expect((await deliveries())[0]).toMatchObject({ result: 'partial', itemCount: 2, refusedCount: 1 });
  });

  it('counts in the metrics of writes', async () => {
    const { text } = await api.get('/metrics');
    for (const result of ['accepted', 'partial', 'refused', 'unauthenticated', 'deferred', 'aborted']) {
      expect(text).toMatch(new RegExp(`xtrace_write_requests_total\\{door="otlp",result="${result}"\\} [1-9]`));
    }
    expect(text).toContain(`route="${EXPORT}"`);
  });
});

describe('health', () => {
  const check = (service: string) => {
    const name = Buffer.from(service);
    return raw.call('/grpc.health.v1.Health/Check', Buffer.from([0x0a, name.length, ...name]), {});
  };

  it('is told to whoever asks', async () => {
    for (const service of ['', 'opentelemetry.proto.collector.logs.v1.LogsService']) {
      expect([...(await check(service)).body]).toEqual([0x08, 1]);
    }
    expect((await check('unknown')).code).toBe(GrpcStatus.NOT_FOUND);
    expect((await raw.call('/grpc.health.v1.Health/Check', Buffer.from([0x0a, 0x7f]), {})).code).toBe(
      GrpcStatus.INVALID_ARGUMENT,
    );
  });
});

describe('the second HTTP port', () => {
  it('takes exports and answers probes', async () => {
    const exporters = new Api(otlpHttpOf(server));
    for (const path of ['/v1/traces', '/v1/metrics', '/v1/logs', '/api/public/otel/v1/traces']) {
      expect([path, (await exporters.post(path, '{}')).status]).toEqual([path, 200]);
    }
    for (const path of ['/healthz', '/readyz']) expect((await exporters.get(path, {})).status).toBe(200);
  });

  it('has nothing of the API', async () => {
    const exporters = new Api(otlpHttpOf(server));
    for (const path of ['/api/public/traces', '/docs', '/docs/json', '/metrics', '/nowhere']) {
      const { status, text } = await exporters.get(path);
      expect([path, status]).toEqual([path, 404]);
      expect(JSON.parse(text)).toMatchObject({ code: 'NOT_FOUND', message: `There is no ${path} here` });
    }
    expect((await exporters.post('/v1/l/batch', '{}')).status).toBe(404);
    expect((await api.get('/api/public/traces')).status).toBe(200);
  });
});

describe('a server that stops', () => {
  it('answers the calls on its way, tells those who watch, and the next start takes what it could not', async () => {
    const dataDir = temporaryFolder();
    const env = { OTLP_GRPC_PORT: String(await freePort()), OTLP_HTTP_PORT: '0' };
    const first = await start({ dataDir, env });
    const address = grpcOf(first);
    const watched: number[] = [];
    const watcher = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
    const watch = watcher.makeServerStreamRequest('/grpc.health.v1.Health/Watch', asIs, asIs, Buffer.alloc(0));
    const watchEnd = new Promise<number>((resolve) => watch.once('status', ({ code }) => resolve(code)));
    watch.on('error', () => {}).on('data', (message: Buffer) => watched.push(message[1]!));
    await waitFor(() => watched.length === 1);

    const call = openCall(address);
    await call.reach();
    first.signal('SIGTERM');
    await watchEnd;
    expect(watched).toEqual([1, 2]);
    call.finish(Buffer.alloc(0));
    expect(await call.ended).toBe(GrpcStatus.OK);
    call.close();
    watcher.close();
    expect(await first.exited).toEqual({ code: 0, signal: null });

    const exporter = exporterTo(address);
    const { spans, traceId } = span();
    const sent = sendUntilTaken(exporter, spans);
    const second = await start({ dataDir, env });
    try {
      expect((await sent).code).toBe(ExportResultCode.SUCCESS);
      expect(await new Api(second.url).hasTrace(traceId)).toBe(true);
    } finally {
      await exporter.shutdown();
      await second.stop();
      removeFolder(dataDir);
    }
  });
});
