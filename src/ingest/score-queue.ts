import { Logger } from '@nestjs/common';
import { type ScoreBatch, type ScorePatch, type ScoreReceipt, type ScoreRejection } from '../domain/score.js';
import { type RefusedScore, type ScoreWriter } from '../storage/scores/score-writer.js';
import { Admission } from './admission.js';
import { type FlushAttempt, FlushLoop, type Part } from './flush-loop.js';
import { Submission } from './submission.js';

type ScorePart = Part<ScorePatch, RefusedScore>;

export interface ScoreQueueOptions {
  readonly maxBytes: number;
  /** How long a batch waits and is retried on transient faults before its caller hears Unavailable. */
  readonly deadlineMs: number;
  readonly nowMs: () => number;
  /** Hears of every attempt to write. */
  readonly onFlush?: (attempt: FlushAttempt) => void;
}

/** Scores of one transaction, about. */
const MAX_FLUSH_SCORES = 4000;

/** Writes scores over one connection and tells each caller when everything it sent is committed. Bounded in bytes. */
export class ScoreQueue {
  private readonly logger = new Logger(ScoreQueue.name);
  private readonly admission: Admission;
  private readonly loop: FlushLoop<ScorePatch, RefusedScore>;

  constructor(
    private readonly writer: ScoreWriter,
    private readonly options: ScoreQueueOptions,
  ) {
    this.admission = new Admission(options.maxBytes);
    this.loop = new FlushLoop({
      maxItems: MAX_FLUSH_SCORES,
      write: (parts) => this.write(parts),
      // Scores have no partitions.
      onMissingPartition: () => Promise.resolve(),
      nowMs: options.nowMs,
      onFlush: options.onFlush,
    });
  }

  /** Bytes of batches that are not committed yet. */
  get bytes(): number {
    return this.admission.bytes;
  }

  /** How many writers have something to write: there is one. */
  get busyWriters(): number {
    return this.loop.isBusy ? 1 : 0;
  }

  /**
   * Resolves once all of `batch` but the refused scores is committed. Throws OverCapacity or Unavailable before anything
   * is taken. Rejects with Unavailable when a part could not be committed in time; other parts may be stored, and sending
   * the whole batch again is safe.
   */
  submit(batch: ScoreBatch): Promise<ScoreReceipt> {
    return this.admission.admit(batch.bytes, async () => {
      const { scores } = batch;
      if (scores.length === 0) return { rejected: [] };
      const deadlineMs = this.options.nowMs() + this.options.deadlineMs;
      const submission = new Submission<RefusedScore>(Math.ceil(scores.length / MAX_FLUSH_SCORES), deadlineMs);
      for (let at = 0; at < scores.length; at += MAX_FLUSH_SCORES) {
        const items = scores.slice(at, at + MAX_FLUSH_SCORES);
        this.loop.enqueue({ submission, projectNo: batch.project.no, items });
      }
      await submission.settleWithin(this.options.deadlineMs, () => this.loop.forget(submission));
      return { rejected: submission.refused.map(presentRefusal) };
    });
  }

  /** Refuses new batches and resolves when all accepted ones are settled and the connection is closed. */
  async stop(): Promise<void> {
    this.admission.close();
    await this.loop.drain();
    await this.writer.end();
  }

  private async write(parts: readonly ScorePart[]): Promise<void> {
    const works = parts.map(({ projectNo, items }) => ({ projectNo, scores: items }));
    const refused = await this.writer.write(works, this.options.nowMs());
    if (refused.length === 0) return;
    const owners = new Map<ScorePatch, Submission<RefusedScore>>();
    for (const { submission, items } of parts) for (const patch of items) owners.set(patch, submission);
    for (const refusal of refused) {
      owners.get(refusal.patch)?.refused.push(refusal);
      // Not the reason, which may quote the value: it is told to the sender.
      if (refusal.code === 'NOT_STORABLE')
        this.logger.warn(`PostgreSQL refused score ${JSON.stringify(refusal.patch.id)}`);
    }
  }
}

function presentRefusal({ patch, code, field, message }: RefusedScore): ScoreRejection {
  return { kind: 'score', index: patch.index, id: patch.id, ...(field === undefined ? {} : { field }), code, message };
}
