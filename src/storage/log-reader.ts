import { Injectable, Optional } from '@nestjs/common';
import { type Log } from '../domain/log.js';
import { MAX_EXACT_COUNT, type Page, type PageRequest } from '../domain/page.js';
import { type Project } from '../domain/project.js';
import { toNumber } from './bulk-insert.js';
import { ReadPool } from './read-pool.js';
import { CappedCounter } from './sql/capped-count.js';
import { type LogColumns, type LogFilter, logListSql, whereLogs } from './sql/log-statements.js';
import { pageOf, windowOf } from './sql/paging.js';
import { whereAfter } from './sql/where.js';

const TIME_COLUMNS = { time: 'l.ts', id: 'l.id' };

/** Reads log records. */
@Injectable()
export class LogReader {
  private readonly counter: CappedCounter;

  constructor(
    private readonly pool: ReadPool,
    /** Counts are exact up to here. */
    @Optional() cap: number = MAX_EXACT_COUNT,
  ) {
    this.counter = new CappedCounter(pool, cap);
  }

  /**
   * One page of the log records that `filter` leaves, by their time, ties by id.
   * @throws InvalidInput for a cursor that is none.
   */
  async findLogs(
    project: Project,
    filter: LogFilter,
    page: PageRequest,
    direction: 'asc' | 'desc',
  ): Promise<Page<Log>> {
    const window = windowOf(page);
    const where = whereLogs(project.no, filter);
    const shown = where.copy();
    if (window.after !== undefined) whereAfter(shown, TIME_COLUMNS, window.after, direction);
    const [rows, count] = await Promise.all([
      this.pool.query<LogColumns>(logListSql(shown, direction, window), shown.parameters),
      this.counter.count('logs l', where),
    ]);
    const cut = pageOf(rows, window, count, (row) => ({ micros: Number(row.ts), id: row.id }));
    return { ...cut, items: cut.items.map(decodeLog) };
  }
}

function decodeLog(row: LogColumns): Log {
  return {
    id: row.id,
    traceId: row.trace_id,
    spanId: row.span_id,
    sessionId: row.session_id,
    time: Number(row.ts),
    observedTime: toNumber(row.observed_ts),
    severityNumber: row.severity_number,
    severityText: row.severity_text,
    eventName: row.event_name,
    body: row.body,
    attributes: row.attributes,
    scope: row.scope,
    resource: row.resource,
    createdAt: Number(row.created_at),
  };
}
