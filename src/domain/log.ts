import { type JsonText } from './json.js';
import { type Micros } from './time.js';

/** Least number of each severity (opentelemetry-proto, logs/v1, SeverityNumber); each has three finer ones above it. */
export const SEVERITIES = { TRACE: 1, DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17, FATAL: 21 } as const;
export type Severity = keyof typeof SEVERITIES;

/** What a log record adds to the content of the observation it is linked to. */
export interface LogMessage {
  readonly side: 'input' | 'output';
  /** One message in the normalised form. */
  readonly content: JsonText;
}

/** One log record of a request. Key: (project, id). */
export interface LogRecord {
  readonly kind: 'log';
  /** Position among the log records of its request; orders records of the same microsecond. */
  readonly index: number;
  /** A hash of all that the record says: the same record sent again is the same one. */
  readonly id: string;
  /** Null, like `spanId`, where the record has no such link. */
  readonly traceId: string | null;
  readonly spanId: string | null;
  /** As the record or its resource states it. */
  readonly sessionId: string | null;
  /** When it happened, else when it was observed, else when it arrived. */
  readonly time: Micros;
  readonly observedTime: Micros | null;
  /** 1 to 24; 0 when not stated. */
  readonly severityNumber: number;
  readonly severityText: string | null;
  /** Names the kind of event; null for a plain log line. */
  readonly eventName: string | null;
  readonly body: JsonText | null;
  /** A JSON object. */
  readonly attributes: JsonText | null;
  /** A JSON object with what the instrumentation scope and the resource say. */
  readonly scope: JsonText | null;
  readonly resource: JsonText | null;
  /** Set where the record is a message of a model call; such records of one span become its input and output. */
  readonly message?: LogMessage | undefined;
}

/** A stored log record. */
export interface Log extends Omit<LogRecord, 'kind' | 'index' | 'message'> {
  readonly createdAt: Micros;
}
