import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * The id that clients know a price by, which they may choose (`PUT /api/public/models/{modelId}`). A price that is replaced
 * stays as a deleted row beside the one that follows it, under the same id, so that rows are still never changed.
 */
export class AddModelIds1796130000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE model_prices ADD COLUMN model_id text COLLATE "C"');
    await runner.query('UPDATE model_prices SET model_id = id::text');
    await runner.query('ALTER TABLE model_prices ALTER COLUMN model_id SET NOT NULL');
    await runner.query(
      'CREATE UNIQUE INDEX model_prices_by_model ON model_prices (project_no, model_id) WHERE deleted_at IS NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE model_prices DROP COLUMN model_id');
  }
}
