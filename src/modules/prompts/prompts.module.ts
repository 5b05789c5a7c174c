import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/storage.module.js';
import { PromptsController } from './prompts.controller.js';

/** Prompts in versions, as Langfuse's clients make and fetch them. */
@Module({ imports: [StorageModule], controllers: [PromptsController] })
export class PromptsModule {}
