import { type OnApplicationShutdown } from '@nestjs/common';
import { Worker } from 'node:worker_threads';
import { OverCapacity, Unavailable } from '../domain/errors.js';

/** Of loading the thread. */
const START_DEADLINE_MS = 10_000;

/** The task was given up: it took longer than its deadline, or more memory than there is for it. */
export class TaskGivenUp extends Error {}

export interface TaskThreadOptions {
  /** The module that the thread runs. It says that it is ready by a message, and answers each task by one. */
  readonly entry: URL;
  /** What needs more ends the thread, not the server. Memory of buffers is not counted. */
  readonly maxHeapMb: number;
  /** Tasks that wait hold what they are about. */
  readonly maxWaiting: number;
  /** What is told to those who come when so many wait. */
  readonly overCapacity: string;
}

interface Waiting<Task, Answer> {
  readonly task: Task;
  readonly deadlineMs: number;
  readonly moved: readonly ArrayBuffer[];
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Does work that a client can make arbitrarily long in a thread of its own, one task after the other. The thread of a
 * task that takes too long is ended, and the next task gets a new one. It starts with the first task and keeps no process
 * alive.
 */
export class TaskThread<Task, Answer> implements OnApplicationShutdown {
  private readonly waiting: Waiting<Task, Answer>[] = [];
  private worker: Worker | undefined;
  private isBusy = false;
  private isStopping = false;

  constructor(private readonly options: TaskThreadOptions) {}

  async onApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    await this.end();
  }

  /**
   * Answers with what the thread does, which has `deadlineMs` from when the task's turn has come. The memory of `moved`
   * goes over to the thread instead of being copied.
   * @throws TaskGivenUp for a task that takes too much, OverCapacity when too many wait already.
   */
  protected run(task: Task, deadlineMs: number, moved: readonly ArrayBuffer[] = []): Promise<Answer> {
    const { maxWaiting, overCapacity } = this.options;
    if (this.isStopping) return Promise.reject(new Unavailable('the server is stopping'));
    if (this.waiting.length >= maxWaiting) return Promise.reject(new OverCapacity(overCapacity));
    return new Promise((resolve, reject) => {
      this.waiting.push({ task, deadlineMs, moved, resolve, reject });
      void this.work();
    });
  }

  private async work(): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      try {
        next.resolve(await this.perform(next));
      } catch (error) {
        await this.end();
        next.reject(error as Error);
      }
    }
    this.isBusy = false;
  }

  private async perform({ task, deadlineMs, moved }: Waiting<Task, Answer>): Promise<Answer> {
    const worker = (this.worker ??= await this.start());
    const answer = answerOf(worker, deadlineMs);
    worker.postMessage(task, moved);
    return (await answer) as Answer;
  }

  private async start(): Promise<Worker> {
    const { entry, maxHeapMb } = this.options;
    const worker = new Worker(entry, { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } });
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
    // Messages are heard after timers: an answer may have come while this thread was busy.
    const onDeadline = (): void => void setImmediate(() => giveUp(`it takes longer than ${deadlineMs} ms`));
    const timer = setTimeout(onDeadline, deadlineMs);
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
  });
}
