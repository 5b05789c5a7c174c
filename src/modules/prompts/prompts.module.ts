import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/storage.module.js';
import { PromptsController } from './prompts.controller.js';
import { PromptsV1Controller } from './prompts-v1.controller.js';

/** Prompts in versions, as Langfuse's clients make and fetch them. */
@Module({ imports: [StorageModule], controllers: [PromptsController, PromptsV1Controller] })
export class PromptsModule {}
