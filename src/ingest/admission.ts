import { OverCapacity, Unavailable } from '../domain/errors.js';

/** The gate of a queue: what is inside is bounded in bytes, and nothing gets in once the server stops. */
export class Admission {
  private insideBytes = 0;
  private isClosed = false;

  constructor(private readonly maxBytes: number) {}

  /** Bytes that got in and are not done yet. */
  get bytes(): number {
    return this.insideBytes;
  }

  /** Runs `work` with `bytes` counted until it settles. Throws OverCapacity or Unavailable before it begins. */
  async admit<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.isClosed) throw new Unavailable('the server is stopping');
    // What is larger than the whole queue passes when nothing else waits: its size has been limited at the door.
    if (this.insideBytes > 0 && this.insideBytes + bytes > this.maxBytes) {
      throw new OverCapacity('the write queue is full: send the same again later');
    }
    this.insideBytes += bytes;
    try {
      return await work();
    } finally {
      this.insideBytes -= bytes;
    }
  }

  /** From here on nothing gets in. */
  close(): void {
    this.isClosed = true;
  }
}
