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

  settlePart(failure?: Error): void {
    this.failure ??= failure;
    this.openParts -= 1;
    if (this.openParts === 0) this.finish();
  }
}
