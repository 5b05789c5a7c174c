import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** For the links of dataset items that are gone, which are few among those of traces. */
export class IndexItemMediaLinks1796140000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX media_links_of_items_by_age ON media_links (linked_at) WHERE kind = 'dataset-item'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX media_links_of_items_by_age');
  }
}
