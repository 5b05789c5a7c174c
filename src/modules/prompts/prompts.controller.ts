import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiParam,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import { type Project } from '../../domain/project.js';
import { type PromptDraft } from '../../domain/prompt.js';
import { Redactor } from '../../domain/redaction.js';
import { RequireScope } from '../../http/auth/require-scope.decorator.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString, requireText } from '../../http/query.js';
import { PromptReader } from '../../storage/prompts/prompt-reader.js';
import { PromptStore } from '../../storage/prompts/prompt-store.js';
import { parseNewLabels, parsePromptDraft, parseV1PromptDraft } from './prompts.body.js';
import {
  NewLabelsDto,
  NewPromptDto,
  NewPromptV1Dto,
  PromptDto,
  PromptListQuery,
  PromptPageDto,
  PromptQuery,
  PromptSelectorQuery,
  PromptV1Query,
} from './prompts.dto.js';
import { presentPrompt, presentPromptPage } from './prompts.present.js';
import { parsePathVersion, parsePromptList, parsePromptRequest, parseSelector } from './prompts.query.js';
import { redactDraft, refuseSecrets } from './prompts.redact.js';

const NAME = { name: 'promptName', description: 'The whole name; a `/` in it as `%2F`.', example: 'support/answer' };
const MISSING = { description: 'The project has no such prompt, or no such version of it.' };

@ApiTags('Prompts')
@Controller('api/public')
export class PromptsController {
  constructor(
    private readonly reader: PromptReader,
    private readonly store: PromptStore,
    private readonly redactor: Redactor,
  ) {}

  /**
   * Lists prompts
   * @remarks By name. A filter on versions chooses the versions, labels and config that are shown, too.
   */
  @Get('v2/prompts')
  @ApiQuery({ type: PromptListQuery })
  @ApiOkResponse({ type: PromptPageDto, description: 'A page of prompts.' })
  async listPrompts(@CurrentProject() project: Project, @Query() query: QueryString): Promise<PromptPageDto> {
    const { filter, page } = parsePromptList(query);
    return presentPromptPage(await this.reader.findPrompts(project, filter, page), page);
  }

  /**
   * One version of a prompt
   * @remarks Without `version` and `label` the one in production. Texts that it includes stand in place of the
   * references to them.
   */
  @Get('v2/prompts/:promptName')
  @ApiParam(NAME)
  @ApiQuery({ type: PromptQuery })
  @ApiOkResponse({ type: PromptDto, description: 'The version.' })
  @ApiNotFoundResponse(MISSING)
  async getPrompt(
    @CurrentProject() project: Project,
    @Param('promptName') name: string,
    @Query() query: QueryString,
  ): Promise<PromptDto> {
    return this.show(project, name, query);
  }

  /**
   * Makes a version of a prompt
   * @remarks The first of a new name, or the one after the highest. It gets the label `latest`. Prompts that it includes
   * must be there, be texts, and not include it in turn.
   */
  @Post('v2/prompts')
  @RequireScope('ingest')
  @ApiBody({ type: NewPromptDto, description: 'Name, type and text or messages.' })
  @ApiCreatedResponse({ type: PromptDto, description: 'The version, references as they were sent.' })
  async createPrompt(@CurrentProject() project: Project, @Body() body: unknown): Promise<PromptDto> {
    return this.make(project, parsePromptDraft(body));
  }

  /**
   * Puts labels on a version
   * @remarks It keeps those it has; other versions lose the new ones. This is how a version goes into production, or an
   * earlier one comes back.
   */
  @Patch('v2/prompts/:promptName/versions/:version')
  @RequireScope('ingest')
  @ApiParam(NAME)
  @ApiParam({ name: 'version', description: 'Its number.', example: 1 })
  @ApiBody({ type: NewLabelsDto, description: 'The labels to add.' })
  @ApiOkResponse({ type: PromptDto, description: 'The version with its labels.' })
  @ApiNotFoundResponse(MISSING)
  async addLabels(
    @CurrentProject() project: Project,
    @Param('promptName') name: string,
    @Param('version') version: string,
    @Body() body: unknown,
  ): Promise<PromptDto> {
    const labels = parseNewLabels(body);
    refuseSecrets(this.redactor, 'newLabels', labels);
    return presentPrompt(project, await this.store.addLabels(project, name, parsePathVersion(version), labels));
  }

  /**
   * Deletes versions of a prompt
   * @remarks One, by `version` or `label`, or without either all of them. Refused while other prompts include one of them.
   */
  @Delete('v2/prompts/:promptName')
  @RequireScope('ingest')
  @HttpCode(204)
  @ApiParam(NAME)
  @ApiQuery({ type: PromptSelectorQuery })
  @ApiNoContentResponse({ description: 'They are gone.' })
  @ApiNotFoundResponse(MISSING)
  async deletePrompt(
    @CurrentProject() project: Project,
    @Param('promptName') name: string,
    @Query() query: QueryString,
  ): Promise<void> {
    await this.store.delete(project, name, parseSelector(query));
  }

  /**
   * One version of a prompt, by name in the query
   * @remarks As `GET /api/public/v2/prompts/{promptName}`, for older clients: JavaScript SDK 2 and before.
   */
  @Get('prompts')
  @ApiQuery({ type: PromptV1Query })
  @ApiOkResponse({ type: PromptDto, description: 'The version.' })
  @ApiNotFoundResponse(MISSING)
  async getPromptFirstVersion(@CurrentProject() project: Project, @Query() query: QueryString): Promise<PromptDto> {
    return this.show(project, requireText(query, 'name'), query);
  }

  /**
   * Makes a version of a prompt, for older clients
   * @remarks As `POST /api/public/v2/prompts`, with `isActive` for the label `production`.
   */
  @Post('prompts')
  @RequireScope('ingest')
  @ApiBody({ type: NewPromptV1Dto, description: 'Name, type and text or messages.' })
  @ApiCreatedResponse({ type: PromptDto, description: 'The version.' })
  async createPromptFirstVersion(@CurrentProject() project: Project, @Body() body: unknown): Promise<PromptDto> {
    return this.make(project, parseV1PromptDraft(body));
  }

  private async show(project: Project, name: string, query: QueryString): Promise<PromptDto> {
    const { selector, isResolved } = parsePromptRequest(query);
    const prompt = await this.reader.getPrompt(project, name, selector);
    if (!isResolved) return presentPrompt(project, prompt);
    const { content, graph } = await this.reader.resolve(project, prompt);
    return presentPrompt(project, prompt, content, graph);
  }

  private async make(project: Project, draft: PromptDraft): Promise<PromptDto> {
    return presentPrompt(project, await this.store.create(project, redactDraft(this.redactor, draft)));
  }
}
