import { type QueueName } from './flush-events.js';

/** Makes the partitions that a write found missing, wherever the one who keeps them is. */
export abstract class PartitionSource {
  abstract ensure(queue: QueueName): Promise<void>;
}
