/**
 * What an OTLP trace export says, whatever encoding it came in (opentelemetry-proto, trace/v1/trace.proto). Both readers
 * end here, so that everything behind them is written once.
 */

/** Attributes in the order they came; of a key given twice the last value counts. */
export type Attributes = ReadonlyMap<string, AttributeValue>;

/**
 * An OTLP AnyValue. 64-bit integers that a double cannot hold are bigint, bytes are base64 text, an empty value is null,
 * and a key-value list is a map.
 */
export type AttributeValue = string | number | bigint | boolean | null | readonly AttributeValue[] | Attributes;

/** How deep arrays and key-value lists of one attribute may nest. */
export const MAX_ATTRIBUTE_DEPTH = 100;

/**
 * How many resources, scopes, spans, events and links one export may hold. Empty ones take two bytes each on the wire and
 * hundreds in memory; with any content at all, fewer fit into a request.
 */
export const MAX_MESSAGES = 250_000;

/**
 * How many attributes, members and items one export in protobuf may hold: as many as objects of a body in JSON
 * (`MAX_JSON_CONTAINERS`), and for the same reason. Numbers of vectors, the smallest that are real, stay below.
 */
export const MAX_VALUES = 2_000_000;

/** How many attributes a span or log record may have. SDKs send 128 unless told otherwise; each is looked at many times. */
export const MAX_ATTRIBUTES = 10_000;

/** Counts the messages of one export. */
export class MessageCount {
  private count = 0;

  /** @param what it counts, for people */
  constructor(private readonly what = 'resources, scopes, spans, events and links') {}

  /** @throws Unreadable when there are too many. */
  add(): void {
    this.count += 1;
    if (this.count > MAX_MESSAGES) {
      throw new Unreadable('', `holds more than ${MAX_MESSAGES} ${this.what}`, 'TOO_MANY');
    }
  }
}

export interface OtlpExport<Spans extends Iterable<OtlpSpan> = readonly OtlpSpan[]> {
  readonly resourceSpans: readonly OtlpResourceSpans<Spans>[];
}

/**
 * An export whose spans are read one by one as they are asked for, so that of a large one only the span in hand is in
 * memory. Asking may throw what its reader throws.
 */
export type SpanStream = OtlpExport<Iterable<OtlpSpan>>;

export interface OtlpResourceSpans<Spans extends Iterable<OtlpSpan> = readonly OtlpSpan[]> {
  readonly resource: OtlpResource;
  readonly scopeSpans: readonly OtlpScopeSpans<Spans>[];
  readonly schemaUrl: string;
}

export interface OtlpResource {
  readonly attributes: Attributes;
  readonly droppedAttributesCount: number;
}

export interface OtlpScopeSpans<Spans extends Iterable<OtlpSpan> = readonly OtlpSpan[]> {
  readonly scope: OtlpScope;
  readonly spans: Spans;
  readonly schemaUrl: string;
}

/** The instrumentation library that wrote the spans. */
export interface OtlpScope {
  readonly name: string;
  readonly version: string;
  readonly attributes: Attributes;
  readonly droppedAttributesCount: number;
}

export interface OtlpSpan {
  /** Lower-case hex digits as far as the reader could tell; not yet validated. */
  readonly traceId: string;
  readonly spanId: string;
  /** Empty without a parent. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  /** 0n when not stated. */
  readonly startTimeUnixNano: bigint;
  /** 0n when not stated: the span is still open. */
  readonly endTimeUnixNano: bigint;
  readonly attributes: Attributes;
  readonly droppedAttributesCount: number;
  readonly events: readonly OtlpEvent[];
  readonly droppedEventsCount: number;
  readonly links: readonly OtlpLink[];
  readonly droppedLinksCount: number;
  readonly statusMessage: string;
  /** 0 unset, 1 ok, 2 error. */
  readonly statusCode: number;
  readonly flags: number;
  /** Set when the reader could not read all of the span: the span is refused, its neighbours are not. */
  readonly problem?: SpanProblem;
}

export interface OtlpEvent {
  readonly timeUnixNano: bigint;
  readonly name: string;
  readonly attributes: Attributes;
  readonly droppedAttributesCount: number;
}

export interface OtlpLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: Attributes;
  readonly droppedAttributesCount: number;
  readonly flags: number;
}

/** Why one span cannot be taken. */
export interface SpanProblem {
  /** Path below the span, for example `attributes[2].value`; empty for the span itself. */
  readonly field: string;
  readonly code: 'INVALID_FIELD' | 'TOO_DEEP' | 'TOO_MANY';
  /** Continues a sentence that begins with the field. */
  readonly message: string;
}

/** Paths end up in answers, which clients read only so far, and a value may nest a hundred levels. */
const MAX_PATH_LENGTH = 160;

/** Thrown inside a reader where a value cannot be read; caught where the span (or the request) is given up. */
export class Unreadable extends Error implements SpanProblem {
  constructor(
    readonly field: string,
    message: string,
    readonly code: SpanProblem['code'] = 'INVALID_FIELD',
  ) {
    super(message);
  }

  /** The same problem seen from the message that contains this one. Of a long path the outer part is kept. */
  below(prefix: string): Unreadable {
    const separator = this.field === '' || this.field.startsWith('[') ? '' : '.';
    const tail = this.field.length > MAX_PATH_LENGTH ? '…' : `${separator}${this.field}`;
    return new Unreadable(`${prefix}${tail}`, this.message, this.code);
  }
}

export const NO_ATTRIBUTES: Attributes = new Map();
const NO_EVENTS: readonly OtlpEvent[] = [];
const NO_LINKS: readonly OtlpLink[] = [];

export function emptyResource(): OtlpResource {
  return { attributes: NO_ATTRIBUTES, droppedAttributesCount: 0 };
}

export function emptyScope(): OtlpScope {
  return { name: '', version: '', attributes: NO_ATTRIBUTES, droppedAttributesCount: 0 };
}

/** Stands for a span that could not be read, with as much of its identity as is known. */
export function unreadableSpan(problem: SpanProblem, traceId: string, spanId: string): OtlpSpan {
  return {
    traceId,
    spanId,
    parentSpanId: '',
    traceState: '',
    name: '',
    kind: 0,
    startTimeUnixNano: 0n,
    endTimeUnixNano: 0n,
    attributes: NO_ATTRIBUTES,
    droppedAttributesCount: 0,
    events: NO_EVENTS,
    droppedEventsCount: 0,
    links: NO_LINKS,
    droppedLinksCount: 0,
    statusMessage: '',
    statusCode: 0,
    flags: 0,
    problem: { field: problem.field, code: problem.code, message: problem.message },
  };
}

export const TRACE_ID_DIGITS = 32;
export const SPAN_ID_DIGITS = 16;

/** Whether `id` is what OTel calls a valid id: `digits` lower-case hex digits, not all zero. */
export function isValidId(id: string, digits: number): boolean {
  if (id.length !== digits) return false;
  let isZero = true;
  for (let i = 0; i < digits; i += 1) {
    const code = id.charCodeAt(i);
    const isDigit = code >= 48 && code <= 57;
    if (!isDigit && !(code >= 97 && code <= 102)) return false;
    if (code !== 48) isZero = false;
  }
  return !isZero;
}

/** Why the span cannot be stored, or undefined. Ids of the wrong length and all-zero ids are invalid (OTLP, trace.proto). */
export function findProblem(span: OtlpSpan): SpanProblem | undefined {
  if (span.problem !== undefined) return span.problem;
  if (!isValidId(span.traceId, TRACE_ID_DIGITS)) {
    return {
      field: 'traceId',
      code: 'INVALID_FIELD',
      message: 'must be 16 bytes (32 hex digits in JSON), not all zero',
    };
  }
  if (!isValidId(span.spanId, SPAN_ID_DIGITS)) {
    return { field: 'spanId', code: 'INVALID_FIELD', message: 'must be 8 bytes (16 hex digits in JSON), not all zero' };
  }
  return tooManyAttributes(span.attributes);
}

/** Why a span or log record with these attributes cannot be stored, or undefined. */
export function tooManyAttributes({ size }: Attributes): SpanProblem | undefined {
  if (size <= MAX_ATTRIBUTES) return undefined;
  return { field: 'attributes', code: 'TOO_MANY', message: `are more than ${MAX_ATTRIBUTES}` };
}
