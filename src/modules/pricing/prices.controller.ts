import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiNotFoundResponse, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { type Project } from '../../domain/project.js';
import { RequireScope } from '../../http/auth/require-scope.decorator.js';
import { CurrentProject } from '../../http/project.decorator.js';
import { PriceStore } from '../../storage/pricing/price-store.js';
import { Repricer } from '../../storage/pricing/repricer.js';
import { parseNewPrice, parseReprice } from './prices.body.js';
import { DeletedPriceDto, NewPriceDto, PriceDto, PriceListDto, RepricedDto, RepriceDto } from './prices.dto.js';
import { presentPrice, presentReprice } from './prices.present.js';

@ApiTags('Prices')
@Controller('api/public/model-prices')
export class PricesController {
  constructor(
    private readonly prices: PriceStore,
    private readonly repricer: Repricer,
  ) {}

  /**
   * The project's own prices
   * @remarks Newest first. They go before the price list that comes with the server: of those whose pattern matches the
   * model that answered, else the one that was asked for, the one for the call's provider before one for any, then the
   * one with the latest `validFrom` that the call's start has reached.
   */
  @Get()
  @ApiOkResponse({ type: PriceListDto, description: 'All of them.' })
  async listPrices(@CurrentProject() project: Project): Promise<PriceListDto> {
    return { data: (await this.prices.list(project)).map(presentPrice) };
  }

  /**
   * Sets a price
   * @remarks For own and self-hosted models, or in place of what the server's price list says. It counts for what is
   * written from a few seconds on; `POST /api/public/model-prices/reprice` brings it to what is stored. A price is
   * never changed: set another one with a later `validFrom`, or delete it. At most 1,000 per project.
   */
  @Post()
  @RequireScope('admin')
  @ApiBody({ type: NewPriceDto, description: 'Which models, from when on, and what their tokens cost.' })
  @ApiCreatedResponse({ type: PriceDto, description: 'The price.' })
  async createPrice(@CurrentProject() project: Project, @Body() body: unknown): Promise<PriceDto> {
    return presentPrice(await this.prices.create(project, parseNewPrice(body)));
  }

  /**
   * Deletes a price
   * @remarks Costs that were made with it stay, and can still be explained.
   */
  @Delete(':priceId')
  @RequireScope('admin')
  @ApiParam({ name: 'priceId', description: 'As the list shows it.', example: '0b9a3c1e-52a4-4c64-9a77-6a3a5f3b8d10' })
  @ApiOkResponse({ type: DeletedPriceDto, description: 'It is gone.' })
  @ApiNotFoundResponse({ description: 'The project has no such price.' })
  async deletePrice(@CurrentProject() project: Project, @Param('priceId') id: string): Promise<DeletedPriceDto> {
    await this.prices.delete(project, id);
    return { id };
  }

  /**
   * Prices stored model calls by the prices of today
   * @remarks Without `apply` it only shows what would change. One request looks at traces for some four seconds, newest
   * first; while `nextCursor` is not null, send the same with it as `cursor` and add the sums up. Stated costs stay.
   * Every sum that a cost is in changes with it; sending a part twice changes nothing more.
   */
  @Post('reprice')
  @HttpCode(200)
  @RequireScope('admin')
  @ApiBody({ type: RepriceDto, description: 'Which stored calls; all fields may be left out.' })
  @ApiOkResponse({ type: RepricedDto, description: 'What changes, or was changed.' })
  async reprice(@CurrentProject() project: Project, @Body() body: unknown): Promise<RepricedDto> {
    const { request, isApplied } = parseReprice(body, Date.now());
    const part = await (isApplied ? this.repricer.apply(project, request) : this.repricer.preview(project, request));
    return presentReprice(part, isApplied);
  }
}
