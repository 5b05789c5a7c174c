import { type Filter } from '../../domain/filter.js';
import { type Micros } from '../../domain/time.js';

/** Which traces a list shows; every condition must hold, an absent one always does. */
export interface TraceFilter {
  readonly userId?: string;
  readonly name?: string;
  readonly sessionId?: string;
  readonly version?: string;
  readonly release?: string;
  /** Inclusive, on the trace's timestamp. */
  readonly from?: Micros;
  /** Inclusive to the millisecond that answers show, on the trace's timestamp. */
  readonly to?: Micros;
  /** A trace must have every tag of at least one of these sets. */
  readonly tagSets?: readonly (readonly string[])[];
  /** A trace must be in any of them; `default` includes traces that state none. */
  readonly environments?: readonly string[];
  /** Of the filter language; they override the fields above that are about the same column. */
  readonly conditions?: Filter;
}

/** Which sessions a list shows. */
export interface SessionFilter {
  /** Inclusive, on the session's creation. */
  readonly from?: Micros;
  /** Inclusive to the millisecond that answers show. */
  readonly to?: Micros;
  /** The environment of a session is that of its earliest trace. */
  readonly environments?: readonly string[];
}

/** What lists of traces can be ordered by, in the words of the API. */
export const TRACE_SORT_KEYS = [
  'id',
  'timestamp',
  'name',
  'userId',
  'release',
  'version',
  'public',
  'bookmarked',
  'sessionId',
  'latency',
  'totalCost',
] as const;
export type TraceSortKey = (typeof TRACE_SORT_KEYS)[number];

export interface TraceOrder {
  readonly key: TraceSortKey;
  readonly direction: 'asc' | 'desc';
}

/** What a reader fetches beyond the traces' own rows; each part costs its look-ups. */
export interface TraceParts {
  /** Input, output and metadata. */
  readonly io: boolean;
  /** In lists the ids of the observations, in a detail the observations themselves. */
  readonly observations: boolean;
}
