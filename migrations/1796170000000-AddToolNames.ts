import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Which tools a model call was offered, and which it called, one name a line. Without an index: questions about tools
 * are about most of the calls in a range. What is stored before has none: it would take parsing every input there is.
 */
export class AddToolNames1796170000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE observations ADD COLUMN tool_names text COLLATE "C", ADD COLUMN called_tool_names text COLLATE "C"',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE observations DROP COLUMN called_tool_names, DROP COLUMN tool_names');
  }
}
