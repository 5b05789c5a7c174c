import { DEFAULT_ENVIRONMENT } from '../../domain/environment.js';
import { type Page, type PageRequest } from '../../domain/page.js';
import { type Project } from '../../domain/project.js';
import { type Score } from '../../domain/score.js';
import { presentTime } from '../../domain/time.js';
import { type Trace, type TraceDetail, type TraceListItem } from '../../domain/trace.js';
import { presentPageMeta } from '../../http/page-meta.js';
import { presentScore, type ScoreAnswer } from '../../http/score-answer.js';
import { traceCostUsd, traceLatencySeconds } from '../../storage/sql/trace-figures.js';
import { type JsonPieces, presentPayload } from './json-pieces.js';
import { presentObservation } from './observations.present.js';

/** Which parts of a trace a client asked for with `fields`; the core is always there. */
export interface FieldGroups {
  /** Without it the keys input, output and metadata are absent. */
  readonly io: boolean;
  /** Without it `scores` is empty. */
  readonly scores: boolean;
  /** Without it `observations` is empty. */
  readonly observations: boolean;
  /** Without it `latency` and `totalCost` are -1. */
  readonly metrics: boolean;
}

/** A page of the trace list; observations and scores as their ids, those of scores at the positions of the traces. */
export function* presentTracePage(
  project: Project,
  page: Page<TraceListItem>,
  scoreIds: readonly (readonly string[])[],
  request: PageRequest,
  groups: FieldGroups,
): JsonPieces {
  let comma = '{"data":[';
  for (const [i, trace] of page.items.entries()) {
    yield comma;
    yield* presentTrace(project, trace, scoreIds[i] ?? [], groups);
    yield groups.observations ? `${JSON.stringify(trace.observationIds)}}` : '[]}';
    comma = ',';
  }
  yield `${page.items.length === 0 ? comma : ''}],"meta":${JSON.stringify(presentPageMeta(page, request))}}`;
}

/** One trace with its observations and scores in full. */
export function* presentTraceDetail(
  project: Project,
  trace: TraceDetail,
  scores: readonly Score[],
  groups: FieldGroups,
): JsonPieces {
  const shown = scores.map((score) => presentScore(project, score));
  yield* presentTrace(project, trace, shown, groups);
  let comma = '[';
  for (const observation of groups.observations ? trace.observations : []) {
    yield comma;
    yield* presentObservation(project, observation, groups.io);
    comma = ',';
  }
  yield comma === '[' ? '[]}' : ']}';
}

/** A trace up to the value of its last key, `observations`. */
function* presentTrace(
  project: Project,
  trace: Trace,
  scores: readonly (ScoreAnswer | string)[],
  groups: FieldGroups,
): JsonPieces {
  const head = JSON.stringify({
    id: trace.traceId,
    projectId: project.id,
    timestamp: presentTime(trace.timestamp),
    name: trace.name,
    sessionId: trace.sessionId,
    userId: trace.userId,
    release: trace.release,
    version: trace.version,
    environment: trace.environment ?? DEFAULT_ENVIRONMENT,
    externalId: trace.externalId,
    tags: trace.tags,
    public: trace.public ?? false,
    bookmarked: trace.bookmarked ?? false,
    htmlPath: `/project/${encodeURIComponent(project.id)}/traces/${encodeURIComponent(trace.traceId)}`,
    latency: groups.metrics ? traceLatencySeconds(trace) : -1,
    totalCost: groups.metrics ? traceCostUsd(trace) : -1,
    createdAt: presentTime(trace.createdAt),
    updatedAt: presentTime(trace.updatedAt),
    scores,
  });
  yield head.slice(0, -1);
  if (groups.io) yield* presentPayload(trace);
  yield ',"observations":';
}
