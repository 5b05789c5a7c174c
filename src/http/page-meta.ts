import { type Page, type PageRequest } from '../domain/page.js';
import { type CursorPageMetaDto } from './page.dto.js';

/**
 * The part of a list that is not rows. While rows remain, `totalPages` is ahead of `page`, also where the count is
 * capped, because SDKs page until it is reached.
 */
export function presentPageMeta(page: Page<unknown>, { page: number, limit }: PageRequest): CursorPageMetaDto {
  const counted = Math.ceil(page.totalItems / limit);
  return {
    page: number,
    limit,
    totalItems: page.totalItems,
    totalPages: page.hasMore ? Math.max(counted, number + 1) : counted,
    ...(page.isTotalCapped ? { totalItemsCapped: true } : {}),
    ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
  };
}
