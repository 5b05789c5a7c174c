import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { Redactor } from '../domain/redaction.js';
import { type ScoreBatch, type ScoreReceipt } from '../domain/score.js';
import { ScoreWriter } from '../storage/scores/score-writer.js';
import { FlushEvents } from './flush-events.js';
import { queueOptions, type QueueStatus } from './queue-options.js';
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
    this.queue = openScoreQueue(writer, queueOptions(config, events, 'scores'));
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

  get status(): QueueStatus {
    return this.queue.status;
  }

  /** Runs after the last request is answered. */
  async onApplicationShutdown(): Promise<void> {
    await this.queue.stop();
  }
}
