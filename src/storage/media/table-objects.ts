import { type MediaObject, type MediaObjectFacts, type MediaObjects, type MediaSql } from './media-objects.js';

/** Objects in PostgreSQL, in rows of a few hundred kilobytes: neither end of a large file has it in memory as a whole. */
export class TableObjects implements MediaObjects {
  readonly store = 'postgresql';

  constructor(private readonly sql: MediaSql) {}

  async put(object: MediaObject, _facts: MediaObjectFacts, source: AsyncIterable<Buffer>): Promise<void> {
    let offset = 0;
    for await (const chunk of source) {
      await this.sql.query(
        'INSERT INTO media_chunks (project_no, object_id, byte_offset, bytes) VALUES ($1, $2, $3, $4)',
        [object.project.no, object.objectId, offset, chunk],
        'insert media chunk',
      );
      offset += chunk.length;
    }
  }

  async *read(object: MediaObject, { from, to }: { from: number; to: number }): AsyncIterable<Buffer> {
    for (let at = from; at <= to;) {
      const [row] = await this.sql.query<{ offset: string; bytes: Buffer }>(
        'SELECT byte_offset AS offset, bytes FROM media_chunks ' +
          'WHERE project_no = $1 AND object_id = $2 AND byte_offset <= $3 ORDER BY byte_offset DESC LIMIT 1',
        [object.project.no, object.objectId, at],
        'select media chunk',
      );
      const offset = Number(row?.offset);
      const bytes = row?.bytes.subarray(at - offset, to + 1 - offset);
      // Removed while it is read.
      if (bytes === undefined || bytes.length === 0) throw new Error(`the object ${object.objectId} ends at ${at}`);
      yield bytes;
      at += bytes.length;
    }
  }

  async remove({ project, objectId }: MediaObject): Promise<void> {
    await this.sql.query('DELETE FROM media_chunks WHERE project_no = $1 AND object_id = $2', [project.no, objectId]);
  }
}
