/** What one attempt to take a token found. */
export interface Take {
  readonly isAllowed: boolean;
  /** Whole tokens left. */
  readonly remaining: number;
  /** Until the next token; 0 when one was there. */
  readonly retryAfterMs: number;
  /** Until the bucket is full again. */
  readonly fullAfterMs: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** More callers than this at once forget the one that was quiet the longest, whose bucket is most likely full again. */
const MAX_BUCKETS = 10_000;

/**
 * One bucket of tokens per key, in the memory of this process: `capacity` at first, refilled at `perSecond`, one taken
 * per call. Memory is bounded however many keys come.
 */
export class TokenBuckets {
  // A Map iterates in order of insertion, and each use moves its bucket to the end: the first is the longest unused.
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly maxBuckets: number = MAX_BUCKETS,
  ) {}

  take(key: string, capacity: number, perSecond: number): Take {
    const nowMs = this.now();
    const perMs = perSecond / 1000;
    const bucket = this.buckets.get(key) ?? { tokens: capacity, atMs: nowMs };
    bucket.tokens = Math.min(capacity, bucket.tokens + (nowMs - bucket.atMs) * perMs);
    bucket.atMs = nowMs;
    const isAllowed = bucket.tokens >= 1;
    if (isAllowed) bucket.tokens -= 1;
    this.keep(key, bucket);
    return {
      isAllowed,
      remaining: Math.floor(bucket.tokens),
      retryAfterMs: isAllowed ? 0 : (1 - bucket.tokens) / perMs,
      fullAfterMs: (capacity - bucket.tokens) / perMs,
    };
  }

  private keep(key: string, bucket: Bucket): void {
    this.buckets.delete(key);
    this.buckets.set(key, bucket);
    if (this.buckets.size <= this.maxBuckets) return;
    for (const longestUnused of this.buckets.keys()) {
      this.buckets.delete(longestUnused);
      return;
    }
  }
}
