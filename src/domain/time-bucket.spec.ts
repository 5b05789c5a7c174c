import { bucketStart, countBuckets, GRANULARITIES, granularityOf, nextBucket } from './time-bucket.js';

const HOUR = 3_600_000_000;
const micros = (iso: string) => Date.parse(iso) * 1000;
const iso = (time: number) => new Date(time / 1000).toISOString();

describe('auto', () => {
  it.each([
    [2 * HOUR - 1, 'minute'],
    [2 * HOUR, 'hour'],
    [72 * HOUR - 1, 'hour'],
    [72 * HOUR, 'day'],
    [1440 * HOUR - 1, 'day'],
    [1440 * HOUR, 'week'],
    [8760 * HOUR - 1, 'week'],
    [8760 * HOUR, 'month'],
  ] as const)('of a range of %i µs is %s', (range, granularity) => {
    const from = micros('2026-01-31T09:30:00Z');
    expect(granularityOf(from, from + range)).toBe(granularity);
  });
});

describe('a bucket', () => {
  it.each([
    ['minute', '2026-01-31T09:30:00.000Z', '2026-01-31T09:31:00.000Z'],
    ['hour', '2026-01-31T09:00:00.000Z', '2026-01-31T10:00:00.000Z'],
    ['day', '2026-01-31T00:00:00.000Z', '2026-02-01T00:00:00.000Z'],
    // A Saturday, in the week that began on Monday.
    ['week', '2026-01-26T00:00:00.000Z', '2026-02-02T00:00:00.000Z'],
    ['month', '2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'],
  ] as const)('of a %s holds its own start and not the next', (granularity, start, next) => {
    const time = micros('2026-01-31T09:30:15.123Z') + 456;
    expect(iso(bucketStart(time, granularity))).toBe(start);
    expect(iso(nextBucket(bucketStart(time, granularity), granularity))).toBe(next);
    expect(bucketStart(micros(start), granularity)).toBe(micros(start));
    expect(bucketStart(micros(next) - 1, granularity)).toBe(micros(start));
    expect(bucketStart(micros(next), granularity)).toBe(micros(next));
  });

  it('lies right before 1970 and in the first years', () => {
    expect(iso(bucketStart(micros('1969-12-31T23:59:59.999Z'), 'day'))).toBe('1969-12-31T00:00:00.000Z');
    expect(iso(bucketStart(micros('1969-12-31T23:59:59.999Z'), 'week'))).toBe('1969-12-29T00:00:00.000Z');
    expect(iso(bucketStart(micros('0050-03-05T00:00:00Z'), 'month'))).toBe('0050-03-01T00:00:00.000Z');
  });

  it.each(GRANULARITIES)('of a %s is counted as often as it comes', (granularity) => {
    const from = micros('2025-12-30T23:59:30Z');
    const to = micros('2026-03-02T00:00:00Z');
    let count = 0;
    for (let time = bucketStart(from, granularity); time <= to; time = nextBucket(time, granularity)) count += 1;
    expect(countBuckets(from, to, granularity)).toBe(count);
  });
});
