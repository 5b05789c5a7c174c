import { type Page } from '../domain/page.js';
import { presentPageMeta } from './page-meta.js';

describe('the meta of a page', () => {
  const meta = (rest: Partial<Page<never>>, request = { page: 1, limit: 10 }) =>
    presentPageMeta({ items: [], totalItems: 0, isTotalCapped: false, hasMore: false, ...rest }, request);

  it('counts pages up', () => {
    expect(meta({ totalItems: 21 })).toEqual({ page: 1, limit: 10, totalItems: 21, totalPages: 3 });
    expect(meta({})).toEqual({ page: 1, limit: 10, totalItems: 0, totalPages: 0 });
  });

  it('keeps the number of pages ahead of a capped count while rows remain, and says that it is capped', () => {
    const capped = { totalItems: 20, isTotalCapped: true };
    expect(meta({ ...capped, hasMore: true }, { page: 5, limit: 10 })).toEqual({
      page: 5,
      limit: 10,
      totalItems: 20,
      totalPages: 6,
      totalItemsCapped: true,
    });
    expect(meta({ ...capped, hasMore: true })).toMatchObject({ totalPages: 2 });
    expect(meta({ ...capped, hasMore: false }, { page: 6, limit: 10 }).totalPages).toBeLessThanOrEqual(6);
  });

  it('gives the cursor of the next page when there is one', () => {
    expect(meta({ nextCursor: 'abc', hasMore: true })).toMatchObject({ nextCursor: 'abc' });
  });
});
