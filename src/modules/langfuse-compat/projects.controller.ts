import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type Project, ProjectDirectory } from '../../domain/project.js';
import { presentTime } from '../../domain/time.js';
import { OpenInCompat } from '../../http/auth/public.decorator.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { ProjectsDto } from './projects.dto.js';

/** Langfuse clients read an organization of every project (langfuse.md §2.2); this server has one. */
const ORGANIZATION = { id: 'xtrace', name: 'xtrace' };

@ApiTags('Projects')
@Controller('api/public/projects')
export class ProjectsController {
  constructor(private readonly projects: ProjectDirectory) {}

  /**
   * The project of the credentials
   * @remarks SDKs check their keys with it. Not rate limited.
   */
  @Get()
  @ApiOkResponse({ type: ProjectsDto, description: 'The credentials are good, and belong to this project.' })
  @OpenInCompat()
  async listProjects(@CurrentProject() project: Project): Promise<ProjectsDto> {
    const { id, name, createdAt, updatedAt } = await this.projects.describe(project);
    return {
      data: [
        {
          id,
          name,
          createdAt: presentTime(createdAt),
          updatedAt: presentTime(updatedAt),
          organization: ORGANIZATION,
          metadata: {},
        },
      ],
    };
  }
}
