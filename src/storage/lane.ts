import { hashTrace } from '../domain/identifier.js';

/** Virtual lanes: the writes of a trace are serialised on the lock of its lane. Never a setting: processes that disagreed would count twice. */
export const LANE_COUNT = 16;

/** Namespace of the advisory locks of lanes ("xtra" in ASCII). */
export const LANE_LOCKS = 0x78747261;

/** The lane of a trace, equal in every process. */
export function laneOf(projectNo: number, traceId: string): number {
  return hashTrace(projectNo, traceId) % LANE_COUNT;
}
