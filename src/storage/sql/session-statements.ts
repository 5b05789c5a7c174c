import { micros } from '../bulk-insert.js';
import { type SessionFilter } from './filter.js';
import { type TotalColumns } from './trace-columns.js';
import { type Where, whereEnvironment, whereSessions } from './where.js';

/** Among how many of its earliest traces the user of a session is looked for: one that never names any costs no more. */
const USER_LOOK_UP_TRACES = 100;

/** Of the session's earliest trace. */
const ENVIRONMENT =
  '(SELECT t.environment FROM traces t WHERE t.project_no = s.project_no AND t.session_id = s.session_id ' +
  'ORDER BY t.ts, t.trace_id LIMIT 1)';

const USER_ID =
  '(SELECT e.user_id FROM (SELECT t.user_id, t.ts, t.trace_id FROM traces t WHERE t.project_no = s.project_no ' +
  `AND t.session_id = s.session_id ORDER BY t.ts, t.trace_id LIMIT ${USER_LOOK_UP_TRACES}) e ` +
  'WHERE e.user_id IS NOT NULL ORDER BY e.ts, e.trace_id LIMIT 1)';

/** A row of the statements below as `pg` gives it: int8 is text. */
export interface SessionColumns extends TotalColumns {
  session_id: string;
  created_at: string;
  environment: string | null;
  user_id: string | null;
  trace_count: string;
  first_time: string | null;
  last_time: string | null;
}

const COLUMNS =
  `s.session_id, ${micros('s.created_at')} AS created_at, ${ENVIRONMENT} AS environment, ${USER_ID} AS user_id, ` +
  's.trace_count, s.observation_count, s.generation_count, s.error_count, s.input_tokens, s.output_tokens, ' +
  `s.total_tokens, s.cost_nano_usd, ${micros('s.first_time')} AS first_time, ${micros('s.last_time')} AS last_time`;

const NEWEST_FIRST = 's.created_at DESC, s.session_id DESC';

/** A page of sessions, newest first. What comes from their traces is looked up for the page only. */
export function sessionListSql(where: Where, page: { limit: number; offset: number }): string {
  const rows = `SELECT * FROM sessions s WHERE ${where.sql} ORDER BY ${NEWEST_FIRST} LIMIT ${page.limit} OFFSET ${page.offset}`;
  return `SELECT ${COLUMNS} FROM (${rows}) s ORDER BY ${NEWEST_FIRST}`;
}

/** One session that has a trace. Parameters: project, session id. */
export const SESSION_SQL = `SELECT ${COLUMNS} FROM sessions s WHERE s.project_no = $1 AND s.session_id = $2 AND s.trace_count > 0`;

/** Conditions of a list of sessions on `s`. */
export function whereSessionList(projectNo: number, filter: SessionFilter): Where {
  const where = whereSessions(projectNo, filter);
  whereEnvironment(where, ENVIRONMENT, filter.environments);
  return where;
}
