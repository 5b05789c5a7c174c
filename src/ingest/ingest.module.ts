import { Module } from '@nestjs/common';
import { StorageModule } from '../storage/storage.module.js';
import { IngestService } from './ingest.service.js';
import { MetricIngestService } from './metric-ingest.service.js';

@Module({
  imports: [StorageModule],
  providers: [IngestService, MetricIngestService],
  exports: [IngestService, MetricIngestService],
})
export class IngestModule {}
