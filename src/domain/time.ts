/** Microseconds since the Unix epoch, a whole number: the precision of PostgreSQL's timestamptz. Exact in a double until the year 2255. */
export type Micros = number;

const YEAR_MS = 365.25 * 86_400_000;
const PAST_MS = 10 * YEAR_MS;
const FUTURE_MS = 86_400_000;

/** Stamps may not run ahead of the server's clock by more than this, so that a wrong clock cannot win every later merge. */
const STAMP_AHEAD_MICROS = 5 * 60 * 1_000_000;

/** A time inside the storable range, with the raw value when it had to be moved there. */
export interface ClampedTime {
  readonly micros: Micros;
  readonly clamped: boolean;
}

/** Moves `micros` into [now − 10 years, now + 1 day]: a clock that is off must not decide where a row lies for ever. */
export function clampTime(micros: Micros, nowMs: number): ClampedTime {
  const earliest = (nowMs - PAST_MS) * 1000;
  const latest = (nowMs + FUTURE_MS) * 1000;
  if (micros < earliest) return { micros: Math.trunc(earliest), clamped: true };
  if (micros > latest) return { micros: Math.trunc(latest), clamped: true };
  return { micros, clamped: false };
}

// Date, time with seconds optional, fraction of any length, and a zone (Z or numeric offset).
const ISO_TIME = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d+))?)?(Z|z|[+-]\d{2}:?\d{2})$/;

/** Reads an ISO 8601 date-time with zone (RFC 3339) to microseconds, digits beyond those cut off; undefined when it is none. */
export function parseIsoTime(text: string): Micros | undefined {
  const match = ISO_TIME.exec(text);
  if (match === null) return undefined;
  const [, date, hoursMinutes, seconds = '00', fraction = '', zone] = match;
  const offset = zone === 'z' ? 'Z' : zone!.length === 5 ? `${zone!.slice(0, 3)}:${zone!.slice(3)}` : zone!;
  const wholeMs = Date.parse(`${date}T${hoursMinutes}:${seconds}${offset}`);
  if (Number.isNaN(wholeMs)) return undefined;
  // Date.parse takes 30 February for 2 March.
  const day = Number(date!.slice(8));
  if (day > 28 && new Date(`${date}T00:00Z`).getUTCDate() !== day) return undefined;
  return wholeMs * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

// The times of one answer often share a few seconds (when things began, when they were stored), and making the text of one
// anew costs nine times as much.
const SHOWN_SECONDS = 64;
const shownSeconds = new Array<number>(SHOWN_SECONDS).fill(NaN);
const shownTexts = new Array<string>(SHOWN_SECONDS).fill('');

/** Milliseconds in ISO 8601 UTC (`2026-01-31T09:30:00.123Z`): what every answer shows. */
export function presentTime(micros: Micros): string {
  const ms = Math.floor(micros / 1000);
  const second = Math.floor(ms / 1000);
  const slot = Math.abs(second % SHOWN_SECONDS);
  if (second !== shownSeconds[slot]) {
    shownTexts[slot] = new Date(second * 1000).toISOString().slice(0, -'000Z'.length);
    shownSeconds[slot] = second;
  }
  return `${shownTexts[slot]}${String(ms - second * 1000).padStart(3, '0')}Z`;
}

/**
 * Orders what messages state about one field: the higher stamp wins. Event time in µs × 2, plus one for an update, so
 * that at equal times an update beats the create it follows. Never further ahead than five minutes of the server's clock.
 */
export function eventStamp(micros: Micros, isUpdate: boolean, nowMs: number): number {
  return Math.min(micros, nowMs * 1000 + STAMP_AHEAD_MICROS) * 2 + (isUpdate ? 1 : 0);
}

/** Below every stamp of another span and above −2^53 until the year 2112. */
const OTHER_SPAN_OFFSET = 4_500_000_000_000_000;

/**
 * The stamp of what a trace inherits from one of its spans (name, user, session, input, output): always below what is
 * stated on the trace itself (those stamps are positive), the root span above any other, and of two the earlier one.
 */
export function inheritedStamp(startTime: Micros, isRoot: boolean): number {
  return isRoot ? -startTime : -startTime - OTHER_SPAN_OFFSET;
}

/** Stamps of span times lie above 2.9e15, so that with it taken off they are negative until the year 2112. */
const COMPLEMENT_OFFSET = 9_000_000_000_000_000;

/**
 * The stamp of what a log record says about an observation: below every stamp of a span, so that it fills only what no
 * span states, whichever comes first. Of two log records the later one.
 */
export function complementStamp(time: Micros): number {
  return time * 2 - COMPLEMENT_OFFSET;
}

/** Below `complementStamp` and `inheritedStamp`: what stands where nobody has said anything better. */
export const LOWEST_STAMP = Number.MIN_SAFE_INTEGER;

/** A clock whose readings strictly increase, in µs: the arrival order of messages that state no time. */
export class ArrivalClock {
  private last: Micros = 0;

  constructor(private readonly nowMs: () => number = Date.now) {}

  next(): Micros {
    this.last = Math.max(this.last + 1, this.nowMs() * 1000);
    return this.last;
  }
}
