import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What retention finds expired data by.
 *
 * The index on the bucket serves nothing but "which traces came in before that week". Entries of one week are equal, so
 * that PostgreSQL keeps them as lists: 7 bytes a trace. Its predicate keeps look-ups by key off it (see CreateCore). It is
 * not built CONCURRENTLY: that waits for every open snapshot, also those of processes that wait for this migration.
 *
 * `idle_since` says since when a series has been seen without points; null: not seen so, or in use again.
 *
 * `retention_clock` has one row: what the clock showed when retention last looked, and since when it is in doubt.
 */
export class AddRetention1795610000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX traces_by_bucket ON traces (bucket) WHERE bucket > -1');
    await runner.query('ALTER TABLE metric_series ADD COLUMN idle_since timestamptz');
    await runner.query(
      'CREATE TABLE retention_clock (no int PRIMARY KEY, seen_at timestamptz NOT NULL, doubted_since timestamptz)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE retention_clock');
    await runner.query('ALTER TABLE metric_series DROP COLUMN idle_since');
    await runner.query('DROP INDEX traces_by_bucket');
  }
}
