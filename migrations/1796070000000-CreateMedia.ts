import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Files of traces and dataset items.
 *
 * `media` has a row for each file of a project, by the hash of its content. Its bytes are an object with an id of its
 * own, so that uploads of the same file never meet: `object_id` is set once all of them have come. An object is a bucket's,
 * or the rows of `media_chunks` from offset to offset, uncompressed because pictures and sound are compressed already.
 * `media_loose_objects` has the objects that no file names: uploads under way, and what is to be deleted.
 *
 * `media_links`: who has a file. `kind` is trace or dataset-item; `parent_id` and `child_id` are trace and observation
 * (empty: the trace itself), or dataset and item. None of them needs to exist.
 *
 * `media_signing_keys` has one row: the key of the links that work without credentials, the same in all processes.
 */
export class CreateMedia1796070000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE media (
      project_no int NOT NULL,
      id text COLLATE "C" NOT NULL,
      content_type text NOT NULL,
      content_length int8 NOT NULL,
      sha256 bytea NOT NULL,
      object_id uuid,
      store text,
      created_at timestamptz NOT NULL,
      uploaded_at timestamptz,
      upload_status int,
      upload_error text,
      PRIMARY KEY (project_no, id)
    )`);
    await runner.query(`CREATE TABLE media_links (
      project_no int NOT NULL,
      media_id text COLLATE "C" NOT NULL,
      kind text COLLATE "C" NOT NULL,
      parent_id text COLLATE "C" NOT NULL,
      child_id text COLLATE "C" NOT NULL,
      field text COLLATE "C" NOT NULL,
      linked_at timestamptz NOT NULL,
      PRIMARY KEY (project_no, media_id, kind, parent_id, child_id, field)
    )`);
    await runner.query('CREATE INDEX media_links_by_parent ON media_links (project_no, parent_id)');
    await runner.query(`CREATE INDEX media_links_by_age ON media_links (linked_at) WHERE kind = 'trace'`);
    await runner.query(`CREATE TABLE media_chunks (
      project_no int NOT NULL,
      object_id uuid NOT NULL,
      byte_offset int8 NOT NULL,
      bytes bytea NOT NULL,
      PRIMARY KEY (project_no, object_id, byte_offset)
    )`);
    await runner.query('ALTER TABLE media_chunks ALTER COLUMN bytes SET STORAGE EXTERNAL');
    await runner.query(`CREATE TABLE media_loose_objects (
      project_no int NOT NULL,
      object_id uuid NOT NULL,
      store text NOT NULL,
      since timestamptz NOT NULL,
      PRIMARY KEY (project_no, object_id)
    )`);
    await runner.query(
      'CREATE TABLE media_signing_keys (no int PRIMARY KEY, key bytea NOT NULL, created_at timestamptz NOT NULL)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['media_signing_keys', 'media_loose_objects', 'media_chunks', 'media_links', 'media'])
      await runner.query(`DROP TABLE ${table}`);
  }
}
