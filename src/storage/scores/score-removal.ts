import { Injectable } from '@nestjs/common';
import { NotFound } from '../../domain/errors.js';
import { isStorableText } from '../../domain/json.js';
import { type Project } from '../../domain/project.js';
import { ReadPool } from '../read-pool.js';

/** Deletes scores one by one, as people do. */
@Injectable()
export class ScoreRemoval {
  constructor(private readonly pool: ReadPool) {}

  /**
   * A message about the score that comes later makes it anew.
   * @throws NotFound unless the project has it.
   */
  async delete(project: Project, id: string): Promise<void> {
    const rows = isStorableText(id)
      ? await this.pool.query('DELETE FROM scores WHERE project_no = $1 AND id = $2 RETURNING id', [project.no, id])
      : [];
    if (rows.length === 0) throw new NotFound(`Score ${id} not found within authorized project`);
  }
}
