import { Injectable } from '@nestjs/common';
import { isStorableText } from '../../domain/json.js';
import { type Project } from '../../domain/project.js';
import { ReadPool } from '../read-pool.js';

/** Deletes scores one by one, as people do. */
@Injectable()
export class ScoreRemoval {
  constructor(private readonly pool: ReadPool) {}

  /** Nothing where the project has no such score. A message about the score that comes later makes it anew. */
  async delete(project: Project, id: string): Promise<void> {
    if (!isStorableText(id)) return;
    await this.pool.query('DELETE FROM scores WHERE project_no = $1 AND id = $2', [project.no, id]);
  }
}
