import { Injectable } from '@nestjs/common';
import { Redactor } from '../domain/redaction.js';
import { type QueueName } from './flush-events.js';
import { IngestService } from './ingest.service.js';
import { MetricIngestService } from './metric-ingest.service.js';
import { type QueueStatus } from './queue-options.js';
import { ScoreIngestService } from './score-ingest.service.js';

/** How the write pipeline is doing at this moment. */
export interface PipelineStatus {
  readonly queues: Readonly<Record<QueueName, QueueStatus>>;
  /** Secrets taken out since the start. */
  readonly redactedCount: number;
}

@Injectable()
export class IngestStatus {
  constructor(
    private readonly traces: IngestService,
    private readonly points: MetricIngestService,
    private readonly scores: ScoreIngestService,
    private readonly redactor: Redactor,
  ) {}

  /** A promise, because it is asked from another thread. */
  read(): Promise<PipelineStatus> {
    const { traces, points, scores, redactor } = this;
    return Promise.resolve({
      queues: { traces: traces.status, points: points.status, scores: scores.status },
      redactedCount: redactor.redactedCount,
    });
  }
}
