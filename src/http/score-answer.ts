import { DEFAULT_ENVIRONMENT } from '../domain/environment.js';
import type { Project } from '../domain/project.js';
import type { Score } from '../domain/score.js';
import { presentTime } from '../domain/time.js';

/** A score as versions 1 and 2 of Langfuse's API show it, alone and in traces (langfuse.md §5.4). */
export interface ScoreAnswer {
  readonly id: string;
  readonly projectId: string;
  readonly environment: string;
  readonly name: string;
  readonly source: string;
  readonly dataType: string;
  /** Absent in TEXT scores alone. */
  readonly value?: number | null;
  readonly stringValue: string | null;
  readonly traceId: string | null;
  readonly observationId: string | null;
  readonly sessionId: string | null;
  readonly datasetRunId: string | null;
  readonly configId: string | null;
  readonly queueId: string | null;
  readonly authorUserId: string | null;
  readonly executionTraceId: string | null;
  readonly comment: string | null;
  readonly metadata: object;
  readonly timestamp: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export function presentScore(project: Project, score: Score): ScoreAnswer {
  return {
    id: score.id,
    projectId: project.id,
    environment: score.environment ?? DEFAULT_ENVIRONMENT,
    name: score.name,
    source: score.source,
    dataType: score.dataType,
    ...(score.dataType === 'TEXT' ? {} : { value: score.value }),
    stringValue: score.stringValue,
    traceId: score.traceId,
    observationId: score.observationId,
    sessionId: score.sessionId,
    datasetRunId: score.datasetRunId,
    configId: score.configId,
    queueId: score.queueId,
    authorUserId: score.authorUserId,
    executionTraceId: score.executionTraceId,
    comment: score.comment,
    metadata: presentScoreMetadata(score),
    timestamp: presentTime(score.timestamp),
    createdAt: presentTime(score.createdAt),
    updatedAt: presentTime(score.updatedAt),
  };
}

/** An object with whatever keys the client chose, for JSON.stringify alone. */
export function presentScoreMetadata({ metadata }: Score): object {
  return metadata === null ? {} : (JSON.parse(metadata) as object);
}
