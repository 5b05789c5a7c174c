import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Usage that repeats what other observations of its trace state is kept, but not summed (repeated-usage.ts).
 *
 * `observations.repeated` says which of its figures are left out of all sums: 1 tokens, 2 cost, 3 both; null: none, which
 * is also what was stored before.
 *
 * `traces.awaited_parents` are ids under which model calls have come in, and which may yet turn out to be the same calls
 * traced once more. `traces.usage_is_open` marks traces where any further observation may change what counts.
 */
export class LeaveOutRepeatedUsage1795630000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE observations ADD COLUMN repeated int4');
    await runner.query('ALTER TABLE traces ADD COLUMN awaited_parents text[], ADD COLUMN usage_is_open bool');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE traces DROP COLUMN usage_is_open, DROP COLUMN awaited_parents');
    await runner.query('ALTER TABLE observations DROP COLUMN repeated');
  }
}
