import { DEFAULT_ENVIRONMENT } from '../../domain/environment.js';
import { type Page, type PageRequest } from '../../domain/page.js';
import { type Project } from '../../domain/project.js';
import { type Score } from '../../domain/score.js';
import { presentTime } from '../../domain/time.js';
import { presentPageMeta } from '../../http/page-meta.js';
import { presentScore, presentScoreMetadata } from '../../http/score-answer.js';
import { type ScoreListItem } from '../../storage/scores/score-reader.js';
import { type RefusedScore } from './score.receiver.js';
import { type ScoreFieldGroup } from './scores-v3.query.js';
import {
  type AcceptedScoresDto,
  type PartlyAcceptedScoresDto,
  type ScoredTraceDto,
  type ScoreListItemDto,
  type ScorePageDto,
} from './scores.dto.js';
import { type ScoreSubjectDto, type ScoreV3Dto } from './scores-v3.dto.js';

/** What became of an array of scores, in the shapes of Langfuse's API 4 (Python SDK 5.0.4, CreateScoresResponse). */
export function presentScoreList(
  scoreCount: number,
  refusedCount: number,
  refused: readonly RefusedScore[],
): AcceptedScoresDto | PartlyAcceptedScoresDto {
  if (refusedCount === 0) return { message: 'Accepted' };
  return {
    accepted: scoreCount - refusedCount,
    rejected: refusedCount,
    // The SDK logs nothing but the messages.
    errors: refused.map(({ index, message }) => ({ index, message: `[${index}]: ${message}` })),
  };
}

/** In the first version of the list, whose clients cannot read null (Langfuse's SDK 2 for Python). */
const TRACE_TO_COME: ScoredTraceDto = { userId: null, tags: [], environment: null, sessionId: null };

/** A page of the first version of the list: its scores always show a trace, an empty one where there is none yet. */
export function presentFirstScorePage(project: Project, page: Page<ScoreListItem>, request: PageRequest): ScorePageDto {
  const { data, meta } = presentScorePage(project, page, request, true);
  return { data: data.map((score) => ({ ...score, trace: score.trace ?? TRACE_TO_COME })), meta };
}

/** A page of scores, each with what is shown of its trace unless `withTrace` is false. */
export function presentScorePage(
  project: Project,
  page: Page<ScoreListItem>,
  request: PageRequest,
  withTrace: boolean,
): ScorePageDto {
  return {
    data: page.items.map((item) => presentListItem(project, item, withTrace)),
    meta: presentPageMeta(page, request),
  };
}

function presentListItem(project: Project, item: ScoreListItem, withTrace: boolean): ScoreListItemDto {
  const score = presentScore(project, item);
  if (!withTrace) return score;
  const { trace } = item;
  if (trace === null) return { ...score, trace: null };
  const { userId, tags, environment, sessionId } = trace;
  return { ...score, trace: { userId, tags: [...tags], environment: environment ?? DEFAULT_ENVIRONMENT, sessionId } };
}

/** A score as version 3 of the API shows it: one value whose type follows from the data type. */
export function presentScoreV3(project: Project, score: Score, groups: ReadonlySet<ScoreFieldGroup>): ScoreV3Dto {
  return {
    id: score.id,
    projectId: project.id,
    name: score.name,
    value: valueOf(score),
    dataType: score.dataType,
    source: score.source,
    timestamp: presentTime(score.timestamp),
    environment: score.environment ?? DEFAULT_ENVIRONMENT,
    createdAt: presentTime(score.createdAt),
    updatedAt: presentTime(score.updatedAt),
    ...(groups.has('details')
      ? { comment: score.comment, configId: score.configId, metadata: presentScoreMetadata(score) }
      : {}),
    ...(groups.has('subject') ? { subject: subjectOf(score) } : {}),
    ...(groups.has('annotation') ? { authorUserId: score.authorUserId, queueId: score.queueId } : {}),
  };
}

function valueOf({ dataType, value, stringValue }: Score): number | string | boolean {
  if (dataType === 'NUMERIC') return value ?? 0;
  if (dataType === 'BOOLEAN') return value === 1;
  return stringValue ?? '';
}

function subjectOf({ traceId, observationId, sessionId, datasetRunId }: Score): ScoreSubjectDto {
  if (observationId !== null) {
    return { kind: 'observation', id: observationId, ...(traceId === null ? {} : { traceId }) };
  }
  if (traceId !== null) return { kind: 'trace', id: traceId };
  if (sessionId !== null) return { kind: 'session', id: sessionId };
  return { kind: 'experiment', id: datasetRunId ?? '' };
}
