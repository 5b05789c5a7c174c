import { type TraceDimension, type TraceMeasure } from '../../domain/analytics.js';
import { type DimensionSql, type MeasureSql, type ViewSql } from './view-sql.js';

const DIMENSIONS: Readonly<Record<TraceDimension, DimensionSql>> = {
  id: { sql: 't.trace_id' },
  name: { sql: 't.name' },
  tags: { sql: 't.tags' },
  userId: { sql: 't.user_id' },
  sessionId: { sql: 't.session_id' },
  release: { sql: 't.release' },
  version: { sql: 't.version' },
  environment: { sql: `coalesce(t.environment, 'default')` },
  timestampMonth: { sql: `to_char(t.ts AT TIME ZONE 'UTC', 'YYYY-MM')` },
};

// Sums and bounds over its observations are in the row of a trace.
const MEASURES: Readonly<Record<TraceMeasure, MeasureSql>> = {
  count: { sql: '1' },
  observationsCount: { sql: 't.observation_count' },
  scoresCount: { sql: 'coalesce(scored.n, 0)', needs: ['scored'] },
  uniqueUserIds: { sql: '(t.user_id IS NOT NULL)::int4', distinct: 't.user_id' },
  uniqueSessionIds: { sql: '(t.session_id IS NOT NULL)::int4', distinct: 't.session_id' },
  latency: {
    sql:
      `round(CASE WHEN t.first_start IS NOT NULL AND t.last_end IS NOT NULL ` +
      `THEN greatest(date_part('epoch', t.last_end - t.first_start), 0) ELSE t.stated_latency_seconds END * 1000)::int8`,
  },
  totalTokens: { sql: 't.total_tokens' },
  totalCost: {
    sql: 'CASE WHEN t.cost_nano_usd = 0 THEN coalesce(round(t.stated_cost_usd * 1e9), 0)::int8 ELSE t.cost_nano_usd END',
  },
};

export const TRACE_VIEW: ViewSql = {
  from: 'traces t',
  // The second is true for every row, and the predicate of the index that is ordered by time.
  scope: `t.project_no = $1::int4 AND t.ts > '-infinity'`,
  at: 't.ts',
  between: (first, last) => [`t.ts BETWEEN ${first} AND ${last}`, 'false'],
  joins: new Map([
    [
      'scored',
      {
        sql:
          'LEFT JOIN (SELECT s.trace_id, count(*) AS n FROM scores s WHERE s.project_no = $1::int4 ' +
          'AND s.trace_id IS NOT NULL GROUP BY 1) scored ON scored.trace_id = t.trace_id',
      },
    ],
  ]),
  dimensions: new Map(Object.entries(DIMENSIONS)),
  measures: new Map(Object.entries(MEASURES)),
  metadata: { sql: `coalesce(t.metadata, '{}')` },
};
