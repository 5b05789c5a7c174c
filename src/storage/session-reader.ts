import { Injectable, Optional } from '@nestjs/common';
import { NotFound } from '../domain/errors.js';
import { isStorableText } from '../domain/json.js';
import { MAX_EXACT_COUNT, type Page, type PageRequest } from '../domain/page.js';
import { type Project } from '../domain/project.js';
import { type Session } from '../domain/session.js';
import { type TraceListItem } from '../domain/trace.js';
import { toNumber } from './bulk-insert.js';
import { ReadPool } from './read-pool.js';
import { CappedCounter } from './sql/capped-count.js';
import { type SessionFilter } from './sql/filter.js';
import { pageOf, windowOf } from './sql/paging.js';
import { SESSION_SQL, sessionListSql, type SessionColumns, whereSessionList } from './sql/session-statements.js';
import { decodeTotals } from './sql/trace-columns.js';
import { whereAfter } from './sql/where.js';
import { TraceReader } from './trace-reader.js';

const TIME_COLUMNS = { time: 's.created_at', id: 's.session_id' };

/** A session and one page of its traces. */
export interface SessionDetail {
  readonly session: Session;
  readonly traces: Page<TraceListItem>;
}

/** Reads sessions. A session exists for as long as a trace names it; its sums come from its own row, not from the traces. */
@Injectable()
export class SessionReader {
  private readonly counter: CappedCounter;

  constructor(
    private readonly pool: ReadPool,
    private readonly traces: TraceReader,
    /** Counts are exact up to here. */
    @Optional() cap: number = MAX_EXACT_COUNT,
  ) {
    this.counter = new CappedCounter(pool, cap);
  }

  /**
   * One page of the sessions that `filter` leaves, newest first by arrival of their first trace, ties by id.
   * @throws InvalidInput for a cursor that is none.
   */
  async findSessions(project: Project, filter: SessionFilter, page: PageRequest): Promise<Page<Session>> {
    const window = windowOf(page);
    const where = whereSessionList(project.no, filter);
    const shown = where.copy();
    if (window.after !== undefined) whereAfter(shown, TIME_COLUMNS, window.after, 'desc');
    const [rows, count] = await Promise.all([
      this.pool.query<SessionColumns>(sessionListSql(shown, window), shown.parameters),
      this.counter.count('sessions s', where),
    ]);
    const cut = pageOf(rows, window, count, (row) => ({ micros: Number(row.created_at), id: row.session_id }));
    return { ...cut, items: cut.items.map(decodeSession) };
  }

  /**
   * One session and a page of its traces in time order, oldest first, with their inputs and outputs.
   * @throws NotFound unless a trace of the project names it.
   */
  async getSession(project: Project, sessionId: string, page: PageRequest): Promise<SessionDetail> {
    const rows = isStorableText(sessionId)
      ? await this.pool.query<SessionColumns>(SESSION_SQL, [project.no, sessionId])
      : [];
    const row = rows[0];
    if (row === undefined) throw new NotFound(`Session ${sessionId} not found within authorized project`);
    const traces = await this.traces.findTraces(
      project,
      { sessionId },
      page,
      { key: 'timestamp', direction: 'asc' },
      { io: true, observations: false },
    );
    return { session: decodeSession(row), traces };
  }
}

function decodeSession(row: SessionColumns): Session {
  return {
    sessionId: row.session_id,
    createdAt: Number(row.created_at),
    environment: row.environment,
    userId: row.user_id,
    traceCount: Number(row.trace_count),
    totals: decodeTotals(row),
    firstTime: toNumber(row.first_time),
    lastTime: toNumber(row.last_time),
  };
}
