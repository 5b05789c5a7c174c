import { type ClientBase } from 'pg';
import { COMMENTED_TYPES } from '../../domain/comment.js';
import { encodeArray } from '../binary-array.js';
import { type BinaryStatement } from '../statement-batch.js';
import { COMMENTED_THING } from './commented-things.js';

/** Comments of one statement: each is a few look-ups. */
const CHUNK = 500;

/** A comment goes with what it is about: with a trace, each of its observations, and the session that it was the last of. */
const IS_LOST = `NOT CASE c.object_type ${COMMENTED_TYPES.map(
  (type) => `WHEN '${type}' THEN EXISTS (${COMMENTED_THING[type]('c.project_no', 'c.object_id')})`,
).join(' ')} ELSE true END`;

const DELETE =
  'DELETE FROM comments c USING unnest($1::int4[], $2::text[]) AS k(p, i) ' +
  `WHERE c.project_no = k.p AND c.id = k.i::uuid AND ${IS_LOST}`;

// Each part with its index: the list of ids is a hundred long at most, and comments are few.
const SELECT_AT_RISK =
  "SELECT c.id FROM comments c WHERE c.project_no = $1 AND c.object_id = ANY($2::text[]) AND c.object_type = 'TRACE' " +
  'UNION ALL SELECT c.id FROM comments c ' +
  "WHERE c.project_no = $1 AND c.object_id = ANY($3::text[]) AND c.object_type = 'SESSION' " +
  "UNION ALL SELECT c.id FROM comments c WHERE c.project_no = $1 AND c.object_type = 'OBSERVATION' " +
  'AND EXISTS (SELECT FROM observations o WHERE o.project_no = $1 AND o.trace_id = ANY($2::text[]) ' +
  'AND o.id = c.object_id AND o.bucket = ANY($4::int4[]))';

/** What is about to be deleted. */
export interface EndangeredThings {
  readonly traceIds: readonly string[];
  readonly sessionIds: readonly string[];
  /** Of the traces. */
  readonly buckets: readonly number[];
}

/** Comments that may lose what they are about; `deletionOfLost` says which did. */
export async function selectCommentsAtRisk(
  client: ClientBase,
  projectNo: number,
  { traceIds, sessionIds, buckets }: EndangeredThings,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(SELECT_AT_RISK, [projectNo, traceIds, sessionIds, buckets]);
  return rows.map(({ id }) => id);
}

/** Deletes those of `commentIds` whose thing is gone when it runs. */
export function deletionOfLost(projectNo: number, commentIds: readonly string[]): BinaryStatement {
  const projectNos = commentIds.map(() => projectNo);
  return {
    name: 'delete lost comments',
    text: DELETE,
    values: [encodeArray('key.project_no', 'int4', projectNos), encodeArray('key.id', 'text', commentIds)],
  };
}

/** Removes the comments on what is gone, whatever took it; returns how many. */
export async function removeLostComments(client: ClientBase, isStopping: () => boolean): Promise<number> {
  // WITH HOLD copies the keys, so that each comment is looked at once, and not again before each chunk.
  await client.query(
    `DECLARE lost_comments CURSOR WITH HOLD FOR SELECT c.project_no, c.id FROM comments c WHERE ${IS_LOST}`,
  );
  let removed = 0;
  try {
    while (!isStopping()) {
      const { rows } = await client.query<{ project_no: number; id: string }>(`FETCH ${CHUNK} FROM lost_comments`);
      if (rows.length === 0) break;
      const keys = [rows.map(({ project_no }) => project_no), rows.map(({ id }) => id)];
      const { rowCount } = await client.query({ name: 'remove lost comments', text: DELETE, values: keys });
      removed += rowCount ?? 0;
    }
  } finally {
    await client.query('CLOSE lost_comments').catch(() => undefined);
  }
  return removed;
}
