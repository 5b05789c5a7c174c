import { type Score } from '../../domain/score.js';
import { micros } from '../bulk-insert.js';

/** The columns of `s`, a row of `scores`. */
const SCORE_COLUMNS =
  's.id, s.trace_id AS "traceId", s.observation_id AS "observationId", s.session_id AS "sessionId", ' +
  's.dataset_run_id AS "datasetRunId", s.environment, s.name, s.source, s.data_type AS "dataType", s.value, ' +
  's.string_value AS "stringValue", s.config_id AS "configId", s.comment, s.metadata::text AS metadata, ' +
  's.queue_id AS "queueId", s.author_user_id AS "authorUserId", s.execution_trace_id AS "executionTraceId", ' +
  `${micros('s.ts')} AS timestamp, ${micros('s.created_at')} AS "createdAt", ${micros('s.updated_at')} AS "updatedAt"`;

type Times = 'timestamp' | 'createdAt' | 'updatedAt';

/** A row as `pg` gives it: int8 is text. */
export type ScoreRow = Omit<Score, Times> & Record<Times, string>;

/**
 * The scores of what is looked up, by position, the newest first. Parameters: project, trace ids, observation ids or null
 * in step, and how many of each at most. Of an observation those of its trace are among them; of a trace alone those of
 * every observation.
 */
export const SCORES_OF_WORK_SQL =
  'SELECT k.n::int4 AS n, s.* FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS k(t, o, n) CROSS JOIN LATERAL ' +
  `(SELECT ${SCORE_COLUMNS} FROM scores s WHERE s.project_no = $1 AND s.trace_id = k.t AND s.trace_id IS NOT NULL ` +
  'AND (k.o IS NULL OR s.observation_id IS NULL OR s.observation_id = k.o) ' +
  'ORDER BY s.ts DESC, s.id DESC LIMIT $4) s';

/** The scores of runs as a whole, by position, the newest first. Parameters: project, run ids, how many of each at most. */
export const SCORES_OF_RUNS_SQL =
  'SELECT k.n::int4 AS n, s.* FROM unnest($2::text[]) WITH ORDINALITY AS k(r, n) CROSS JOIN LATERAL ' +
  `(SELECT ${SCORE_COLUMNS} FROM scores s WHERE s.project_no = $1 AND s.dataset_run_id = k.r ` +
  'AND s.dataset_run_id IS NOT NULL ORDER BY s.ts DESC, s.id DESC LIMIT $3) s';

/** The rows of a statement above as lists at the positions of what was looked up. */
export function scoresByPosition(rows: readonly (ScoreRow & { n: number })[], length: number): Score[][] {
  const scores = Array.from({ length }, (): Score[] => []);
  for (const { n, ...row } of rows) scores[n - 1]!.push(toScore(row));
  return scores;
}

function toScore(row: ScoreRow): Score {
  const { timestamp, createdAt, updatedAt } = row;
  return { ...row, timestamp: Number(timestamp), createdAt: Number(createdAt), updatedAt: Number(updatedAt) };
}
