import { type CommentedType } from '../../domain/comment.js';

/**
 * SQL of what can be commented on: a subquery with a row if the project `projectNo` has the thing `id`, both SQL
 * themselves. An observation whose trace has expired is gone, though its partition may still be there.
 */
export const COMMENTED_THING: Readonly<Record<CommentedType, (projectNo: string, id: string) => string>> = {
  TRACE: (projectNo, id) => `SELECT FROM traces t WHERE t.project_no = ${projectNo} AND t.trace_id = ${id}`,
  // The second condition on the id is true for every row, and the predicate of the index.
  OBSERVATION: (projectNo, id) =>
    'SELECT FROM observations o JOIN traces t ON t.project_no = o.project_no AND t.trace_id = o.trace_id ' +
    `AND t.bucket = o.bucket WHERE o.id = ${id} AND o.id > '' AND o.project_no = ${projectNo}`,
  // The row of a session that lost its last trace stays with a count of 0.
  SESSION: (projectNo, id) =>
    `SELECT FROM sessions s WHERE s.project_no = ${projectNo} AND s.session_id = ${id} AND s.trace_count > 0`,
  PROMPT: (projectNo, id) => `SELECT FROM prompt_versions p WHERE p.project_no = ${projectNo} AND p.id::text = ${id}`,
};
