import { columnNames } from '../filter/filter-columns.js';
import { whereFilter } from '../filter/filter-sql.js';
import { TRACE_FILTER } from '../filter/trace-filter.js';
import { type TraceFilter } from './filter.js';
import { Where, whereEnvironment, whereTime } from './where.js';

/**
 * Conditions on `t`, a row of `traces`. What `conditions` says about a column takes the place of the plain parameter.
 * @throws InvalidInput for a condition on a column that traces do not have.
 */
export function whereTraces(projectNo: number, filter: TraceFilter): Where {
  const conditions = TRACE_FILTER.resolve(filter.conditions ?? []);
  const spokenOf = columnNames(conditions);
  const where = new Where();
  // True for every row, and the predicate of the index that serves lists in timestamp order.
  where.and(`t.project_no = ${where.bind(projectNo, 'int4')}`).and(`t.ts > '-infinity'`);
  const equals = (name: string, column: string, value: string | undefined) => {
    if (value !== undefined && !spokenOf.has(name)) where.and(`${column} = ${where.bind(value, 'text')}`);
  };
  equals('userId', 't.user_id', filter.userId);
  equals('sessionId', 't.session_id', filter.sessionId);
  equals('name', 't.name', filter.name);
  equals('version', 't.version', filter.version);
  equals('release', 't.release', filter.release);
  if (!spokenOf.has('timestamp')) whereTime(where, 't.ts', filter);
  if (filter.tagSets?.length && !spokenOf.has('tags')) {
    where.and(`(${filter.tagSets.map((tags) => `t.tags @> ${where.bind(tags, 'text[]')}`).join(' OR ')})`);
  }
  if (!spokenOf.has('environment')) whereEnvironment(where, 't.environment', filter.environments);
  whereFilter(where, conditions);
  return where;
}
