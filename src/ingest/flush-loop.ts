import { Logger } from '@nestjs/common';
import { Unavailable } from '../domain/errors.js';
import { classifyFault, type Fault } from '../storage/sql-state.js';
import { type Submission } from './submission.js';

/** The items of one submission, all of one project, that one loop takes. */
export interface Part<Item, Refusal> {
  readonly submission: Submission<Refusal>;
  readonly projectNo: number;
  readonly items: readonly Item[];
}

export interface FlushLoopOptions<Item, Refusal> {
  /** One flush takes about this many items at most, so that no commit keeps its successors waiting for long. */
  readonly maxItems: number;
  /** Commits all items but those it adds to their submission's `refused`. Runs again after a passing fault. */
  readonly write: (parts: readonly Part<Item, Refusal>[]) => Promise<void>;
  /** Called when the partition of a row is missing; the write is tried again afterwards. */
  readonly onMissingPartition: () => Promise<void>;
  readonly nowMs: () => number;
  /** Hears of every attempt to write. */
  readonly onFlush?: (attempt: FlushAttempt) => void;
}

/** One transaction, or one that failed. */
export interface FlushAttempt {
  readonly items: number;
  readonly durationMs: number;
  /** Absent when it was committed. */
  readonly fault?: Fault;
}

const FIRST_RETRY_MS = 20;
const MAX_RETRY_MS = 500;
const EXHAUSTED_RETRY_MS = 1000;

/**
 * Writes parts in the order they come, one flush after the other. There is no timer: it flushes whatever waits as soon
 * as it is idle, so flushes grow with the load and a lone request waits for nothing.
 */
export class FlushLoop<Item, Refusal> {
  private readonly logger = new Logger(FlushLoop.name);
  private waiting: Part<Item, Refusal>[] = [];
  private running: Promise<void> | undefined;

  constructor(private readonly options: FlushLoopOptions<Item, Refusal>) {}

  /** Whether it has something to write. */
  get isBusy(): boolean {
    return this.running !== undefined;
  }

  enqueue(part: Part<Item, Refusal>): void {
    this.waiting.push(part);
    // After the present turn of the event loop, so that requests which arrive together share a transaction.
    this.running ??= new Promise((resolve) => setImmediate(resolve)).then(() => this.run());
  }

  /** Drops what waits of `submission`; what is being written stays. */
  forget(submission: Submission<Refusal>): void {
    this.waiting = this.waiting.filter((part) => part.submission !== submission);
  }

  /** Resolves when everything enqueued so far is settled. */
  async drain(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) await this.flush(this.take());
    this.running = undefined;
  }

  private take(): Part<Item, Refusal>[] {
    let items = 0;
    let end = 0;
    while (
      end < this.waiting.length &&
      (end === 0 || items + this.waiting[end]!.items.length <= this.options.maxItems)
    ) {
      items += this.waiting[end]!.items.length;
      end += 1;
    }
    return this.waiting.splice(0, end);
  }

  /** Settles every one of `parts`; never rejects. */
  private async flush(parts: Part<Item, Refusal>[]): Promise<void> {
    let pending = parts;
    let retryMs = FIRST_RETRY_MS;
    while (pending.length > 0) {
      const startMs = performance.now();
      try {
        await this.options.write(pending);
        this.report(pending, startMs);
        pending.forEach(({ submission }) => submission.settlePart());
        return;
      } catch (error) {
        const fault = classifyFault(error);
        this.report(pending, startMs, fault);
        const reason = (error as Error).message;
        if (fault === 'defect' || fault === 'row') {
          this.logger.error(`a write failed and cannot be retried: ${reason}`, (error as Error).stack);
          pending.forEach(({ submission }) => submission.settlePart(error as Error));
          return;
        }
        this.logger.warn(`a write of ${pending.length} requests failed and is tried again: ${reason}`);
        if (fault === 'partition')
          await this.options.onMissingPartition().catch((e: Error) => this.logger.error(e.message));
        const waitMs = fault === 'exhausted' ? EXHAUSTED_RETRY_MS : retryMs;
        retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
        const cutoffMs = this.options.nowMs() + waitMs;
        const isLate = ({ submission }: Part<Item, Refusal>): boolean => submission.deadlineMs <= cutoffMs;
        pending
          .filter(isLate)
          .forEach(({ submission }) =>
            submission.settlePart(new Unavailable('the database did not take the data in time')),
          );
        pending = pending.filter((part) => !isLate(part));
        if (pending.length > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  private report(parts: readonly Part<Item, Refusal>[], startMs: number, fault?: Fault): void {
    const { onFlush } = this.options;
    if (onFlush === undefined) return;
    const items = parts.reduce((sum, part) => sum + part.items.length, 0);
    onFlush({ items, durationMs: performance.now() - startMs, fault });
  }
}
