import { Module } from '@nestjs/common';
import { OtlpLogController } from './otlp.log-controller.js';
import { OtlpController } from './otlp.controller.js';

/** OpenTelemetry: spans of any OTLP exporter, and of the Langfuse SDKs that build on it. */
@Module({ controllers: [OtlpController, OtlpLogController] })
export class OtlpModule {}
