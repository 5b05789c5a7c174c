import { Body, Controller, Delete, Get, Header, Param, Post, Req } from '@nestjs/common';
import {
  ApiBody,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Redactor } from '../../domain/redaction.js';
import { RequireScope } from '../../http/auth/require-scope.decorator.js';
import { ApiKeyStore } from '../../storage/projects/api-key-store.js';
import { parseNewApiKey, parseOverlap, redactNote } from './api-keys.body.js';
import { ApiKeyListDto, DeletedApiKeyDto, MadeApiKeyDto, NewApiKeyDto, RotateApiKeyDto } from './api-keys.dto.js';
import { presentApiKey, presentMadeApiKey } from './api-keys.present.js';
import { ManagedProjects } from './managed-projects.js';

const PROJECT_ID = { name: 'projectId', description: 'As GET /api/public/projects shows it.', example: 'default' };
const KEY_ID = {
  name: 'apiKeyId',
  description: 'As the list of keys shows it.',
  example: '5b0d2f9c-8f4e-4c53-9a43-0d8f3c1c9a10',
};
const NO_PROJECT = { description: 'There is no such project, or it is not yours.' };
const NO_KEY = { description: 'The project has no such key, or the project is not yours.' };

@ApiTags('Projects')
@Controller('api/public/projects/:projectId/apiKeys')
export class ApiKeysController {
  constructor(
    private readonly keys: ApiKeyStore,
    private readonly managed: ManagedProjects,
    private readonly redactor: Redactor,
  ) {}

  /**
   * The keys of a project
   * @remarks For the administrators of the project and the credentials of the settings. Secrets are not kept and never
   * shown again.
   */
  @Get()
  @RequireScope('admin')
  @ApiParam(PROJECT_ID)
  @ApiOkResponse({ type: ApiKeyListDto, description: 'All of them.' })
  @ApiNotFoundResponse(NO_PROJECT)
  async listApiKeys(@Req() request: FastifyRequest, @Param('projectId') id: string): Promise<ApiKeyListDto> {
    const project = await this.managed.find(request, id);
    return { apiKeys: (await this.keys.list(project)).map(presentApiKey) };
  }

  /**
   * Makes a key
   * @remarks A pair of public and secret key for Basic authentication; the secret alone is a bearer token. At most 100
   * per project. This answer is the only one with the secret.
   */
  @Post()
  @RequireScope('admin')
  @Header('cache-control', 'no-store')
  @ApiParam(PROJECT_ID)
  @ApiBody({ type: NewApiKeyDto, description: 'What it opens; all fields may be left out.' })
  @ApiCreatedResponse({ type: MadeApiKeyDto, description: 'The key, which opens this process from here on.' })
  @ApiNotFoundResponse(NO_PROJECT)
  @ApiConflictResponse({ description: 'The public or the secret key is that of another key.' })
  async createApiKey(
    @Req() request: FastifyRequest,
    @Param('projectId') id: string,
    @Body() body: unknown,
  ): Promise<MadeApiKeyDto> {
    const project = await this.managed.find(request, id);
    const wanted = redactNote(parseNewApiKey(body, Date.now()), this.redactor);
    return presentMadeApiKey(await this.keys.create(project, wanted));
  }

  /**
   * Revokes a key
   * @remarks It opens nothing from here on; in other processes within five seconds.
   */
  @Delete(':apiKeyId')
  @RequireScope('admin')
  @ApiParam(PROJECT_ID)
  @ApiParam(KEY_ID)
  @ApiOkResponse({ type: DeletedApiKeyDto, description: 'It is gone.' })
  @ApiNotFoundResponse(NO_KEY)
  async deleteApiKey(
    @Req() request: FastifyRequest,
    @Param('projectId') id: string,
    @Param('apiKeyId') keyId: string,
  ): Promise<DeletedApiKeyDto> {
    await this.keys.revoke(await this.managed.find(request, id), keyId);
    return { success: true };
  }

  /**
   * Replaces a key
   * @remarks Makes one that opens the same, and lets the former go on for a day or as long as it is told. A key that was
   * to expire is followed by one of the same lifetime. This answer is the only one with the secret.
   */
  @Post(':apiKeyId/rotate')
  @RequireScope('admin')
  @Header('cache-control', 'no-store')
  @ApiParam(PROJECT_ID)
  @ApiParam(KEY_ID)
  @ApiBody({ type: RotateApiKeyDto, required: false, description: 'How long the former goes on.' })
  @ApiCreatedResponse({ type: MadeApiKeyDto, description: 'The key that takes its place.' })
  @ApiNotFoundResponse(NO_KEY)
  @ApiConflictResponse({ description: 'The key has expired.' })
  async rotateApiKey(
    @Req() request: FastifyRequest,
    @Param('projectId') id: string,
    @Param('apiKeyId') keyId: string,
    @Body() body: unknown,
  ): Promise<MadeApiKeyDto> {
    const project = await this.managed.find(request, id);
    return presentMadeApiKey(await this.keys.rotate(project, keyId, parseOverlap(body)));
  }
}
