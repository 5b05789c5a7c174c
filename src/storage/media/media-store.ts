import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { type DatasetItem } from '../../domain/dataset.js';
import { NotFound } from '../../domain/errors.js';
import { findReferences } from '../../domain/media-reference.js';
import { type Media, mediaIdOf, type MediaContent, type MediaLink } from '../../domain/media.js';
import { type Project } from '../../domain/project.js';
import { type MediaObject, type MediaObjects, type MediaSql } from './media-objects.js';
import { removeLooseObject } from './loose-objects.js';
import { verifiedBytes } from './verified-bytes.js';

/**
 * The file first, and by what comes back its links: whoever removes files locks them in the same order, so that a file
 * that gets a link is never one that is being removed.
 */
const ANNOUNCE = `
WITH file AS (
  INSERT INTO media (project_no, id, content_type, content_length, sha256, created_at)
  VALUES ($1, $2, $3, $4, $5, clock_timestamp())
  ON CONFLICT (project_no, id) DO UPDATE SET content_type = excluded.content_type, content_length =
    CASE WHEN media.object_id IS NULL THEN excluded.content_length ELSE media.content_length END
  RETURNING project_no, id, object_id
), links AS (
  INSERT INTO media_links (project_no, media_id, kind, parent_id, child_id, field, linked_at)
  SELECT f.project_no, f.id, l.kind, l.parent_id, l.child_id, l.field, clock_timestamp() FROM file f
  CROSS JOIN (SELECT DISTINCT * FROM unnest($6::text[], $7::text[], $8::text[], $9::text[])) l(kind, parent_id, child_id, field)
  ON CONFLICT DO NOTHING
)
SELECT object_id IS NOT NULL AS "isStored" FROM file`;

/** Of those files that there are; one that is being removed is waited for, and gone then. */
const LINK = `
WITH file AS (
  SELECT m.project_no, m.id FROM media m WHERE m.project_no = $1 AND m.id = ANY($2::text[]) ORDER BY m.id FOR KEY SHARE
)
INSERT INTO media_links (project_no, media_id, kind, parent_id, child_id, field, linked_at)
SELECT DISTINCT f.project_no, f.id, 'dataset-item', $4, $5, l.field, clock_timestamp()
FROM file f JOIN unnest($2::text[], $3::text[]) l(id, field) ON l.id = f.id
ON CONFLICT DO NOTHING`;

/**
 * The object becomes the file's, unless the file is gone, another upload was faster, or somebody has condemned the
 * object: whoever wants to remove it does that first, and both wait for one another at its row.
 */
const NAME_OBJECT = `
WITH loose AS (
  SELECT object_id FROM media_loose_objects WHERE project_no = $1 AND object_id = $3 AND since > 'epoch' FOR UPDATE
), named AS (
  UPDATE media SET object_id = $3, store = $4, content_length = $5, uploaded_at = clock_timestamp(),
    upload_status = NULL, upload_error = NULL
  FROM loose WHERE project_no = $1 AND id = $2 AND media.object_id IS NULL RETURNING id
)
DELETE FROM media_loose_objects WHERE project_no = $1 AND object_id = $3 AND EXISTS (SELECT FROM named) RETURNING object_id`;

/** Takes files in: announced first, with who has them, then their bytes. Safe to repeat, and from many sides at once. */
export class MediaStore {
  private readonly logger = new Logger(MediaStore.name);

  constructor(
    private readonly sql: MediaSql,
    private readonly objects: MediaObjects,
  ) {}

  /** Remembers a file and who has it. Resolves with whether its bytes are stored already. */
  async announce(project: Project, content: MediaContent, links: readonly MediaLink[]): Promise<{ isStored: boolean }> {
    const { contentType, contentLength, sha256 } = content;
    const owners = links.map(({ owner, field }) =>
      owner.kind === 'trace'
        ? [owner.kind, owner.traceId, owner.observationId ?? '', field]
        : [owner.kind, owner.datasetId, owner.itemId, field],
    );
    const [row] = await this.sql.query<{ isStored: boolean }>(
      ANNOUNCE,
      [
        ...[project.no, mediaIdOf(sha256), contentType, contentLength, Buffer.from(sha256, 'base64')],
        ...[0, 1, 2, 3].map((column) => owners.map((owner) => owner[column])),
      ],
      'announce media',
    );
    return row!;
  }

  /** Keeps the files that an item refers to for as long as the item, whoever sent them: a trace that had them may go. */
  async keepForItem(project: Project, item: DatasetItem): Promise<void> {
    const references = (['input', 'expectedOutput', 'metadata'] as const).flatMap((field) =>
      findReferences(item[field] ?? 'null').map(({ mediaId }) => ({ mediaId, field })),
    );
    if (references.length === 0) return;
    await this.sql.query(
      LINK,
      [
        ...[project.no, references.map(({ mediaId }) => mediaId), references.map(({ field }) => field)],
        ...[item.datasetId, item.id],
      ],
      'link media',
    );
  }

  /**
   * Stores the bytes of a file that was announced; resolves when they are durable. Takes about three chunks of memory,
   * however large the file is.
   * @throws InvalidInput for bytes that are not the ones announced, NotFound when there is no such file.
   */
  async upload(project: Pick<Project, 'no'>, content: MediaContent, source: AsyncIterable<Uint8Array>): Promise<void> {
    const mediaId = mediaIdOf(content.sha256);
    const isStored = await this.isStored(project, mediaId);
    const bytes = verifiedBytes(source, content);
    if (isStored) {
      // Sent again: looked at, so that nobody hears yes to wrong bytes, and not needed.
      for await (const _ of bytes) continue;
      return;
    }
    const object: MediaObject = { project, objectId: randomUUID() };
    await this.sql.query(
      'INSERT INTO media_loose_objects (project_no, object_id, store, since) VALUES ($1, $2, $3, clock_timestamp())',
      [project.no, object.objectId, this.objects.store],
    );
    try {
      await this.objects.put(object, content, bytes);
      const named = await this.sql.query(NAME_OBJECT, [
        ...[project.no, mediaId, object.objectId, this.objects.store, content.contentLength],
      ]);
      if (named.length === 0) {
        await this.discard(object);
        // It may have gone meanwhile.
        await this.isStored(project, mediaId);
      }
    } catch (error) {
      await this.discard(object);
      throw error;
    }
  }

  /**
   * Remembers that a client could not upload a file. Changes nothing about one whose bytes are stored, whatever the
   * client says: it may have given up on an answer.
   */
  async reportFailure(project: Project, mediaId: string, failure: NonNullable<Media['uploadFailure']>): Promise<void> {
    await this.sql.query(
      'UPDATE media SET upload_status = $3, upload_error = $4 WHERE project_no = $1 AND id = $2 AND object_id IS NULL',
      [project.no, mediaId, failure.status, failure.message],
    );
  }

  /** @throws NotFound when the project has announced no such file. */
  private async isStored(project: Pick<Project, 'no'>, mediaId: string): Promise<boolean> {
    const [row] = await this.sql.query<{ isStored: boolean }>(
      'SELECT object_id IS NOT NULL AS "isStored" FROM media WHERE project_no = $1 AND id = $2',
      [project.no, mediaId],
    );
    if (row === undefined) throw new NotFound(`Media ${mediaId} not found`);
    return row.isStored;
  }

  /** What cannot be removed now, the sweeper removes. */
  private async discard(object: MediaObject): Promise<void> {
    try {
      await removeLooseObject(this.sql, this.objects, object);
    } catch (error) {
      this.logger.warn(`an upload that failed is left to be swept: ${(error as Error).message}`);
    }
  }
}
