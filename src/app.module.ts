import { type DynamicModule, Module } from '@nestjs/common';
import type { Config } from './config/config.js';
import { ConfigModule } from './config/config.module.js';
import type { Credentials } from './config/credentials.js';
import type { DatabaseConnection } from './config/database-connection.js';
import { HttpModule } from './http/http.module.js';
import { IngestModule } from './ingest/ingest.module.js';
import { INGEST_SERVICES } from './ingest-services.js';
import { CommentsModule } from './modules/comments/comments.module.js';
import { DatasetsModule } from './modules/datasets/datasets.module.js';
import { HealthModule } from './modules/health/health.module.js';
import { LangfuseCompatModule } from './modules/langfuse-compat/langfuse-compat.module.js';
import { LogsModule } from './modules/logs/logs.module.js';
import { MediaModule } from './modules/media/media.module.js';
import { MetricsModule } from './modules/metrics/metrics.module.js';
import { OtlpModule } from './modules/otlp/otlp.module.js';
import { PricingModule } from './modules/pricing/pricing.module.js';
import { ProjectsModule } from './modules/projects/projects.module.js';
import { PromptsModule } from './modules/prompts/prompts.module.js';
import { ScoresModule } from './modules/scores/scores.module.js';
import { SessionsModule } from './modules/sessions/sessions.module.js';
import { TelemetryModule } from './modules/telemetry/telemetry.module.js';
import { StorageModule } from './storage/storage.module.js';

/** What a start has found out before there is an application. */
export interface AppOptions {
  readonly config: Config;
  readonly credentials: Credentials;
  readonly database: DatabaseConnection;
}

/** What the writing thread runs. */
const INGEST_WORKER = new URL('./ingest-worker.js', import.meta.url);

/** The modules in reading order: what all share first, then one door after the other. */
@Module({})
export class AppModule {
  static forRoot({ config, credentials, database }: AppOptions): DynamicModule {
    const http = HttpModule.forRoot({ credentials, imports: [StorageModule] });
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config, database),
        http,
        IngestModule.forRoot({ entry: INGEST_WORKER, services: INGEST_SERVICES }),
        OtlpModule.forRoot({ imports: [http, HealthModule] }),
        LangfuseCompatModule,
        ProjectsModule,
        SessionsModule,
        ScoresModule,
        LogsModule,
        MetricsModule,
        PricingModule,
        DatasetsModule,
        MediaModule.forRoot({ imports: [http] }),
        CommentsModule,
        PromptsModule,
        HealthModule,
        TelemetryModule.forRoot(http),
      ],
    };
  }
}
