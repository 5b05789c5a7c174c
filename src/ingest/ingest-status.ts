import { Injectable } from '@nestjs/common';
import { Redactor } from '../domain/redaction.js';
import { type QueueName } from './flush-events.js';
import { IngestService } from './ingest.service.js';
import { MetricIngestService } from './metric-ingest.service.js';
import { ScoreIngestService } from './score-ingest.service.js';

/** How the write pipeline is doing at this moment. */
export interface PipelineStatus {
  /** Bytes that are accepted and not committed yet. */
  readonly queuedBytes: Readonly<Record<QueueName, number>>;
  /** Connections that write, and how many of them are at it. */
  readonly writers: Readonly<Record<QueueName, { readonly busy: number; readonly total: number }>>;
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
      queuedBytes: { traces: traces.queuedBytes, points: points.queuedBytes, scores: scores.queuedBytes },
      writers: { traces: traces.writers, points: points.writers, scores: scores.writers },
      redactedCount: redactor.redactedCount,
    });
  }
}
