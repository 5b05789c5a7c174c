import { createHash } from 'node:crypto';

/**
 * Chance that can be repeated: the same key gives the same values on every machine. Streams of different keys have
 * nothing to do with each other, so that what one of them is used for can change without changing the others.
 * The generator is sfc32 (PractRand, Chris Doty-Humphrey), seeded by SHA-256 of the key.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;
  private ids = 0;

  constructor(private readonly key: string) {
    const hash = createHash('sha256').update(key).digest();
    this.a = hash.readInt32LE(0);
    this.b = hash.readInt32LE(4);
    this.c = hash.readInt32LE(8);
  }

  /** A stream of its own, told apart by `parts`. */
  fork(...parts: readonly (string | number)[]): Random {
    return new Random(`${this.key}/${parts.join('/')}`);
  }

  /** From 0 to below 1, with 32 random bits. */
  next(): number {
    const t = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + t) | 0;
    return (t >>> 0) / 4_294_967_296;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A whole number from `low` to `high`, both possible. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.next() * choices.length)]!;
  }

  /** One of `choices`, each as likely as its weight says. */
  weighted<T>(choices: readonly (readonly [choice: T, weight: number])[]): T {
    let rest = this.next() * choices.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [choice, weight] of choices) if ((rest -= weight) < 0) return choice;
    return choices[choices.length - 1]![0];
  }

  /** Durations and sizes as they occur: half of them below `median`, few far above; `spread` 0.3 is tight, 1 is wild. */
  around(median: number, spread: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
    return median * Math.exp(spread * normal);
  }

  /** `expected` as a whole number whose mean over many calls is `expected`. */
  round(expected: number): number {
    return Math.floor(expected + this.next());
  }

  /** The next id of this stream, as OpenTelemetry writes them: `digits` hex digits. */
  hexId(digits: 16 | 32): string {
    this.ids += 1;
    return createHash('sha256').update(`${this.key}#${this.ids}`).digest('hex').slice(0, digits);
  }

  /** The next id of this stream as a UUID of version 4 (RFC 9562), which is what xtrace's own clients write. */
  uuid(): string {
    const hex = this.hexId(32);
    const variant = '89ab'[parseInt(hex[16]!, 16) & 3];
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}
