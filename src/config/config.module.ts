import { type DynamicModule, Global, Module } from '@nestjs/common';
import { CONFIG, type Config } from './config.js';
import { DATABASE, type DatabaseConnection } from './database-connection.js';
import { Lifecycle } from './lifecycle.js';

/** Gives every module the frozen {@link Config} (token `CONFIG`), the place of the database (`DATABASE`) and the {@link Lifecycle}; the only global module. */
@Global()
@Module({})
export class ConfigModule {
  static forRoot(config: Config, database: DatabaseConnection): DynamicModule {
    return {
      module: ConfigModule,
      providers: [{ provide: CONFIG, useValue: config }, { provide: DATABASE, useValue: database }, Lifecycle],
      exports: [CONFIG, DATABASE, Lifecycle],
    };
  }
}
