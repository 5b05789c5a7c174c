import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What daily usage is answered from.
 *
 * A trace's row holds its sums by day and model, so that a filtered answer reads one row per trace instead of one per
 * trace and model from a second table: `model_names` has one entry per (day, model) with an observation, in that order,
 * and `model_sums` six numbers for each: day (since the Unix epoch, UTC), observations, input, output and total tokens,
 * cost in nano-USD. It takes the place of the table `trace_models`. `strays` marks the few traces that have a sum on a day
 * further than one from that of their timestamp: all others are found by their timestamp when a time range is asked for.
 *
 * `usage_hourly.trace_count` counts the traces whose timestamp lies in the hour, under the model ''.
 * `usage_hourly.model_trace_count` counts the traces that have an observation of the model on that day (UTC): a trace is
 * counted in any one hour of the day, so that only the sum over a day says something.
 */
export class CountTracesByDay1795620000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

// What is stored when this runs is counted by the migration after it.
const UP = [
  `ALTER TABLE traces ADD COLUMN model_names text[] NOT NULL DEFAULT '{}', ADD COLUMN model_sums int8[] NOT NULL DEFAULT '{}',
    ADD COLUMN strays bool NOT NULL DEFAULT false`,
  `ALTER TABLE traces ALTER COLUMN model_names DROP DEFAULT, ALTER COLUMN model_sums DROP DEFAULT, ALTER COLUMN strays DROP DEFAULT`,
  `DROP TABLE trace_models`,
  `ALTER TABLE usage_hourly ADD COLUMN trace_count int8 NOT NULL DEFAULT 0, ADD COLUMN model_trace_count int8 NOT NULL DEFAULT 0`,
  `ALTER TABLE usage_hourly ALTER COLUMN trace_count DROP DEFAULT, ALTER COLUMN model_trace_count DROP DEFAULT`,
  // Few distinct values: entries of one value share their key, and cost a third of what an index with the time would.
  `CREATE INDEX traces_by_release ON traces (project_no, release) WHERE release IS NOT NULL`,
  `CREATE INDEX traces_by_version ON traces (project_no, version) WHERE version IS NOT NULL`,
  `CREATE INDEX traces_straying ON traces (project_no) WHERE strays`,
  // They count by their arrival. Nearly empty: whoever sends observations knows when they started.
  `CREATE INDEX observations_without_start ON observations (project_no, created_at) WHERE start_time IS NULL`,
];

const DOWN = [
  `DROP INDEX observations_without_start`,
  `DROP INDEX traces_straying`,
  `DROP INDEX traces_by_version`,
  `DROP INDEX traces_by_release`,
  `ALTER TABLE usage_hourly DROP COLUMN model_trace_count, DROP COLUMN trace_count`,
  `CREATE TABLE trace_models (
    project_no int NOT NULL,
    trace_id text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    observation_count int8 NOT NULL,
    generation_count int8 NOT NULL,
    error_count int8 NOT NULL,
    input_tokens int8 NOT NULL,
    output_tokens int8 NOT NULL,
    total_tokens int8 NOT NULL,
    cost_nano_usd int8 NOT NULL,
    PRIMARY KEY (project_no, trace_id, model)
  ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0)`,
  `INSERT INTO trace_models SELECT project_no, trace_id, coalesce(model, ''), count(*),
    count(*) FILTER (WHERE type = 'GENERATION'), count(*) FILTER (WHERE level = 'ERROR'), coalesce(sum(input_tokens), 0),
    coalesce(sum(output_tokens), 0), coalesce(sum(total_tokens), 0), coalesce(sum(cost_nano_usd), 0)
    FROM observations GROUP BY 1, 2, 3`,
  `ALTER TABLE traces DROP COLUMN strays, DROP COLUMN model_sums, DROP COLUMN model_names`,
];
