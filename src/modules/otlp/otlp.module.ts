import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/storage.module.js';
import { OtlpController } from './otlp.controller.js';
import { MappingController } from './otlp.mapping.controller.js';

/** OpenTelemetry: spans, metrics and logs of any OTLP exporter, and of the Langfuse SDKs that build on it. */
@Module({ imports: [StorageModule], controllers: [OtlpController, MappingController] })
export class OtlpModule {}
