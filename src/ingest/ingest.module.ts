import { Module } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { Redactor } from '../domain/redaction.js';
import { StorageModule } from '../storage/storage.module.js';
import { FlushEvents } from './flush-events.js';
import { IngestService } from './ingest.service.js';
import { MetricIngestService } from './metric-ingest.service.js';

@Module({
  imports: [StorageModule],
  providers: [
    { provide: Redactor, useFactory: ({ redactKeys }: Config) => new Redactor(redactKeys), inject: [CONFIG] },
    FlushEvents,
    IngestService,
    MetricIngestService,
  ],
  // The redactor for its count alone: whoever writes goes through a service.
  exports: [Redactor, FlushEvents, IngestService, MetricIngestService],
})
export class IngestModule {}
