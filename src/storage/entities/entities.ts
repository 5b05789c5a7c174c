import { ApiKeyEntity } from './api-key.entity.js';
import { ChangeCounterEntity } from './change-counter.entity.js';
import { DatasetItemEntity } from './dataset-item.entity.js';
import { DatasetRunItemEntity } from './dataset-run-item.entity.js';
import { DatasetRunEntity } from './dataset-run.entity.js';
import { DatasetEntity } from './dataset.entity.js';
import { LogEntity } from './log.entity.js';
import { MetricExemplarEntity } from './metric-exemplar.entity.js';
import { MetricPointEntity } from './metric-point.entity.js';
import { MetricSeriesEntity } from './metric-series.entity.js';
import { ModelPriceEntity } from './model-price.entity.js';
import { ObservationEntity } from './observation.entity.js';
import { ObservationPayloadEntity } from './observation-payload.entity.js';
import { PriceSnapshotEntity } from './price-snapshot.entity.js';
import { ProjectEntity } from './project.entity.js';
import { PromptEntity } from './prompt.entity.js';
import { PromptLabelEntity } from './prompt-label.entity.js';
import { PromptReferenceEntity } from './prompt-reference.entity.js';
import { PromptVersionEntity } from './prompt-version.entity.js';
import { QuarantineEntity } from './quarantine.entity.js';
import { RetentionClockEntity } from './retention-clock.entity.js';
import { ScoreConfigEntity } from './score-config.entity.js';
import { ScoreEntity } from './score.entity.js';
import { SessionEntity } from './session.entity.js';
import { TraceEntity } from './trace.entity.js';
import { TracePayloadEntity } from './trace-payload.entity.js';
import { UsageHourlyEntity } from './usage-hourly.entity.js';

/** Every table of the schema that has an entity. The migrations make them; TypeORM never does. */
export const ENTITIES = [
  ProjectEntity,
  TraceEntity,
  TracePayloadEntity,
  ObservationEntity,
  ObservationPayloadEntity,
  SessionEntity,
  UsageHourlyEntity,
  QuarantineEntity,
  MetricSeriesEntity,
  MetricPointEntity,
  MetricExemplarEntity,
  RetentionClockEntity,
  ModelPriceEntity,
  PriceSnapshotEntity,
  LogEntity,
  ScoreEntity,
  ScoreConfigEntity,
  PromptEntity,
  PromptVersionEntity,
  PromptLabelEntity,
  PromptReferenceEntity,
  ApiKeyEntity,
  ChangeCounterEntity,
  DatasetEntity,
  DatasetItemEntity,
  DatasetRunEntity,
  DatasetRunItemEntity,
];
