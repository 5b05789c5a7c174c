import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Which conditional tier of its price an observation was billed by: conditions are expressions over the names of usage
 * classes, which PostgreSQL must not run. Without it costs by class cannot be told from the price alone.
 *
 * Null for what is stored before, whatever tier held: its costs by class are by the other prices until it is priced again.
 */
export class AddPriceTiers1796170000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE observations ADD COLUMN price_tier int4');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE observations DROP COLUMN price_tier');
  }
}
