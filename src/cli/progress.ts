/** Where a command writes what it does, apart from its result. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const REDRAW_EVERY_MS = 100;
/** Without a terminal: often enough to see that it lives, seldom enough for a log. */
const LINE_EVERY_MS = 10_000;
const BAR_WIDTH = 24;
const CLEAR_LINE = '\r\u001b[K';

/** How far a long step is: a bar on a terminal, else a plain line now and then. */
export class Progress {
  private label = '';
  private totalBytes = 0;
  private bytes = 0;
  private nextAtMs = 0;

  constructor(
    private readonly output: ProgressOutput,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** Begins a step. `totalBytes` may be an estimate; 0 = unknown. */
  start(label: string, totalBytes: number): void {
    this.label = label;
    this.totalBytes = totalBytes;
    this.bytes = 0;
    this.nextAtMs = this.nowMs() + (this.output.isTTY ? 0 : LINE_EVERY_MS);
  }

  advance(bytes: number): void {
    this.bytes += bytes;
    if (this.nowMs() < this.nextAtMs) return;
    this.nextAtMs = this.nowMs() + (this.output.isTTY ? REDRAW_EVERY_MS : LINE_EVERY_MS);
    this.output.write(this.output.isTTY ? `${CLEAR_LINE}${this.bar()}` : `${this.plain()}\n`);
  }

  /** Ends the step with a line that stays. */
  done(line: string): void {
    this.output.write(`${this.output.isTTY ? CLEAR_LINE : ''}${line}\n`);
  }

  /** Removes a bar that is being drawn, before something else is written. */
  clear(): void {
    if (this.output.isTTY) this.output.write(CLEAR_LINE);
  }

  /** An estimate may be too low: it never says that the step is over. */
  private get fraction(): number {
    return this.totalBytes === 0 ? 0 : Math.min(0.99, this.bytes / this.totalBytes);
  }

  private bar(): string {
    if (this.totalBytes === 0) return this.plain();
    const full = Math.floor(this.fraction * BAR_WIDTH);
    return `${this.label} [${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}] ${this.percent} ${formatBytes(this.bytes)}`;
  }

  private plain(): string {
    return `${this.label}: ${formatBytes(this.bytes)}${this.totalBytes === 0 ? '' : ` (${this.percent})`}`;
  }

  private get percent(): string {
    return `${Math.floor(this.fraction * 100)} %`;
  }
}

/** `1.5 MB`, with powers of 1000 as file sizes are shown. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit > 0 && value < 99.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
