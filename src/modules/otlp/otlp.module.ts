import { Module } from '@nestjs/common';
import { IngestModule } from '../../ingest/ingest.module.js';
import { OtlpController } from './otlp.controller.js';
import { OtlpMetricReceiver } from './otlp.metric-receiver.js';
import { OtlpTraceReceiver } from './otlp.trace-receiver.js';

/** OpenTelemetry: metrics and spans of any OTLP exporter, and of the Langfuse SDKs that build on it. */
@Module({ imports: [IngestModule], controllers: [OtlpController], providers: [OtlpTraceReceiver, OtlpMetricReceiver] })
export class OtlpModule {}
