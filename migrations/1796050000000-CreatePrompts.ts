import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Prompts in versions. What all versions share stands with the name; a label is a row of its own, so that it can point at
 * one version only. `prompt_references` names what a version includes, for asking who includes a prompt.
 */
export class CreatePrompts1796050000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE prompts (project_no int NOT NULL, name text COLLATE "C" NOT NULL, type text NOT NULL, ' +
        'tags text[] NOT NULL, created_at timestamptz NOT NULL, PRIMARY KEY (project_no, name))',
    );
    await runner.query(
      'CREATE TABLE prompt_versions (project_no int NOT NULL, name text COLLATE "C" NOT NULL, version int NOT NULL, ' +
        'id uuid NOT NULL, content text NOT NULL, config text NOT NULL, commit_message text, created_by text NOT NULL, ' +
        'created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, PRIMARY KEY (project_no, name, version))',
    );
    await runner.query(
      'CREATE TABLE prompt_labels (project_no int NOT NULL, name text COLLATE "C" NOT NULL, ' +
        'label text COLLATE "C" NOT NULL, version int NOT NULL, position int NOT NULL, ' +
        'PRIMARY KEY (project_no, name, label))',
    );
    await runner.query(
      'CREATE TABLE prompt_references (project_no int NOT NULL, name text COLLATE "C" NOT NULL, version int NOT NULL, ' +
        'position int NOT NULL, used_name text COLLATE "C" NOT NULL, used_version int, used_label text COLLATE "C", ' +
        'PRIMARY KEY (project_no, name, version, position))',
    );
    await runner.query('CREATE INDEX prompt_references_by_used ON prompt_references (project_no, used_name)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE prompt_references');
    await runner.query('DROP TABLE prompt_labels');
    await runner.query('DROP TABLE prompt_versions');
    await runner.query('DROP TABLE prompts');
  }
}
