import { type Level } from '../../domain/observation.js';
import { type Picks } from './otlp.picks.js';
import { type OtlpEvent, type OtlpSpan } from './otlp.span.js';
import { toText } from './otlp.values.js';

/** Status codes of a span (OTLP, Status.StatusCode). */
const STATUS_UNSET = 0;
export const STATUS_ERROR = 2;

const EXCEPTION = 'exception';

/** Undefined where nothing is said: the default level is applied on reading. */
export function readLevel(picks: Picks, span: OtlpSpan): Level | undefined {
  const level = picks.get('level') as Level | undefined;
  if (level !== undefined) {
    if (picks.keyOf('level') === 'langfuse.observation.level') picks.use('level');
    return level;
  }
  if (span.statusCode === STATUS_ERROR) return 'ERROR';
  if (span.statusCode !== STATUS_UNSET) return undefined;
  if (picks.get('errorType') !== undefined) return 'ERROR';
  const exception = lastException(span);
  if (exception === undefined) return undefined;
  // One that was caught, or after which work went on, did not fail the span.
  return exception === span.events.at(-1) && !isCaught(exception) ? 'ERROR' : 'WARNING';
}

/** Why a span failed, where neither its status nor Langfuse's attribute says it: its last exception, else its error attributes. */
export function readFailure(picks: Picks, span: OtlpSpan, level: Level | undefined): string | undefined {
  if (level !== 'ERROR' && level !== 'WARNING') return undefined;
  const exception = lastException(span);
  const fromEvent = exception === undefined ? undefined : exceptionText(exception);
  if (fromEvent !== undefined) return fromEvent;
  const stated = picks.get('errorMessage');
  return stated === undefined ? undefined : toText(stated);
}

function lastException(span: OtlpSpan): OtlpEvent | undefined {
  return span.events.length === 0 ? undefined : span.events.findLast(({ name }) => name === EXCEPTION);
}

function isCaught({ attributes }: OtlpEvent): boolean {
  const escaped = attributes.get('exception.escaped');
  return escaped === false || (typeof escaped === 'string' && escaped.toLowerCase() === 'false');
}

function exceptionText({ attributes }: OtlpEvent): string | undefined {
  const parts = [attributes.get('exception.type'), attributes.get('exception.message')]
    .filter((part): part is string => typeof part === 'string' && part !== '')
    .join(': ');
  return parts === '' ? undefined : parts;
}
