import { TaskThread } from '../../http/task-thread.js';
import { type SchemaTask, type SchemaVerdict } from './schema-task.js';

/** A sane schema takes microseconds, and some milliseconds to compile. */
const TASK_DEADLINE_MS = 1000;
/** For documents of some megabytes. */
const MAX_HEAP_MB = 256;
const MAX_WAITING = 100;

/** Checks documents against the schemas of clients. A schema can ask for any amount of work, hence the thread. */
export class SchemaChecker extends TaskThread<SchemaTask, SchemaVerdict> {
  /** @param entry the module that the thread runs */
  constructor(entry: URL) {
    super({
      entry,
      maxHeapMb: MAX_HEAP_MB,
      maxWaiting: MAX_WAITING,
      overCapacity: 'Too many dataset items wait to be checked against a schema',
    });
  }

  /** @throws TaskGivenUp for a task that takes too much, OverCapacity when too many wait already. */
  check(task: SchemaTask): Promise<SchemaVerdict> {
    return this.run(task, TASK_DEADLINE_MS);
  }
}
