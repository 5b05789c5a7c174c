import { type DynamicModule, Module } from '@nestjs/common';
import { StorageModule } from '../../storage/storage.module.js';
import { DeliveriesController } from './deliveries.controller.js';
import { DeliveryLog } from './delivery-log.js';
import { EventLoop } from './event-loop.js';
import { Instruments } from './instruments.js';
import { Readings } from './readings.js';
import { ScrapeController } from './scrape.controller.js';
import { METRICS_REGISTRY, newRegistry } from './registry.js';

/** How this server itself is doing. It listens to the others; none of them knows of it. */
@Module({})
export class TelemetryModule {
  /** `http` is the application's one `HttpModule`, with the events and counters of all requests. */
  static forRoot(http: DynamicModule): DynamicModule {
    return {
      module: TelemetryModule,
      imports: [http, StorageModule],
      controllers: [ScrapeController, DeliveriesController],
      providers: [
        { provide: METRICS_REGISTRY, useFactory: newRegistry },
        EventLoop,
        Instruments,
        Readings,
        DeliveryLog,
      ],
    };
  }
}
