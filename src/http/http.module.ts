import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import { CONFIG, type Config } from '../config/config.js';
import { AuthGuard } from './auth/auth.guard.js';
import { Authenticator, CREDENTIALS } from './auth/authenticator.js';
import type { AcceptedCredentials } from './auth/credentials.js';
import { AuthFailureStats } from './auth/auth-failure-stats.js';
import { DocsController } from './docs.controller.js';
import { ErrorFilter } from './error.filter.js';
import { InFlightBytes } from './in-flight-bytes.js';
import { RequestEvents } from './request-events.js';
import { RequestIntake } from './request-intake.js';
import { RequestLog } from './request-log.js';
import { QueryRateStats } from './throttle/query-rate-stats.js';
import { QueryThrottlerGuard } from './throttle/query-throttler.guard.js';
import { RateLimitStatsController } from './throttle/rate-limit-stats.controller.js';
import { TokenBucketStorage } from './throttle/token-bucket.storage.js';
import { ZstdInflater } from './zstd-inflater.js';

const throttler = ThrottlerModule.forRootAsync({
  inject: [CONFIG],
  useFactory: ({ rateLimitQps, rateLimitBurst }: Config) => ({
    throttlers: [{ limit: rateLimitBurst, ttl: (rateLimitBurst / rateLimitQps) * 1000 }],
    storage: new TokenBucketStorage(),
  }),
});

/** What every route gets without asking: authentication, body limits, the query rate limit and the shape of errors. */
@Module({})
export class HttpModule {
  /** `imports` has to bring the `ProjectDirectory` and the `KeyDirectory`: nothing here may know where these are kept. */
  static forRoot(options: {
    credentials: AcceptedCredentials;
    imports: NonNullable<ModuleMetadata['imports']>;
  }): DynamicModule {
    return {
      module: HttpModule,
      imports: [throttler, ...options.imports],
      controllers: [DocsController, RateLimitStatsController],
      providers: [
        { provide: CREDENTIALS, useValue: options.credentials },
        {
          provide: InFlightBytes,
          inject: [CONFIG],
          useFactory: (config: Config) => new InFlightBytes(config.maxInFlightBytes),
        },
        {
          provide: ZstdInflater,
          useFactory: () => new ZstdInflater(new URL('./zstd-worker.js', import.meta.url)),
        },
        AuthFailureStats,
        Authenticator,
        QueryRateStats,
        RequestEvents,
        RequestLog,
        RequestIntake,
        // In this order: nobody is counted before it is known who asks.
        { provide: APP_GUARD, useClass: AuthGuard },
        { provide: APP_GUARD, useClass: QueryThrottlerGuard },
        { provide: APP_FILTER, useClass: ErrorFilter },
      ],
      exports: [Authenticator, AuthFailureStats, InFlightBytes, QueryRateStats, RequestEvents],
    };
  }
}
