import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Observations that went into points of time series, with the trace in which each was made. Of a series at most one is
 * kept for each minute and slot: the one with the greatest value, so that any order of deliveries leaves the same rows.
 * The minute is in the key, the exact time beside it. Not partitioned: there are few rows, and they go by the minute.
 */
export class AddMetricExemplars1795720000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE metric_exemplars (
      project_no int NOT NULL,
      series_id int NOT NULL,
      minute timestamptz NOT NULL,
      slot int NOT NULL,
      ts timestamptz NOT NULL,
      value float8 NOT NULL,
      trace_id text COLLATE "C" NOT NULL,
      span_id text COLLATE "C" NOT NULL,
      PRIMARY KEY (project_no, series_id, minute, slot)
    )`);
    // For retention. Entries of one minute are equal, so that PostgreSQL keeps them as lists.
    await runner.query('CREATE INDEX metric_exemplars_by_minute ON metric_exemplars (minute)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE metric_exemplars');
  }
}
