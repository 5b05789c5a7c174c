import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Which experiment an observation is an item of. Few rows have one: the column costs the others a bit, and the index
 * holds only those that do.
 */
export class AddExperiments1796061000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Without a default: no row is rewritten.
    await runner.query('ALTER TABLE observations ADD COLUMN experiment jsonb');
    await runner.query(
      'CREATE INDEX observations_by_experiment ON observations (project_no, start_time DESC, trace_id DESC, id DESC) ' +
        'WHERE experiment IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX observations_by_experiment');
    await runner.query('ALTER TABLE observations DROP COLUMN experiment');
  }
}
