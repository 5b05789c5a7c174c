import { isValidId, type OtlpSpan, SPAN_ID_DIGITS } from './otlp.span.js';

/**
 * Logfire reports a span as it starts (PendingSpanProcessor in logfire 3.25, `_internal/tracer.py`): a span of its own, of
 * no duration, below the one it announces, with the real parent in an attribute. Stored as it is, every span would be
 * there twice; here it becomes the announced span, still running, which the real one completes when it has ended.
 */
export function asRunning(span: OtlpSpan): OtlpSpan {
  if (span.startTimeUnixNano !== span.endTimeUnixNano) return span;
  if (span.attributes.get('logfire.span_type') !== 'pending_span') return span;
  const parent = span.attributes.get('logfire.pending_parent_id');
  if (typeof parent !== 'string' || !isValidId(span.parentSpanId, SPAN_ID_DIGITS)) return span;
  return { ...span, spanId: span.parentSpanId, parentSpanId: parent, endTimeUnixNano: 0n };
}
