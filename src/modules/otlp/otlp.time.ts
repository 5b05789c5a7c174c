import { type JsonText } from '../../domain/json.js';
import { clampTime, type Micros, parseIsoTime } from '../../domain/time.js';
import { type OtlpSpan } from './otlp.span.js';

/** When a span ran, in storable times. */
export interface Clock {
  readonly start: Micros | undefined;
  /** Undefined while the span is open. */
  readonly end: Micros | undefined;
  /** What was sent and what was made of it, as JSON; only where the two differ. */
  readonly note: JsonText | undefined;
}

interface Instant {
  readonly micros: Micros;
  /** The unit the raw number must have been in, where it was not nanoseconds. */
  readonly readAs: 'seconds' | 'milliseconds' | 'microseconds' | undefined;
  readonly isClamped: boolean;
}

/** What states when something happened. */
type Timed = Pick<OtlpSpan, 'startTimeUnixNano' | 'endTimeUnixNano'>;

export function readClock(span: Timed, nowMs: number): Clock {
  const start = readInstant(span.startTimeUnixNano, nowMs);
  const end = readInstant(span.endTimeUnixNano, nowMs);
  const notes: string[] = [];
  addNote(notes, 'startTimeUnixNano', span.startTimeUnixNano, start);
  addNote(notes, 'endTimeUnixNano', span.endTimeUnixNano, end);
  return {
    start: start?.micros,
    end: end?.micros,
    note: notes.length === 0 ? undefined : `{${notes.join(',')}}`,
  };
}

function addNote(notes: string[], field: string, raw: bigint, instant: Instant | undefined): void {
  if (instant === undefined || (instant.readAs === undefined && !instant.isClamped)) return;
  const readAs = instant.readAs === undefined ? '' : `,"readAs":"${instant.readAs}"`;
  notes.push(`"${field}":{"raw":"${raw}"${readAs}${instant.isClamped ? ',"clamped":true' : ''}}`);
}

// Nanoseconds of 1973 and later have 18 digits or more. A smaller number is a time in a larger unit: read as
// nanoseconds it would lie within three years of 1970, where no span ran.
const LEAST_NANOS = 10n ** 17n;
const LEAST_MICROS = 10n ** 14n;
const LEAST_MILLIS = 10n ** 11n;

/** A time in nanoseconds, or in the larger unit that a sender must have meant; 0 means that none was stated. */
function readInstant(raw: bigint, nowMs: number): Instant | undefined {
  if (raw === 0n) return undefined;
  if (raw >= LEAST_NANOS) return clamp(Number(raw / 1000n), undefined, nowMs);
  if (raw >= LEAST_MICROS) return clamp(Number(raw), 'microseconds', nowMs);
  if (raw >= LEAST_MILLIS) return clamp(Number(raw) * 1e3, 'milliseconds', nowMs);
  return clamp(Number(raw) * 1e6, 'seconds', nowMs);
}

function clamp(micros: Micros, readAs: Instant['readAs'], nowMs: number): Instant {
  const time = clampTime(micros, nowMs);
  return { micros: time.micros, readAs, isClamped: time.clamped };
}

/** An ISO 8601 time, which old Langfuse SDKs wrap in quotes once more; undefined when it is none. */
export function readIsoTime(text: string, nowMs: number): Micros | undefined {
  const bare = text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
  const micros = parseIsoTime(bare);
  return micros === undefined ? undefined : clampTime(micros, nowMs).micros;
}
