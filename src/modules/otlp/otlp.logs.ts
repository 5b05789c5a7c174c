import {
  type Attributes,
  type AttributeValue,
  NO_ATTRIBUTES,
  type OtlpResource,
  type OtlpScope,
  type SpanProblem,
} from './otlp.span.js';

/** What an OTLP log export says, whatever encoding it came in (opentelemetry-proto, logs/v1/logs.proto). */
export interface OtlpLogExport {
  readonly resourceLogs: readonly OtlpResourceLogs[];
}

export interface OtlpResourceLogs {
  readonly resource: OtlpResource;
  readonly scopeLogs: readonly OtlpScopeLogs[];
  readonly schemaUrl: string;
}

export interface OtlpScopeLogs {
  readonly scope: OtlpScope;
  readonly logRecords: readonly OtlpLogRecord[];
  readonly schemaUrl: string;
}

/** What `MessageCount` counts of a log export. */
export const LOG_MESSAGES = 'resources, scopes and log records';

export interface OtlpLogRecord {
  /** 0n when not stated. */
  readonly timeUnixNano: bigint;
  readonly observedTimeUnixNano: bigint;
  /** 1 to 24; 0 unspecified. */
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: AttributeValue;
  readonly attributes: Attributes;
  readonly droppedAttributesCount: number;
  readonly flags: number;
  /** Lower-case hex digits as far as the reader could tell; invalid ones mean that there is no link. */
  readonly traceId: string;
  readonly spanId: string;
  readonly eventName: string;
  /** Set when the reader could not read all of the record: it is refused, its neighbours are not. */
  readonly problem?: SpanProblem;
}

/** Stands for a record that could not be read. */
export function unreadableLogRecord(problem: SpanProblem): OtlpLogRecord {
  return {
    timeUnixNano: 0n,
    observedTimeUnixNano: 0n,
    severityNumber: 0,
    severityText: '',
    body: null,
    attributes: NO_ATTRIBUTES,
    droppedAttributesCount: 0,
    flags: 0,
    traceId: '',
    spanId: '',
    eventName: '',
    problem: { field: problem.field, code: problem.code, message: problem.message },
  };
}
