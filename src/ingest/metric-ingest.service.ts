import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { type PointBatch, type PointReceipt } from '../domain/metric.js';
import { Redactor } from '../domain/redaction.js';
import { MetricWriter } from '../storage/metric-writer.js';
import { FlushEvents } from './flush-events.js';
import { PartitionSource } from './partition-source.js';
import { openPointQueue, type PointQueue } from './point-queue.js';
import { queueOptions, type QueueStatus } from './queue-options.js';

/**
 * The door of the pipeline for points of time series. They have a queue of their own, as large as that of traces, so
 * that neither kind of data can keep the other out.
 */
@Injectable()
export class MetricIngestService implements OnApplicationShutdown {
  private readonly queue: PointQueue;

  constructor(
    @Inject(CONFIG) config: Config,
    writer: MetricWriter,
    partitions: PartitionSource,
    private readonly redactor: Redactor,
    events: FlushEvents,
  ) {
    this.queue = openPointQueue(writer, {
      ...queueOptions(config, events, 'points'),
      onMissingPartition: () => partitions.ensure('points'),
    });
  }

  /**
   * Takes points and resolves once they are committed. Safe to repeat: the same points overwrite themselves. Rejects
   * with OverCapacity before taking anything (send the whole batch again), and with Unavailable while stopping or when
   * the database could not commit all of it in time. Points that no retry can save are in the receipt.
   */
  submit(batch: PointBatch): Promise<PointReceipt> {
    return this.queue.submit(this.redactor.redactPoints(batch));
  }

  get status(): QueueStatus {
    return this.queue.status;
  }

  /** Runs after the last request is answered. */
  async onApplicationShutdown(): Promise<void> {
    await this.queue.stop();
  }
}
