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
import { extractTools } from './tool-extraction.js';
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
    private readonly connections: WriteConnections,
    partitions: PartitionSource,
    private readonly redactor: Redactor,
    events: FlushEvents,
    private readonly media: MediaIntake,
  ) {
    this.queue = new WriteQueue(connections.all, {
      maxBytes: config.writeQueueMaxBytes,
      deadlineMs: config.writeDeadlineMs,
      onRefused: (connection, refused) => {
        events.reportQuarantine(refused.length);
        return quarantine(connection, refused);
      },
      onMissingPartition: () => partitions.ensure('traces'),
      nowMs: Date.now,
      onFlush: (attempt) => events.reportFlush('traces', attempt),
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
    return extractTools(this.redactor.redactBatch(batch));
  }

  /** Bytes that are accepted and not committed yet. */
  get queuedBytes(): number {
    return this.queue.bytes;
  }

  /** Connections that write, and how many of them are at it. */
  get writers(): { readonly busy: number; readonly total: number } {
    return { busy: this.queue.busyWriters, total: this.connections.all.length };
  }

  /** Runs after the last request is answered. */
  async onApplicationShutdown(): Promise<void> {
    await this.queue.stop();
  }
}
