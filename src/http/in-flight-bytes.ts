import { OverCapacity } from '../domain/errors.js';

/** Room in the budget that one request holds until it is released. */
export interface Reservation {
  /**
   * Asks for `bytes` more.
   * @throws OverCapacity when the budget has no room; what is held already stays held.
   */
  grow(bytes: number): void;
  /** Gives everything back; again is harmless. */
  release(): void;
}

/**
 * The budget of request bodies, all requests together. A request that is alone always gets what it asks for, because
 * its own limits bound it and waiting would not help it.
 */
export class InFlightBytes {
  private total = 0;

  constructor(private readonly maxBytes: number) {}

  /** Bytes held at this moment. */
  get bytes(): number {
    return this.total;
  }

  /** @throws OverCapacity when the budget has no room for `bytes`, or none at all. */
  reserve(bytes: number): Reservation {
    let held = 0;
    let isReleased = false;
    const grow = (more: number): void => {
      if (isReleased) throw new OverCapacity('The request has ended');
      const others = this.total - held;
      if (others > 0 && this.total + more > this.maxBytes) {
        throw new OverCapacity('Too many bytes are being received at once');
      }
      held += more;
      this.total += more;
    };
    if (this.total >= this.maxBytes) throw new OverCapacity('Too many bytes are being received at once');
    grow(bytes);
    return {
      grow,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        this.total -= held;
      },
    };
  }
}
