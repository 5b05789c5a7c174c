import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { type IngestBatch, type IngestReceipt } from '../domain/ingest-batch.js';
import { Redactor } from '../domain/redaction.js';
import { MediaIntake } from '../storage/media/media-intake.js';
import { quarantine } from '../storage/quarantine.js';
import { WriteConnections } from '../storage/write-connections.js';
import { FlushEvents } from './flush-events.js';
import { extractMedia } from './media-extraction.js';
import { PartitionSource } from './partition-source.js';
import { queueOptions, type QueueStatus } from './queue-options.js';
import { noteTools } from './tool-extraction.js';
import { WriteQueue } from './write-queue.js';

/** The single door of the write pipeline: every protocol ends here, and secrets go no further. */
@Injectable()
export class IngestService implements OnApplicationShutdown {
  private readonly queue: WriteQueue;

  constructor(
    @Inject(CONFIG)
    private readonly config: Pick<
      Config,
      'writeQueueMaxBytes' | 'writeDeadlineMs' | 'mediaExtractBase64' | 'mediaMaxBytes'
    >,
    connections: WriteConnections,
    partitions: PartitionSource,
    private readonly redactor: Redactor,
    events: FlushEvents,
    private readonly media: MediaIntake,
  ) {
    this.queue = new WriteQueue(connections.all, {
      ...queueOptions(config, events, 'traces'),
      onRefused: (connection, refused) => {
        events.reportQuarantine(refused.length);
        return quarantine(connection, refused);
      },
      onMissingPartition: () => partitions.ensure('traces'),
    });
  }

  /**
   * Takes a batch and resolves once it is committed. Safe to repeat: the same patches merge into themselves. Rejects
   * with OverCapacity before taking anything (send the whole batch again), and with Unavailable while stopping or when
   * the database could not commit all of it in time. Items that no retry can save are in the receipt.
   */
  submit(batch: IngestBatch): Promise<IngestReceipt> {
    if (!this.config.mediaExtractBase64) return this.queue.submit(this.prepare(batch));
    // Before secrets are looked for: a picture in base64 may look like one anywhere.
    const { batch: lighter, files } = extractMedia(batch, this.config.mediaMaxBytes);
    return this.queue.submit(this.prepare(lighter), () => this.media.storeAll(batch.project, files));
  }

  /** Names are read from what has no secrets any more. */
  private prepare(batch: IngestBatch): IngestBatch {
    const redacted = this.redactor.redactBatch(batch);
    noteTools(redacted);
    return redacted;
  }

  get status(): QueueStatus {
    return this.queue.status;
  }

  /** Runs after the last request is answered. */
  async onApplicationShutdown(): Promise<void> {
    await this.queue.stop();
  }
}
