import type { ThrottlerStorage } from '@nestjs/throttler';
import { TokenBuckets } from './token-bucket.js';

type Usage = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/**
 * Makes @nestjs/throttler count with token buckets: `limit` is the size of a bucket and `ttlMs` the time that refills
 * an empty one, so that the rate is limit ÷ ttl. Times in the answer are whole seconds, as its headers want them.
 */
export class TokenBucketStorage implements ThrottlerStorage {
  constructor(private readonly buckets: TokenBuckets = new TokenBuckets()) {}

  increment(key: string, ttlMs: number, limit: number): Promise<Usage> {
    const take = this.buckets.take(key, limit, (limit / ttlMs) * 1000);
    return Promise.resolve({
      totalHits: limit - take.remaining,
      timeToExpire: Math.ceil(take.fullAfterMs / 1000),
      isBlocked: !take.isAllowed,
      timeToBlockExpire: take.isAllowed ? 0 : Math.max(1, Math.ceil(take.retryAfterMs / 1000)),
    });
  }
}
