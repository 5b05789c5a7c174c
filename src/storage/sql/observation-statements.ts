import { OBSERVATION_COLUMNS } from './observation-columns.js';

const SELECT = `SELECT o.trace_id, o.bucket, ${OBSERVATION_COLUMNS} FROM observations o WHERE o.project_no = $1::int4`;

/** By id alone, by the hash index of each partition; a second row says that the id is not unique. Parameters: project, id. */
export const OBSERVATION_BY_ID_SQL = `${SELECT} AND o.id = $2 AND o.id > '' LIMIT 2`;

/** Parameters: project, id, trace id. */
export const OBSERVATION_IN_TRACE_SQL =
  `${SELECT} AND o.id = $2 AND o.trace_id = $3 ` +
  'AND o.bucket = (SELECT t.bucket FROM traces t WHERE t.project_no = $1::int4 AND t.trace_id = $3)';

/** What is shown of an input or output besides its source. */
export const MAX_PREVIEW_CHARACTERS = 200;

const FROM_PAYLOAD =
  'FROM observation_payloads o WHERE o.project_no = $1::int4 AND o.trace_id = $2 AND o.id = $3 AND o.bucket = $4::int4';

/** Parameters: project, trace id, id, bucket. */
export const OBSERVATION_METADATA_SQL =
  `SELECT left(o.input, ${MAX_PREVIEW_CHARACTERS}) AS input, left(o.output, ${MAX_PREVIEW_CHARACTERS}) AS output, ` +
  `o.metadata ${FROM_PAYLOAD}`;

/** Parameters: project, trace id, id, bucket. */
export const OBSERVATION_PAYLOAD_SQL = `SELECT o.input, o.output, o.metadata ${FROM_PAYLOAD}`;
