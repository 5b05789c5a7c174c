import {
  aGauge,
  aHistogram,
  aMetricsRequest,
  aPoint,
  aSum,
  CUMULATIVE,
  DELTA,
  NOW_MS,
  START_NANOS,
  TIME_MICROS,
  TIME_NANOS,
} from '../../../test/fixtures/otlp/metrics-wire.js';
import { attributes, jsonBody, SPAN_ID, START_MICROS, TRACE_ID } from '../../../test/fixtures/otlp/wire.js';
import { SeriesMemory } from './otlp.metric-series.js';
import { EXPONENTIAL_BOUNDS } from './otlp.metric-values.js';
import { decodeMetricsJson } from './otlp.metrics-json.js';
import { mapMetrics, type MappedMetrics } from './otlp.metrics-map.js';

const PROMOTED = ['service.name', 'service.instance.id'];

interface Options {
  readonly memory?: SeriesMemory;
  readonly retentionDays?: number;
  readonly resourceLabels?: readonly string[];
  readonly no?: number;
}

function map(request: object, { no = 1, ...options }: Options = {}): MappedMetrics {
  return mapMetrics(decodeMetricsJson(jsonBody(request)), {
    ...{ project: { no, id: 'p' }, nowMs: NOW_MS, retentionDays: 0, resourceLabels: PROMOTED, bytes: 10 },
    memory: new SeriesMemory(),
    ...options,
  });
}

/** `name{labels} value` of every point, those at the start of a counter marked. */
function points(mapped: MappedMetrics): string[] {
  return mapped.batch.points.map(
    ({ series, value, time }) => `${series.name}${series.labels} ${value}${time === TIME_MICROS ? '' : ' at start'}`,
  );
}

/** In a scope without a name, which leaves labels alone. */
const request = (...metrics: object[]) => aMetricsRequest(metrics, undefined, {});

describe('labels', () => {
  const labelsOf = (of: object, resource: object = {}, scope: object = {}, options: Options = {}): unknown => {
    const metric = aGauge('g', aPoint({ asInt: '1', attributes: attributes(of as Record<string, unknown>) }));
    const mapped = map(
      aMetricsRequest([metric], attributes(resource as Record<string, unknown>), scope as Record<string, unknown>),
      options,
    );
    return JSON.parse(mapped.batch.points[0]!.series.labels);
  };

  it('are the attributes of the point, promoted ones of the resource, and the scope without its version', () => {
    const resource = { 'service.name': 'bot', 'process.pid': 7, 'service.instance.id': 'i' };
    expect(labelsOf({ model: 'm' }, resource, { name: 'lib', version: '1.2' })).toEqual({
      ...{ model: 'm', 'service.name': 'bot', 'service.instance.id': 'i', 'otel.scope.name': 'lib' },
    });
    expect(labelsOf({}, { a: 1, b: 2 }, {}, { resourceLabels: ['*'] })).toEqual({ a: '1', b: '2' });
    expect(labelsOf({}, {}, { name: 'lib', attributes: attributes({ plane: 'x' }) })).toEqual({
      ...{ 'otel.scope.name': 'lib', 'otel.scope.plane': 'x' },
    });
  });

  it('are texts: numbers in their shortest form, lists and maps as JSON; an empty value is no label', () => {
    expect(labelsOf({ t: true, i: 42, d: 0.1, l: ['a', 1], m: { k: [] }, n: null, e: '' })).toEqual({
      ...{ t: 'true', i: '42', d: '0.1', l: '["a",1]', m: '{"k":[]}', e: '' },
    });
  });

  it('that an attribute of a point loses to another value keep it as exported_', () => {
    const of = { 'service.name': 'other', le: '5', exported_le: 'mine', 'service.instance.id': 'i' };
    const expected = {
      ...{ 'service.name': 'bot', 'exported_service.name': 'other', 'service.instance.id': 'i' },
      ...{ exported_le: 'mine', exported_exported_le: '5' },
    };
    const resource = { 'service.name': 'bot', 'service.instance.id': 'i' };
    expect(labelsOf(of, resource)).toEqual(expected);
    expect(labelsOf(Object.fromEntries(Object.entries(of).reverse()), resource)).toEqual(expected);
  });

  it('may be called __proto__, and what PostgreSQL cannot hold is replaced in values', () => {
    const series = map(
      request(aGauge('g', aPoint({ asInt: '1', attributes: [{ key: '__proto__', value: { stringValue: 'a\0b' } }] }))),
    ).batch.points[0]!.series;
    expect(series.labels).toBe('{"__proto__":"a\ufffdb"}');
  });

  it('beyond the limits refuse their point alone', () => {
    const many = attributes(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, i])));
    const long = attributes({ k: 'x'.repeat(1001) });
    const mapped = map(
      request(
        aGauge(
          'g',
          aPoint({ asInt: '1', attributes: many }),
          aPoint({ asInt: '2', attributes: long }),
          aPoint({ asInt: '3' }),
        ),
        aGauge('x'.repeat(201), aPoint({ asInt: '4' })),
        aGauge('', aPoint({ asInt: '5' })),
      ),
    );
    expect(points(mapped)).toEqual(['g{} 3']);
    expect(mapped.rejected.map(({ index, field, message }) => `${index} ${field} ${message}`)).toEqual([
      '0 labels must be at most 64, got 65',
      '1 labels values must be at most 1000 characters long, got 1001',
      '3 name must be at most 200 characters long, got 201',
      '4 name must not be empty',
    ]);
    expect(mapped.firstRejectedPath).toBe('resourceMetrics[0].scopeMetrics[0].metrics[0].gauge.dataPoints[0].labels');
  });

  it('of the metric itself are named where the metric has them', () => {
    const path = (metric: object) => map(request(metric)).firstRejectedPath.split('.').slice(2).join('.');
    expect(path(aGauge('', aPoint({ asInt: '5' })))).toBe('metrics[0].name');
    expect(path(aSum('m', 0, aPoint({ asInt: '5' })))).toBe('metrics[0].sum.aggregationTemporality');
    expect(path(aGauge('m', aPoint({ asDouble: 'NaN' })))).toBe('metrics[0].gauge.dataPoints[0].value');
  });

  it('make the same series the same object from export to export, and only the same', () => {
    const memory = new SeriesMemory();
    const one = (of: object, options: Options = {}) =>
      map(request(aGauge('g', aPoint({ asInt: '1', attributes: attributes(of as Record<string, unknown>) }))), {
        memory,
        ...options,
      }).batch.points[0]!.series;
    expect(one({ a: 'b' })).toBe(one({ a: 'b' }));
    // Would be one text if keys and values were only joined.
    expect(one({ a: 'b', c: 'd' }).labels).not.toBe(one({ a: 'bc', d: '' }).labels);
    expect(one({ a: null }).labels).not.toBe(one({ a: '' }).labels);
  });

  it('are forgotten when there are too many, and made again the same', () => {
    const memory = new SeriesMemory(2000);
    const gauge = (i: number) =>
      map(request(aGauge(`g${i}`, aPoint({ asInt: '1' }))), { memory }).batch.points[0]!.series;
    const first = gauge(0);
    for (let i = 1; i < 20; i += 1) gauge(i);
    expect(gauge(0)).not.toBe(first);
    expect(gauge(0)).toEqual(first);
  });
});

describe('the series of', () => {
  it('a gauge and a sum have the name of the metric; increments say that they are', () => {
    const mapped = map(
      request(aGauge('g.x', aPoint({ asDouble: 0.5 })), aSum('s.delta', DELTA, aPoint({ asInt: '3' })), {
        name: 'updown',
        sum: { aggregationTemporality: CUMULATIVE, dataPoints: [aPoint({ asInt: '-3' })] },
      }),
    );
    expect(points(mapped)).toEqual(['g.x{} 0.5', 's.delta{"otel.temporality":"delta"} 3', 'updown{} -3']);
  });

  it('a histogram are its count, sum and extremes, and buckets that count everything up to their bound', () => {
    const point = { count: '6', sum: 9.5, min: 0.5, max: 4, bucketCounts: ['1', '0', '5'], explicitBounds: [1, 2.5] };
    expect(points(map(request(aHistogram('h', DELTA, aPoint(point)))))).toEqual([
      'h.count{"otel.temporality":"delta"} 6',
      'h.sum{"otel.temporality":"delta"} 9.5',
      'h.min{} 0.5',
      'h.max{} 4',
      'h.bucket{"le":"1","otel.temporality":"delta"} 1',
      'h.bucket{"le":"2.5","otel.temporality":"delta"} 1',
      'h.bucket{"le":"+Inf","otel.temporality":"delta"} 6',
    ]);
  });

  it('a histogram without buckets, sum and extremes are its count', () => {
    expect(points(map(request(aHistogram('h', DELTA, aPoint({ count: '6' })))))).toEqual([
      'h.count{"otel.temporality":"delta"} 6',
    ]);
  });

  it('an exponential histogram have the same bounds whatever its scale and range', () => {
    const counts = (value: object): Record<string, number> => {
      const metric = {
        name: 'e',
        exponentialHistogram: { aggregationTemporality: DELTA, dataPoints: [aPoint(value as never)] },
      };
      const buckets = map(request(metric)).batch.points.filter(({ series }) => series.name === 'e.bucket');
      expect(buckets).toHaveLength(EXPONENTIAL_BOUNDS.length + 1);
      const byBound = buckets.map(({ series, value: of }) => [(JSON.parse(series.labels) as { le: string }).le, of]);
      return Object.fromEntries(byBound) as Record<string, number>;
    };
    // Scale 1: two buckets between powers of two, index 0 is (1, 1.41], 1 is (1.41, 2], 2 is (2, 2.83].
    const fine = { count: '10', scale: 1, zeroCount: '1', positive: { offset: 0, bucketCounts: ['2', '3', '4'] } };
    expect(counts(fine)).toMatchObject({ '0': 1, '1': 1, '2': 6, '4': 10, '+Inf': 10 });
    // Scale -1: index 0 is (1, 4], -1 is (0.25, 1]; negative values lie below every bound above 0.
    const coarse = {
      ...{ count: '10', scale: -1, positive: { offset: -1, bucketCounts: ['5', '2'] } },
      negative: { offset: 3, bucketCounts: ['3'] },
    };
    expect(counts(coarse)).toMatchObject({ '0': 3, '0.25': 3, '0.5': 3, '1': 8, '2': 8, '4': 10 });
    const far = { count: '3', scale: 0, positive: { offset: 40, bucketCounts: ['1'] }, negative: {}, zeroCount: 0 };
    expect(counts(far)).toMatchObject({ '1073741824': 0, '+Inf': 1 });
    const near = { count: '3', scale: 0, positive: { offset: -40, bucketCounts: ['1'] } };
    expect(counts(near)).toMatchObject({ '0': 0, '0.0009765625': 1, '+Inf': 1 });
  });

  it('a summary are its count, its sum and a series for each quantile that has a value', () => {
    const quantileValues = [
      { quantile: 0.5, value: 1.5 },
      { quantile: 0.99, value: 'NaN' },
    ];
    const point = aPoint({ count: '2', sum: 3, quantileValues, startTimeUnixNano: '0' });
    expect(points(map(request({ name: 's', summary: { dataPoints: [point] } })))).toEqual([
      's.count{} 2',
      's.sum{} 3',
      's{"quantile":"0.5"} 1.5',
    ]);
  });
});

describe('the start of a counter', () => {
  const requests = (value: number, fields: object = {}) =>
    request(aSum('c', CUMULATIVE, aPoint({ asInt: value, ...fields })));

  it('is a point of value 0, sent to storage until it has been committed', () => {
    const memory = new SeriesMemory();
    const first = map(requests(5), { memory });
    expect(points(first)).toEqual(['c{} 0 at start', 'c{} 5']);
    expect(first.batch.points[0]!.time).toBe(START_MICROS);
    expect(points(map(requests(6), { memory }))).toEqual(['c{} 0 at start', 'c{} 6']);
    first.confirm();
    expect(points(map(requests(7), { memory }))).toEqual(['c{} 7']);
    expect(points(map(requests(7), { memory, no: 2 }))).toEqual(['c{} 0 at start', 'c{} 7']);
    const restarted = requests(7, { startTimeUnixNano: String(START_NANOS + 1_000_000_000n) });
    expect(points(map(restarted, { memory }))).toEqual(['c{} 0 at start', 'c{} 7']);
  });

  it('of a histogram begins its count, sum and buckets, not its extremes', () => {
    const point = { count: '1', sum: 2, min: 2, max: 2, bucketCounts: ['0', '1'], explicitBounds: [1] };
    const starts = points(map(request(aHistogram('h', CUMULATIVE, aPoint(point))))).filter((text) =>
      text.endsWith('start'),
    );
    expect(starts).toEqual([
      ...['h.count{} 0 at start', 'h.sum{} 0 at start'],
      ...['h.bucket{"le":"1"} 0 at start', 'h.bucket{"le":"+Inf"} 0 at start'],
    ]);
  });

  it.each([
    ['is not stated', { startTimeUnixNano: '0' }],
    ['is the time of the point: not known', { startTimeUnixNano: String(TIME_NANOS) }],
    ['is from before points are kept', { startTimeUnixNano: String(TIME_NANOS - 2n * 86_400_000_000_000n) }],
  ])('makes no point where it %s', (_, fields) => {
    expect(points(map(requests(5, fields), { retentionDays: 1 }))).toEqual(['c{} 5']);
  });
});

describe('a data point', () => {
  const number = (fields: object) => aPoint({ asDouble: 1, ...fields });
  const histogram = (fields: object) =>
    aHistogram('m', CUMULATIVE, aPoint({ count: '1', bucketCounts: ['1', '0'], explicitBounds: [1], ...fields }));

  it.each([
    ['a value that is no number', aGauge('m', number({ asDouble: 'NaN' })), 'value must be a finite number, got NaN'],
    [
      'an infinite value',
      aGauge('m', number({ asDouble: '-Infinity' })),
      'value must be a finite number, got -Infinity',
    ],
    ['too large a value', aGauge('m', number({ asDouble: 2e300 })), 'value must lie between -1e+300 and 1e+300'],
    ['no value', aGauge('m', aPoint()), 'value asDouble or asInt is missing, or no number'],
    ['no time', aGauge('m', number({ timeUnixNano: '0' })), 'timeUnixNano must be stated'],
    [
      'a time in seconds',
      aGauge('m', number({ timeUnixNano: '1769851800' })),
      'timeUnixNano must be nanoseconds since 1970',
    ],
    [
      'a time of the year 2554',
      aGauge('m', number({ timeUnixNano: '18446744073709551615' })),
      'timeUnixNano must not be more than 10 years back or a day ahead',
    ],
    [
      'a time before points are kept',
      aGauge('m', number({ timeUnixNano: String(TIME_NANOS - 4n * 86_400_000_000_000n) })),
      'timeUnixNano is older than the 3 days that points are kept',
    ],
    ['no temporality', aSum('m', 0, number({})), 'aggregationTemporality must be 1 (delta) or 2 (cumulative)'],
    [
      'too few buckets',
      histogram({ bucketCounts: ['1'] }),
      'bucketCounts must be one more than explicitBounds, got 1 and 1',
    ],
    [
      'bounds out of order',
      histogram({ bucketCounts: ['1', '0', '0'], explicitBounds: [2, 1] }),
      'explicitBounds must increase',
    ],
    [
      'an infinite bound',
      histogram({ explicitBounds: ['Infinity'] }),
      'explicitBounds must be a finite number, got Infinity',
    ],
    ['a sum that is no number', histogram({ sum: 'NaN' }), 'sum must be a finite number, got NaN'],
    [
      'an impossible scale',
      { name: 'm', exponentialHistogram: { aggregationTemporality: 1, dataPoints: [aPoint({ scale: 21 })] } },
      'scale must be from -10 to 20, got 21',
    ],
    [
      'a quantile above 1',
      { name: 'm', summary: { dataPoints: [aPoint({ quantileValues: [{ quantile: 99, value: 1 }] })] } },
      'quantileValues.quantile must be from 0 to 1',
    ],
  ])('with %s is refused, its neighbour is not', (_, metric, reason) => {
    const mapped = map(request(metric, aGauge('ok', number({}))), { retentionDays: 3 });
    expect(points(mapped)).toEqual(['ok{} 1']);
    expect(mapped.rejected).toEqual([
      {
        index: 0,
        kind: 'metric',
        id: 'm',
        code: 'INVALID_FIELD',
        field: expect.any(String) as string,
        message: expect.any(String) as string,
      },
    ]);
    expect(`${mapped.rejected[0]!.field} ${mapped.rejected[0]!.message}`).toBe(reason);
  });

  it('that marks the end of its series is no value and no refusal', () => {
    const mapped = map(request(aGauge('m', aPoint({ flags: 1 }))));
    expect(mapped).toMatchObject({ dataPointCount: 1, rejectedCount: 0, batch: { points: [] } });
  });

  it('of no values has no extremes, whatever the SDK says they are', () => {
    const mapped = map(
      request(
        histogram({
          count: '0',
          sum: 0,
          min: 'Infinity',
          max: '-Infinity',
          bucketCounts: [],
          explicitBounds: [],
          startTimeUnixNano: 0,
        }),
      ),
    );
    expect(points(mapped)).toEqual(['m.count{} 0', 'm.sum{} 0']);
  });

  it('in a metric of a kind that is not known is not seen, but the metric is counted', () => {
    expect(map(request({ name: 'm', unknownKind: { dataPoints: [number({})] } }))).toMatchObject({
      unknownMetricCount: 1,
    });
  });

  it('that is refused is counted when it is no longer listed', () => {
    const mapped = map(request(aGauge('m', ...new Array<Record<string, unknown>>(1500).fill(aPoint()))));
    expect([mapped.rejectedCount, mapped.rejected.length]).toEqual([1500, 1000]);
  });
});

describe('exemplars', () => {
  const exemplar = (fields: object) => ({
    timeUnixNano: String(TIME_NANOS),
    asDouble: 1,
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    ...fields,
  });
  const kept = (exemplars: object[]) =>
    map(request(aGauge('m', aPoint({ asInt: 1, exemplars })))).batch.points[0]!.exemplars;

  it('keep value, time, trace and span; the greatest eight', () => {
    expect(kept([exemplar({})])).toEqual([{ time: TIME_MICROS, value: 1, traceId: TRACE_ID, spanId: SPAN_ID }]);
    const many = Array.from({ length: 20 }, (_, i) => exemplar({ asDouble: i }));
    expect(kept(many)!.map(({ value }) => value)).toEqual([19, 18, 17, 16, 15, 14, 13, 12]);
  });

  it('without a trace, a value or a time that can be kept are left out', () => {
    const bad = [
      { traceId: '' },
      { traceId: '0'.repeat(32) },
      { asDouble: 'NaN' },
      { timeUnixNano: '0' },
      { asDouble: null },
    ];
    expect(kept(bad.map(exemplar))).toBeUndefined();
    expect(kept([exemplar({ spanId: '' })])).toMatchObject([{ spanId: '' }]);
  });

  it('of a histogram stay with its count', () => {
    const point = aPoint({ count: '1', sum: 1, exemplars: [exemplar({})], startTimeUnixNano: '0' });
    const { batch } = map(request(aHistogram('h', CUMULATIVE, point)));
    expect(batch.points.map(({ series, exemplars }) => [series.name, exemplars?.length])).toEqual([
      ['h.count', 1],
      ['h.sum', undefined],
    ]);
  });
});
