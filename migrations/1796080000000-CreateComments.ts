import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What people write about traces, observations, sessions and prompts. Read newest first, of one object or of all. */
export class CreateComments1796080000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE comments (
      project_no int NOT NULL,
      id uuid NOT NULL,
      object_type text COLLATE "C" NOT NULL,
      object_id text COLLATE "C" NOT NULL,
      content text NOT NULL,
      author_user_id text COLLATE "C",
      created_at timestamptz NOT NULL,
      PRIMARY KEY (project_no, id)
    )`);
    await runner.query('CREATE INDEX comments_by_time ON comments (project_no, created_at DESC, id)');
    await runner.query('CREATE INDEX comments_by_object ON comments (project_no, object_id, created_at DESC, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE comments');
  }
}
