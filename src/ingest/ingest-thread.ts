import { Logger, type OnApplicationShutdown, type Type } from '@nestjs/common';
import { Worker } from 'node:worker_threads';
import { type Config } from '../config/config.js';
import { type DatabaseConnection, toCloneable } from '../config/database-connection.js';
import { Unavailable } from '../domain/errors.js';
import { ThreadCalls } from './thread-calls.js';
import { HOST, type IngestHost } from './ingest-host.js';

/** Of the objects that a request of some megabytes becomes, most die young if there is room for them. */
export const YOUNG_GENERATION_MB = 96;
const RESTART_MS = 500;

export interface IngestThreadOptions {
  /** The module that the thread runs. */
  readonly entry: URL;
  readonly config: Config;
  readonly database: DatabaseConnection;
  /** What the thread may ask of this one. */
  readonly host: IngestHost;
}

/** What the thread is started with. */
export interface IngestThreadData {
  readonly config: Config;
  readonly database: ReturnType<typeof toCloneable>;
}

/** An instance of `T` in the other thread: its methods, all of which answer with promises. */
export type Remote<T> = { [K in keyof T]: T[K] extends (...args: never[]) => Promise<unknown> ? T[K] : never };

/**
 * The thread that everything which is written goes through, from the bytes of a request to COMMIT: decoding, mapping
 * and encoding keep it busy, while this one serves requests. A thread that dies is replaced; what it held was
 * acknowledged to nobody, and its callers hear Unavailable.
 */
export class IngestThread implements OnApplicationShutdown {
  private readonly logger = new Logger(IngestThread.name);
  /** Absent while a thread that died is being replaced. */
  private running: { readonly worker: Worker; readonly calls: ThreadCalls } | undefined;
  private replacing: Promise<void> = Promise.resolve();
  private isStopping = false;

  private constructor(private readonly options: IngestThreadOptions) {}

  /** Resolves when the thread takes calls. */
  static async start(options: IngestThreadOptions): Promise<IngestThread> {
    const thread = new IngestThread(options);
    await thread.launch();
    return thread;
  }

  /** Calls of the methods of `type` go to its instance in the thread. */
  remote<T extends object>(type: Type<T>): Remote<T> {
    const remote: Record<string, unknown> = {};
    for (const name of methodNames(type)) {
      remote[name] = (...args: unknown[]): Promise<unknown> =>
        this.running === undefined
          ? Promise.reject(new Unavailable('the writing thread is being started again'))
          : this.running.calls.call(type.name, name, args);
    }
    return remote as Remote<T>;
  }

  /** How long the thread has been at work since it was started, in milliseconds. */
  get activeMs(): number {
    return this.running?.worker.performance.eventLoopUtilization().active ?? 0;
  }

  /** Runs after the last request is answered; resolves when all that was taken is settled. */
  async onApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    await this.replacing;
    if (this.running === undefined) return;
    const { worker, calls } = this.running;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    await calls.call(HOST, 'stop', []).catch(() => undefined);
    await ended;
  }

  /** Resolves when a new thread takes calls. */
  private launch(): Promise<void> {
    const { entry, config, database, host } = this.options;
    const data: IngestThreadData = { config: { ...config }, database: toCloneable(database) };
    const worker = new Worker(entry, {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    const calls = new ThreadCalls(worker);
    return new Promise((resolve, reject) => {
      calls.handle(HOST, (method, args) => {
        if (method !== 'started') return host[method as keyof IngestHost](...(args as [never, never]));
        this.running = { worker, calls };
        return resolve();
      });
      worker.on('error', (error) => {
        this.logger.error(`the writing thread failed: ${error.message}`, error.stack);
        reject(error);
      });
      worker.once('exit', (code) => {
        reject(new Error(`the writing thread ended with code ${code} before it was ready`));
        calls.abandon(new Unavailable('the writing thread has ended'));
        if (this.running?.worker !== worker) return;
        this.running = undefined;
        if (!this.isStopping) this.replacing = this.replace();
      });
    });
  }

  /** Ends once there is a thread again, or the server stops. Never rejects. */
  private async replace(): Promise<void> {
    while (this.running === undefined) {
      await new Promise((resolve) => setTimeout(resolve, RESTART_MS));
      if (this.isStopping) return;
      await this.launch().then(
        () => this.logger.warn('the writing thread was started again'),
        (error: Error) => this.logger.error(error.message),
      );
    }
  }
}

/** Methods that other objects call: lifecycle hooks are the business of the thread. */
function methodNames({ prototype }: Type<object>): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(prototype as object))
    .filter(
      ([name, { value }]) => typeof value === 'function' && !/^(constructor|onModule|onApplication|before)/.test(name),
    )
    .map(([name]) => name);
}
