import { TokenBucketStorage } from './token-bucket.storage.js';
import { TokenBuckets } from './token-bucket.js';

const CAPACITY = 40;
const PER_SECOND = 20;

describe('token buckets', () => {
  let nowMs = 0;
  const buckets = (max?: number) => new TokenBuckets(() => nowMs, max);
  beforeEach(() => (nowMs = 0));

  test('a burst of the capacity passes, the next call waits for one token', () => {
    const limiter = buckets();
    const takes = Array.from({ length: CAPACITY + 1 }, () => limiter.take('a', CAPACITY, PER_SECOND));
    expect(takes.map((take) => take.isAllowed)).toEqual([...Array<boolean>(CAPACITY).fill(true), false]);
    expect(takes.at(-2)).toMatchObject({ remaining: 0, retryAfterMs: 0, fullAfterMs: 2000 });
    expect(takes.at(-1)).toMatchObject({ remaining: 0, retryAfterMs: 50 });
  });

  test('a caller who asks without pause gets the burst plus the rate, and refusals cost nothing', () => {
    const limiter = buckets();
    let allowed = 0;
    for (nowMs = 0; nowMs < 10_000; nowMs += 10) if (limiter.take('a', CAPACITY, PER_SECOND).isAllowed) allowed += 1;
    expect(allowed).toBeGreaterThanOrEqual(CAPACITY + 10 * PER_SECOND - 1);
    expect(allowed).toBeLessThanOrEqual(CAPACITY + 10 * PER_SECOND);
  });

  test('a bucket never holds more than its capacity', () => {
    const limiter = buckets();
    limiter.take('a', CAPACITY, PER_SECOND);
    nowMs = 3_600_000;
    expect(limiter.take('a', CAPACITY, PER_SECOND).remaining).toBe(CAPACITY - 1);
  });

  test('callers do not share a bucket', () => {
    const limiter = buckets();
    for (let i = 0; i < CAPACITY; i += 1) limiter.take('a', CAPACITY, PER_SECOND);
    expect(limiter.take('a', CAPACITY, PER_SECOND).isAllowed).toBe(false);
    expect(limiter.take('b', CAPACITY, PER_SECOND).isAllowed).toBe(true);
  });

  test('with too many callers the one that was quiet the longest is forgotten, not a busy one', () => {
    const limiter = buckets(2);
    limiter.take('busy', 1, 1);
    limiter.take('quiet', 1, 1);
    expect(limiter.take('busy', 1, 1).isAllowed).toBe(false);
    limiter.take('new', 1, 1);
    expect(limiter.take('busy', 1, 1).isAllowed).toBe(false);
    expect(limiter.take('quiet', 1, 1).isAllowed).toBe(true);
  });

  test('as storage of the throttler it answers whole seconds, at least one when blocked', async () => {
    const storage = new TokenBucketStorage(buckets());
    const ttlMs = (CAPACITY / PER_SECOND) * 1000;
    expect(await storage.increment('a', ttlMs, CAPACITY)).toEqual({
      totalHits: 1,
      timeToExpire: 1,
      isBlocked: false,
      timeToBlockExpire: 0,
    });
    for (let i = 1; i < CAPACITY; i += 1) await storage.increment('a', ttlMs, CAPACITY);
    expect(await storage.increment('a', ttlMs, CAPACITY)).toMatchObject({ isBlocked: true, timeToBlockExpire: 1 });
  });
});
