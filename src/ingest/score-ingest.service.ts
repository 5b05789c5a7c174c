import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { Redactor } from '../domain/redaction.js';
import { type ScoreBatch, type ScoreReceipt } from '../domain/score.js';
import { ScoreWriter } from '../storage/scores/score-writer.js';
import { FlushEvents } from './flush-events.js';
import { openScoreQueue, type ScoreQueue } from './score-queue.js';

/** The door of the pipeline for scores. They have a queue of their own: they are small, and belong to no trace's lane. */
@Injectable()
export class ScoreIngestService implements OnApplicationShutdown {
  private readonly queue: ScoreQueue;

  constructor(
    @Inject(CONFIG) config: Config,
    writer: ScoreWriter,
    private readonly redactor: Redactor,
    events: FlushEvents,
  ) {
    this.queue = openScoreQueue(writer, {
      maxBytes: config.writeQueueMaxBytes,
      deadlineMs: config.writeDeadlineMs,
      nowMs: Date.now,
      onFlush: (attempt) => events.reportFlush('scores', attempt),
    });
  }

  /**
   * Takes scores and resolves once they are committed. Safe to repeat: the same scores fold into themselves. Rejects with
   * OverCapacity before taking anything (send the whole batch again), and with Unavailable while stopping or when the
   * database could not commit all of it in time. Scores that break a rule of their type or config, and others that no
   * retry can save, are in the receipt.
   */
  submit(batch: ScoreBatch): Promise<ScoreReceipt> {
    return this.queue.submit(this.redactor.redactScores(batch));
  }

  /** Bytes that are accepted and not committed yet. */
  get queuedBytes(): number {
    return this.queue.bytes;
  }

  /** The connection that writes, and whether it is at it. */
  get writers(): { readonly busy: number; readonly total: number } {
    return { busy: this.queue.busyWriters, total: 1 };
  }

  /** Runs after the last request is answered. */
  async onApplicationShutdown(): Promise<void> {
    await this.queue.stop();
  }
}
