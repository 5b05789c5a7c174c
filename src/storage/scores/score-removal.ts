import { Injectable } from '@nestjs/common';
import { isStorableText } from '../../domain/json.js';
import { type Project } from '../../domain/project.js';
import { ReadPool } from '../read-pool.js';
import { lockScores } from './score-locks.js';

/** Deletes scores one by one, as people do. */
@Injectable()
export class ScoreRemoval {
  constructor(private readonly pool: ReadPool) {}

  /**
   * Nothing where the project has no such score. A message about the score that comes later makes it anew, of what that
   * message says and nothing of what was deleted.
   */
  async delete(project: Project, id: string): Promise<void> {
    if (!isStorableText(id)) return;
    await this.pool.transaction(async (run) => {
      // Whoever has read the score, to write it with what is new, is done by then.
      await run(lockScores([{ projectNo: project.no, id }]));
      await run('DELETE FROM scores WHERE project_no = $1 AND id = $2', [project.no, id]);
    });
  }
}
