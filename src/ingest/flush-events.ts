import { Injectable } from '@nestjs/common';
import { type FlushAttempt } from './flush-loop.js';

/** The queues of the write pipeline. */
export type QueueName = 'traces' | 'points' | 'scores';

export type FlushListener = (queue: QueueName, attempt: FlushAttempt) => void;

/** Tells whoever wants to know what the write queues do. Listeners must be quick and must not throw. */
@Injectable()
export class FlushEvents {
  private readonly flushListeners: FlushListener[] = [];
  private readonly quarantineListeners: ((items: number) => void)[] = [];

  /** Calls `listener` after every attempt of a queue to write. */
  onFlush(listener: FlushListener): void {
    this.flushListeners.push(listener);
  }

  /** Calls `listener` with the number of items that PostgreSQL refused and that go to quarantine. */
  onQuarantine(listener: (items: number) => void): void {
    this.quarantineListeners.push(listener);
  }

  reportFlush(queue: QueueName, attempt: FlushAttempt): void {
    for (const listener of this.flushListeners) listener(queue, attempt);
  }

  reportQuarantine(items: number): void {
    for (const listener of this.quarantineListeners) listener(items);
  }
}
