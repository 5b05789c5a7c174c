import { Unavailable } from '../domain/errors.js';

/** One caller's request from the moment it is queued until all of its parts are settled. */
export class Submission<Refusal> {
  readonly refused: Refusal[] = [];
  /** Resolves once every part is committed; rejects with the first failure, but not before every part is settled. */
  readonly settled: Promise<void>;
  private failure: Error | undefined;
  private finish: () => void = () => undefined;

  constructor(
    private openParts: number,
    readonly deadlineMs: number,
  ) {
    this.settled = new Promise((resolve, reject) => {
      this.finish = () => (this.failure === undefined ? resolve() : reject(this.failure));
    });
  }

  /**
   * Waits until it is settled, but no longer than `limitMs`: a database that neither answers nor fails (frozen, or
   * behind a broken network) ends no flush. When that comes first, `drop` has to take its parts out of all queues.
   */
  async settleWithin(limitMs: number, drop: () => void): Promise<void> {
    const overdue = setTimeout(() => {
      drop();
      this.openParts = 1;
      this.settlePart(new Unavailable('the database did not answer in time'));
    }, limitMs);
    await this.settled.finally(() => clearTimeout(overdue));
  }

  /** Counts for nothing once all is settled. */
  settlePart(failure?: Error): void {
    this.failure ??= failure;
    this.openParts -= 1;
    if (this.openParts === 0) this.finish();
  }
}
