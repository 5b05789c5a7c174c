import { clampTime, type Micros } from '../../domain/time.js';
import { type Picks } from './otlp.picks.js';
import { type OtlpSpan } from './otlp.span.js';
import { type Clock, readIsoTime } from './otlp.time.js';

/** When the first token of a streamed answer arrived. */

/** The AI SDK marks it by an event, more exactly than by its attribute. */
const AI_SDK_EVENT: ReadonlySet<string> = new Set(['ai.stream.firstChunk']);

/** Events of chunks: the first of them counts (OpenLIT, OpenLLMetry, OpenInference Python). */
const CHUNK_EVENTS: ReadonlySet<string> = new Set([
  'gen_ai.content.completion.chunk',
  'llm.content.completion.chunk',
  'First Token Stream Event',
]);

/** Strands writes milliseconds under a key that is seconds everywhere else (strands/telemetry/tracer.py). */
const SERVER_KEY = 'gen_ai.server.time_to_first_token';

/** A first token this long after the end is a duration in some other unit. */
const TOLERANCE_SECONDS = 1;

export function readCompletionStart(
  picks: Picks,
  span: OtlpSpan,
  clock: Clock,
  scopeName: string,
  nowMs: number,
): Micros | undefined {
  const text = picks.text('completionStartTime');
  const stated = text === undefined ? undefined : readIsoTime(text, nowMs);
  if (stated !== undefined) {
    picks.use('completionStartTime');
    return stated;
  }
  const byDuration = (): Micros | undefined => afterStart(readSecondsToFirstToken(picks, scopeName), clock);
  const byFirstByte = (): Micros | undefined => afterStart(picks.get('timeToFirstByte') as number | undefined, clock);
  if (span.events.length === 0) return byDuration() ?? byFirstByte();
  return (
    // The standard's own attribute goes before any event.
    (picks.keyOf('timeToFirstToken') === 'gen_ai.response.time_to_first_chunk' ? byDuration() : undefined) ??
    earliestEvent(span, AI_SDK_EVENT, clock, nowMs) ??
    byDuration() ??
    earliestEvent(span, CHUNK_EVENTS, clock, nowMs) ??
    byFirstByte()
  );
}

function readSecondsToFirstToken(picks: Picks, scopeName: string): number | undefined {
  const seconds = picks.get('timeToFirstToken');
  if (typeof seconds !== 'number') return undefined;
  const isMilliseconds = scopeName.startsWith('strands') && picks.keyOf('timeToFirstToken') === SERVER_KEY;
  return isMilliseconds ? seconds / 1000 : seconds;
}

function afterStart(seconds: number | undefined, { start, end }: Clock): Micros | undefined {
  if (seconds === undefined || start === undefined) return undefined;
  const durationSeconds = end === undefined ? Infinity : Math.max(0, end - start) / 1e6;
  return seconds <= durationSeconds + TOLERANCE_SECONDS ? start + Math.round(seconds * 1e6) : undefined;
}

function earliestEvent(span: OtlpSpan, names: ReadonlySet<string>, clock: Clock, nowMs: number): Micros | undefined {
  let earliest: bigint | undefined;
  for (const { name, timeUnixNano } of span.events) {
    if (!names.has(name) || timeUnixNano === 0n) continue;
    if (earliest === undefined || timeUnixNano < earliest) earliest = timeUnixNano;
  }
  if (earliest === undefined || clock.start === undefined) return undefined;
  const { micros } = clampTime(Number(earliest / 1000n), nowMs);
  return micros < clock.start ? undefined : afterStart((micros - clock.start) / 1e6, clock);
}
