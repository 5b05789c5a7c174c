import { type RunSql } from './retired-partitions.js';

const DAY_MS = 86_400_000;
/** A clock that is this much ahead of what it last showed may have leapt. */
const LEAP_MS = DAY_MS;
/** How long somebody has to put a leapt clock right before it is believed. */
const DOUBT_MS = DAY_MS;

/** What retention remembers of the clock; times in milliseconds. */
export interface ClockState {
  readonly seenMs: number;
  /** Undefined while the clock is trusted. */
  readonly doubtedSinceMs?: number;
}

/**
 * The state after a look at a clock that shows `nowMs`. Deleting by a clock that has leapt ahead would delete everything,
 * and waiting costs nothing: after a gap of a day nothing may go for another day. A server that was off looks the same
 * and waits as well. A clock that goes back needs no care: nothing expires by it.
 */
export function lookAtClock(state: ClockState | undefined, nowMs: number): ClockState {
  if (state === undefined) return { seenMs: nowMs };
  const { seenMs, doubtedSinceMs } = state;
  if (doubtedSinceMs === undefined)
    return nowMs - seenMs > LEAP_MS ? { seenMs: nowMs, doubtedSinceMs: nowMs } : { seenMs: nowMs };
  const isSettled = nowMs < doubtedSinceMs || nowMs - doubtedSinceMs >= DOUBT_MS;
  return isSettled ? { seenMs: nowMs } : { seenMs: nowMs, doubtedSinceMs };
}

interface Columns {
  seen_at: Date;
  doubted_since: Date | null;
}

/** Looks at the clock on behalf of all processes and says whether it may be deleted by. */
export async function mayDeleteBy(run: RunSql, nowMs: number): Promise<boolean> {
  const [row] = await run<Columns>('SELECT seen_at, doubted_since FROM retention_clock WHERE no = 1');
  const stored =
    row === undefined
      ? undefined
      : {
          seenMs: row.seen_at.getTime(),
          ...(row.doubted_since === null ? {} : { doubtedSinceMs: row.doubted_since.getTime() }),
        };
  const { seenMs, doubtedSinceMs } = lookAtClock(stored, nowMs);
  await run(
    'INSERT INTO retention_clock (no, seen_at, doubted_since) VALUES (1, $1, $2) ' +
      'ON CONFLICT (no) DO UPDATE SET seen_at = excluded.seen_at, doubted_since = excluded.doubted_since',
    [new Date(seenMs), doubtedSinceMs === undefined ? null : new Date(doubtedSinceMs)],
  );
  return doubtedSinceMs === undefined;
}
