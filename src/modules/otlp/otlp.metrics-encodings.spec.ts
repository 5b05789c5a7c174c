import fc from 'fast-check';
import { aGauge, aMetricsRequest, aPoint, metricsProtobuf, NOW_MS } from '../../../test/fixtures/otlp/metrics-wire.js';
import { aRequest, aSpan, encodeBySdk, field, fixture, jsonBody } from '../../../test/fixtures/otlp/wire.js';
import { InvalidInput, TooLarge } from '../../domain/errors.js';
import { SeriesMemory } from './otlp.metric-series.js';
import { decodeMetricsJson } from './otlp.metrics-json.js';
import { mapMetrics, type MappedMetrics } from './otlp.metrics-map.js';
import { decodeMetricsProtobuf } from './otlp.metrics-protobuf.js';
import { MAX_EXPORT_ITEMS, MAX_HISTOGRAM_BUCKETS, type OtlpMetricsExport } from './otlp.metrics.js';

function mapped(decoded: OtlpMetricsExport): Omit<MappedMetrics, 'confirm'> {
  const { confirm: _, ...rest } = mapMetrics(decoded, {
    ...{
      project: { no: 1, id: 'p' },
      nowMs: NOW_MS,
      retentionDays: 0,
      resourceLabels: ['a', 'service.name'],
      bytes: 0,
    },
    memory: new SeriesMemory(),
  });
  return rest;
}

const number = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0));
const count = fc.nat(2 ** 31).map(String);
const key = fc.oneof(
  fc.constantFrom('le', 'quantile', 'a', 'otel.temporality', '__proto__'),
  fc.string({ unit: 'grapheme' }),
);
const value = fc.oneof(
  fc.string({ unit: 'binary' }).map((stringValue) => ({ stringValue })),
  fc.boolean().map((boolValue) => ({ boolValue })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((int) => ({ intValue: String(int) })),
  number.map((doubleValue) => ({ doubleValue })),
  fc.constant({}),
);
const attributes = fc.array(fc.record({ key, value }), { maxLength: 4 });
const id = (digits: number) =>
  fc.bigInt({ min: 0n, max: 16n ** BigInt(digits) - 1n }).map((n) => n.toString(16).padStart(digits, '0'));
const nanos = fc.bigInt({ min: 0n, max: BigInt(NOW_MS) * 1_000_000n }).map(String);
const numberValue = fc.oneof(
  fc.record({ asDouble: fc.oneof(number, fc.constantFrom('NaN', 'Infinity')) }),
  fc.record({ asInt: fc.maxSafeInteger().map(String) }),
  fc.constant({}),
);
const exemplars = fc.array(
  fc
    .tuple(fc.record({ timeUnixNano: nanos, traceId: id(32), spanId: id(16) }), numberValue)
    .map(([exemplar, of]) => ({ ...exemplar, ...of })),
  { maxLength: 3 },
);
const common = {
  attributes,
  startTimeUnixNano: nanos,
  timeUnixNano: fc.oneof(nanos, fc.constant(String(BigInt(NOW_MS) * 1_000_000n))),
  flags: fc.constantFrom(0, 0, 0, 1),
};
const numberPoint = fc
  .tuple(fc.record({ ...common, exemplars }), numberValue)
  .map(([point, of]) => ({ ...point, ...of }));
const distribution = { ...common, exemplars, count };
const extremes = fc.record({ sum: number, min: number, max: number }, { requiredKeys: [] });
const histogramPoint = fc
  .tuple(
    fc.record({
      ...distribution,
      counts: fc.array(count, { maxLength: 6 }),
      bounds: fc.array(number, { maxLength: 6 }),
    }),
    extremes,
  )
  .map(([{ counts, bounds, ...point }, some]) => ({
    ...{ ...point, ...some, explicitBounds: bounds.sort((a, b) => a - b) },
    bucketCounts: counts.length > 1 ? counts.slice(0, bounds.length + 1) : counts,
  }));
const buckets = fc.record({
  offset: fc.integer({ min: -400, max: 400 }),
  bucketCounts: fc.array(count, { maxLength: 5 }),
});
const exponentialPoint = fc
  .tuple(
    fc.record({
      ...distribution,
      scale: fc.integer({ min: -12, max: 21 }),
      zeroCount: count,
      positive: buckets,
      negative: buckets,
    }),
    extremes,
  )
  .map(([point, some]) => ({ ...point, ...some }));
const quantile = fc.record({
  quantile: fc.double({ min: 0, max: 1, noNaN: true }),
  value: fc.oneof(number, fc.constant('NaN')),
});
const summaryPoint = fc.record({ ...common, count, sum: number, quantileValues: fc.array(quantile, { maxLength: 3 }) });
const temporality = { aggregationTemporality: fc.integer({ min: 0, max: 2 }) };
const points = <T>(point: fc.Arbitrary<T>) => fc.array(point, { maxLength: 3 });
const name = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('m'));
const metric = fc.oneof(
  fc.record({ name, gauge: fc.record({ dataPoints: points(numberPoint) }) }),
  fc.record({ name, sum: fc.record({ ...temporality, isMonotonic: fc.boolean(), dataPoints: points(numberPoint) }) }),
  fc.record({ name, histogram: fc.record({ ...temporality, dataPoints: points(histogramPoint) }) }),
  fc.record({ name, exponentialHistogram: fc.record({ ...temporality, dataPoints: points(exponentialPoint) }) }),
  fc.record({ name, summary: fc.record({ dataPoints: points(summaryPoint) }) }),
);

describe('the two encodings of OTLP metrics', () => {
  it('give the same points, exemplars and refusals', () => {
    let pointCount = 0;
    const scope = fc.record({ name: fc.constantFrom('', 's'), version: fc.constant('1'), attributes });
    fc.assert(
      fc.property(fc.array(metric, { maxLength: 4 }), attributes, scope, (metrics, resource, of) => {
        const request = aMetricsRequest(metrics, resource, of);
        const [byJson, byProtobuf] = [
          decodeMetricsJson(jsonBody(request)),
          decodeMetricsProtobuf(metricsProtobuf(request)),
        ];
        expect(byJson).toEqual(byProtobuf);
        const result = mapped(byProtobuf);
        expect(mapped(byJson)).toEqual(result);
        pointCount += result.batch.points.length;
      }),
      { numRuns: 300 },
    );
    expect(pointCount).toBeGreaterThan(300);
  });

  it('are read as Google writes them, ids in base64 and enums by name', () => {
    const byProtobuf = mapped(decodeMetricsProtobuf(fixture('proto-metrics-1.45.2.bin')));
    expect(mapped(decodeMetricsJson(fixture('proto-metrics-1.45.2.json')))).toEqual(byProtobuf);
    expect(byProtobuf).toMatchObject({
      dataPointCount: 6,
      rejectedCount: 1,
      rejected: [{ id: 'nan', field: 'value' }],
    });
    const values = byProtobuf.batch.points.map(({ series, value: of }) => `${series.name}${series.labels} ${of}`);
    expect(values.filter((text) => !text.startsWith('exponential'))).toEqual([
      'rpc.duration.count{"otel.scope.name":"by-hand"} 0',
      'rpc.duration.sum{"otel.scope.name":"by-hand"} 0',
      'rpc.duration.count{"otel.scope.name":"by-hand"} 7',
      'rpc.duration.sum{"otel.scope.name":"by-hand"} 12.5',
      'rpc.duration{"otel.scope.name":"by-hand","quantile":"0.5"} 1.25',
      `delta{"big":"1152921504606846976","otel.scope.name":"by-hand","otel.temporality":"delta"} ${-(2 ** 40)}`,
      'sizes.count{"otel.scope.name":"by-hand","otel.temporality":"delta"} 3',
      'sizes.sum{"otel.scope.name":"by-hand","otel.temporality":"delta"} 9.5',
      'sizes.min{"otel.scope.name":"by-hand"} -3',
      'sizes.max{"otel.scope.name":"by-hand"} 2',
      'sizes.bucket{"le":"-1.5","otel.scope.name":"by-hand","otel.temporality":"delta"} 1',
      'sizes.bucket{"le":"2.25","otel.scope.name":"by-hand","otel.temporality":"delta"} 3',
      'sizes.bucket{"le":"+Inf","otel.scope.name":"by-hand","otel.temporality":"delta"} 3',
    ]);
  });

  it('are read as the Python SDK sends them, exemplars included', () => {
    const { batch, rejectedCount } = mapped(decodeMetricsProtobuf(fixture('otel-python-metrics-1.45.2.bin')));
    expect(rejectedCount).toBe(0);
    const names = new Set(batch.points.map(({ series }) => series.name));
    expect([...names]).toEqual([
      ...['requests', 'open', 'temperature'],
      ...['.count', '.sum', '.bucket', '.min', '.max'].map((suffix) => `gen_ai.client.operation.duration${suffix}`),
      ...['.count', '.sum', '.bucket', '.min', '.max'].map((suffix) => `exponential${suffix}`),
    ]);
    const duration = batch.points.find(
      ({ series, value: of }) => series.name === 'gen_ai.client.operation.duration.count' && of > 0,
    )!;
    expect(duration.exemplars!.map(({ value: of }) => of)).toEqual([30, 0.7, 0.05]);
    expect(duration.exemplars![0]).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
    });
  });
});

describe('a metrics body', () => {
  const both = (request: object): [string, () => OtlpMetricsExport][] => [
    ['JSON', () => decodeMetricsJson(jsonBody(request))],
    ['protobuf', () => decodeMetricsProtobuf(metricsProtobuf(request as never))],
  ];

  it('of another signal is refused by name', () => {
    const span = encodeBySdk([{}], { resource: {}, scope: { name: 's' } });
    expect(() => decodeMetricsProtobuf(span.protobuf)).toThrow('looks like traces: this address takes metrics');
    expect(() => decodeMetricsJson(jsonBody(aRequest([aSpan()])))).toThrow('traces belong to /v1/traces');
    expect(() => decodeMetricsJson(jsonBody({ resourceLogs: [] }))).toThrow('logs belong to /v1/logs');
    expect(() => decodeMetricsJson(jsonBody({ metrics: [] }))).toThrow('belongs to /v1/metrics/batch');
    // A log record has its fixed64 time as field 1.
    const log = field(1, [field(2, [field(2, [Buffer.from([0x09]), Buffer.alloc(8, 1)])])]);
    expect(() => decodeMetricsProtobuf(log)).toThrow('looks like logs');
  });

  it('that is cut short anywhere is an error that names the byte, or a shorter export', () => {
    const whole = fixture('otel-python-metrics-1.45.2.bin');
    let errors = 0;
    for (let length = 1; length < whole.length; length += 1) {
      try {
        decodeMetricsProtobuf(whole.subarray(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidInput);
        expect((error as Error).message).toMatch(/at byte \d+ of/);
        errors += 1;
      }
    }
    expect(errors).toBe(whole.length - 1);
  });

  it.each(['', '{}', '{"resourceMetrics":null}', '{"resourceMetrics":[{}]}'])(
    'that is empty (%s) holds nothing',
    (text) => {
      const decoded = text === '' ? decodeMetricsProtobuf(Buffer.alloc(0)) : decodeMetricsJson(Buffer.from(text));
      expect(mapped(decoded).dataPointCount).toBe(0);
    },
  );

  it('of many items in few bytes is refused before it fills the memory', () => {
    const metrics = Buffer.alloc(2 * (MAX_EXPORT_ITEMS + 1), Buffer.from([0x12, 0x00]));
    expect(() => decodeMetricsProtobuf(field(1, [field(2, metrics)]))).toThrow(TooLarge);
  });

  it('of histograms that become too many points is refused', () => {
    const exponential = { count: '1', scale: 0, zeroCount: '1' };
    const dataPoints = new Array<object>(12_000).fill(aPoint(exponential));
    const request = aMetricsRequest([{ name: 'e', exponentialHistogram: { aggregationTemporality: 1, dataPoints } }]);
    expect(() => mapped(decodeMetricsJson(jsonBody(request)))).toThrow(TooLarge);
  });

  it('costs a point with too many buckets, or values too deep, that point alone', () => {
    const counts = new Array<string>(MAX_HISTOGRAM_BUCKETS + 1).fill('0');
    const request = aMetricsRequest([
      {
        name: 'h',
        histogram: {
          aggregationTemporality: 1,
          dataPoints: [aPoint({ count: '0', bucketCounts: counts }), aPoint({ count: '2' })],
        },
      },
    ]);
    for (const [, decode] of both(request)) {
      expect(mapped(decode())).toMatchObject({
        rejected: [{ index: 0, field: 'bucketCounts', message: `must be at most ${MAX_HISTOGRAM_BUCKETS}` }],
        batch: { points: [{ index: 1, value: 2 }] },
      });
    }
    let nested: Buffer = Buffer.alloc(0);
    for (let i = 0; i < 150; i += 1) nested = field(5, field(1, nested));
    const deep = field(7, [field(1, 'k'), field(2, nested)]);
    const good = metricsProtobuf(aMetricsRequest([aGauge('g', aPoint({ asInt: '1' }))]));
    const bad = field(1, [field(2, [field(2, [field(1, 'd'), field(5, [field(1, deep)])])])]);
    expect(mapped(decodeMetricsProtobuf(Buffer.concat([bad, good])))).toMatchObject({
      rejected: [{ id: 'd', code: 'TOO_DEEP' }],
      batch: { points: [{ value: 1 }] },
    });
  });

  it('in JSON costs a point or metric of a wrong shape itself alone', () => {
    const request = aMetricsRequest([
      aGauge('g', aPoint({ asDouble: 'x' }), aPoint({ asInt: 1.5 }), aPoint({ asDouble: null }), aPoint({ asInt: 7 })),
      { name: 'broken', sum: [] },
      7,
      aGauge('ok', aPoint({ asDouble: '2.5' })),
    ]);
    expect(mapped(decodeMetricsJson(jsonBody(request)))).toMatchObject({
      rejected: [
        { index: 0, field: 'asDouble', message: 'must be a number, got a string' },
        { index: 2, field: 'value' },
        { index: 4, id: 'broken', field: 'sum' },
        { index: 5 },
      ],
      batch: { points: [{ value: 1.5 }, { value: 7 }, { value: 2.5 }] },
    });
  });

  it('keeps text whose bytes are no UTF-8, with the bad bytes replaced', () => {
    const attribute = field(7, [field(1, 'k'), field(2, [field(1, Buffer.from([0x61, 0xff]))])]);
    const point = field(1, [
      attribute,
      Buffer.from([0x19]),
      le64(BigInt(NOW_MS) * 1_000_000n),
      Buffer.from([0x31]),
      le64(3n),
    ]);
    const body = field(1, [field(2, [field(2, [field(1, 'g'), field(5, point)])])]);
    expect(mapped(decodeMetricsProtobuf(body)).batch.points).toMatchObject([
      { value: 3, series: { labels: '{"k":"a\ufffd"}' } },
    ]);
  });
});

function le64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
