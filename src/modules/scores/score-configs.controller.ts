import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBody, ApiNotFoundResponse, ApiOkResponse, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type Project } from '../../domain/project.js';
import { Redactor } from '../../domain/redaction.js';
import { type ScoreConfig } from '../../domain/score-config.js';
import { presentTime } from '../../domain/time.js';
import { RequireScope } from '../../http/auth/require-scope.decorator.js';
import { presentPageMeta } from '../../http/page-meta.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { type QueryString } from '../../http/query.js';
import { ScoreConfigStore } from '../../storage/scores/score-config-store.js';
import { parseConfigChange, parseNewConfig } from './score-configs.body.js';
import {
  CONFIG_EXAMPLES,
  CONFIG_ID,
  NewScoreConfigDto,
  ScoreConfigChangeDto,
  ScoreConfigDto,
  ScoreConfigListQuery,
  ScoreConfigPageDto,
} from './score-configs.dto.js';
import { parseScorePage } from './scores.query.js';

@ApiTags('Scores')
@Controller('api/public/score-configs')
export class ScoreConfigsController {
  constructor(
    private readonly configs: ScoreConfigStore,
    private readonly redactor: Redactor,
  ) {}

  /**
   * Lists score configs
   * @remarks Newest first, archived ones among them.
   */
  @Get()
  @ApiQuery({ type: ScoreConfigListQuery })
  @ApiOkResponse({ type: ScoreConfigPageDto, description: 'A page of configs.' })
  async listConfigs(@CurrentProject() project: Project, @Query() query: QueryString): Promise<ScoreConfigPageDto> {
    const { page, limit } = parseScorePage(query);
    const configs = await this.configs.list(project, { page, limit });
    return {
      data: configs.items.map((config) => presentConfig(project, config)),
      meta: presentPageMeta(configs, { page, limit }),
    };
  }

  /**
   * Makes a score config
   * @remarks Scores that name it by `configId` take its name and must have its type and a value within its range or of its
   * categories; others are refused. At most 1,000 per project.
   */
  @Post()
  @HttpCode(200)
  @RequireScope('ingest')
  @ApiBody({ type: NewScoreConfigDto, description: 'The config.', examples: CONFIG_EXAMPLES })
  @ApiOkResponse({ type: ScoreConfigDto, description: 'The config.' })
  async createConfig(@CurrentProject() project: Project, @Body() body: unknown): Promise<ScoreConfigDto> {
    const config = this.redact(parseNewConfig(body));
    return presentConfig(project, await this.configs.create(project, config));
  }

  /**
   * One score config
   * @remarks Archived ones too.
   */
  @Get(':configId')
  @ApiParam({ name: 'configId', description: 'As the list shows it.', example: CONFIG_ID })
  @ApiOkResponse({ type: ScoreConfigDto, description: 'The config.' })
  @ApiNotFoundResponse({ description: 'The project has no such config.' })
  async getConfig(@CurrentProject() project: Project, @Param('configId') id: string): Promise<ScoreConfigDto> {
    return presentConfig(project, await this.configs.get(project, id));
  }

  /**
   * Changes or archives a score config
   * @remarks What is left out stays, null clears. Its type never changes, and neither do scores that are stored.
   */
  @Patch(':configId')
  @RequireScope('ingest')
  @ApiParam({ name: 'configId', description: 'As the list shows it.', example: CONFIG_ID })
  @ApiBody({ type: ScoreConfigChangeDto, description: 'What shall change; at least one field.' })
  @ApiOkResponse({ type: ScoreConfigDto, description: 'The config as it is then.' })
  @ApiNotFoundResponse({ description: 'The project has no such config.' })
  async changeConfig(
    @CurrentProject() project: Project,
    @Param('configId') id: string,
    @Body() body: unknown,
  ): Promise<ScoreConfigDto> {
    const change = this.redact(parseConfigChange(body));
    return presentConfig(project, await this.configs.change(project, id, change));
  }

  /** Without secrets in what people write; categories too, for what scores say passes the same gate before it is compared. */
  private redact<C extends Pick<Partial<ScoreConfig>, 'name' | 'description' | 'categories'>>(config: C): C {
    const { name, description, categories } = config;
    return {
      ...config,
      ...(name === undefined ? {} : { name: this.redactor.redactText(name) }),
      ...(description === undefined ? {} : { description: this.redactor.redactText(description) }),
      ...(categories === undefined || categories === null
        ? {}
        : { categories: categories.map((one) => ({ ...one, label: this.redactor.redactText(one.label) })) }),
    };
  }
}

function presentConfig(project: Project, config: ScoreConfig): ScoreConfigDto {
  return {
    id: config.id,
    projectId: project.id,
    name: config.name,
    description: config.description,
    dataType: config.dataType,
    isArchived: config.isArchived,
    minValue: config.minValue,
    maxValue: config.maxValue,
    categories: config.categories === null ? null : config.categories.map(({ label, value }) => ({ label, value })),
    createdAt: presentTime(config.createdAt),
    updatedAt: presentTime(config.updatedAt),
  };
}
