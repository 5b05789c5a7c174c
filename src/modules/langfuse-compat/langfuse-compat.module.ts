import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/storage.module.js';
import { BatchController } from './batch.controller.js';
import { DailyMetricsController } from './daily-metrics.controller.js';
import { IngestionController } from './ingestion.controller.js';
import { MetricsQueryController } from './metrics-query.controller.js';
import { ObservationsController } from './observations.controller.js';
import { ObservationsV2Controller } from './observations-v2.controller.js';
import { SingleWritesController } from './single-writes.controller.js';
import { TraceDeletionController } from './trace-deletion.controller.js';
import { TracesController } from './traces.controller.js';

/** The routes that Langfuse's SDKs and tools call. */
@Module({
  imports: [StorageModule],
  controllers: [
    BatchController,
    IngestionController,
    SingleWritesController,
    TracesController,
    TraceDeletionController,
    ObservationsController,
    ObservationsV2Controller,
    DailyMetricsController,
    MetricsQueryController,
  ],
})
export class LangfuseCompatModule {}
