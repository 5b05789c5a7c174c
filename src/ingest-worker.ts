import 'reflect-metadata';
import { parentPort, workerData } from 'node:worker_threads';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ConfigModule } from './config/config.module.js';
import { fromCloneable } from './config/database-connection.js';
import { ArrivalClock } from './domain/time.js';
import { ServerLogger } from './http/logger.js';
import { FlushEvents, type QueueName } from './ingest/flush-events.js';
import { HOST } from './ingest/ingest-host.js';
import { type IngestThreadData } from './ingest/ingest-thread.js';
import { PartitionSource } from './ingest/partition-source.js';
import { PipelineModule } from './ingest/pipeline.module.js';
import { ThreadCalls } from './ingest/thread-calls.js';
import { INGEST_SERVICES, RECEIVERS } from './ingest-services.js';

@Module({})
class WorkerModule {}

/** The writing thread: the pipeline and the receivers in front of it, called from the thread that serves requests. */
class IngestWorker {
  private readonly calls: ThreadCalls;
  private app: INestApplicationContext | undefined;

  constructor(private readonly port: NonNullable<typeof parentPort>) {
    this.calls = new ThreadCalls(port);
  }

  async run({ config, database }: IngestThreadData): Promise<void> {
    const partitions: PartitionSource = {
      ensure: async (queue: QueueName) => void (await this.calls.call(HOST, 'ensurePartitions', [queue])),
    };
    const pipeline = {
      module: PipelineModule,
      global: true,
      providers: [{ provide: PartitionSource, useValue: partitions }],
    };
    const app = (this.app = await NestFactory.createApplicationContext(
      {
        module: WorkerModule,
        imports: [ConfigModule.forRoot(config, fromCloneable(database)), pipeline],
        providers: [{ provide: ArrivalClock, useFactory: () => new ArrivalClock() }, ...RECEIVERS],
      },
      { logger: new ServerLogger(config), abortOnError: false },
    ));
    const events = app.get(FlushEvents, { strict: false });
    events.onFlush((queue, attempt) => this.tell('reportFlush', queue, attempt));
    events.onQuarantine((items) => this.tell('reportQuarantine', items));
    for (const type of INGEST_SERVICES) {
      const service = app.get<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>(type, {
        strict: false,
      });
      this.calls.handle(type.name, (method, args) => service[method]!(...args));
    }
    this.calls.handle(HOST, () => this.stop());
    this.tell('started');
  }

  private tell(event: string, ...args: readonly unknown[]): void {
    this.calls.call(HOST, event, args).catch(() => undefined);
  }

  private async stop(): Promise<void> {
    await this.app?.close();
    // After the answer, and then nothing keeps the thread.
    setImmediate(() => this.port.close());
  }
}

if (parentPort !== null) await new IngestWorker(parentPort).run(workerData as IngestThreadData);
