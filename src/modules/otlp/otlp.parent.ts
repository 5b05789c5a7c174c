import { isValidId, SPAN_ID_DIGITS } from './otlp.span.js';

/** What a span says of the one above it. */
export interface Parent {
  readonly isRoot: boolean;
  readonly id: string | undefined;
  /** A parent id as sent that cannot be one. */
  readonly unusable: string | undefined;
}

const ROOT: Parent = { isRoot: true, id: undefined, unusable: undefined };
const ALL_ZERO = /^0*$/;

/** An empty or all-zero parent id means that there is no parent (seen from producers that always write eight bytes). */
export function readParent(parentSpanId: string): Parent {
  if (isValidId(parentSpanId, SPAN_ID_DIGITS)) return { isRoot: false, id: parentSpanId, unusable: undefined };
  if (ALL_ZERO.test(parentSpanId)) return ROOT;
  return { isRoot: false, id: undefined, unusable: parentSpanId };
}
