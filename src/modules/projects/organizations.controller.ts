import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../../http/auth/require-scope.decorator.js';
import { ProjectStore } from '../../storage/projects/project-store.js';
import { OrganizationProjectsDto } from './projects.dto.js';
import { presentOrganizationProject } from './projects.present.js';

@ApiTags('Projects')
@Controller('api/public/organizations')
export class OrganizationsController {
  constructor(private readonly projects: ProjectStore) {}

  /**
   * All projects of this server
   * @remarks For the credentials of the settings. The oldest first.
   */
  @Get('projects')
  @RequireScope('operator')
  @ApiOkResponse({ type: OrganizationProjectsDto, description: 'All of them.' })
  async listAllProjects(): Promise<OrganizationProjectsDto> {
    return { projects: (await this.projects.list()).map(presentOrganizationProject) };
  }
}
