import { type DataSource } from 'typeorm';
import { type Project, ProjectDirectory } from '../../domain/project.js';
import { INSERT_PROJECT } from './project-store.js';

/**
 * Finds the project `id` of the settings, or makes it under `name`: at the first start, and after the setting has changed.
 * One that is there keeps its name, which may have been changed since.
 */
export async function openDefaultProject(dataSource: DataSource, id: string, name = id): Promise<ProjectDirectory> {
  // Two processes that start together may both try; the loser of the conflict reads what the winner wrote.
  await dataSource.query(INSERT_PROJECT, [id, name, '{}']);
  const [row] = await dataSource.query<{ no: number }[]>(
    'SELECT no FROM projects WHERE id = $1 AND deleted_at IS NULL',
    [id],
  );
  if (row === undefined) throw new Error(`the project ${id} was neither found nor made`);
  return new DefaultProject({ no: row.no, id });
}

class DefaultProject extends ProjectDirectory {
  constructor(private readonly project: Project) {
    super();
  }

  override defaultProject(): Project {
    return this.project;
  }
}
