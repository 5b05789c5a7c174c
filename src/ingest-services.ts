import { type Type } from '@nestjs/common';
import { IngestService } from './ingest/ingest.service.js';
import { IngestStatus } from './ingest/ingest-status.js';
import { MetricIngestService } from './ingest/metric-ingest.service.js';
import { ScoreIngestService } from './ingest/score-ingest.service.js';
import { BatchReceiver } from './modules/langfuse-compat/batch.receiver.js';
import { IngestionReceiver } from './modules/langfuse-compat/ingestion.receiver.js';
import { PointReceiver } from './modules/metrics/point.receiver.js';
import { OtlpLogReceiver } from './modules/otlp/otlp.log-receiver.js';
import { OtlpMetricReceiver } from './modules/otlp/otlp.metric-receiver.js';
import { OtlpTraceReceiver } from './modules/otlp/otlp.trace-receiver.js';
import { ScoreReceiver } from './modules/scores/score.receiver.js';

/** What turns the bytes of each door into what is stored. A new one is an entry here. */
export const RECEIVERS: readonly Type<object>[] = [
  OtlpTraceReceiver,
  OtlpMetricReceiver,
  OtlpLogReceiver,
  BatchReceiver,
  IngestionReceiver,
  PointReceiver,
  ScoreReceiver,
];

/** All that the writing thread offers to the one that serves. Methods take and return what can be cloned. */
export const INGEST_SERVICES: readonly Type<object>[] = [
  IngestService,
  MetricIngestService,
  ScoreIngestService,
  IngestStatus,
  ...RECEIVERS,
];
