import { MAX_VALUE } from '../../domain/metric.js';
import { mapPoints, MAX_LISTED_REJECTIONS, SeriesReader } from './points.map.js';

const NOW_MS = Date.UTC(2026, 10, 23, 12);
const TIME = '2026-11-23T10:00:00Z';
const item = (fields: object = {}) => ({ name: 'm', labels: { k: 'v' }, value: 1, timestamp: TIME, ...fields });
const FOR_EVER = 0;
const map = (...items: unknown[]) => mapPoints(items, NOW_MS, FOR_EVER);

describe('the points of a request', () => {
  it('become points with their position, series, time in microseconds and value', () => {
    const { points, rejected } = map('x', item({ value: -0.5, timestamp: '2026-11-23T11:00:00.000001+01:00' }));
    expect(points).toEqual([
      { index: 1, series: { name: 'm', labels: '{"k":"v"}' }, time: Date.parse(TIME) * 1000 + 1, value: -0.5 },
    ]);
    expect(rejected).toHaveLength(1);
  });

  it('share the object of a series they spell alike, so that it is looked up once', () => {
    const [a, b, c] = map(item(), item({ value: 2 }), item({ name: 'n' })).points;
    expect(a!.series).toBe(b!.series);
    expect(a!.series).not.toBe(c!.series);
  });

  it('share it across requests, as far as a bounded memory reaches', () => {
    // Room for two of these: a spelling of 16 characters, labels of 11 and 300 for the entry, in each of two generations.
    const series = new SeriesReader(660);
    const read = (n: number) =>
      mapPoints([item({ labels: { k: `value-${n}` } })], NOW_MS, FOR_EVER, series).points[0]!.series;
    const first = read(1);
    expect(read(1)).toBe(first);
    const later = [2, 3].map(read);
    expect(read(1)).toBe(first);
    for (const n of [4, 5, 6, 7, 8]) read(n);
    expect(read(1)).not.toBe(first);
    expect(read(1)).toEqual(first);
    expect(later[0]).toEqual(read(2));
  });

  it('are never taken for another series because names and labels look alike when joined', () => {
    const spellings = [
      { name: 'm', labels: { a: 'bc' } },
      { name: 'm', labels: { ab: 'c' } },
      { name: 'm', labels: { a: 'b', c: '' } },
      { name: 'ma', labels: { b: 'c' } },
      { name: 'm1,2,abc', labels: {} },
      { name: 'm', labels: { '1,2,a': 'bc' } },
      { name: 'm', labels: {} },
    ];
    const { points } = map(...spellings.map((spelling) => item(spelling)));
    expect(points.map(({ series }) => [series.name, JSON.parse(series.labels)])).toEqual(
      spellings.map(({ name, labels }) => [name, labels]),
    );
  });

  it('may be as old as ten years and as new as a day ahead, and are refused beyond', () => {
    const at = (ms: number) => item({ timestamp: new Date(NOW_MS + ms).toISOString() });
    const DAY_MS = 86_400_000;
    expect(map(at(-3652 * DAY_MS), at(DAY_MS)).rejectedCount).toBe(0);
    const { rejected, points } = map(at(-3653 * DAY_MS), at(DAY_MS + 1), at(0));
    expect(rejected.map(({ field }) => field)).toEqual(['timestamp', 'timestamp']);
    expect(points).toHaveLength(1);
  });

  it('are refused when they are older than points are kept', () => {
    const at = (ms: number) => item({ timestamp: new Date(NOW_MS + ms).toISOString() });
    const items = [at(-30 * 86_400_000), at(-30 * 86_400_000 - 1), at(0)];
    const { rejected, points } = mapPoints(items, NOW_MS, 30);
    expect(points.map(({ index }) => index)).toEqual([0, 2]);
    expect(rejected).toMatchObject([
      { index: 1, field: 'timestamp', message: 'timestamp is older than the 30 days that points are kept' },
    ]);
    expect(mapPoints(items, NOW_MS, FOR_EVER).rejectedCount).toBe(0);
  });

  it('are refused for a time that the one before them had not', () => {
    expect(map(item(), item({ timestamp: 'now' }), item()).rejected.map(({ index }) => index)).toEqual([1]);
    expect(map(item({ timestamp: '' })).rejectedCount).toBe(1);
  });

  it('may be as large as sums of them stay finite', () => {
    expect(map(item({ value: MAX_VALUE }), item({ value: -MAX_VALUE })).rejectedCount).toBe(0);
    expect(map(item({ value: 1.000001 * MAX_VALUE }), item({ value: Infinity })).rejectedCount).toBe(2);
  });

  it('that are refused are counted all but listed up to a cap', () => {
    const { rejected, rejectedCount } = map(...Array.from({ length: MAX_LISTED_REJECTIONS + 5 }, () => 0));
    expect(rejected).toHaveLength(MAX_LISTED_REJECTIONS);
    expect(rejectedCount).toBe(MAX_LISTED_REJECTIONS + 5);
  });

  it('that are refused name their metric, unless that is no text or longer than any name', () => {
    const ids = map(item({ value: '' }), item({ name: 5 }), item({ name: 'x'.repeat(1001) }), null).rejected;
    expect(ids.map(({ id }) => id)).toEqual(['m', undefined, undefined, undefined]);
    expect(ids.map(({ message }) => message)).toEqual([
      'value must be a finite number',
      'name must be string',
      'name must be at most 200 characters long, got 1001',
      'metric must be an object',
    ]);
  });
});
