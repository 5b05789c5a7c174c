import { type MediaObject, type MediaObjects, type MediaSql } from './media-objects.js';

/**
 * Removes an object that no file names. Does nothing when a file names it after all, for example by a statement whose
 * answer got lost. Condemned first, so that no file can name it while it goes.
 */
export async function removeLooseObject(sql: MediaSql, objects: MediaObjects, object: MediaObject): Promise<void> {
  const key = [object.project.no, object.objectId];
  const condemned = await sql.query(
    `UPDATE media_loose_objects SET since = 'epoch' WHERE project_no = $1 AND object_id = $2 RETURNING object_id`,
    key,
  );
  if (condemned.length === 0) return;
  await objects.remove(object);
  await sql.query('DELETE FROM media_loose_objects WHERE project_no = $1 AND object_id = $2', key);
}
