import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { aGauge, aMetricsRequest } from '../fixtures/otlp/metrics-wire.js';
import { aRequest, aSpan, field, fixture, jsonBody } from '../fixtures/otlp/wire.js';
import { type RunningServer } from '../support/server-process.js';
import { Api, BEARER, PROTOBUF_TYPE, startE2eServer } from './support/api.js';
import { RecordingProxy } from './support/recording-proxy.js';

jest.setTimeout(60_000);

/** Bounds that the conventions prescribe for gen_ai.client.operation.duration. */
const DURATION_BOUNDS = Array.from({ length: 14 }, (_, i) => 0.01 * 2 ** i);
const MODEL = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'my-model' };
const WORKER = { worker_address: '10.0.0.1:9997', gpu_index: '0', gpu_name: 'A100' };
const ROUTE = '/api/public/otel/v1/metrics';

interface Series {
  readonly labels: Record<string, string>;
  readonly values: { readonly timestamp: string; readonly value: number }[];
}

let server: RunningServer;
let api: Api;
let proxy: RecordingProxy;

beforeAll(async () => {
  server = await startE2eServer({ env: { METRICS_MAX_SERIES: '3000' } });
  api = new Api(server.url);
  proxy = await RecordingProxy.start(server.url);
});
afterAll(async () => {
  await proxy?.stop();
  await server.stop();
});

async function series(name: string, query: Record<string, string>, service: string): Promise<Series[]> {
  const labels = JSON.stringify({ 'service.name': service });
  const parameters = new URLSearchParams({ name, labels, step: '1d', ...query });
  const answer = await api.get(`/api/public/metrics/query?${parameters.toString()}`);
  expect(answer.status).toBe(200);
  return answer.json()['data'] as Series[];
}

/** All buckets of all series together: a test may run across midnight. */
async function total(name: string, agg: string, service: string): Promise<number> {
  const values = (await series(name, { agg }, service)).flatMap((one) => one.values);
  return values.reduce((sum, { value }) => sum + value, 0);
}

describe.each([
  ['protobuf', ProtobufExporter, AggregationTemporality.CUMULATIVE],
  ['protobuf', ProtobufExporter, AggregationTemporality.DELTA],
  ['JSON', JsonExporter, AggregationTemporality.CUMULATIVE],
  ['JSON', JsonExporter, AggregationTemporality.DELTA],
] as const)('the OpenTelemetry exporter for %s (case %#)', (encoding, Exporter, temporality) => {
  const isDelta = temporality === AggregationTemporality.DELTA;
  const service = `answers-${encoding}-${isDelta ? 'delta' : 'cumulative'}`;

  /** One run of an instrumented program. */
  function startProgram() {
    const exporter = new Exporter({ url: proxy.url + ROUTE, headers: BEARER, temporalityPreference: temporality });
    const provider = new MeterProvider({
      resource: resourceFromAttributes({ 'service.name': service, 'service.instance.id': 'one' }),
      // Exports are asked for; the interval is only there to be out of the way.
      readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
      views: [{ instrumentName: 'exponential', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
    });
    const meter = provider.getMeter('my-instrumentation', '4.5.6');
    meter
      .createObservableGauge('xinference.worker.gpu.utilization')
      .addCallback((result) => result.observe(87.5, WORKER));
    return {
      provider,
      requests: meter.createCounter('requests'),
      open: meter.createUpDownCounter('open'),
      duration: meter.createHistogram('gen_ai.client.operation.duration', {
        ...{ unit: 's', advice: { explicitBucketBoundaries: DURATION_BOUNDS } },
      }),
      exponential: meter.createHistogram('exponential'),
    };
  }

  it('delivers gauges, counters and histograms that add up over exports and restarts', async () => {
    for (const run of [1, 2]) {
      const program = startProgram();
      for (const seconds of [0.015, 0.3, 7]) {
        program.requests.add(10, { ...MODEL, stream: true });
        program.open.add(2);
        program.duration.record(seconds, MODEL);
        program.exponential.record(seconds, MODEL);
        await program.provider.forceFlush();
      }
      await program.provider.shutdown();
      expect(await total('requests', 'increase', service)).toBe(30 * run);
    }
    expect(proxy.requests.every(({ status }) => status === 200)).toBe(true);

    const ofAll = { 'service.name': service, 'service.instance.id': 'one', 'otel.scope.name': 'my-instrumentation' };
    const [requests] = await series('requests', { agg: 'increase' }, service);
    expect(requests!.labels).toEqual({
      ...{ ...ofAll, ...MODEL, stream: 'true' },
      ...(isDelta ? { 'otel.temporality': 'delta' } : {}),
    });

    const [gauge] = await series('xinference.worker.gpu.utilization', { agg: 'last' }, service);
    expect(gauge).toMatchObject({ labels: { ...ofAll, ...WORKER }, values: [{ value: 87.5 }] });
    // An up-down counter is a level whatever the preference: the SDK sends it as a total.
    expect((await series('open', { agg: 'last' }, service))[0]!.values.at(-1)!.value).toBe(6);

    for (const name of ['gen_ai.client.operation.duration', 'exponential']) {
      expect(await total(`${name}.count`, 'increase', service)).toBe(6);
      expect(await total(`${name}.sum`, 'increase', service)).toBeCloseTo(2 * 7.315, 9);
      expect((await series(`${name}.max`, { agg: 'max' }, service))[0]!.values[0]!.value).toBe(7);
      const buckets = await series(`${name}.bucket`, { agg: 'increase', group_by: 'le' }, service);
      const counts = new Map(
        buckets.map(({ labels, values }) => [labels['le'], values.reduce((sum, { value }) => sum + value, 0)]),
      );
      expect(
        [0.01, 0.02, 0.32, 5.12, 10.24, '+Inf'].map((le) => counts.get(String(le))).filter((n) => n !== undefined),
      ).toEqual(name === 'exponential' ? [6] : [0, 2, 4, 4, 6, 6]);
      if (name === 'exponential')
        expect(['0', '0.015625', '0.5', '4', '8'].map((le) => counts.get(le))).toEqual([0, 2, 4, 4, 6]);
    }

    // A sender that got no answer sends again.
    for (const request of proxy.requests.filter(({ body }) => body.includes(service))) {
      const type = { 'content-type': String(request.headers['content-type']) };
      expect((await api.post(ROUTE, request.body, type)).status).toBe(200);
    }
    expect(await total('requests', 'increase', service)).toBe(60);
    expect(await total('exponential.count', 'increase', service)).toBe(6);
  });
});

describe('POST /v1/metrics', () => {
  const nowNanos = () => `${Date.now()}000000`;
  const post = (request: unknown, path = '/v1/metrics') => api.postJson(path, request);

  it('leads from a metric to the traces behind it', async () => {
    const timeUnixNano = nowNanos();
    const [traceId, spanId] = ['ab'.repeat(16), 'cd'.repeat(8)];
    const exemplars = [{ timeUnixNano, asDouble: 12.5, traceId, spanId }];
    const point = { timeUnixNano, count: '1', sum: 12.5, bucketCounts: ['0', '1'], explicitBounds: [10], exemplars };
    const duration = { name: 'slow', histogram: { aggregationTemporality: 1, dataPoints: [point] } };
    expect(await post(aMetricsRequest([duration]))).toMatchObject({ status: 200, text: '{}' });
    const found = (await api.get('/api/public/metrics/exemplars?name=slow.bucket')).json();
    expect(found).toMatchObject({ data: [{ value: 12.5, traceId, spanId }], meta: { truncated: false } });
  });

  it('refuses the data points that it cannot store and takes the others', async () => {
    const timeUnixNano = nowNanos();
    const dataPoints = [{ timeUnixNano, asDouble: 'NaN' }, { timeUnixNano, asInt: 7 }, { asInt: 8 }];
    const answer = await post(aMetricsRequest([aGauge('partly', ...dataPoints)]), ROUTE);
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.json()).toEqual({
      partialSuccess: {
        rejectedDataPoints: '2',
        errorMessage:
          '1 data point: value must be a finite number, got NaN (data point 0 of the request); ' +
          '1 data point: timeUnixNano must be stated (data point 2 of the request)',
      },
    });
    const body = (await api.get('/api/public/metrics/query?name=partly&agg=last')).json();
    expect(body).toMatchObject({ data: [{ values: [{ value: 7 }] }] });
  });

  it('says 400 when no data point can be stored, in the encoding of the request', async () => {
    const answer = await post(aMetricsRequest([aGauge('none', { asInt: 7 })]));
    expect(answer.status).toBe(400);
    expect(answer.json()['message']).toBe(
      'resourceMetrics[0].scopeMetrics[0].metrics[0].gauge.dataPoints[0].timeUnixNano must be stated.',
    );
  });

  it('refuses another signal by name, and traces refuse metrics', async () => {
    const spans = await api.post('/v1/metrics', fixture('otel-js-proto-0.223.0.bin'), PROTOBUF_TYPE);
    expect(spans.status).toBe(400);
    expect(spans.headers.get('content-type')).toBe('application/x-protobuf');
    expect(spans.text).toContain('looks like traces');
    expect((await api.post('/v1/metrics', jsonBody(aRequest([aSpan()])))).text).toContain(
      'traces belong to /v1/traces',
    );
    const metrics = await api.post('/v1/traces', fixture('otel-python-metrics-1.45.2.bin'), PROTOBUF_TYPE);
    expect([metrics.status, metrics.text.includes('looks like metrics')]).toEqual([400, true]);
  });

  it('refuses an export whose points are all older than they are kept, in protobuf', async () => {
    const body = fixture('otel-python-metrics-1.45.2.bin');
    // Its times are fixed.
    const answer = await api.post('/v1/metrics', body, PROTOBUF_TYPE);
    expect([answer.status, answer.text.includes('is older than the 30 days that points are kept')]).toEqual([
      400,
      true,
    ]);
  });

  it('refuses ten million empty metrics before they fill the memory, and goes on', async () => {
    const metrics = Buffer.alloc(20 * 1024 * 1024 - 100, Buffer.from([0x12, 0x00]));
    const answer = await api.post('/v1/metrics', field(1, [field(2, metrics)]), PROTOBUF_TYPE);
    expect([answer.status, answer.text.includes('send it in parts')]).toEqual([413, true]);
    expect(await post({ resourceMetrics: [] })).toMatchObject({ status: 200, text: '{}' });
  });

  it('refuses data points of more series than a project may have, visibly', async () => {
    const timeUnixNano = nowNanos();
    const attribute = (i: number) => [{ key: 'request_id', value: { stringValue: `r-${i}` } }];
    const dataPoints = Array.from({ length: 4000 }, (_, i) => ({ timeUnixNano, asInt: i, attributes: attribute(i) }));
    const answer = await post(aMetricsRequest([aGauge('too-many', ...dataPoints)]));
    expect(answer.status).toBe(200);
    const { rejectedDataPoints, errorMessage } = answer.json()['partialSuccess'] as Record<string, string>;
    expect(Number(rejectedDataPoints)).toBeGreaterThan(1000);
    expect(errorMessage).toMatch(
      /^\d+ data points: labels would make one series too many: the project has as many as METRICS_MAX_SERIES allows/,
    );
  });
});
