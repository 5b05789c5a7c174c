import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/storage.module.js';
import { CostController } from './cost.controller.js';
import { ModelsController } from './models.controller.js';
import { PricesController } from './prices.controller.js';

/** What calls of models cost: own prices, what a cost is made of, pricing anew. */
@Module({ imports: [StorageModule], controllers: [CostController, PricesController, ModelsController] })
export class PricingModule {}
