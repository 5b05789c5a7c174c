import { type Micros } from '../../domain/time.js';
import { micros } from '../bulk-insert.js';
import { bucketAt } from '../trace-writer.js';
import { Where, whereTime } from './where.js';

/** Which log records a list shows; every condition must hold, an absent one always does. */
export interface LogFilter {
  readonly traceId?: string;
  /** Id of a span, which is that of its observation. */
  readonly spanId?: string;
  /** As the record states it. */
  readonly sessionId?: string;
  /** At least this severity number, 1 to 24; records that state none are left out. */
  readonly minSeverityNumber?: number;
  readonly eventName?: string;
  /** Inclusive, on the record's time. */
  readonly from?: Micros;
  /** Inclusive to the millisecond that answers show. */
  readonly to?: Micros;
}

/** A row of the statements below as `pg` gives it: int8 is text. */
export interface LogColumns {
  id: string;
  ts: string;
  observed_ts: string | null;
  created_at: string;
  trace_id: string | null;
  span_id: string | null;
  session_id: string | null;
  severity_number: number;
  severity_text: string | null;
  event_name: string | null;
  body: string | null;
  attributes: string | null;
  scope: string | null;
  resource: string | null;
}

const COLUMNS =
  `l.id, ${micros('l.ts')} AS ts, ${micros('l.observed_ts')} AS observed_ts, ${micros('l.created_at')} AS created_at, ` +
  'l.trace_id, l.span_id, l.session_id, l.severity_number, l.severity_text, l.event_name, l.body, l.attributes, l.scope, ' +
  'l.resource';

/** A page of log records by their time, ties by id. */
export function logListSql(where: Where, direction: 'asc' | 'desc', page: { limit: number; offset: number }): string {
  return (
    `SELECT ${COLUMNS} FROM logs l WHERE ${where.sql} ORDER BY l.ts ${direction}, l.id ${direction} ` +
    `LIMIT ${page.limit} OFFSET ${page.offset}`
  );
}

/** A record's time is at most so far ahead of its arrival (`clampTime`). */
const AHEAD_MS = 86_400_000;

/** Conditions on `l`, a row of `logs`. */
export function whereLogs(projectNo: number, filter: LogFilter): Where {
  const where = new Where();
  // The second is true for every row, and the predicate of the index that serves the list of all.
  where.and(`l.project_no = ${where.bind(projectNo, 'int4')}`).and(`l.ts > '-infinity'`);
  const equals = (column: string, value: string | undefined): void => {
    if (value !== undefined) where.and(`${column} = ${where.bind(value, 'text')}`);
  };
  equals('l.trace_id', filter.traceId);
  equals('l.span_id', filter.spanId);
  equals('l.session_id', filter.sessionId);
  equals('l.event_name', filter.eventName);
  if (filter.minSeverityNumber !== undefined)
    where.and(`l.severity_number >= ${where.bind(filter.minSeverityNumber, 'int4')}`);
  whereTime(where, 'l.ts', filter);
  // What happened since then has not arrived in an earlier week: those partitions are not even looked into.
  if (filter.from !== undefined)
    where.and(`l.bucket >= ${where.bind(Math.max(0, bucketAt(filter.from / 1000 - AHEAD_MS)), 'int4')}`);
  return where;
}
