import { type ClientBase } from 'pg';
import { bucketStartMs } from '../trace-writer.js';

/** Rows of one statement: few enough that nobody waits for their locks. */
const CHUNK = 500;

/** A score goes with its trace, and before it is looked at here those traces are gone. */
const HAS_NO_TRACE =
  'NOT EXISTS (SELECT 1 FROM traces t WHERE t.project_no = s.project_no AND t.trace_id = s.trace_id)';

const DELETE =
  'DELETE FROM scores s USING unnest($1::int4[], $2::text[]) AS k(p, i) ' +
  `WHERE s.project_no = k.p AND s.id = k.i AND s.created_at < $3 AND ${HAS_NO_TRACE}`;

/**
 * Removes scores of sessions, of dataset runs and of traces that never came, of every week of arrival up to `lastBucket`,
 * that week included; returns how many.
 */
export async function removeExpiredScores(
  client: ClientBase,
  lastBucket: number,
  isStopping: () => boolean,
): Promise<number> {
  const before = new Date(bucketStartMs(lastBucket + 1)).toISOString();
  // WITH HOLD copies the keys, so that those which stay are looked at once, and not again before each chunk.
  await client.query(
    'DECLARE expired_scores CURSOR WITH HOLD FOR SELECT s.project_no, s.id FROM scores s ' +
      `WHERE s.created_at < '${before}' AND ${HAS_NO_TRACE} ORDER BY s.created_at`,
  );
  let removed = 0;
  try {
    while (!isStopping()) {
      const { rows } = await client.query<{ project_no: number; id: string }>(`FETCH ${CHUNK} FROM expired_scores`);
      if (rows.length === 0) break;
      const keys = [rows.map(({ project_no }) => project_no), rows.map(({ id }) => id)];
      const { rowCount } = await client.query({ name: 'remove scores', text: DELETE, values: [...keys, before] });
      removed += rowCount ?? 0;
    }
  } finally {
    await client.query('CLOSE expired_scores').catch(() => undefined);
  }
  return removed;
}
