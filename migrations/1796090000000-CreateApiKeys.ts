import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Keys of projects. Of a secret only its SHA-256 is kept (ops/docs/adr/027-projects-and-keys.md).
 *
 * `change_counters` tells processes that hold a copy of a table in memory whether it is still true; one row per subject.
 *
 * A deleted project keeps its row, so that its number is never given to another; its id is free again.
 */
export class CreateApiKeys1796090000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE api_keys (id text COLLATE "C" PRIMARY KEY, project_no int NOT NULL, public_key text COLLATE "C" NOT NULL, ' +
        'secret_hash bytea NOT NULL, display_secret text NOT NULL, scopes text[] NOT NULL, note text, ' +
        'created_at timestamptz NOT NULL, expires_at timestamptz, last_used_at timestamptz)',
    );
    await runner.query('CREATE UNIQUE INDEX api_keys_by_public_key ON api_keys (public_key)');
    await runner.query('CREATE UNIQUE INDEX api_keys_by_secret ON api_keys (secret_hash)');
    await runner.query('CREATE INDEX api_keys_by_project ON api_keys (project_no, created_at)');
    await runner.query('CREATE TABLE change_counters (name text COLLATE "C" PRIMARY KEY, revision int8 NOT NULL)');
    await runner.query(
      "ALTER TABLE projects ADD COLUMN metadata jsonb NOT NULL DEFAULT '{}', ADD COLUMN deleted_at timestamptz, " +
        'ADD COLUMN emptied_at timestamptz',
    );
    await runner.query('ALTER TABLE projects DROP CONSTRAINT projects_id_key');
    await runner.query('CREATE UNIQUE INDEX projects_by_id ON projects (id) WHERE deleted_at IS NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    // Only one project per id can stay, and what is deleted has no way to say so in the older schema.
    await runner.query('DELETE FROM projects WHERE deleted_at IS NOT NULL');
    await runner.query('DROP INDEX projects_by_id');
    await runner.query('ALTER TABLE projects ADD CONSTRAINT projects_id_key UNIQUE (id)');
    await runner.query('ALTER TABLE projects DROP COLUMN emptied_at, DROP COLUMN deleted_at, DROP COLUMN metadata');
    await runner.query('DROP TABLE change_counters');
    await runner.query('DROP TABLE api_keys');
  }
}
