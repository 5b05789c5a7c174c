import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/storage.module.js';
import { CommentsController } from './comments.controller.js';

/** What people write about traces, observations, sessions and prompts. */
@Module({ imports: [StorageModule], controllers: [CommentsController] })
export class CommentsModule {}
