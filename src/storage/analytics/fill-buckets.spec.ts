import { fillBuckets } from './fill-buckets.js';

const DAY = 86_400_000_000;
const day = (n: number) => Date.UTC(2026, 0, n) * 1000;
const row = (n: number, name: string, count: number) => ({ time: day(n), dimensions: [name], metrics: [count] });
const EMPTY = { dimensions: [null], metrics: [0] };
const empty = (n: number) => ({ time: day(n), ...EMPTY });
/** From the middle of the 2nd to the middle of the 5th. */
const RANGE = { from: day(2) + DAY / 2, to: day(5) + DAY / 2, granularity: 'day' } as const;

describe('missing buckets', () => {
  it('are filled in from that of the beginning to that of the end, both included', () => {
    expect(fillBuckets([], RANGE, EMPTY, 100)).toEqual([empty(2), empty(3), empty(4), empty(5)]);
    expect(fillBuckets([row(3, 'a', 1)], RANGE, EMPTY, 100)).toEqual([empty(2), row(3, 'a', 1), empty(4), empty(5)]);
  });

  it('are one row each, and a bucket with rows keeps them in their order', () => {
    const rows = [row(2, 'b', 1), row(2, 'a', 2), row(5, 'a', 3)];
    expect(fillBuckets(rows, RANGE, EMPTY, 100)).toEqual([rows[0], rows[1], empty(3), empty(4), rows[2]]);
  });

  it('end where the limit of rows is reached, whether in a bucket or between two', () => {
    const rows = [row(3, 'a', 1), row(3, 'b', 2), row(4, 'a', 3)];
    expect(fillBuckets(rows, RANGE, EMPTY, 2)).toEqual([empty(2), rows[0]]);
    expect(fillBuckets(rows, RANGE, EMPTY, 1)).toEqual([empty(2)]);
    expect(fillBuckets(rows, RANGE, EMPTY, 4)).toEqual([empty(2), ...rows]);
  });

  it('come once where both ends lie in one bucket', () => {
    expect(fillBuckets([], { ...RANGE, to: RANGE.from + 1 }, EMPTY, 100)).toEqual([empty(2)]);
  });

  it('follow the calendar in months', () => {
    const times = fillBuckets([], { from: day(31), to: day(31) + 60 * DAY, granularity: 'month' }, EMPTY, 100);
    expect(times.map(({ time }) => new Date(time! / 1000).toISOString().slice(0, 10))).toEqual([
      '2026-01-01',
      '2026-02-01',
      '2026-03-01',
      '2026-04-01',
    ]);
  });
});
