/**
 * Does the same again and again, one time after the other: `everyMs` lie between the end of one and the start of the next.
 * Keeps no process alive.
 */
export class RepeatedWork {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private hasStopped = false;

  /** @param work must not reject; long work looks at `isStopping` now and then */
  constructor(
    private readonly work: () => Promise<void>,
    private readonly everyMs: number,
  ) {}

  get isStopping(): boolean {
    return this.hasStopped;
  }

  /** The first time begins after `afterMs`. */
  start(afterMs: number = this.everyMs): void {
    this.timer = setTimeout(() => {
      this.running = this.work().finally(() => {
        if (!this.hasStopped) this.start();
      });
    }, afterMs);
    this.timer.unref();
  }

  /** Nothing begins any more from the call on. Resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.hasStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }
}
