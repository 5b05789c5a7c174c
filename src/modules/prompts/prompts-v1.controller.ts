import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiNotFoundResponse, ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type Project } from '../../domain/project.js';
import { Redactor } from '../../domain/redaction.js';
import { RequireScope } from '../../http/auth/require-scope.decorator.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString, requireText } from '../../http/query.js';
import { PromptReader } from '../../storage/prompts/prompt-reader.js';
import { PromptStore } from '../../storage/prompts/prompt-store.js';
import { parseV1PromptDraft } from './prompts.body.js';
import { NewPromptV1Dto, PromptDto, PromptV1Query } from './prompts.dto.js';
import { presentPrompt } from './prompts.present.js';
import { parsePromptRequest } from './prompts.query.js';
import { redactDraft } from './prompts.redact.js';

/** What clients from before the second version of the routes call: JS SDK 2 and older. */
@ApiTags('Prompts')
@Controller('api/public/prompts')
export class PromptsV1Controller {
  constructor(
    private readonly reader: PromptReader,
    private readonly store: PromptStore,
    private readonly redactor: Redactor,
  ) {}

  /**
   * One version of a prompt, by name in the query
   * @remarks As `GET /api/public/v2/prompts/{promptName}`, for older clients.
   */
  @Get()
  @ApiQuery({ type: PromptV1Query })
  @ApiOkResponse({ type: PromptDto, description: 'The version.' })
  @ApiNotFoundResponse({ description: 'The project has no such prompt, or no such version of it.' })
  async getPrompt(@CurrentProject() project: Project, @Query() query: QueryString): Promise<PromptDto> {
    const name = requireText(query, 'name');
    const { selector, isResolved } = parsePromptRequest(query);
    const prompt = await this.reader.getPrompt(project, name, selector);
    if (!isResolved) return presentPrompt(project, prompt);
    const { content, graph } = await this.reader.resolve(project, prompt);
    return presentPrompt(project, prompt, content, graph);
  }

  /**
   * Makes a version of a prompt, for older clients
   * @remarks As `POST /api/public/v2/prompts`, with `isActive` for the label `production`.
   */
  @Post()
  @RequireScope('ingest')
  @ApiBody({ type: NewPromptV1Dto, description: 'Name, type and text or messages.' })
  @ApiCreatedResponse({ type: PromptDto, description: 'The version.' })
  async createPrompt(@CurrentProject() project: Project, @Body() body: unknown): Promise<PromptDto> {
    const draft = redactDraft(this.redactor, parseV1PromptDraft(body));
    return presentPrompt(project, await this.store.create(project, draft));
  }
}
