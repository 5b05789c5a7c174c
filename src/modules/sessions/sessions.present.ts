import { DEFAULT_ENVIRONMENT } from '../../domain/environment.js';
import { type JsonText } from '../../domain/json.js';
import { type Page, type PageRequest } from '../../domain/page.js';
import { type Project } from '../../domain/project.js';
import { type Session } from '../../domain/session.js';
import { presentTime } from '../../domain/time.js';
import { type Trace } from '../../domain/trace.js';
import { presentPageMeta } from '../../http/page-meta.js';
import { type SessionDetail } from '../../storage/session-reader.js';
import { traceCostUsd, traceLatencySeconds } from '../../storage/sql/trace-figures.js';

// As text, so that inputs and outputs, which are JSON text already, are spliced in as they were stored.

/** A page of the session list. */
export function presentSessionPage(project: Project, page: Page<Session>, request: PageRequest): JsonText {
  const sessions = page.items.map((session) => `{${presentSession(project, session)}}`);
  return `{"data":[${sessions.join(',')}],"meta":${JSON.stringify(presentPageMeta(page, request))}}`;
}

/** One session with a page of its traces; `meta` is that of the traces. */
export function presentSessionDetail(
  project: Project,
  { session, traces }: SessionDetail,
  request: PageRequest,
): JsonText {
  const items = traces.items.map((trace) => presentTrace(project, trace));
  const meta = JSON.stringify(presentPageMeta(traces, request));
  return `{${presentSession(project, session)},"traces":[${items.join(',')}],"meta":${meta}}`;
}

/** The members of a session: Langfuse's four, then what it sums up. */
function presentSession(project: Project, session: Session): string {
  const { totals } = session;
  return JSON.stringify({
    id: session.sessionId,
    createdAt: presentTime(session.createdAt),
    projectId: project.id,
    environment: session.environment ?? DEFAULT_ENVIRONMENT,
    userId: session.userId,
    countTraces: session.traceCount,
    countObservations: totals.observationCount,
    countGenerations: totals.generationCount,
    countErrors: totals.errorCount,
    inputTokens: totals.inputTokens,
    outputTokens: totals.outputTokens,
    totalTokens: totals.totalTokens,
    totalCost: totals.costNanoUsd / 1e9,
    firstTimestamp: session.firstTime === null ? null : presentTime(session.firstTime),
    lastTimestamp: session.lastTime === null ? null : presentTime(session.lastTime),
  }).slice(1, -1);
}

/** A trace without observations and scores, as Langfuse embeds it in a session, with its latency and cost. */
function presentTrace(project: Project, trace: Trace): JsonText {
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
    latency: traceLatencySeconds(trace),
    totalCost: traceCostUsd(trace),
    createdAt: presentTime(trace.createdAt),
    updatedAt: presentTime(trace.updatedAt),
  }).slice(0, -1);
  return `${head},"input":${trace.input || 'null'},"output":${trace.output || 'null'},"metadata":${trace.metadata || '{}'}}`;
}
