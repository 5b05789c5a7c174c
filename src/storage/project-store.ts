import { type DataSource } from 'typeorm';
import { NotFound } from '../domain/errors.js';
import { type Project, ProjectDirectory, type ProjectDescription } from '../domain/project.js';
import { ProjectEntity } from './entities/project.entity.js';

/** The projects of this server. */
export class ProjectStore extends ProjectDirectory {
  private constructor(
    private readonly dataSource: DataSource,
    private readonly configured: Project,
  ) {
    super();
  }

  /** Finds the project `defaultProjectId`, or makes it: at the first start, and after the setting has changed. */
  static async open(dataSource: DataSource, defaultProjectId: string): Promise<ProjectStore> {
    // Two processes that start together may both try; the loser of the conflict reads what the winner wrote.
    await dataSource.query(
      'INSERT INTO projects (no, id, name) SELECT coalesce(max(no), 0) + 1, $1, $1 FROM projects ' +
        'HAVING NOT EXISTS (SELECT FROM projects WHERE id = $1) ON CONFLICT DO NOTHING',
      [defaultProjectId],
    );
    const row = await dataSource.getRepository(ProjectEntity).findOneByOrFail({ id: defaultProjectId });
    return new ProjectStore(dataSource, { no: row.no, id: row.id });
  }

  defaultProject(): Project {
    return this.configured;
  }

  async describe(project: Project): Promise<ProjectDescription> {
    const row = await this.dataSource.getRepository(ProjectEntity).findOneBy({ no: project.no });
    if (row === null) throw new NotFound(`Project ${project.id} not found`);
    return {
      id: row.id,
      name: row.name,
      createdAt: row.createdAt.getTime() * 1000,
      updatedAt: row.updatedAt.getTime() * 1000,
    };
  }
}
