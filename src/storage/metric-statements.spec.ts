import { AGGREGATIONS, type SeriesQuery } from '../domain/metric.js';
import { exemplarsSql } from './metric-exemplars.js';
import { bucketsSql, chosenSeriesSql, isOfGrowth, METRIC_NAMES_SQL } from './metric-statements.js';

// A changed statement shows up here as a diff: look at its plan before the snapshot is updated.

const QUERY: SeriesQuery = { name: 'm', from: 0, to: 1, bucketWidthSeconds: 60, aggregation: 'avg' };
const MEMBERS = [{ seriesId: 7, n: 1, isDelta: false }];

describe('the statements of', () => {
  it('a metric query', () => {
    expect(chosenSeriesSql(1, QUERY)).toMatchSnapshot('series');
    expect(bucketsSql(1, QUERY, MEMBERS)).toMatchSnapshot('buckets');
  });

  it('a metric query that groups and filters', () => {
    const query = { ...QUERY, labels: '{"k":"v"}', groupBy: 'g' };
    expect(chosenSeriesSql(1, query)).toMatchSnapshot('series');
    expect(bucketsSql(1, query, MEMBERS)).toMatchSnapshot('buckets');
  });

  it('every aggregation', () => {
    const value = (sql: string) => /'epoch'\) AS start, (.*) AS value, (.*) AS count/.exec(sql)!.slice(1);
    const all = AGGREGATIONS.filter((aggregation) => !isOfGrowth(aggregation)).map((aggregation) => [
      aggregation,
      value(bucketsSql(1, { ...QUERY, aggregation }, MEMBERS).sql),
    ]);
    expect(Object.fromEntries(all)).toMatchSnapshot();
  });

  it('how much counters grew', () => {
    const query = { ...QUERY, aggregation: 'increase' } as const;
    expect(chosenSeriesSql(1, query)).toMatchSnapshot('series');
    expect(bucketsSql(1, query, MEMBERS)).toMatchSnapshot('buckets');
    expect(bucketsSql(1, { ...query, aggregation: 'rate', groupBy: 'g' }, MEMBERS).sql).toMatchSnapshot(
      'grouped rates',
    );
  });

  it('exemplars', () => {
    const query = { name: 'm.bucket', from: 0, to: 1, labels: '{"k":"v"}', limit: 10 };
    expect(exemplarsSql(1, query)).toMatchSnapshot();
  });

  it('metric names', () => {
    expect(METRIC_NAMES_SQL).toMatchSnapshot();
  });

  it('a query carry what a client sends as parameters, never in their text', () => {
    const text = `x'; DROP TABLE metric_points; --`;
    const query = { ...QUERY, name: text, labels: JSON.stringify({ [text]: text }), groupBy: text };
    for (const { sql } of [chosenSeriesSql(1, query), bucketsSql(1, query, MEMBERS)]) expect(sql).not.toContain('DROP');
  });
});
