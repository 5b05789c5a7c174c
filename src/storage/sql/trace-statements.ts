import { type TraceOrder } from './filter.js';
import { OBSERVATION_COLUMNS } from './observation-columns.js';
import { orderTraces } from './order.js';
import { traceColumns } from './trace-columns.js';
import { type Where } from './where.js';

/**
 * A page of traces. The inner query finds the keys, from an index alone where it can, so that rows a page skips are
 * never fetched; the outer one fetches the rows of the page.
 */
export function traceListSql(
  where: Where,
  order: TraceOrder,
  page: { limit: number; offset: number; withMetadata: boolean },
): string {
  const orderBy = orderTraces(order);
  const keys =
    `SELECT t.project_no, t.trace_id FROM traces t WHERE ${where.sql} ORDER BY ${orderBy} ` +
    `LIMIT ${page.limit} OFFSET ${page.offset}`;
  return (
    `SELECT ${traceColumns(page.withMetadata)} FROM (${keys}) k CROSS JOIN LATERAL ` +
    `(SELECT * FROM traces r WHERE r.project_no = k.project_no AND r.trace_id = k.trace_id LIMIT 1) t ORDER BY ${orderBy}`
  );
}

/** One trace. Parameters: project, trace id. */
export function traceSql(withMetadata: boolean): string {
  return `SELECT ${traceColumns(withMetadata)} FROM traces t WHERE t.project_no = $1 AND t.trace_id = $2`;
}

// Look-ups for the traces of a page. `bucket = k.b` finds the one partition of each key; the list of distinct buckets
// ($4) is there for the planner, which drops all other partitions before it plans them: with 120 of them that is 1 ms
// instead of 5. LATERAL with LIMIT, or a scalar subquery, keeps it from hashing a whole partition. These statements are
// not prepared by name: a generic plan would lose that, and one made while a new week's partition was empty might scan it.
const KEYS = 'unnest($2::text[], $3::int4[]) WITH ORDINALITY AS k(t, b, n)';
const SAME_KEY = 'o.project_no = $1::int4 AND o.trace_id = k.t AND o.bucket = k.b AND o.bucket = ANY($4::int4[])';

/** Input and output of the traces of a page, by position. */
export const TRACE_PAYLOADS_SQL =
  `SELECT k.n::int4 AS n, o.input, o.output FROM ${KEYS} CROSS JOIN LATERAL ` +
  `(SELECT o.input, o.output FROM trace_payloads o WHERE ${SAME_KEY} LIMIT 1) o`;

/** Ids of the observations of the traces of a page, by position, in start order. */
export const OBSERVATION_IDS_SQL =
  'SELECT k.n::int4 AS n, (SELECT json_agg(o.id ORDER BY coalesce(o.start_time, o.created_at), o.id) ' +
  `FROM observations o WHERE ${SAME_KEY}) AS ids FROM ${KEYS}`;

const OF_TRACE = 'o.project_no = $1::int4 AND o.trace_id = $2 AND o.bucket = $3::int4';

/** The observations of one trace in no order. Parameters: project, trace id, bucket. */
export const OBSERVATIONS_SQL = `SELECT ${OBSERVATION_COLUMNS} FROM observations o WHERE ${OF_TRACE}`;

/** The payloads of the observations of one trace in no order: id, input, output, metadata. Parameters: project, trace id, bucket. */
export const OBSERVATION_PAYLOADS_SQL = `SELECT o.id, o.input, o.output, o.metadata FROM observation_payloads o WHERE ${OF_TRACE}`;
