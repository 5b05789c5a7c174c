import { LANE_COUNT, laneOf } from './lane.js';
import { bucketAt, compareWorks, type TraceWork } from './trace-writer.js';

describe('the bucket of an arrival', () => {
  it('changes on Mondays at midnight UTC', () => {
    const monday = Date.UTC(2026, 10, 23);
    expect(bucketAt(monday - 1)).toBe(bucketAt(monday) - 1);
    expect(bucketAt(monday + 7 * 86_400_000 - 1)).toBe(bucketAt(monday));
    expect(bucketAt(monday + 7 * 86_400_000)).toBe(bucketAt(monday) + 1);
  });

  // Written down, not computed: rows and partitions of a former version must stay where they are.
  it('is the same number in every version', () => {
    expect(bucketAt(0)).toBe(0);
    expect(bucketAt(Date.UTC(1970, 0, 4, 23, 59))).toBe(0);
    expect(bucketAt(Date.UTC(1970, 0, 5))).toBe(1);
    expect(bucketAt(Date.UTC(2026, 10, 23))).toBe(2969);
  });
});

describe('the lanes', () => {
  it('are sixteen in every version, because processes that disagree would count twice', () => {
    expect(LANE_COUNT).toBe(16);
    expect([laneOf(1, 'a'), laneOf(2, 'a'), laneOf(1, 'trace-1')]).toEqual([7, 10, 2]);
  });
});

describe('the order in which writers take traces', () => {
  it('is by project, then by the bytes of the id', () => {
    const work = (projectNo: number, traceId: string): TraceWork => ({
      projectNo,
      traceId,
      patches: [],
      observations: new Map(),
    });
    const sorted = [work(1, 'a'), work(1, '\uff5e'), work(1, '😀'), work(2, 'A')];
    expect(sorted.toReversed().sort(compareWorks)).toEqual(sorted);
  });
});
