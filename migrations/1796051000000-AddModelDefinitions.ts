import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What a price that was made as a model of Langfuse's says beside its prices: name, unit, tokenizer. */
export class AddModelDefinitions1796051000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Without a default: no row is rewritten.
    await runner.query('ALTER TABLE model_prices ADD COLUMN definition jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE model_prices DROP COLUMN definition');
  }
}
