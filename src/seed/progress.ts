import { Presets, SingleBar } from 'cli-progress';

/** Shows how far a run is: a bar on a terminal, else a line for each tenth. */
export class Progress {
  private bar: SingleBar | undefined;
  private shownTenths = 0;

  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly print: (line: string) => void,
  ) {}

  update(done: number, total: number): void {
    if (this.stream.isTTY) {
      this.bar ??= this.startBar(total);
      this.bar.update(done);
      return;
    }
    const tenths = Math.floor((10 * done) / total);
    if (tenths === this.shownTenths) return;
    this.shownTenths = tenths;
    this.print(`${tenths * 10} % (${done} of ${total} hours)`);
  }

  /** Leaves the terminal as it was, also in the middle of a run. */
  stop(): void {
    this.bar?.stop();
  }

  private startBar(total: number): SingleBar {
    const format = '{bar} {percentage} % | {value} of {total} hours | {eta_formatted} to go';
    const bar = new SingleBar({ format, stream: this.stream, hideCursor: true }, Presets.shades_classic);
    bar.start(total, 0);
    return bar;
  }
}
