import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBody, ApiNotFoundResponse, ApiOkResponse, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { NotFound } from '../../domain/errors.js';
import { type Project } from '../../domain/project.js';
import { RequireScope } from '../../http/auth/require-scope.decorator.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { parseLimit, parsePage, type QueryString } from '../../http/query.js';
import { ModelCatalog } from '../../storage/pricing/model-catalog.js';
import { PriceStore } from '../../storage/pricing/price-store.js';
import { parseModelId, parseNewModel } from './models.body.js';
import { DeletedModelDto, ModelDto, ModelListQuery, ModelPageDto, NewModelDto } from './models.dto.js';
import { presentModel, presentModelPage } from './models.present.js';

const LIMIT = { default: 50, max: 100 };
const ID = {
  name: 'modelId',
  description: 'As the list shows it; a `/` in it as `%2F`.',
  example: '0b9a3c1e-52a4-4c64-9a77-6a3a5f3b8d10',
};
const MISSING = { description: 'The project has no such model.' };

/** The price list as Langfuse's clients see it. */
@ApiTags('Prices')
@Controller('api/public/models')
export class ModelsController {
  constructor(
    private readonly catalog: ModelCatalog,
    private readonly prices: PriceStore,
  ) {}

  /**
   * Lists models that have a price
   * @remarks Those of the project, newest first, then those of the price list that comes with the server.
   */
  @Get()
  @ApiQuery({ type: ModelListQuery })
  @ApiOkResponse({ type: ModelPageDto, description: 'A page of models.' })
  async listModels(@CurrentProject() project: Project, @Query() query: QueryString): Promise<ModelPageDto> {
    const page = { page: parsePage(query), limit: parseLimit(query, LIMIT) };
    return presentModelPage(await this.catalog.find(project, page), page);
  }

  /**
   * One model
   * @remarks With its prices, per unit.
   */
  @Get(':modelId')
  @ApiParam(ID)
  @ApiOkResponse({ type: ModelDto, description: 'The model.' })
  @ApiNotFoundResponse(MISSING)
  async getModel(@CurrentProject() project: Project, @Param('modelId') id: string): Promise<ModelDto> {
    return presentModel(await this.catalog.get(project, id));
  }

  /**
   * Sets the price of a model
   * @remarks A price of the project as `POST /api/public/model-prices` makes it, in the shape of Langfuse. It goes before
   * the server's price list, and counts for what is written from a few seconds on.
   */
  @Post()
  @HttpCode(200)
  @RequireScope('admin')
  @ApiBody({ type: NewModelDto, description: 'Which names, and what their usage costs.' })
  @ApiOkResponse({ type: ModelDto, description: 'The model.' })
  async createModel(@CurrentProject() project: Project, @Body() body: unknown): Promise<ModelDto> {
    return presentModel({ kind: 'own', price: await this.prices.create(project, parseNewModel(body)) });
  }

  /**
   * Sets the price of a model under an id of your own
   * @remarks Makes it, or replaces the one of this id; a model of the server's price list cannot be replaced. Costs that
   * were made before stay.
   */
  @Put(':modelId')
  @RequireScope('admin')
  @ApiParam({ ...ID, description: 'Of your choice, or as the list shows it; a `/` in it as `%2F`.' })
  @ApiBody({ type: NewModelDto, description: 'Which names, and what their usage costs.' })
  @ApiOkResponse({ type: ModelDto, description: 'The model.' })
  @ApiNotFoundResponse({ description: 'The model is of the price list of the server.' })
  async putModel(
    @CurrentProject() project: Project,
    @Param('modelId') id: string,
    @Body() body: unknown,
  ): Promise<ModelDto> {
    if (this.catalog.isManaged(id)) throw new NotFound(`Model ${id} not found within authorized project`);
    return presentModel({ kind: 'own', price: await this.prices.put(project, parseModelId(id), parseNewModel(body)) });
  }

  /**
   * Deletes the price of a model
   * @remarks Of the project only. Costs that were made with it stay, and can still be explained.
   */
  @Delete(':modelId')
  @RequireScope('admin')
  @ApiParam(ID)
  @ApiOkResponse({ type: DeletedModelDto, description: 'It is gone.' })
  @ApiNotFoundResponse(MISSING)
  async deleteModel(@CurrentProject() project: Project, @Param('modelId') id: string): Promise<DeletedModelDto> {
    await this.prices.delete(project, id);
    return { message: 'Model successfully deleted' };
  }
}
