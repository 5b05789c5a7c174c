import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Updates of observations that name no trace and whose observation is not known yet. They wait here until a sweeper finds
 * it. One row per message: the same message again is the same row.
 */
export class CreateOrphans1796010000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE orphans (
      project_no int NOT NULL,
      id text COLLATE "C" NOT NULL,
      digest bytea NOT NULL,
      received_at timestamptz NOT NULL,
      next_try_at timestamptz NOT NULL,
      tries int NOT NULL,
      bytes int NOT NULL,
      content text NOT NULL,
      PRIMARY KEY (project_no, id, digest)
    )`);
    await runner.query('CREATE INDEX orphans_by_arrival ON orphans (received_at)');
    await runner.query('CREATE INDEX orphans_by_turn ON orphans (next_try_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE orphans');
  }
}
