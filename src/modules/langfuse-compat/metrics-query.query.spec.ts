import { type AnalyticsVersion } from '../../domain/analytics.js';
import { InvalidInput } from '../../domain/errors.js';
import { parseMetricsQuery } from './metrics-query.query.js';

const FROM = '2026-01-01T00:00:00Z';
const TO = '2026-01-31T00:00:00+02:00';
const ASKED = {
  view: 'observations',
  metrics: [{ measure: 'totalCost', aggregation: 'sum' }],
  fromTimestamp: FROM,
  toTimestamp: TO,
};

const parse = (asked: unknown, version: AnalyticsVersion = 1) =>
  parseMetricsQuery({ query: JSON.stringify(asked) }, version);

function refusal(asked: unknown, version: AnalyticsVersion = 1): string {
  try {
    parse(asked, version);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInput);
    return (error as Error).message;
  }
  throw new Error(`taken: ${JSON.stringify(asked)}`);
}

describe('a metrics query', () => {
  it('is taken with the least that it needs', () => {
    expect(parse(ASKED)).toEqual({
      view: 'observations',
      dimensions: [],
      metrics: [{ measure: 'totalCost', aggregation: 'sum' }],
      filter: [],
      granularity: null,
      from: Date.parse(FROM) * 1000,
      to: Date.parse(TO) * 1000,
      order: [],
      bins: 10,
      rowLimit: null,
    });
  });

  it('is limited to 100 rows in version 2 unless it says otherwise, and null is not said', () => {
    expect(parse(ASKED, 2).rowLimit).toBe(100);
    expect(parse({ ...ASKED, config: { row_limit: 1000, bins: 100 } }, 2)).toMatchObject({ rowLimit: 1000, bins: 100 });
    const nothing = { dimensions: null, filters: null, timeDimension: null, orderBy: null, config: null };
    expect(parse({ ...ASKED, ...nothing }, 2)).toEqual(parse(ASKED, 2));
    expect(parse({ ...ASKED, config: { bins: null, row_limit: null } })).toEqual(parse(ASKED));
  });

  it('ignores members it does not know, and says the same thing only once', () => {
    const metrics = [...ASKED.metrics, ...ASKED.metrics];
    const dimensions = [{ field: 'name', more: 1 }, { field: 'name' }];
    expect(parse({ ...ASKED, metrics, dimensions, page: 3, whatever: {} })).toMatchObject({
      metrics: ASKED.metrics,
      dimensions: ['name'],
    });
  });

  it.each([
    ['auto', 'day'],
    ['minute', 'minute'],
    ['week', 'week'],
  ])('in buckets of %s has those of a %s', (granularity, expected) => {
    expect(parse({ ...ASKED, timeDimension: { granularity } }).granularity).toBe(expected);
  });

  it('is ordered by its dimensions, its metrics and its time', () => {
    const asked = {
      ...ASKED,
      dimensions: [{ field: 'name' }, { field: 'type' }],
      timeDimension: { granularity: 'day' },
      orderBy: [
        { field: 'type', direction: 'asc' },
        { field: 'sum_totalCost', direction: 'desc' },
        { field: 'time_dimension', direction: 'asc' },
      ],
    };
    expect(parse(asked).order).toEqual([
      { target: { kind: 'dimension', index: 1 }, direction: 'asc' },
      { target: { kind: 'metric', index: 0 }, direction: 'desc' },
      { target: { kind: 'time' }, direction: 'asc' },
    ]);
    expect(parse({ ...ASKED, metrics: [], orderBy: [{ field: 'count', direction: 'desc' }] }).order).toEqual([
      { target: { kind: 'metric', index: 0 }, direction: 'desc' },
    ]);
  });

  it.each([
    ['observations', 'traceName', 'traceName'],
    ['traces', 'traceName', 'name'],
    ['observations', 'User ID', 'userId'],
    ['scores-numeric', 'scoreName', 'name'],
    ['traces', 'metadata', 'metadata'],
  ])('of %s with a filter on %s means %s', (view, column, meant) => {
    const filters = [{ type: 'string', column, operator: '=', value: 'x' }];
    const metrics = [{ measure: 'count', aggregation: 'count' }];
    expect(parse({ ...ASKED, view, metrics, filters }).filter).toEqual([{ ...filters[0], column: meant }]);
  });
});

describe('a metrics query that is none', () => {
  it.each([['{'], [''], ['undefined'], ["{'view':1}"], ['[']])('%j is no JSON', (query) => {
    expect(() => parseMetricsQuery({ query }, 1)).toThrow(/^Invalid JSON in query parameter$/);
  });

  it('is no JSON either when it is missing', () => {
    expect(() => parseMetricsQuery({}, 1)).toThrow(/^Invalid JSON in query parameter$/);
  });

  const many = [{ field: 'userId' }];
  const top = [{ field: 'sum_totalCost', direction: 'desc' }];
  it.each<[string, unknown, AnalyticsVersion]>([
    ['query must be an object', [], 1],
    ['query must be an object', 'view', 1],
    [
      'query.view must be one of traces, observations, scores-numeric, scores-categorical, scores-boolean, got nothing',
      {},
      1,
    ],
    [
      'query.view must be one of observations, scores-numeric, scores-categorical, scores-boolean, got "traces"',
      { ...ASKED, view: 'traces' },
      2,
    ],
    ['query.metrics is missing', { ...ASKED, metrics: undefined }, 1],
    ['query.metrics must be a list', { ...ASKED, metrics: {} }, 1],
    ['query.metrics[0] must be an object', { ...ASKED, metrics: ['count'] }, 1],
    [
      'query.metrics[0].measure has no measure "__proto__" in the view observations; it must be one of count, latency,',
      { ...ASKED, metrics: [{ measure: '__proto__', aggregation: 'sum' }] },
      1,
    ],
    [
      'query.metrics[0].measure has no measure "costByType"',
      { ...ASKED, metrics: [{ measure: 'costByType', aggregation: 'sum' }] },
      1,
    ],
    [
      'query.metrics[0].aggregation must be one of sum, avg, count, max, min, p50, p75, p90, p95, p99, histogram, uniq, got "median"',
      { ...ASKED, metrics: [{ measure: 'latency', aggregation: 'median' }] },
      1,
    ],
    [
      'query.metrics[0].aggregation of traceId, which is no number, must be one of count, uniq',
      { ...ASKED, metrics: [{ measure: 'traceId', aggregation: 'sum' }] },
      2,
    ],
    ['query.dimensions[0].field must be a string', { ...ASKED, dimensions: ['name'].map(() => ({})) }, 1],
    [
      'query.dimensions[0].field has no dimension "constructor" in the view observations; it must be one of id, traceId,',
      { ...ASKED, dimensions: [{ field: 'constructor' }] },
      1,
    ],
    [
      'query.dimensions[0].field has no dimension "isRootObservation"',
      { ...ASKED, dimensions: [{ field: 'isRootObservation' }] },
      1,
    ],
    ['query.fromTimestamp must be a string', { ...ASKED, fromTimestamp: 1 }, 1],
    ['query.toTimestamp must be an ISO 8601 time', { ...ASKED, toTimestamp: '2026-01-31' }, 1],
    ['query.fromTimestamp must be before toTimestamp', { ...ASKED, toTimestamp: FROM }, 1],
    ['query.timeDimension must be an object', { ...ASKED, timeDimension: 'day' }, 1],
    [
      'query.timeDimension.granularity must be one of auto, minute, hour, day, week, month, got "year"',
      { ...ASKED, timeDimension: { granularity: 'year' } },
      1,
    ],
    [
      'query.orderBy[0].field must be one of sum_totalCost, got "time_dimension"',
      { ...ASKED, orderBy: [{ field: 'time_dimension', direction: 'asc' }] },
      1,
    ],
    [
      'query.orderBy[0].direction must be one of asc, desc, got "DESC"',
      { ...ASKED, orderBy: [{ field: 'sum_totalCost', direction: 'DESC' }] },
      1,
    ],
    ['query.config.bins must be a whole number from 1 to 100, got 101', { ...ASKED, config: { bins: 101 } }, 1],
    [
      'query.config.row_limit must be a whole number from 1 to 1000, got "10"',
      { ...ASKED, config: { row_limit: '10' } },
      1,
    ],
    ['query.filters must be a JSON array', { ...ASKED, filters: {} }, 1],
    [
      'query.filters[0].column has no column "nme" in the view observations; it must be one of id, traceId,',
      { ...ASKED, filters: [{ type: 'string', column: 'nme', operator: '=', value: '' }] },
      1,
    ],
    [
      'query.config.row_limit is required because the dimension userId has many values',
      { ...ASKED, dimensions: many, orderBy: top },
      2,
    ],
    [
      'query.orderBy must have a measure with direction desc because',
      { ...ASKED, dimensions: many, config: { row_limit: 5 } },
      2,
    ],
    [
      'query.orderBy must have a measure with direction desc',
      { ...ASKED, dimensions: many, config: { row_limit: 5 }, orderBy: [{ field: 'userId', direction: 'desc' }] },
      2,
    ],
    [
      'query.timeDimension is not possible because',
      { ...ASKED, dimensions: many, config: { row_limit: 5 }, orderBy: top, timeDimension: { granularity: 'day' } },
      2,
    ],
  ])('is refused: %s', (message, asked, version) => {
    expect(refusal(asked, version)).toMatch(new RegExp(`^${message.replace(/[[\]().]/g, '\\$&')}`));
  });

  it('may group by ids without bounds in version 1, and with them in version 2', () => {
    const asked = { ...ASKED, dimensions: many };
    expect(parse(asked).dimensions).toEqual(['userId']);
    expect(parse({ ...asked, orderBy: top, config: { row_limit: 5 } }, 2).rowLimit).toBe(5);
  });
});
