import { Module } from '@nestjs/common';
import { IngestModule } from '../../ingest/ingest.module.js';
import { OtlpController } from './otlp.controller.js';
import { OtlpTraceReceiver } from './otlp.trace-receiver.js';

/** OpenTelemetry: spans of any OTLP exporter, and of the Langfuse SDKs that build on it. */
@Module({ imports: [IngestModule], controllers: [OtlpController], providers: [OtlpTraceReceiver] })
export class OtlpModule {}
