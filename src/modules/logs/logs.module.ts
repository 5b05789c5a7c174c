import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/storage.module.js';
import { LogsController } from './logs.controller.js';

/** Log records that came over OTLP. */
@Module({ imports: [StorageModule], controllers: [LogsController] })
export class LogsModule {}
