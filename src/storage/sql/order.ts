import { type TraceOrder, type TraceSortKey } from './filter.js';
import { COST_SQL, LATENCY_SQL } from './trace-figures.js';

/** The only SQL that an order can become: what a client sends is looked up here and is never part of a statement. */
const SORT_EXPRESSIONS: Readonly<Record<TraceSortKey, string>> = {
  id: 't.trace_id',
  timestamp: 't.ts',
  name: 't.name',
  userId: 't.user_id',
  release: 't.release',
  version: 't.version',
  public: 'coalesce(t.public, false)',
  bookmarked: 'coalesce(t.bookmarked, false)',
  sessionId: 't.session_id',
  latency: LATENCY_SQL,
  totalCost: COST_SQL,
};

/** ORDER BY of a list on `t`: ties by trace id, and traces without a value last in both directions. */
export function orderTraces({ key, direction }: TraceOrder): string {
  const way = direction === 'asc' ? 'ASC' : 'DESC';
  if (key === 'id') return `t.trace_id ${way}`;
  // Exactly the index's order, NULLS included; a timestamp is never null.
  if (key === 'timestamp') return `t.ts ${way}, t.trace_id ${way}`;
  return `${SORT_EXPRESSIONS[key]} ${way} NULLS LAST, t.trace_id ${way}`;
}
