import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { StorageModule } from '../../storage/storage.module.js';
import { OtlpController } from './otlp.controller.js';
import { OtlpGrpcListener } from './otlp.grpc.js';
import { OtlpHttpListener } from './otlp.http-listener.js';
import { MappingController } from './otlp.mapping.controller.js';

/** OpenTelemetry: spans, metrics and logs of any OTLP exporter, and of the Langfuse SDKs that build on it. */
@Module({})
export class OtlpModule {
  /** `imports` has to bring what HTTP and gRPC share, from `HttpModule`, and the `Readiness`. */
  static forRoot({ imports }: { imports: NonNullable<ModuleMetadata['imports']> }): DynamicModule {
    return {
      module: OtlpModule,
      imports: [StorageModule, ...imports],
      controllers: [OtlpController, MappingController],
      providers: [OtlpGrpcListener, OtlpHttpListener],
      exports: [OtlpGrpcListener, OtlpHttpListener],
    };
  }
}
