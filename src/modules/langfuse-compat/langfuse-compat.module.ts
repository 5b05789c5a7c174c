import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/storage.module.js';
import { BatchController } from './batch.controller.js';
import { DailyMetricsController } from './daily-metrics.controller.js';
import { MetricsQueryController } from './metrics-query.controller.js';
import { ObservationsController } from './observations.controller.js';
import { ObservationsV2Controller } from './observations-v2.controller.js';
import { TracesController } from './traces.controller.js';

/** The routes that Langfuse's SDKs and tools call. */
@Module({
  imports: [StorageModule],
  controllers: [
    BatchController,
    DailyMetricsController,
    MetricsQueryController,
    ObservationsController,
    ObservationsV2Controller,
    TracesController,
  ],
})
export class LangfuseCompatModule {}
