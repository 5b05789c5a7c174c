/** Counts are exact up to this many rows; beyond it they are a lower bound, because counting everything costs more than the page. */
export const MAX_EXACT_COUNT = 100_000;

/** Which part of a list is asked for: a page by number, or what follows a cursor that an earlier page gave. */
export interface PageRequest {
  /** From 1. Ignored when a cursor is given. */
  readonly page: number;
  readonly limit: number;
  /** Opaque, as given in `nextCursor`; only for lists in timestamp order. */
  readonly cursor?: string;
}

/** One page of a list, in the order asked for. */
export interface Page<T> {
  readonly items: T[];
  readonly totalItems: number;
  /** True when there are more than `MAX_EXACT_COUNT` items and `totalItems` is a lower bound. */
  readonly isTotalCapped: boolean;
  /** True when rows follow this page. */
  readonly hasMore: boolean;
  /** Where the next page starts, when the order allows it and there is one. */
  readonly nextCursor?: string;
}
