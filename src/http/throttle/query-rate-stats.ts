import { Injectable } from '@nestjs/common';

const TOP = 20;
/** Credentials counted one by one; all others still count in the totals. */
const MAX_KEYS = 10_000;

/** What the query rate limit has let through and refused since the start of this process. */
@Injectable()
export class QueryRateStats {
  private allowed = 0;
  private rejected = 0;
  private readonly rejectedByKey = new Map<string, number>();

  countAllowed(): void {
    this.allowed += 1;
  }

  /** `keyId` names the credential, it is no secret. */
  countRejected(keyId: string): void {
    this.rejected += 1;
    const count = this.rejectedByKey.get(keyId);
    if (count !== undefined || this.rejectedByKey.size < MAX_KEYS) this.rejectedByKey.set(keyId, (count ?? 0) + 1);
  }

  get totalAllowed(): number {
    return this.allowed;
  }

  get totalRejected(): number {
    return this.rejected;
  }

  /** The credentials refused most often, most first. */
  get topRejected(): { keyId: string; count: number }[] {
    return [...this.rejectedByKey]
      .map(([keyId, count]) => ({ keyId, count }))
      .sort((a, b) => b.count - a.count)
      .slice(0, TOP);
  }
}
