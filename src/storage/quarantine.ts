import { toIndexableText } from '../domain/identifier.js';
import { type RefusedPatch, type WriteConnection } from './write-connection.js';

/** What is kept of patches that PostgreSQL refused: enough to find out why, never so much that it fills the disk. */
const MAX_ROWS = 10_000;
const MAX_BYTES = 64 * 1024 * 1024;

const INSERT =
  'INSERT INTO quarantine (project_no, kind, trace_id, id, received_at, sqlstate, reason, bytes, content) ' +
  'VALUES ($1, $2, $3, $4, now(), $5, $6, octet_length($7::bytea), $7) ' +
  'ON CONFLICT (project_no, kind, trace_id, id) DO UPDATE SET received_at = excluded.received_at, ' +
  'sqlstate = excluded.sqlstate, reason = excluded.reason, bytes = excluded.bytes, content = excluded.content';

const TRIM =
  'DELETE FROM quarantine q USING (SELECT project_no, kind, trace_id, id, row_number() OVER newest AS rows, ' +
  'sum(bytes) OVER newest AS total FROM quarantine WINDOW newest AS (ORDER BY received_at DESC, trace_id, id)) old ' +
  'WHERE (q.project_no, q.kind, q.trace_id, q.id) = (old.project_no, old.kind, old.trace_id, old.id) ' +
  'AND (old.rows > $1 OR old.total > $2)';

/** Keeps refused patches with their reason, the newest of each id, and drops the oldest beyond the caps. */
export async function quarantine(connection: WriteConnection, refused: readonly RefusedPatch[]): Promise<void> {
  for (const { projectNo, patch, sqlState, reason } of refused.slice(0, MAX_ROWS)) {
    const id = patch.kind === 'trace' ? patch.traceId : patch.id;
    // bytea holds what text refuses, such as U+0000.
    const content = Buffer.from(
      JSON.stringify(patch, (_key, value: unknown) => (value instanceof Map ? [...value] : value)),
    );
    // The id itself may be what PostgreSQL refuses; `content` has it as it came.
    const [traceKey, key] = [toIndexableText(patch.traceId ?? ''), toIndexableText(id)];
    await connection.query(INSERT, [projectNo, patch.kind, traceKey, key, sqlState, reason, content]);
  }
  await connection.query(TRIM, [MAX_ROWS, MAX_BYTES]);
}
