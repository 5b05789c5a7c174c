import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What the input and the output of an observation cost, beside what it costs in all: metrics and filters ask for them over
 * millions of rows, which is too many to work each of them out of its usage and its price. Filled for what is stored by
 * FillSplitCosts, apart, so that the table is locked for a moment only.
 */
export class SplitCosts1796150000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Without a default: no row is rewritten.
    await runner.query(
      'ALTER TABLE observations ADD COLUMN input_cost_nano_usd int8, ADD COLUMN output_cost_nano_usd int8',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE observations DROP COLUMN output_cost_nano_usd, DROP COLUMN input_cost_nano_usd');
  }
}
