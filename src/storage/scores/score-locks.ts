import { hashTrace } from '../../domain/identifier.js';
import { LANE_COUNT } from '../lane.js';

/** Advisory locks of the lanes of scores ("xtsc" in ASCII): whoever writes or deletes one does so alone. */
const SCORE_LOCKS = 0x78747363;

/** Locks the lanes of `keys` until the transaction ends. To run in a statement of its own, see {@link lockScoreLanes}. */
export function lockScores(keys: readonly { readonly projectNo: number; readonly id: string }[]): string {
  return lockScoreLanes([...new Set(keys.map(({ projectNo, id }) => hashTrace(projectNo, id) % LANE_COUNT))]);
}

/** Locks every score there may be. */
export function lockAllScores(): string {
  return lockScoreLanes(Array.from({ length: LANE_COUNT }, (_, lane) => lane));
}

/**
 * Sorted, so that nobody waits in a circle. A statement that waited for a lock still sees the rows of the time before it
 * waited: what is locked is read in the next one.
 */
function lockScoreLanes(lanes: number[]): string {
  lanes.sort((a, b) => a - b);
  return `SELECT pg_advisory_xact_lock(${SCORE_LOCKS}, k) FROM unnest('{${lanes.join(',')}}'::int4[]) k`;
}
