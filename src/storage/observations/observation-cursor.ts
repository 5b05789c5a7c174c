import { InvalidInput } from '../../domain/errors.js';
import { idProblem } from '../../domain/identifier.js';
import { type Micros, parseIsoTime } from '../../domain/time.js';
import { timestampLiteral } from '../sql/where.js';

/** The last observation of a page, newest first: where the next page starts. */
export interface ObservationCursor {
  /** The start, or the arrival while no start is known. */
  readonly at: Micros;
  readonly traceId: string;
  readonly id: string;
}

/** Opaque text. The members are Langfuse's; the time has microseconds, so that no row is shown twice or left out. */
export function encodeObservationCursor({ at, traceId, id }: ObservationCursor): string {
  const members = { lastStartTimeTo: timestampLiteral(at), lastTraceId: traceId, lastId: id };
  return Buffer.from(JSON.stringify(members)).toString('base64url');
}

/** @throws InvalidInput for what is no such cursor. */
export function decodeObservationCursor(text: string): ObservationCursor {
  const { lastStartTimeTo, lastTraceId, lastId } = decodeMembers(text);
  const at = typeof lastStartTimeTo === 'string' ? parseIsoTime(lastStartTimeTo) : undefined;
  if (at === undefined || !isId(lastTraceId) || !isId(lastId)) throw invalid();
  return { at, traceId: lastTraceId, id: lastId };
}

function decodeMembers(text: string): Partial<Record<'lastStartTimeTo' | 'lastTraceId' | 'lastId', unknown>> {
  try {
    const members: unknown = JSON.parse(Buffer.from(text, 'base64').toString());
    if (typeof members === 'object' && members !== null) return members;
  } catch {
    // Said below.
  }
  throw invalid();
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && idProblem(value) === undefined;
}

function invalid(): InvalidInput {
  return new InvalidInput('Invalid cursor format', 'cursor');
}
