import { type Project } from '../domain/project.js';
import { Admission } from './admission.js';
import { FlushLoop, type Part } from './flush-loop.js';
import { type QueueOptions, type QueueStatus } from './queue-options.js';
import { Submission } from './submission.js';

/** Items of one project, in the order they came. */
export interface ItemWork<Item> {
  readonly projectNo: number;
  readonly items: readonly Item[];
}

/** What is particular to the items of a queue. */
export interface ItemKind<Batch, Item extends object, Refusal, Rejection> {
  /** Items of one transaction, about. */
  readonly maxFlushItems: number;
  readonly itemsOf: (batch: Batch) => readonly Item[];
  /** Commits all items but those that it refuses. Runs again after a passing fault. */
  readonly write: (works: readonly ItemWork<Item>[]) => Promise<readonly Refusal[]>;
  readonly itemOf: (refusal: Refusal) => Item;
  /** What the sender hears of a refusal. */
  readonly present: (refusal: Refusal) => Rejection;
  readonly end: () => Promise<void>;
}

/**
 * Writes items in the order they arrive, over one connection, and tells each caller when everything it sent is
 * committed. Bounded in bytes.
 */
export class ItemQueue<
  Batch extends { readonly project: Project; readonly bytes: number },
  Item extends object,
  Refusal,
  Rejection,
> {
  private readonly admission: Admission;
  private readonly loop: FlushLoop<Item, Refusal>;

  constructor(
    private readonly kind: ItemKind<Batch, Item, Refusal, Rejection>,
    private readonly options: QueueOptions,
  ) {
    const { onMissingPartition, nowMs, onFlush } = options;
    this.admission = new Admission(options.maxBytes);
    this.loop = new FlushLoop({
      maxItems: kind.maxFlushItems,
      write: (parts) => this.write(parts),
      onMissingPartition,
      nowMs,
      onFlush,
    });
  }

  get status(): QueueStatus {
    return { bytes: this.admission.bytes, writers: { busy: this.loop.isBusy ? 1 : 0, total: 1 } };
  }

  /**
   * Resolves once all of `batch` but the refused items is committed. Throws OverCapacity or Unavailable before anything
   * is taken. Rejects with Unavailable when a part could not be committed in time; other parts may be stored, and sending
   * the whole batch again is safe.
   */
  submit(batch: Batch): Promise<{ rejected: Rejection[] }> {
    return this.admission.admit(batch.bytes, async () => {
      const items = this.kind.itemsOf(batch);
      if (items.length === 0) return { rejected: [] };
      const { maxFlushItems } = this.kind;
      const { deadlineMs, nowMs } = this.options;
      const submission = new Submission<Refusal>(Math.ceil(items.length / maxFlushItems), nowMs() + deadlineMs);
      // In order, so that the last of two items with one key is also the last to be written.
      for (let at = 0; at < items.length; at += maxFlushItems) {
        const part = items.slice(at, at + maxFlushItems);
        this.loop.enqueue({ submission, projectNo: batch.project.no, items: part });
      }
      await submission.settleWithin(deadlineMs, () => this.loop.forget(submission));
      return { rejected: submission.refused.map((refusal) => this.kind.present(refusal)) };
    });
  }

  /** Refuses new batches and resolves when all accepted ones are settled and the connection is closed. */
  async stop(): Promise<void> {
    this.admission.close();
    await this.loop.drain();
    await this.kind.end();
  }

  private async write(parts: readonly Part<Item, Refusal>[]): Promise<void> {
    const refused = await this.kind.write(parts);
    if (refused.length === 0) return;
    const owners = new Map<Item, Submission<Refusal>>();
    for (const { submission, items } of parts) for (const item of items) owners.set(item, submission);
    for (const refusal of refused) owners.get(this.kind.itemOf(refusal))?.refused.push(refusal);
  }
}
