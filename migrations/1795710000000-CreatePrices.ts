import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Prices that projects set themselves, and the prices that stored costs were made with.
 *
 * A row of `model_prices` is never changed but for `deleted_at`, so that the two counts of rows and of deleted rows tell
 * every state of the table from any other. `price_snapshots` is keyed by its content: a cost can be explained when the
 * price list has long moved on.
 */
export class CreatePrices1795710000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE model_prices (id uuid PRIMARY KEY, project_no int NOT NULL, model_pattern text NOT NULL, ' +
        'provider text COLLATE "C", valid_from timestamptz, sheet jsonb NOT NULL, created_at timestamptz NOT NULL, ' +
        'deleted_at timestamptz)',
    );
    await runner.query(
      'CREATE TABLE price_snapshots (key int8 PRIMARY KEY, snapshot text NOT NULL, created_at timestamptz NOT NULL)',
    );
    // Without a default: no row is rewritten.
    await runner.query('ALTER TABLE observations ADD COLUMN price_key int8');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE observations DROP COLUMN price_key');
    await runner.query('DROP TABLE price_snapshots');
    await runner.query('DROP TABLE model_prices');
  }
}
