import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { DATABASE, type DatabaseConnection } from '../config/database-connection.js';
import { Redactor } from '../domain/redaction.js';
import { MetricPartitionKeeper } from '../storage/metric-partitions.js';
import { PartitionKeeper } from '../storage/partitions.js';
import { StorageModule } from '../storage/storage.module.js';
import { FlushEvents } from './flush-events.js';
import { IngestThread } from './ingest-thread.js';

/**
 * The write pipeline as the rest of the server sees it: every service of the list is its counterpart in the writing
 * thread. Global, because whoever takes data in needs it.
 */
@Module({})
export class IngestModule {
  /** `entry` is the module that the thread runs, `services` what it offers. */
  static forRoot({ entry, services }: { entry: URL; services: readonly Type<object>[] }): DynamicModule {
    return {
      module: IngestModule,
      global: true,
      imports: [StorageModule],
      providers: [
        FlushEvents,
        // The gate of what is stored without the thread: prompts and other things that people edit.
        { provide: Redactor, useFactory: ({ redactKeys }: Config) => new Redactor(redactKeys), inject: [CONFIG] },
        {
          provide: IngestThread,
          inject: [CONFIG, DATABASE, FlushEvents, PartitionKeeper, MetricPartitionKeeper],
          useFactory: (
            config: Config,
            database: DatabaseConnection,
            events: FlushEvents,
            traces: PartitionKeeper,
            points: MetricPartitionKeeper,
          ) =>
            IngestThread.start({
              entry,
              config,
              database,
              host: {
                ensurePartitions: (queue) => (queue === 'traces' ? traces : points).ensure(),
                reportFlush: (queue, attempt) => events.reportFlush(queue, attempt),
                reportQuarantine: (items) => events.reportQuarantine(items),
              },
            }),
        },
        ...services.map((type) => ({
          provide: type,
          inject: [IngestThread],
          useFactory: (thread: IngestThread) => thread.remote(type),
        })),
      ],
      exports: [FlushEvents, Redactor, IngestThread, ...services],
    };
  }
}
