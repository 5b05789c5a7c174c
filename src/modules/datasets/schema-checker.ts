import { type OnApplicationShutdown } from '@nestjs/common';
import { Worker } from 'node:worker_threads';
import { OverCapacity, Unavailable } from '../../domain/errors.js';
import { type SchemaTask, type SchemaVerdict } from './schema-task.js';

/** A sane schema takes microseconds, and some milliseconds to compile. */
const TASK_DEADLINE_MS = 1000;
/** Of loading the thread. */
const START_DEADLINE_MS = 10_000;
/** For documents of some megabytes; what needs more ends the thread, not the server. */
const MAX_HEAP_MB = 256;
/** Tasks that wait hold their documents. */
const MAX_WAITING = 100;

/** The task was given up: it took longer than its deadline, or more memory than there is for it. */
export class TaskGivenUp extends Error {}

interface Waiting {
  readonly task: SchemaTask;
  readonly resolve: (verdict: SchemaVerdict) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Checks documents against the schemas of clients in a thread of its own, one task after the other. A schema can ask for
 * any amount of work; the thread of a task that takes too long is ended, and the next task gets a new one. The thread
 * starts with the first task and keeps no process alive.
 */
export class SchemaChecker implements OnApplicationShutdown {
  private readonly waiting: Waiting[] = [];
  private worker: Worker | undefined;
  private isBusy = false;
  private isStopping = false;

  /** @param entry the module that the thread runs */
  constructor(
    private readonly entry: URL,
    private readonly deadlineMs = TASK_DEADLINE_MS,
  ) {}

  /** @throws TaskGivenUp for a task that takes too much, OverCapacity when too many wait already. */
  check(task: SchemaTask): Promise<SchemaVerdict> {
    if (this.isStopping) return Promise.reject(new Unavailable('the server is stopping'));
    if (this.waiting.length >= MAX_WAITING) {
      return Promise.reject(new OverCapacity('Too many dataset items wait to be checked against a schema'));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ task, resolve, reject });
      void this.work();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    await this.end();
  }

  private async work(): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      try {
        next.resolve(await this.run(next.task));
      } catch (error) {
        await this.end();
        next.reject(error as Error);
      }
    }
    this.isBusy = false;
  }

  private async run(task: SchemaTask): Promise<SchemaVerdict> {
    const worker = (this.worker ??= await this.start());
    const verdict = answerOf(worker, this.deadlineMs);
    worker.postMessage(task);
    return (await verdict) as SchemaVerdict;
  }

  private async start(): Promise<Worker> {
    const worker = new Worker(this.entry, { resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB } });
    worker.unref();
    // Besides the listener of a task: the thread may die between two of them.
    worker.on('error', () => this.forget(worker));
    worker.on('exit', () => this.forget(worker));
    try {
      await answerOf(worker, START_DEADLINE_MS);
    } catch (error) {
      await worker.terminate();
      throw error;
    }
    return worker;
  }

  private forget(worker: Worker): void {
    if (this.worker === worker) this.worker = undefined;
  }

  private async end(): Promise<void> {
    const worker = this.worker;
    this.worker = undefined;
    await worker?.terminate();
  }
}

/** The next message of `worker`. */
function answerOf(worker: Worker, deadlineMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      finish();
    };
    const giveUp = (why: string): void => settle(() => reject(new TaskGivenUp(why)));
    const onMessage = (message: unknown): void => settle(() => resolve(message));
    const onExit = (): void => giveUp('the thread has ended');
    const onError = (error: NodeJS.ErrnoException): void =>
      error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? giveUp('it takes more memory than there is for it')
        : settle(() => reject(error));
    const timer = setTimeout(() => giveUp(`it takes longer than ${deadlineMs} ms`), deadlineMs);
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
  });
}
