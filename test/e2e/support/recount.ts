import { join } from 'node:path';
import { Client } from 'pg';
import { DATABASE, ROLE } from '../../../src/embedded-postgres/database.js';
import { PORT } from '../../../src/embedded-postgres/placement.js';

/** Asks the private PostgreSQL below `dataDir` over its socket. */
export async function queryEmbedded<T extends object>(dataDir: string, sql: string): Promise<T[]> {
  const client = new Client({ host: join(dataDir, 'socket'), port: PORT, user: ROLE, database: DATABASE });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

const TOTALS = [
  'observation_count',
  'generation_count',
  'error_count',
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'cost_nano_usd',
];

/** The sums over observations, as `rollup.ts` documents them. */
const COUNTED = `count(*)::int8 AS observation_count,
  count(*) FILTER (WHERE type = 'GENERATION')::int8 AS generation_count,
  count(*) FILTER (WHERE level = 'ERROR')::int8 AS error_count,
  ${['input_tokens', 'output_tokens', 'total_tokens', 'cost_nano_usd']
    .map((name) => {
      const bit = name === 'cost_nano_usd' ? 2 : 1;
      return `coalesce(sum(${name}) FILTER (WHERE coalesce(repeated, 0) & ${bit} = 0), 0)::int8 AS ${name}`;
    })
    .join(', ')}`;

/** Stored rows against counted ones, as text of all columns beside the key; no row stands for sums of zero. */
function difference(key: string, stored: string, counted: string, others: readonly string[] = []): string {
  const columns = (table: string) =>
    [...TOTALS.map((name) => `coalesce(${table}.${name}, 0)`), ...others.map((name) => `${table}.${name}::text`)].join(
      ', ',
    );
  return `SELECT ${key}, ROW(${columns('s')})::text AS stored, ROW(${columns('c')})::text AS counted
    FROM (${stored}) s FULL JOIN (${counted}) c USING (${key})
    WHERE ROW(${columns('s')}) IS DISTINCT FROM ROW(${columns('c')}) LIMIT 5`;
}

/** Every check gives the rows that are wrong. */
const CHECKS: Readonly<Record<string, string>> = {
  'sums of traces': difference(
    'project_no, trace_id',
    `SELECT * FROM traces`,
    `SELECT project_no, trace_id, ${COUNTED}, min(start_time) AS first_start, max(greatest(start_time, end_time)) AS last_end
     FROM observations GROUP BY 1, 2
     UNION ALL SELECT project_no, trace_id, 0, 0, 0, 0, 0, 0, 0, NULL, NULL FROM traces t
     WHERE NOT EXISTS (SELECT FROM observations o WHERE (o.project_no, o.trace_id) = (t.project_no, t.trace_id))`,
    ['first_start', 'last_end'],
  ),
  'times of traces': `SELECT trace_id, ts, stated_ts, first_start FROM traces
    WHERE ts <> coalesce(stated_ts, first_start) LIMIT 5`,
  'sums by day and model': `SELECT trace_id, names, sums, counted_names, counted_sums
    FROM (SELECT project_no, trace_id, model_names AS names, model_sums AS sums FROM traces WHERE model_names <> '{}') s
    FULL JOIN (
      SELECT project_no, trace_id, array_agg(model ORDER BY day, model) FILTER (WHERE k = 1) AS counted_names,
        array_agg(value ORDER BY day, model, k) AS counted_sums
      FROM (SELECT project_no, trace_id, floor(extract(epoch FROM coalesce(start_time, created_at)) / 86400)::int8 AS day,
              coalesce(model, '') COLLATE "C" AS model, ${COUNTED} FROM observations GROUP BY 1, 2, 3, 4) o
      CROSS JOIN LATERAL (VALUES (1, day), (2, observation_count), (3, input_tokens), (4, output_tokens),
        (5, total_tokens), (6, cost_nano_usd)) v(k, value)
      GROUP BY 1, 2
    ) c USING (project_no, trace_id)
    WHERE (names, sums) IS DISTINCT FROM (counted_names, counted_sums) LIMIT 5`,
  'sums by hour': difference(
    'project_no, hour, model',
    `SELECT project_no, hour, model, ${TOTALS.map((name) => `sum(${name})::int8 AS ${name}`).join(', ')}
     FROM usage_hourly GROUP BY 1, 2, 3`,
    `SELECT project_no, date_trunc('hour', coalesce(start_time, created_at), 'UTC') AS hour, coalesce(model, '') AS model,
     ${COUNTED} FROM observations GROUP BY 1, 2, 3`,
  ),
  'sums of sessions': difference(
    'project_no, session_id',
    `SELECT * FROM sessions WHERE trace_count <> 0`,
    `SELECT project_no, session_id, count(*) AS trace_count, min(ts) AS first_time, max(greatest(ts, last_end)) AS last_time,
     ${TOTALS.map((name) => `sum(${name})::int8 AS ${name}`).join(', ')}
     FROM traces WHERE session_id IS NOT NULL GROUP BY 1, 2`,
    ['trace_count', 'first_time', 'last_time'],
  ),
  'emptied sessions': `SELECT session_id FROM sessions
    WHERE trace_count = 0 AND ROW(${TOTALS.join(', ')})::text <> '(0,0,0,0,0,0,0)' LIMIT 5`,
  'observations that are there twice': `SELECT trace_id, id, count(*) FROM observations
    GROUP BY project_no, trace_id, id HAVING count(*) > 1 LIMIT 5`,
  'observations without their trace, or in another week': `SELECT o.trace_id, o.id FROM observations o
    LEFT JOIN traces t USING (project_no, trace_id) WHERE t.bucket IS DISTINCT FROM o.bucket LIMIT 5`,
  'payloads without their observation': `SELECT p.trace_id, p.id FROM observation_payloads p
    LEFT JOIN observations o USING (project_no, trace_id, id, bucket) WHERE o.id IS NULL LIMIT 5`,
  'rows that were refused': `SELECT kind, id, sqlstate, reason FROM quarantine LIMIT 5`,
};

/** What does not add up when every sum is counted anew from the rows, by check; empty when all is well. */
export async function findWrongSums(dataDir: string): Promise<Record<string, object[]>> {
  const wrong: Record<string, object[]> = {};
  for (const [name, sql] of Object.entries(CHECKS)) {
    const rows = await queryEmbedded(dataDir, sql);
    if (rows.length > 0) wrong[name] = rows;
  }
  return wrong;
}
