import { Global, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type DatabaseConnection } from '../../src/config/database-connection.js';
import { parseConfig } from '../../src/config/config.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { HttpModule } from '../../src/http/http.module.js';
import { createServer } from '../../src/http/server.js';
import { PartitionSource } from '../../src/ingest/partition-source.js';
import { PipelineModule } from '../../src/ingest/pipeline.module.js';
import { MetricPartitionKeeper } from '../../src/storage/metric-partitions.js';
import { PointReceiver } from '../../src/modules/metrics/point.receiver.js';
import { MetricsModule } from '../../src/modules/metrics/metrics.module.js';
import { StorageModule } from '../../src/storage/storage.module.js';

const TOKEN = 'test-token-0123456789';
const CREDENTIALS = { bearerToken: TOKEN, publicKey: 'pk-test', secretKey: 'sk-test-0123456789' };
export const BEARER = { authorization: `Bearer ${TOKEN}` };

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look at answers of every shape
  readonly body: any;
}

const KEPT = { METRICS_RETENTION_DAYS: '0' };

@Module({})
class RootModule {}

/** The write pipeline in this thread. */
@Global()
@Module({
  imports: [
    {
      module: PipelineModule,
      imports: [StorageModule],
      providers: [
        {
          provide: PartitionSource,
          inject: [MetricPartitionKeeper],
          useFactory: (keeper: MetricPartitionKeeper): PartitionSource => ({ ensure: () => keeper.ensure() }),
        },
      ],
    },
  ],
  providers: [PointReceiver],
  exports: [PointReceiver],
})
class WritingModule {}

/** The metrics module behind the HTTP server, not listening: requests are injected. */
export class MetricsApp {
  private constructor(readonly app: NestFastifyApplication) {}

  /** Points are kept for ever unless `env` says otherwise: tests use fixed times. */
  static async start(database: DatabaseConnection, env: Readonly<Record<string, string>> = {}): Promise<MetricsApp> {
    const config = parseConfig({ NODE_ENV: 'test', LOG_LEVEL: 'error', RATE_LIMIT_BURST: '10000', ...KEPT, ...env });
    const app = await createServer(
      {
        module: RootModule,
        imports: [
          ConfigModule.forRoot(config, database),
          HttpModule.forRoot({ credentials: CREDENTIALS, imports: [StorageModule] }),
          WritingModule,
          MetricsModule,
        ],
      },
      config,
    );
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    return new MetricsApp(app);
  }

  async get(path: string, headers: Record<string, string> = BEARER): Promise<Answer> {
    return answerOf(await this.app.inject({ method: 'GET', url: `/api/public/metrics/${path}`, headers }));
  }

  /** Sends a list of points, or any other body as text. */
  async post(body: unknown, headers: Record<string, string> = BEARER): Promise<Answer> {
    const payload = Array.isArray(body) ? JSON.stringify({ metrics: body }) : String(body);
    return answerOf(
      await this.app.inject({
        method: 'POST',
        url: '/v1/metrics/batch',
        headers: { 'content-type': 'application/json', ...headers },
        payload,
      }),
    );
  }

  stop(): Promise<void> {
    return this.app.close();
  }
}

function answerOf(response: { statusCode: number; headers: Readonly<Record<string, unknown>>; body: string }): Answer {
  const { statusCode: status, headers, body: text } = response;
  return { status, headers, text, body: JSON.parse(text) as unknown };
}
