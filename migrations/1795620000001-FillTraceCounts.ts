import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Counts what was stored before there were sums by day and model in traces, and counts of traces by hour. */
export class FillTraceCounts1795620000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(FILL_TRACES);
    await runner.query(COUNT_TRACES);
    await runner.query(COUNT_MODELS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`UPDATE traces SET model_names = '{}', model_sums = '{}', strays = false`);
    await runner.query('UPDATE usage_hourly SET trace_count = 0, model_trace_count = 0');
  }
}

const BY_DAY =
  `SELECT project_no, trace_id, floor(extract(epoch FROM coalesce(start_time, created_at)) / 86400)::int8 AS day, ` +
  `coalesce(model, '') COLLATE "C" AS model, min(coalesce(start_time, created_at)) AS first, count(*) AS n, ` +
  `coalesce(sum(input_tokens), 0)::int8 AS i, coalesce(sum(output_tokens), 0)::int8 AS o, ` +
  `coalesce(sum(total_tokens), 0)::int8 AS t, coalesce(sum(cost_nano_usd), 0)::int8 AS c ` +
  `FROM observations GROUP BY 1, 2, 3, 4`;

const FILL_TRACES = `
  UPDATE traces t SET model_names = s.names, model_sums = s.sums,
    strays = s.first < floor(extract(epoch FROM t.ts) / 86400) - 1 OR s.last > floor(extract(epoch FROM t.ts) / 86400) + 1
  FROM (
    SELECT d.project_no, d.trace_id, array_agg(d.model ORDER BY d.day, d.model) FILTER (WHERE v.k = 1) AS names,
      array_agg(v.value ORDER BY d.day, d.model, v.k) AS sums, min(d.day) AS first, max(d.day) AS last
    FROM (${BY_DAY}) d CROSS JOIN LATERAL (VALUES (1, d.day), (2, d.n), (3, d.i), (4, d.o), (5, d.t), (6, d.c)) v(k, value)
    GROUP BY 1, 2
  ) s
  WHERE t.project_no = s.project_no AND t.trace_id = s.trace_id`;

const ZEROES = '0, 0, 0, 0, 0, 0, 0';

const COUNT_TRACES = `
  INSERT INTO usage_hourly SELECT project_no, date_trunc('hour', ts, 'UTC'), '', 0, ${ZEROES}, count(*), 0
  FROM traces GROUP BY 1, 2
  ON CONFLICT (project_no, hour, model, lane) DO UPDATE SET trace_count = excluded.trace_count`;

const COUNT_MODELS = `
  INSERT INTO usage_hourly SELECT project_no, date_trunc('hour', first, 'UTC'), model, 0, ${ZEROES}, 0, count(*)
  FROM (${BY_DAY}) d GROUP BY 1, 2, 3
  ON CONFLICT (project_no, hour, model, lane) DO UPDATE SET model_trace_count = excluded.model_trace_count`;
