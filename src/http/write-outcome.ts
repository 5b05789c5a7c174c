import type { Rejection } from '../domain/ingest-batch.js';

/** What doors say of an item that they refused, whatever kind of item they take. */
export type RefusedItem = Pick<Rejection, 'index' | 'field' | 'code' | 'message'>;

/** Items that were refused for one reason. */
export interface RefusalReason {
  /** Such as `INVALID_FIELD` or `NOT_STORABLE`. */
  readonly code: string;
  readonly field?: string;
  readonly message: string;
  readonly count: number;
  /** Position in the request of the first of them. */
  readonly firstIndex: number;
}

/** What became of the items of one request. */
export interface WriteOutcome {
  readonly itemCount: number;
  readonly refusedCount: number;
  /** By code; the counts add up to `refusedCount`. */
  readonly refusedByCode: ReadonlyMap<string, number>;
  /** The most frequent ones first; not all if there are many. */
  readonly reasons: readonly RefusalReason[];
}

/** What a door reports: how many items it was sent, how many of them it refused, and of these as many as it lists. */
export interface WriteReport {
  readonly itemCount: number;
  readonly refusedCount: number;
  readonly refused: readonly RefusedItem[];
}

const MAX_REASONS = 10;
/** Code of refused items that the door counted and did not list. */
const UNLISTED = 'UNLISTED';

/** Puts the refusals of a request together by reason. Costs nothing when there are none. */
export function summarizeWrite({ itemCount, refusedCount, refused }: WriteReport): WriteOutcome {
  const byCode = new Map<string, number>();
  const byReason = new Map<string, { -readonly [K in keyof RefusalReason]: RefusalReason[K] }>();
  for (const { index, field, code, message } of refused) {
    byCode.set(code, (byCode.get(code) ?? 0) + 1);
    // Positions in lists differ from item to item, the reason does not.
    const place = field?.replace(/\[\d+\]/g, '[]');
    const key = `${code} ${place ?? ''} ${message}`;
    const known = byReason.get(key);
    if (known !== undefined) known.count += 1;
    else byReason.set(key, { code, ...(place ? { field: place } : {}), message, count: 1, firstIndex: index });
  }
  if (refusedCount > refused.length) byCode.set(UNLISTED, refusedCount - refused.length);
  const reasons = [...byReason.values()].sort((a, b) => b.count - a.count).slice(0, MAX_REASONS);
  return { itemCount, refusedCount, refusedByCode: byCode, reasons };
}
