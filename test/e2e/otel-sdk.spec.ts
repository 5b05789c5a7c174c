import { context, type HrTime, SpanKind, SpanStatusCode, trace as tracing, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { gunzipSync } from 'node:zlib';
import { type RunningServer } from '../support/server-process.js';
import { Api, BEARER, observationNamed, startE2eServer, type TraceAnswer } from './support/api.js';
import { RecordingProxy } from './support/recording-proxy.js';

jest.setTimeout(60_000);

type Exporter = typeof JsonExporter;
type Compression = NonNullable<NonNullable<ConstructorParameters<Exporter>[0]>['compression']>;

const LINKED = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: TraceFlags.SAMPLED };

/** A minute ago, so that nothing is clamped; the same for all who call. */
const STARTED = Math.floor(Date.now() / 1000) - 60;
const at = (milliseconds: number): HrTime => [STARTED, milliseconds * 1_000_000 + 123_456];

/** Two spans with everything that the OpenTelemetry API can say. Returns the trace's id. */
function traceAnAnswer(provider: BasicTracerProvider): string {
  const tracer = provider.getTracer('my-instrumentation', '4.5.6');
  const root = tracer.startSpan('answer', {
    startTime: at(0),
    kind: SpanKind.SERVER,
    attributes: {
      'session.id': 'otel-session',
      'user.id': 'otel-user',
      'http.route': '/answer',
      'langfuse.trace.tags': ['otel', 'sdk'],
    },
    links: [{ context: LINKED, attributes: { why: 'retry of' } }],
  });
  const call = tracer.startSpan(
    'chat my-model',
    { startTime: at(10), kind: SpanKind.CLIENT },
    tracing.setSpan(context.active(), root),
  );
  call.setAttributes({
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.model': 'my-model',
    'gen_ai.request.temperature': 0.5,
    'gen_ai.request.stop_sequences': ['END', 'STOP'],
    'gen_ai.usage.input_tokens': 12,
    'gen_ai.usage.output_tokens': 34,
    'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"Grüße 😀"}]}]',
    'gen_ai.output.messages': '[{"role":"assistant","parts":[]}]',
    'app.text': 'text with "quotes" and \\ and \n',
    'app.empty': '',
    'app.integer': -42,
    'app.big': Number.MAX_SAFE_INTEGER,
    'app.double': 0.1,
    'app.true': true,
    'app.false': false,
    'app.texts': ['a', '', 'ü'],
    'app.integers': [1, 2, 3],
    'app.doubles': [0.5, 1.5],
    'app.flags': [true, false],
    'app.nothing': [],
  });
  call.addEvent('first token', { chunk: 1, final: false }, at(20));
  call.recordException(
    Object.assign(new Error('stream broke'), { stack: 'Error: stream broke\n    at line 1' }),
    at(30),
  );
  call.setStatus({ code: SpanStatusCode.ERROR, message: 'stream broke' });
  call.end(at(40));
  root.end(at(50));
  return root.spanContext().traceId;
}

/** The trace without what has to differ between two tellings of the same story: ids and times of arrival. */
function withoutIds(trace: TraceAnswer): unknown {
  const names = new Map<string, string>([[trace.id, 'TRACE']]);
  for (const { id, name } of trace.observations) names.set(id, `SPAN ${name}`);
  let text = JSON.stringify(trace, (key, value: unknown) => (/^(created|updated)At$/.test(key) ? undefined : value));
  for (const [id, name] of names) text = text.replaceAll(id, name);
  return JSON.parse(text);
}

let server: RunningServer;
let api: Api;
beforeAll(async () => {
  server = await startE2eServer();
  api = new Api(server.url);
});
afterAll(async () => {
  await server.stop();
});

describe.each([
  ['protobuf', ProtobufExporter, 'application/x-protobuf'],
  ['JSON', JsonExporter, 'application/json'],
])('the OpenTelemetry exporter for %s', (_, TraceExporter, contentType) => {
  let proxy: RecordingProxy;

  const startProvider = (compression: 'gzip' | 'none', isBatched: boolean, path = '/api/public/otel/v1/traces') => {
    const options = { url: proxy.url + path, headers: BEARER, compression: compression as Compression };
    const exporter = new TraceExporter(options);
    return new BasicTracerProvider({
      resource: resourceFromAttributes({
        'service.name': 'answers',
        'service.version': '9.9',
        'deployment.environment.name': 'prod',
      }),
      spanProcessors: [isBatched ? new BatchSpanProcessor(exporter) : new SimpleSpanProcessor(exporter)],
    });
  };

  beforeEach(async () => {
    proxy = await RecordingProxy.start(server.url);
  });
  afterEach(() => proxy.stop());

  it('delivers attributes of every kind, events, links and the exception, compressed', async () => {
    const provider = startProvider('gzip', true);
    const id = traceAnAnswer(provider);
    await provider.shutdown();

    const [request, ...more] = proxy.requests;
    expect(more).toEqual([]);
    expect(request).toMatchObject({
      status: 200,
      headers: { 'content-type': contentType, 'content-encoding': 'gzip' },
    });
    expect(gunzipSync(request!.body).length).toBeGreaterThan(1000);

    const trace = await api.trace(id);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(trace).toMatchObject({
      id,
      name: 'answer',
      sessionId: 'otel-session',
      userId: 'otel-user',
      tags: ['otel', 'sdk'],
      environment: 'prod',
      version: '9.9',
      timestamp: new Date(STARTED * 1000).toISOString(),
      latency: 0.05,
    });
    expect(trace.metadata).toMatchObject({
      resourceAttributes: { 'service.name': 'answers' },
      scope: { name: 'my-instrumentation', version: '4.5.6' },
    });

    const root = observationNamed(trace, 'answer');
    expect(root).toMatchObject({ type: 'SPAN', parentObservationId: null, level: 'DEFAULT', latency: 0.05 });
    expect(root.metadata).toMatchObject({
      kind: 'SERVER',
      attributes: { 'http.route': '/answer' },
      links: [{ traceId: LINKED.traceId, spanId: LINKED.spanId, attributes: { why: 'retry of' } }],
    });

    const call = observationNamed(trace, 'chat my-model');
    expect(call.id).toMatch(/^[0-9a-f]{16}$/);
    expect(call).toMatchObject({
      type: 'GENERATION',
      parentObservationId: root.id,
      startTime: new Date(STARTED * 1000 + 10).toISOString(),
      endTime: new Date(STARTED * 1000 + 40).toISOString(),
      latency: 0.03,
      level: 'ERROR',
      statusMessage: 'stream broke',
      model: 'my-model',
      modelParameters: { temperature: 0.5, stop_sequences: ['END', 'STOP'] },
      usageDetails: { input: 12, output: 34, total: 46 },
      input: [{ role: 'user', content: 'Grüße 😀' }],
      output: [{ role: 'assistant', content: '' }],
    });
    expect(call.metadata).toMatchObject({
      kind: 'CLIENT',
      attributes: {
        'app.text': 'text with "quotes" and \\ and \n',
        'app.empty': '',
        'app.integer': -42,
        'app.big': Number.MAX_SAFE_INTEGER,
        'app.double': 0.1,
        'app.true': true,
        'app.false': false,
        'app.texts': ['a', '', 'ü'],
        'app.integers': [1, 2, 3],
        'app.doubles': [0.5, 1.5],
        'app.flags': [true, false],
        'app.nothing': [],
      },
      events: [
        { name: 'first token', timeUnixNano: `${STARTED}020123456`, attributes: { chunk: 1, final: false } },
        {
          name: 'exception',
          timeUnixNano: `${STARTED}030123456`,
          attributes: {
            'exception.message': 'stream broke',
            'exception.stacktrace': 'Error: stream broke\n    at line 1',
          },
        },
      ],
    });
  });

  it('may export span by span, plain and to the short address: the trace is the same', async () => {
    const compressed = startProvider('gzip', true);
    const whole = await api.trace(await shutDownAfter(compressed, traceAnAnswer));
    const plain = startProvider('none', false, '/v1/traces');
    const apart = await api.trace(await shutDownAfter(plain, traceAnAnswer));
    expect(proxy.requests.map(({ path, status }) => `${path} ${status}`)).toEqual([
      '/api/public/otel/v1/traces 200',
      '/v1/traces 200',
      '/v1/traces 200',
    ]);
    expect(withoutIds(apart)).toEqual(withoutIds(whole));
  });

  it('may send everything again: nothing is there twice and no sum grows', async () => {
    const provider = startProvider('gzip', false);
    const id = traceAnAnswer(provider);
    await provider.shutdown();
    const before = withoutIds(await api.trace(id));
    expect(await proxy.replay()).toEqual([200, 200]);
    expect(withoutIds(await api.trace(id))).toEqual(before);
  });
});

describe('the OpenTelemetry exporters for protobuf and for JSON', () => {
  it('write the same trace apart from its ids', async () => {
    const options = { url: `${server.url}/api/public/otel/v1/traces`, headers: BEARER };
    const [fromProtobuf, fromJson] = await Promise.all(
      [new ProtobufExporter(options), new JsonExporter(options)].map(async (exporter) => {
        const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
        return withoutIds(await api.trace(await shutDownAfter(provider, traceAnAnswer)));
      }),
    );
    expect(fromJson).toEqual(fromProtobuf);
  });
});

/** Runs `record`, delivers what it recorded and returns what it did. */
async function shutDownAfter<T>(
  provider: BasicTracerProvider,
  record: (provider: BasicTracerProvider) => T,
): Promise<T> {
  const result = record(provider);
  await provider.shutdown();
  return result;
}
