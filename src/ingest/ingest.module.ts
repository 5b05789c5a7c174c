import { Module } from '@nestjs/common';
import { StorageModule } from '../storage/storage.module.js';
import { FlushEvents } from './flush-events.js';
import { IngestService } from './ingest.service.js';
import { MetricIngestService } from './metric-ingest.service.js';

@Module({
  imports: [StorageModule],
  providers: [FlushEvents, IngestService, MetricIngestService],
  exports: [FlushEvents, IngestService, MetricIngestService],
})
export class IngestModule {}
