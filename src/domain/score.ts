import { type Rejection } from './ingest-batch.js';
import { type JsonText } from './json.js';
import { type Project } from './project.js';
import { type Micros } from './time.js';

export const SCORE_DATA_TYPES = ['NUMERIC', 'CATEGORICAL', 'BOOLEAN', 'TEXT', 'CORRECTION'] as const;
export type ScoreDataType = (typeof SCORE_DATA_TYPES)[number];

export const SCORE_SOURCES = ['API', 'EVAL', 'ANNOTATION'] as const;
export type ScoreSource = (typeof SCORE_SOURCES)[number];

/**
 * What is scored: a trace, an observation of it (both ids), a session, or a run of a dataset; the other ids are null.
 * Nothing of it need exist, scores often arrive first.
 */
export interface ScoreSubject {
  readonly traceId: string | null;
  readonly observationId: string | null;
  readonly sessionId: string | null;
  readonly datasetRunId: string | null;
}

/**
 * What one message says about one score. Each message states name and value; an optional field that is absent is not
 * stated and stays as it was.
 */
export interface ScorePatch {
  readonly kind: 'score';
  /** Position in its request, for telling the caller which one failed. */
  readonly index: number;
  /** Unique in its project: the same id again is the same score. */
  readonly id: string;
  /** Decides between messages, see `eventStamp`. */
  readonly stamp: number;
  /** When it was given. The message with the lowest stamp decides it, the subject and the environment for good. */
  readonly timestamp: Micros;
  readonly subject: ScoreSubject;
  readonly environment?: string | undefined;
  /** Replaced by the name of its config, and in corrections by `output`. */
  readonly name: string;
  readonly source: ScoreSource;
  /** As stated: a number for NUMERIC and BOOLEAN, else a string. What is stored of it, `settleScore` says. */
  readonly value: number | string;
  /** Not stated: that of the config, else by the type of the value. */
  readonly dataType?: ScoreDataType | undefined;
  readonly configId?: string | undefined;
  readonly comment?: string | undefined;
  /** A JSON object, one value as a whole. */
  readonly metadata?: JsonText | undefined;
  readonly queueId?: string | undefined;
  readonly authorUserId?: string | undefined;
  readonly executionTraceId?: string | undefined;
}

/** What a score says, with everything that its config and its type make of it. */
export interface ScoreVerdict {
  readonly name: string;
  readonly source: ScoreSource;
  readonly dataType: ScoreDataType;
  /**
   * NUMERIC: the number. BOOLEAN: 1 or 0. CATEGORICAL: the number that the config gives the category, 0 without one.
   * CORRECTION: 0. TEXT: null.
   */
  readonly value: number | null;
  /** NUMERIC: null. BOOLEAN: `True` or `False`. Else the text. */
  readonly stringValue: string | null;
  readonly configId: string | null;
}

/** A stored score. */
export interface Score extends ScoreVerdict, ScoreSubject {
  readonly id: string;
  readonly comment: string | null;
  /** A JSON object; null when nothing was stated. */
  readonly metadata: JsonText | null;
  readonly environment: string | null;
  readonly queueId: string | null;
  readonly authorUserId: string | null;
  readonly executionTraceId: string | null;
  readonly timestamp: Micros;
  readonly createdAt: Micros;
  readonly updatedAt: Micros;
}

/** Scores of one request. */
export interface ScoreBatch {
  readonly project: Project;
  readonly scores: readonly ScorePatch[];
  /** About how much memory they hold: the inflated size of the request. Counts against the queue. */
  readonly bytes: number;
}

/** A score that could not be taken and that no retry can save. */
export interface ScoreRejection extends Omit<Rejection, 'kind'> {
  readonly kind: 'score';
}

/** What became of a batch: every score that is not in `rejected` is committed. */
export interface ScoreReceipt {
  readonly rejected: readonly ScoreRejection[];
}
