import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Req } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { CONFIG, type Config } from '../../config/config.js';
import { Conflict } from '../../domain/errors.js';
import { type Project, ProjectDirectory } from '../../domain/project.js';
import { Redactor } from '../../domain/redaction.js';
import { OpenInCompat } from '../../http/auth/public.decorator.js';
import { RequireScope } from '../../http/auth/require-scope.decorator.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { ProjectStore } from '../../storage/projects/project-store.js';
import { ManagedProjects } from './managed-projects.js';
import { parseNewProject, parseProjectPatch, redactProject } from './projects.body.js';
import { DeletedProjectDto, NewProjectDto, ProjectDto, ProjectPatchDto, ProjectsDto } from './projects.dto.js';
import { presentProject } from './projects.present.js';

const PROJECT_ID = { name: 'projectId', description: 'As GET /api/public/projects shows it.', example: 'default' };

@ApiTags('Projects')
@Controller('api/public/projects')
export class ProjectsController {
  constructor(
    private readonly projects: ProjectStore,
    private readonly managed: ManagedProjects,
    private readonly configured: ProjectDirectory,
    private readonly redactor: Redactor,
    @Inject(CONFIG) private readonly config: Pick<Config, 'tracesRetentionDays'>,
  ) {}

  /**
   * The project of the credentials
   * @remarks SDKs check their keys with it. Not rate limited.
   */
  @Get()
  @ApiOkResponse({ type: ProjectsDto, description: 'The credentials are good, and belong to this project.' })
  @OpenInCompat()
  async listProjects(@CurrentProject() project: Project): Promise<ProjectsDto> {
    return { data: [presentProject(await this.projects.describe(project), this.config)] };
  }

  /**
   * Makes a project
   * @remarks For the credentials of the settings. It has no key yet: `POST /api/public/projects/{projectId}/apiKeys`
   * makes one. At most 1,000 per server.
   */
  @Post()
  @RequireScope('operator')
  @ApiBody({ type: NewProjectDto, description: 'Its name, and what else is known of it.' })
  @ApiCreatedResponse({ type: ProjectDto, description: 'The project.' })
  @ApiConflictResponse({ description: 'There is a project of this id already.' })
  async createProject(@Body() body: unknown): Promise<ProjectDto> {
    const { id, ...patch } = parseNewProject(body, this.config);
    return presentProject(await this.projects.create(redactProject(patch, this.redactor), id), this.config);
  }

  /**
   * Renames a project
   * @remarks For the administrators of the project and the credentials of the settings. What is left out stays.
   */
  @Put(':projectId')
  @RequireScope('admin')
  @ApiParam(PROJECT_ID)
  @ApiBody({ type: ProjectPatchDto, description: 'Its name, and what else is known of it.' })
  @ApiOkResponse({ type: ProjectDto, description: 'The project.' })
  @ApiNotFoundResponse({ description: 'There is no such project, or it is not yours.' })
  async updateProject(
    @Req() request: FastifyRequest,
    @Param('projectId') id: string,
    @Body() body: unknown,
  ): Promise<ProjectDto> {
    const project = await this.managed.find(request, id);
    const patch = redactProject(parseProjectPatch(body, this.config), this.redactor);
    return presentProject(await this.projects.update(project, patch), this.config);
  }

  /**
   * Deletes a project with everything in it
   * @remarks For the credentials of the settings. Its keys open nothing from here on, and nothing of it is shown any
   * more; its data are removed in the background. The project of the settings cannot be deleted.
   */
  @Delete(':projectId')
  @RequireScope('operator')
  @HttpCode(202)
  @ApiParam(PROJECT_ID)
  @ApiAcceptedResponse({ type: DeletedProjectDto, description: 'It is gone for everybody.' })
  @ApiNotFoundResponse({ description: 'There is no such project.' })
  @ApiConflictResponse({ description: 'It is the project of the settings.' })
  async deleteProject(@Req() request: FastifyRequest, @Param('projectId') id: string): Promise<DeletedProjectDto> {
    const project = await this.managed.find(request, id);
    if (project.no === this.configured.defaultProject().no) {
      throw new Conflict(`${id} is the project of DEFAULT_PROJECT_ID and cannot be deleted`);
    }
    await this.projects.delete(project);
    return { success: true, message: 'Project deletion has been initiated and is being processed asynchronously' };
  }
}
