import { Injectable } from '@nestjs/common';
import { NotFound, Unavailable } from '../../domain/errors.js';
import { type JsonText } from '../../domain/json.js';
import { type FoundReference, findReferences } from '../../domain/media-reference.js';
import { type Media, type MediaType } from '../../domain/media.js';
import { type Project } from '../../domain/project.js';
import { ReadPool } from '../read-pool.js';
import { type MediaObject } from './media-objects.js';
import { MediaStores } from './media-stores.js';

/** Texts in which references are looked for, by the field that holds each. */
export type MediaTexts = Readonly<Record<string, JsonText | null>>;

/** A reference in a text to a file whose bytes are stored. */
export interface ResolvedReference extends FoundReference {
  readonly field: string;
  readonly media: Media;
}

/** The bytes of a file, to be read once. */
export interface MediaBytes {
  readonly media: Media;
  readonly read: (range: { from: number; to: number }) => AsyncIterable<Buffer>;
}

const COLUMNS =
  'm.id, m.content_type AS "contentType", m.content_length AS "contentLength", ' +
  '(extract(epoch FROM m.uploaded_at) * 1000000)::int8 AS "uploadedAt", m.upload_status AS "uploadStatus", ' +
  'm.upload_error AS "uploadError"';

interface MediaColumns {
  readonly id: string;
  readonly contentType: string;
  readonly contentLength: string;
  readonly uploadedAt: string | null;
  readonly uploadStatus: number | null;
  readonly uploadError: string | null;
}

interface ObjectColumns extends MediaColumns {
  readonly projectNo: number;
  readonly objectId: string | null;
  readonly store: string | null;
}

/** Reads files of a project, each by its id. */
@Injectable()
export class MediaReader {
  constructor(
    private readonly pool: ReadPool,
    private readonly stores: MediaStores,
  ) {}

  /** @throws NotFound unless the project has announced it. */
  async get(project: Project, mediaId: string): Promise<Media> {
    const [row] = await this.pool.query<MediaColumns>(
      `SELECT ${COLUMNS} FROM media m WHERE m.project_no = $1 AND m.id = $2`,
      [project.no, mediaId],
      'select media',
    );
    if (row === undefined) throw new NotFound(`Media ${mediaId} not found within authorized project`);
    return toMedia(row);
  }

  /**
   * The references in each of `items`, in order: a list for each of them, with those files of the project whose bytes
   * are stored. One query for all of them, and none when no text holds a reference.
   */
  async references(project: Project, items: readonly MediaTexts[]): Promise<ResolvedReference[][]> {
    const found = items.map((texts) =>
      Object.entries(texts).flatMap(([field, json]) =>
        json === null ? [] : findReferences(json).map((reference) => ({ field, ...reference })),
      ),
    );
    const ids = new Set(found.flat().map(({ mediaId }) => mediaId));
    if (ids.size === 0) return items.map(() => []);
    const rows = await this.pool.query<MediaColumns>(
      `SELECT ${COLUMNS} FROM unnest($2::text[]) k(id) CROSS JOIN LATERAL (SELECT * FROM media f ` +
        'WHERE f.project_no = $1 AND f.id = k.id AND f.object_id IS NOT NULL LIMIT 1) m',
      [project.no, [...ids]],
      'select media of references',
    );
    const media = new Map(rows.map((row) => [row.id, toMedia(row)]));
    return found.map((references) =>
      references.flatMap((reference) => {
        const known = media.get(reference.mediaId);
        return known === undefined ? [] : [{ ...reference, media: known }];
      }),
    );
  }

  /**
   * A file by the project and id that a signed link names.
   * @throws NotFound when it is not there or has no bytes, Unavailable when its bucket is not configured any more.
   */
  async open(projectId: string, mediaId: string): Promise<MediaBytes> {
    const [row] = await this.pool.query<ObjectColumns>(
      `SELECT ${COLUMNS}, m.project_no AS "projectNo", m.object_id AS "objectId", m.store FROM media m ` +
        'WHERE m.project_no = (SELECT no FROM projects WHERE id = $1 AND deleted_at IS NULL) AND m.id = $2',
      [projectId, mediaId],
      'select media object',
    );
    if (row?.objectId == null || row.store === null) throw new NotFound(`Media ${mediaId} not found`);
    const objects = this.stores.named(row.store);
    if (objects === undefined) throw new Unavailable('the bucket that keeps this file is not configured any more');
    const object: MediaObject = { project: { no: row.projectNo }, objectId: row.objectId };
    return { media: toMedia(row), read: (range) => objects.read(object, range) };
  }
}

function toMedia({ uploadStatus, uploadError, ...row }: MediaColumns): Media {
  return {
    id: row.id,
    contentType: row.contentType as MediaType,
    contentLength: Number(row.contentLength),
    uploadedAt: row.uploadedAt === null ? null : Number(row.uploadedAt),
    uploadFailure: uploadStatus === null ? null : { status: uploadStatus, message: uploadError },
  };
}
