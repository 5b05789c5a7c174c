import { Module } from '@nestjs/common';
import { OtlpController } from './otlp.controller.js';

/** OpenTelemetry: spans of any OTLP exporter, and of the Langfuse SDKs that build on it. */
@Module({ controllers: [OtlpController] })
export class OtlpModule {}
