import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What an observation was within its session: the model that was asked (`model` is the one that answered) and who serves
 * it, why the answer ended, which tool or agent worked, and in which turn, run and step. Null where nobody stated it, so
 * that rows without them stay as small as before and no stored row is rewritten.
 */
export class AddObservationIdentity1795700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const added = COLUMNS.map((name) => `ADD COLUMN ${name} text COLLATE "C"`);
    await runner.query(`ALTER TABLE observations ${added.join(', ')}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    const dropped = COLUMNS.map((name) => `DROP COLUMN ${name}`);
    await runner.query(`ALTER TABLE observations ${dropped.join(', ')}`);
  }
}

const COLUMNS = [
  'requested_model',
  'provider',
  'finish_reason',
  'tool_name',
  'agent_name',
  'turn_id',
  'run_id',
  'step_id',
  'parent_step_id',
  'step_type',
];
