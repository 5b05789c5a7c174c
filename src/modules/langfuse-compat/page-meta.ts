import { type JsonText } from '../../domain/json.js';
import { type Page, type PageRequest } from '../../domain/page.js';

/**
 * The part of a list that is not rows. While rows remain, `totalPages` is ahead of `page`, also where the count is
 * capped, because SDKs page until it is reached.
 */
export function presentMeta(page: Page<unknown>, { page: number, limit }: PageRequest): JsonText {
  const counted = Math.ceil(page.totalItems / limit);
  const totalPages = page.hasMore ? Math.max(counted, number + 1) : counted;
  return JSON.stringify({
    page: number,
    limit,
    totalItems: page.totalItems,
    totalPages,
    ...(page.isTotalCapped ? { totalItemsCapped: true } : {}),
    ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
  });
}
