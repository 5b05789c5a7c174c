import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { StorageModule } from '../../storage/storage.module.js';
import { MediaContentController } from './media-content.controller.js';
import { MediaController } from './media.controller.js';

/** Files in inputs, outputs and metadata: announced, uploaded, read. */
@Module({})
export class MediaModule {
  /** `imports` has to bring the `InFlightBytes`, from `HttpModule`. */
  static forRoot({ imports }: { imports: NonNullable<ModuleMetadata['imports']> }): DynamicModule {
    return {
      module: MediaModule,
      imports: [StorageModule, ...imports],
      controllers: [MediaController, MediaContentController],
    };
  }
}
