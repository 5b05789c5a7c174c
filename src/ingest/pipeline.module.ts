import { Module } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { Redactor } from '../domain/redaction.js';
import { WriteStorageModule } from '../storage/write-storage.module.js';
import { FlushEvents } from './flush-events.js';
import { IngestService } from './ingest.service.js';
import { IngestStatus } from './ingest-status.js';
import { MetricIngestService } from './metric-ingest.service.js';
import { ScoreIngestService } from './score-ingest.service.js';

/** The write pipeline itself: redaction, queues, writers. Needs a `PartitionSource` from whoever runs it. */
@Module({
  imports: [WriteStorageModule],
  providers: [
    { provide: Redactor, useFactory: ({ redactKeys }: Config) => new Redactor(redactKeys), inject: [CONFIG] },
    FlushEvents,
    IngestService,
    MetricIngestService,
    ScoreIngestService,
    IngestStatus,
  ],
  exports: [FlushEvents, IngestService, MetricIngestService, ScoreIngestService, IngestStatus],
})
export class PipelineModule {}
