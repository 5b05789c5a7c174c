import { type Score, type ScoreDataType, type ScoreSource } from '../../domain/score.js';
import { micros } from '../bulk-insert.js';
import { type Where } from '../sql/where.js';

/** A row of the statements below as `pg` gives it: int8 is text. */
export interface ScoreColumns {
  id: string;
  ts: string;
  trace_id: string | null;
  observation_id: string | null;
  session_id: string | null;
  dataset_run_id: string | null;
  environment: string | null;
  name: string;
  source: string;
  data_type: string;
  value: number | null;
  string_value: string | null;
  config_id: string | null;
  comment: string | null;
  metadata: string | null;
  queue_id: string | null;
  author_user_id: string | null;
  execution_trace_id: string | null;
  created_at: string;
  updated_at: string;
}

/** Of `s`, a row of `scores`. */
export const SCORE_COLUMNS =
  `s.id, ${micros('s.ts')} AS ts, s.trace_id, s.observation_id, s.session_id, s.dataset_run_id, s.environment, s.name, ` +
  's.source, s.data_type, s.value, s.string_value, s.config_id, s.comment, s.metadata::text AS metadata, s.queue_id, ' +
  `s.author_user_id, s.execution_trace_id, ${micros('s.created_at')} AS created_at, ` +
  `${micros('s.updated_at')} AS updated_at`;

/** A page of scores, newest first, ties by id. */
export function scoreListSql(where: Where, page: { limit: number; offset: number }): string {
  return (
    `SELECT ${SCORE_COLUMNS} FROM scores s WHERE ${where.sql} ORDER BY s.ts DESC, s.id DESC ` +
    `LIMIT ${page.limit} OFFSET ${page.offset}`
  );
}

export const SCORE_SQL = `SELECT ${SCORE_COLUMNS} FROM scores s WHERE s.project_no = $1 AND s.id = $2`;

/** Those of the traces `$2`, newest first, as the first version of the API shows them; at most `$3` of each. */
export const SCORES_OF_TRACES_SQL =
  `SELECT k.n::int4 AS n, o.* FROM unnest($2::text[]) WITH ORDINALITY AS k(t, n) CROSS JOIN LATERAL (SELECT ${SCORE_COLUMNS} ` +
  "FROM scores s WHERE s.project_no = $1 AND s.trace_id = k.t AND s.data_type <> 'CORRECTION' " +
  'ORDER BY s.ts DESC, s.id DESC LIMIT $3) o ORDER BY k.n, o.ts DESC, o.id DESC';

/** Ids of those of the traces `$2`, newest first; at most `$3` of each. */
export const SCORE_IDS_OF_TRACES_SQL =
  'SELECT k.n::int4 AS n, ARRAY(SELECT s.id FROM scores s WHERE s.project_no = $1 AND s.trace_id = k.t ' +
  "AND s.data_type <> 'CORRECTION' ORDER BY s.ts DESC, s.id DESC LIMIT $3) AS ids " +
  'FROM unnest($2::text[]) WITH ORDINALITY AS k(t, n)';

/** What lists of scores show of their traces `$2`. */
export const TRACES_OF_SCORES_SQL =
  'SELECT o.trace_id, o.user_id, o.tags, o.environment, o.session_id FROM unnest($2::text[]) AS k(t) ' +
  'CROSS JOIN LATERAL (SELECT * FROM traces t WHERE t.project_no = $1 AND t.trace_id = k.t LIMIT 1) o';

export function decodeScore(row: ScoreColumns): Score {
  return {
    id: row.id,
    timestamp: Number(row.ts),
    traceId: row.trace_id,
    observationId: row.observation_id,
    sessionId: row.session_id,
    datasetRunId: row.dataset_run_id,
    environment: row.environment,
    name: row.name,
    source: row.source as ScoreSource,
    dataType: row.data_type as ScoreDataType,
    value: row.value,
    stringValue: row.string_value,
    configId: row.config_id,
    comment: row.comment,
    metadata: row.metadata,
    queueId: row.queue_id,
    authorUserId: row.author_user_id,
    executionTraceId: row.execution_trace_id,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  };
}
