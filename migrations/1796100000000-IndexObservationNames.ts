import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * For lists of observations by name, by name and type, and for their counts, which it serves alone. Names and types are
 * few: equal ones share an entry, so that a row costs about 8 bytes of it. The predicate holds for every row (see the
 * core tables); a query that wants the index repeats it.
 */
export class IndexObservationNames1796100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX observations_by_name ON observations (project_no, name, type) WHERE id > ''`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX observations_by_name');
  }
}
