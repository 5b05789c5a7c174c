import { type ClientBase } from 'pg';
import { type MediaConfig } from '../../config/media-settings.js';
import { type MediaSql } from './media-objects.js';
import { removeLooseObject } from './loose-objects.js';
import { MediaStores } from './media-stores.js';

/** What a sweep has removed. */
export interface SweptMedia {
  files: number;
}

/** Files of one transaction: few enough that nobody who links one of them waits noticeably. */
const PAGE = 200;
/** No upload takes as long: what is older was left by a server that ended. */
const UPLOAD_MS = 86_400_000;

/** A file is announced before the item that has it; what never came has no way to come any more. */
const ITEM_MS = 86_400_000;

// A link is as old as what it links, or younger: then it goes later. Its trace or item may never have come.
const TRACE_GONE =
  `kind = 'trace' AND linked_at < $1 AND NOT EXISTS (SELECT FROM traces t ` +
  'WHERE t.project_no = l.project_no AND t.trace_id = l.parent_id)';
/** No version is left of it. */
const ITEM_GONE =
  `kind = 'dataset-item' AND linked_at < $1 AND NOT EXISTS (SELECT FROM dataset_items i ` +
  'WHERE i.project_no = l.project_no AND i.id = l.child_id)';

const keysAt = (first: number): string => `unnest($${first}::int4[], $${first + 1}::text[]) AS k(p, i)`;

/** Takes the files away of which nobody speaks any more, and what broken uploads have left behind. */
export class MediaSweeper {
  constructor(private readonly config: MediaConfig) {}

  /**
   * Removes the links to traces that are gone and were made before `beforeMs`, and the files that have no others.
   * `client` is in no transaction.
   */
  async removeExpired(client: ClientBase, beforeMs: number, isStopping: () => boolean): Promise<SweptMedia> {
    return this.removeWhere(client, TRACE_GONE, beforeMs, isStopping);
  }

  /** The same of dataset items, which have no retention of their own: they go when nothing is left of them. */
  async removeOfItems(client: ClientBase, nowMs: number, isStopping: () => boolean): Promise<SweptMedia> {
    return this.removeWhere(client, ITEM_GONE, nowMs - ITEM_MS, isStopping);
  }

  private async removeWhere(
    client: ClientBase,
    condition: string,
    beforeMs: number,
    isStopping: () => boolean,
  ): Promise<SweptMedia> {
    const before = new Date(beforeMs);
    const swept: SweptMedia = { files: 0 };
    // Copied once: asking for the next ones each time would walk over those that stay.
    await client.query('BEGIN');
    await client.query(
      'DECLARE expired_media CURSOR WITH HOLD FOR SELECT DISTINCT project_no AS p, media_id AS i FROM media_links l ' +
        `WHERE ${condition.replace('$1', `to_timestamp(${Math.trunc(beforeMs)} / 1000.0)`)} ORDER BY 1, 2`,
    );
    await client.query('COMMIT');
    try {
      while (!isStopping()) {
        const { rows } = await client.query<{ p: number; i: string }>(`FETCH ${PAGE} FROM expired_media`);
        if (rows.length === 0) break;
        swept.files += await removeUnlinked(client, condition, [
          before,
          rows.map(({ p }) => p),
          rows.map(({ i }) => i),
        ]);
      }
    } finally {
      await client.query('CLOSE expired_media').catch(() => undefined);
    }
    return swept;
  }

  /** Removes the objects of a deleted project that are not in tables; whoever calls removes its rows. */
  async removeElsewhere(client: ClientBase, projectNo: number, isStopping: () => boolean): Promise<void> {
    await client.query(
      `INSERT INTO media_loose_objects (project_no, object_id, store, since)
       SELECT project_no, object_id, store, 'epoch' FROM media
       WHERE project_no = $1 AND object_id IS NOT NULL AND store <> 'postgresql' ON CONFLICT DO NOTHING`,
      [projectNo],
    );
    await this.removeLooseWhere(client, `project_no = $1 AND store <> 'postgresql'`, projectNo, isStopping);
  }

  /** Removes the links of those of `traceIds` that are gone, and the files that have no others. `client` is in no transaction. */
  async removeOfTraces(
    client: ClientBase,
    { no }: { readonly no: number },
    traceIds: readonly string[],
  ): Promise<SweptMedia> {
    const swept: SweptMedia = { files: 0 };
    const { rows } = await client.query<{ i: string; until: Date }>(
      `SELECT DISTINCT media_id AS i, now() + interval '1 second' AS until FROM media_links ` +
        `WHERE project_no = $1 AND parent_id = ANY($2::text[]) AND kind = 'trace' ORDER BY 1`,
      [no, traceIds],
    );
    for (let at = 0; at < rows.length; at += PAGE) {
      const page = rows.slice(at, at + PAGE);
      swept.files += await removeUnlinked(client, TRACE_GONE, [
        page[0]!.until,
        page.map(() => no),
        page.map(({ i }) => i),
      ]);
    }
    if (swept.files > 0) await this.removeLoose(client, Date.now(), () => false);
    return swept;
  }

  /** Removes the objects that no file names, but for uploads that may be under way. */
  async removeLoose(client: ClientBase, nowMs: number, isStopping: () => boolean): Promise<void> {
    await this.removeLooseWhere(client, 'since < $1', new Date(nowMs - UPLOAD_MS), isStopping);
  }

  private async removeLooseWhere(
    client: ClientBase,
    condition: string,
    parameter: unknown,
    isStopping: () => boolean,
  ): Promise<void> {
    const sql = sqlOn(client);
    const stores = new MediaStores(sql, this.config);
    const loose = await sql.query<{ no: number; objectId: string; store: string }>(
      `SELECT project_no AS no, object_id AS "objectId", store FROM media_loose_objects WHERE ${condition} ORDER BY since`,
      [parameter],
    );
    for (const { no, objectId, store } of loose) {
      const objects = stores.named(store);
      if (isStopping()) return;
      // Of a bucket that is not configured any more nothing can be removed: that waits until it is.
      if (objects !== undefined) await removeLooseObject(sql, objects, { project: { no }, objectId });
    }
  }
}

/** Files are locked before their links, as by those who announce them. */
async function removeUnlinked(
  client: ClientBase,
  condition: string,
  values: [Date, number[], string[]],
): Promise<number> {
  await client.query('BEGIN');
  try {
    const [, ...keys] = values;
    await client.query(
      `SELECT FROM media m WHERE (m.project_no, m.id) IN (SELECT p, i FROM ${keysAt(1)}) ` +
        'ORDER BY m.project_no, m.id FOR UPDATE',
      keys,
    );
    await client.query(
      `DELETE FROM media_links l USING ${keysAt(2)} WHERE l.project_no = k.p AND l.media_id = k.i AND ${condition}`,
      values,
    );
    const { rows } = await client.query<{ removed: number }>(
      `WITH gone AS (
         DELETE FROM media m USING ${keysAt(1)} WHERE m.project_no = k.p AND m.id = k.i
         AND NOT EXISTS (SELECT FROM media_links l WHERE l.project_no = m.project_no AND l.media_id = m.id)
         RETURNING m.project_no, m.object_id, m.store
       ), loose AS (
         INSERT INTO media_loose_objects (project_no, object_id, store, since)
         SELECT project_no, object_id, store, 'epoch' FROM gone WHERE object_id IS NOT NULL
       )
       SELECT count(*)::int4 AS removed FROM gone`,
      keys,
    );
    await client.query('COMMIT');
    return rows[0]!.removed;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

function sqlOn(client: ClientBase): MediaSql {
  return {
    query: async <T extends object>(sql: string, params: readonly unknown[] = []) =>
      (await client.query<T>(sql, [...params])).rows,
  };
}
