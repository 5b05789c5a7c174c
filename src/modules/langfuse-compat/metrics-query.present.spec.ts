import { type AnalyticsQuery } from '../../domain/analytics.js';
import { presentMetrics } from './metrics-query.present.js';

const QUERY: AnalyticsQuery = {
  view: 'observations',
  dimensions: ['name', 'tags'],
  metrics: [{ measure: 'latency', aggregation: 'p95' }],
  filter: [],
  granularity: 'day',
  from: 0,
  to: 1,
  order: [],
  bins: 4,
  rowLimit: null,
};
const TIME = Date.UTC(2026, 0, 31) * 1000;
const ROW = { time: TIME, dimensions: [null, ['a']], metrics: [1.5] };

describe('rows of a metrics query', () => {
  it('have their dimensions, time and metrics by name', () => {
    expect(presentMetrics(QUERY, [ROW])).toEqual({
      data: [{ name: null, tags: ['a'], time_dimension: '2026-01-31', p95_latency: 1.5 }],
    });
  });

  it.each([
    ['minute', '2026-01-31T00:00:00.000Z'],
    ['hour', '2026-01-31T00:00:00.000Z'],
    ['week', '2026-01-31'],
    ['month', '2026-01-31'],
  ] as const)('show the time of a %s as %s', (granularity, shown) => {
    expect(presentMetrics({ ...QUERY, granularity }, [ROW]).data[0]).toMatchObject({ time_dimension: shown });
  });

  it('have no time without granularity, and one column that counts without metrics', () => {
    const query = { ...QUERY, granularity: null, metrics: [], dimensions: [] };
    expect(presentMetrics(query, [{ time: null, dimensions: [], metrics: [12] }])).toEqual({ data: [{ count: 12 }] });
  });

  it('show histograms as bins, the last of which ends at the greatest value', () => {
    const metrics = [{ measure: 'latency', aggregation: 'histogram' }] as const;
    const query = { ...QUERY, granularity: null, metrics, dimensions: [] };
    const histogram = (value: { least: number; greatest: number; counts: number[] }) =>
      presentMetrics(query, [{ time: null, dimensions: [], metrics: [value] }]).data[0]!['histogram_latency'];
    expect(histogram({ least: 10, greatest: 20, counts: [3, 0, 1, 2] })).toEqual([
      [10, 12.5, 3],
      [12.5, 15, 0],
      [15, 17.5, 1],
      [17.5, 20, 2],
    ]);
    expect(histogram({ least: 0, greatest: 0, counts: [] })).toEqual([]);
  });
});
