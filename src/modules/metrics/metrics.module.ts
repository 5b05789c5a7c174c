import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/storage.module.js';
import { ExemplarsController } from './exemplars.controller.js';
import { PointsController } from './points.controller.js';
import { SeriesController } from './series.controller.js';

/** Time series: points in, aggregated buckets out. */
@Module({ imports: [StorageModule], controllers: [PointsController, SeriesController, ExemplarsController] })
export class MetricsModule {}
