import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/storage.module.js';
import { ScoreConfigsController } from './score-configs.controller.js';
import { ScoresV2Controller } from './scores-v2.controller.js';
import { ScoresV3Controller } from './scores-v3.controller.js';
import { ScoresController } from './scores.controller.js';

/** Evaluations of traces, observations, sessions and dataset runs, and the configs that they comply with. */
@Module({
  imports: [StorageModule],
  controllers: [ScoresController, ScoresV2Controller, ScoresV3Controller, ScoreConfigsController],
})
export class ScoresModule {}
