import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/storage.module.js';
import { DatasetsController } from './datasets.controller.js';
import { ExperimentsController } from './experiments.controller.js';
import { ItemChecks } from './item-checks.js';
import { ItemMedia } from './item-media.js';
import { DatasetItemsController } from './items.controller.js';
import { RunResultsController } from './results.controller.js';
import { DatasetRunItemsController } from './run-items.controller.js';
import { DatasetRunsController } from './runs.controller.js';
import { SchemaChecker } from './schema-checker.js';

/** Sets of examples, the runs of an application over them, and what became of each item. */
@Module({
  imports: [StorageModule],
  controllers: [
    DatasetsController,
    DatasetItemsController,
    DatasetRunsController,
    DatasetRunItemsController,
    RunResultsController,
    ExperimentsController,
  ],
  providers: [
    {
      provide: SchemaChecker,
      useFactory: () => new SchemaChecker(new URL('./schema-worker.js', import.meta.url)),
    },
    ItemChecks,
    ItemMedia,
  ],
})
export class DatasetsModule {}
