import { MAX_EXACT_COUNT } from '../../domain/page.js';
import { type ReadPool } from '../read-pool.js';
import { type Where } from './where.js';

/** How many rows a list has: exact up to a cap, and beyond it the cap as a lower bound. */
export interface Count {
  readonly totalItems: number;
  readonly isTotalCapped: boolean;
}

/** How long "more than the cap" is believed without looking again; only deleting thousands of rows makes it untrue. */
const REMEMBER_MS = 60_000;
const MAX_REMEMBERED = 1000;

/**
 * Counts the rows of lists. A count that reached the cap has cost the most and says the least, so it is remembered for
 * a minute; smaller ones are always counted anew.
 */
export class CappedCounter {
  private readonly cappedUntil = new Map<string, number>();

  constructor(
    private readonly pool: ReadPool,
    private readonly cap: number = MAX_EXACT_COUNT,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** @param from what follows FROM, for example `traces t`; `where` speaks of the same alias. */
  async count(from: string, where: Where): Promise<Count> {
    return await this.countRows(`SELECT 1 FROM ${from} WHERE ${where.sql}`, where);
  }

  /** @param rows a SELECT of what is counted, or several joined by UNION ALL, whose parameters are those of `where`. */
  async countRows(rows: string, where: Where): Promise<Count> {
    const sql = countSql(rows, this.cap);
    const key = JSON.stringify([sql, where.parameters]);
    const now = this.nowMs();
    if ((this.cappedUntil.get(key) ?? 0) > now) return { totalItems: this.cap, isTotalCapped: true };
    const [row] = await this.pool.query<{ n: number }>(sql, where.parameters);
    const isTotalCapped = row!.n > this.cap;
    if (isTotalCapped) this.remember(key, now);
    return { totalItems: Math.min(row!.n, this.cap), isTotalCapped };
  }

  private remember(key: string, now: number): void {
    // Oldest first, for a Map keeps the order of insertion.
    this.cappedUntil.delete(key);
    for (const oldest of this.cappedUntil.keys()) {
      if (this.cappedUntil.size < MAX_REMEMBERED) break;
      this.cappedUntil.delete(oldest);
    }
    this.cappedUntil.set(key, now + REMEMBER_MS);
  }
}

export function countSql(rows: string, cap: number): string {
  return `SELECT count(*)::int4 AS n FROM (${rows} LIMIT ${cap + 1}) counted`;
}
