import { hashTrace } from '../domain/identifier.js';

/** Virtual lanes: the writes of a trace are serialised on the lock of its lane. Never a setting: processes that disagreed would count twice. */
export const LANE_COUNT = 16;

/** Namespace of the advisory locks of lanes ("xtra" in ASCII). */
export const LANE_LOCKS = 0x78747261;

/** The lane of a trace, equal in every process. */
export function laneOf(projectNo: number, traceId: string): number {
  return hashTrace(projectNo, traceId) % LANE_COUNT;
}

/**
 * Writers look rows up by key alone. On a new table, which has no statistics yet, the planner would rather read all of
 * it, once per key; and a plan made anew for each batch costs more than it finds.
 */
const KEYED_PLANS = 'SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan';

/** The statements that begin a transaction which may change everything of `traces`, and nobody else beside it. */
export function beginWithLanes(traces: readonly { readonly projectNo: number; readonly traceId: string }[]): string {
  const lanes = [...new Set(traces.map(({ projectNo, traceId }) => laneOf(projectNo, traceId)))].sort((a, b) => a - b);
  // Sorted, so that nobody waits in a circle, and in a statement of their own: a statement that waited for a lock still
  // sees the rows of the time before it waited.
  return `BEGIN ISOLATION LEVEL READ COMMITTED; ${KEYED_PLANS}; SELECT pg_advisory_xact_lock(${LANE_LOCKS}, k) FROM unnest('{${lanes.join(',')}}'::int4[]) k`;
}
