import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/storage.module.js';
import { SessionsController } from './sessions.controller.js';

/** Conversations: traces that share a session id. */
@Module({ imports: [StorageModule], controllers: [SessionsController] })
export class SessionsModule {}
