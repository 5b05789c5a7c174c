import { type QueueName } from './flush-events.js';
import { type FlushAttempt } from './flush-loop.js';

/** Name of the line's own calls, beside those of services. */
export const HOST = 'host';

/** What the thread that writes asks and tells the one that serves. */
export interface IngestHost {
  /** Makes the partitions that a write found missing. */
  ensurePartitions(queue: QueueName): Promise<void>;
  reportFlush(queue: QueueName, attempt: FlushAttempt): void;
  reportQuarantine(items: number): void;
}
