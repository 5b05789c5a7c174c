import { type ClientBase } from 'pg';

/**
 * How long a series is seen without points before it goes. Every process has to have looked it up again meanwhile
 * (SeriesDirectory.MAX_AGE_MS), which takes the mark away, or it would write points that no query finds.
 */
export const IDLE_MS = 12 * 3_600_000;

/** Series of one statement: few enough that nobody waits for the locks of their rows. */
const PAGE = 500;

/** The newest point is looked for first: a series in use costs one look into the partition of today. */
const SWEEP = `
WITH page AS (
  SELECT project_no, series_id, idle_since FROM metric_series WHERE (project_no, series_id) > ($1::int4, $2::int4)
  ORDER BY project_no, series_id LIMIT ${PAGE}
), looked_at AS (
  SELECT p.*, n.ts IS NOT NULL AS has_points FROM page p LEFT JOIN LATERAL (
    SELECT m.ts FROM metric_points m WHERE m.project_no = p.project_no AND m.series_id = p.series_id
    ORDER BY m.ts DESC LIMIT 1) n ON true
), gone AS (
  DELETE FROM metric_series s USING looked_at l WHERE NOT l.has_points
    AND s.project_no = l.project_no AND s.series_id = l.series_id AND s.idle_since <= $3 RETURNING s.series_id
), marked AS (
  UPDATE metric_series s SET idle_since = CASE WHEN l.has_points THEN NULL ELSE $4::timestamptz END FROM looked_at l
  WHERE l.has_points = (l.idle_since IS NOT NULL) AND s.project_no = l.project_no AND s.series_id = l.series_id
)
SELECT project_no, series_id, (SELECT count(*) FROM gone)::int4 AS removed FROM page
ORDER BY project_no DESC, series_id DESC LIMIT 1`;

/**
 * Marks series that have no point left and removes those that were marked long enough ago. Returns how many went. What
 * is looked up meanwhile loses its mark, and the condition on it is checked again on the row itself.
 */
export async function removeIdleSeries(client: ClientBase, nowMs: number, isStopping: () => boolean): Promise<number> {
  const [idleBefore, now] = [new Date(nowMs - IDLE_MS), new Date(nowMs)];
  let removed = 0;
  let last = { project_no: -1, series_id: 0 };
  while (!isStopping()) {
    const { rows } = await client.query<{ project_no: number; series_id: number; removed: number }>({
      name: 'sweep series',
      text: SWEEP,
      values: [last.project_no, last.series_id, idleBefore, now],
    });
    if (rows[0] === undefined) break;
    removed += rows[0].removed;
    last = rows[0];
  }
  return removed;
}
