import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { Readiness } from '../../domain/readiness.js';
import { StorageModule } from '../../storage/storage.module.js';
import { HealthController } from './health.controller.js';
import { LangfuseHealthController } from './langfuse-health.controller.js';
import { ReadinessService } from './readiness.service.js';

@Module({
  // Terminus would log every failed probe; ReadinessService logs the changes.
  imports: [TerminusModule.forRoot({ logger: false }), StorageModule],
  controllers: [HealthController, LangfuseHealthController],
  providers: [ReadinessService, { provide: Readiness, useExisting: ReadinessService }],
  exports: [Readiness],
})
export class HealthModule {}
