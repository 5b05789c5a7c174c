import { InvalidInput } from '../../domain/errors.js';
import { type QueryString } from '../../http/query.js';
import { parseSeriesQuery } from './series.query.js';

const NOW_MS = Date.UTC(2026, 10, 23, 12);
const parse = (query: QueryString) => parseSeriesQuery(query, NOW_MS);
const HOUR = 3_600_000_000;

describe('GET /api/public/metrics/query', () => {
  it('without more than a name asks for averages of minutes over the last hour', () => {
    expect(parse({ name: 'm' })).toEqual({
      name: 'm',
      from: NOW_MS * 1000 - HOUR,
      to: NOW_MS * 1000,
      bucketWidthSeconds: 60,
      aggregation: 'avg',
    });
  });

  it('with an end alone asks for the hour before it, with a beginning alone up to now', () => {
    expect(parse({ name: 'm', to: '2026-11-20T12:00:00Z' }).from).toBe(Date.UTC(2026, 10, 20, 11) * 1000);
    expect(parse({ name: 'm', from: '2026-11-20T12:00:00Z' }).to).toBe(NOW_MS * 1000);
    expect(() => parse({ name: 'm', from: '2026-11-24T12:00:00Z' })).toThrow(InvalidInput);
  });

  it('reads every parameter, and takes empty ones for absent', () => {
    expect(
      parse({ name: 'm', labels: '{"b":"x","a":"y"}', step: '1d', agg: 'p99', group_by: 'a', to: '' }),
    ).toMatchObject({
      labels: '{"b":"x","a":"y"}',
      bucketWidthSeconds: 86_400,
      aggregation: 'p99',
      groupBy: 'a',
    });
    expect(parse({ name: 'm', labels: ' ', step: '', agg: '', group_by: '', unknown: 'x' })).toEqual(
      parse({ name: 'm' }),
    );
  });

  it('passes a label called __proto__ on', () => {
    expect(parse({ name: 'm', labels: '{"__proto__":"x"}' }).labels).toBe('{"__proto__":"x"}');
  });

  // What it refuses stands in test/fixtures/metrics/refusals.test.
});
