import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * For lists of what went wrong, and their counts: `level=ERROR` and `level=WARNING`, newest first. Only these levels are in
 * it, so that other rows cost nothing to write. Rows of a level that is not rare are found by their start soon enough.
 */
export class IndexObservationLevels1796130000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX observations_by_level ON observations (project_no, level, start_time DESC) WHERE level IN ('WARNING', 'ERROR')`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX observations_by_level');
  }
}
