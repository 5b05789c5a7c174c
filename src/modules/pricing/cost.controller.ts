import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type Project } from '../../domain/project.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { parseText, type QueryString } from '../../http/query.js';
import { QueryRoute } from '../../http/throttle/query-route.decorator.js';
import { CostReader } from '../../storage/pricing/cost-reader.js';
import { CostQuery, ObservationCostDto } from './cost.dto.js';
import { presentCost } from './cost.present.js';

@ApiTags('Prices')
@Controller('api/public/observations')
@QueryRoute()
export class CostController {
  constructor(private readonly costs: CostReader) {}

  /**
   * Why an observation costs what it costs
   * @remarks Count × price for each class of tokens, which price was used and how it was found, or why there is none.
   * The price is the one that was used, also when the price list has changed since.
   */
  @Get(':observationId/cost')
  @ApiParam({ name: 'observationId', description: 'As it was sent.', example: '7d1a3c52-0c5e-4b3e-8f11-0a4b1c2d3e01' })
  @ApiQuery({ type: CostQuery })
  @ApiOkResponse({ type: ObservationCostDto, description: 'The cost and its parts.' })
  @ApiNotFoundResponse({ description: 'The project has no such observation.' })
  async getCost(
    @CurrentProject() project: Project,
    @Param('observationId') observationId: string,
    @Query() query: QueryString,
  ): Promise<ObservationCostDto> {
    return presentCost(await this.costs.getCost(project, observationId, parseText(query, 'traceId')));
  }
}
