import { type JsonText } from '../../domain/json.js';
import { type Log, SEVERITIES } from '../../domain/log.js';
import { type Page, type PageRequest } from '../../domain/page.js';
import { type Project } from '../../domain/project.js';
import { presentTime } from '../../domain/time.js';
import { presentPageMeta } from '../../http/page-meta.js';

// As text, so that bodies and attributes, which are JSON text already, are spliced in as they were stored.

/** A page of the log list. */
export function presentLogPage(project: Project, page: Page<Log>, request: PageRequest): JsonText {
  const meta = JSON.stringify(presentPageMeta(page, request));
  return `{"data":[${page.items.map((log) => presentLog(project, log)).join(',')}],"meta":${meta}}`;
}

function presentLog(project: Project, log: Log): JsonText {
  const head = JSON.stringify({
    id: log.id,
    projectId: project.id,
    timestamp: presentTime(log.time),
    observedTimestamp: log.observedTime === null ? null : presentTime(log.observedTime),
    traceId: log.traceId,
    observationId: log.spanId,
    sessionId: log.sessionId,
    severity: severityOf(log.severityNumber),
    severityNumber: log.severityNumber,
    severityText: log.severityText,
    eventName: log.eventName,
    createdAt: presentTime(log.createdAt),
  }).slice(0, -1);
  const [scope, resource] = [log.scope ?? '{}', log.resource ?? '{}'];
  return `${head},"body":${log.body ?? 'null'},"attributes":${log.attributes ?? '{}'},"scope":${scope},"resource":${resource}}`;
}

/** The name of the range that the number lies in; null where none was stated. */
function severityOf(number: number): string | null {
  return Object.entries(SEVERITIES).findLast(([, least]) => number >= least)?.[0] ?? null;
}
