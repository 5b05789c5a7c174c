import { type Config } from '../config/config.js';
import { type FlushEvents, type QueueName } from './flush-events.js';
import { type FlushAttempt } from './flush-loop.js';

/** What every queue of the write pipeline is told. */
export interface QueueOptions {
  readonly maxBytes: number;
  /** How long a batch waits and is retried on transient faults before its caller hears Unavailable. */
  readonly deadlineMs: number;
  /** Called when the partition of an item is missing; the write is tried again afterwards. */
  readonly onMissingPartition: () => Promise<void>;
  readonly nowMs: () => number;
  /** Hears of every attempt to write. */
  readonly onFlush?: (attempt: FlushAttempt) => void;
}

/** How a queue is doing at this moment. */
export interface QueueStatus {
  /** Of batches that are accepted and not committed yet. */
  readonly bytes: number;
  /** Connections that write, and how many of them have something to write. */
  readonly writers: { readonly busy: number; readonly total: number };
}

/** The options of the queue `name` on a server with these settings. Every queue may hold as much as any other. */
export function queueOptions(
  config: Pick<Config, 'writeQueueMaxBytes' | 'writeDeadlineMs'>,
  events: FlushEvents,
  name: QueueName,
): Omit<QueueOptions, 'onMissingPartition'> {
  return {
    maxBytes: config.writeQueueMaxBytes,
    deadlineMs: config.writeDeadlineMs,
    nowMs: Date.now,
    onFlush: (attempt) => events.reportFlush(name, attempt),
  };
}
