import { type Page, type PageRequest } from '../../domain/page.js';
import { type Count } from './capped-count.js';
import { decodeCursor, encodeCursor, type TimeCursor } from './cursor.js';

/** Which rows a statement must fetch for a page: one more than the page, which tells whether more follow. */
export interface Window {
  readonly after: TimeCursor | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** @throws InvalidInput for a cursor that is none. */
export function windowOf({ page, limit, cursor }: PageRequest): Window {
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  return { after, limit: limit + 1, offset: after === undefined ? (page - 1) * limit : 0 };
}

/**
 * The page that `rows`, fetched through `window`, make up. `cursorOf` is given where the order allows a cursor. The
 * count never contradicts the rows, though both come from statements of their own.
 */
export function pageOf<Row>(
  rows: Row[],
  window: Window,
  count: Count,
  cursorOf: ((row: Row) => TimeCursor) | undefined,
): Page<Row> {
  const hasMore = rows.length === window.limit;
  const items = hasMore ? rows.slice(0, -1) : rows;
  const last = items.at(-1);
  const seen = rows.length === 0 ? 0 : window.offset + rows.length;
  return {
    items,
    totalItems: count.isTotalCapped ? count.totalItems : Math.max(count.totalItems, seen),
    isTotalCapped: count.isTotalCapped,
    hasMore,
    ...(hasMore && cursorOf !== undefined && last !== undefined ? { nextCursor: encodeCursor(cursorOf(last)) } : {}),
  };
}
