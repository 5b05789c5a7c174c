import { toEnvironment } from './environment.js';
import { InvalidInput } from './errors.js';
import { idProblem, toIndexableText } from './identifier.js';
import { isWithinDepth, type JsonText, MAX_JSON_DEPTH, toJsonText, toStorableText } from './json.js';
import { type Members, readChoice } from './members.js';
import { SCORE_DATA_TYPES, SCORE_SOURCES, type ScorePatch, type ScoreSource, type ScoreSubject } from './score.js';
import { clampTime, type Micros, parseIsoTime } from './time.js';

/** What a request says about the score in its body. */
export interface ScoreContext {
  readonly index: number;
  /** Taken where the body has no id. */
  readonly newId: () => string;
  readonly stamp: number;
  /** When it was given, where the body does not say. */
  readonly timestamp: Micros;
  /** The server's clock, where a `timestamp` of the body counts; events have one of their own. */
  readonly nowMs?: number;
  /** Which sources the door takes; the first is that of a body that states none. */
  readonly sources: readonly ScoreSource[];
}

/** Sources that `POST /api/public/scores` takes (Langfuse API, CreateScoreSource). */
export const REST_SOURCES: readonly ScoreSource[] = ['API', 'ANNOTATION'];
/** Sources that events of `POST /api/public/ingestion` may have. */
export const EVENT_SOURCES: readonly ScoreSource[] = ['API', 'ANNOTATION', 'EVAL'];

/**
 * Reads the body that Langfuse clients send of a score, on its own or in an event (langfuse.md §3.9). Null counts as
 * absent, unknown fields are ignored. What depends on a config is looked at when it is written.
 * @throws InvalidInput naming the field.
 */
export function readScoreBody(body: unknown, context: ScoreContext): ScorePatch {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new InvalidInput('the score must be a JSON object', 'body');
  const members: Members = new Map(Object.entries(body));
  const { index, newId, stamp, timestamp, nowMs, sources } = context;
  const dataType = readChoice(members, 'dataType', SCORE_DATA_TYPES);
  const configId = readId(members, 'configId');
  return {
    kind: 'score',
    index,
    id: readId(members, 'id') ?? newId(),
    stamp,
    timestamp: (nowMs === undefined ? undefined : readTime(members, nowMs)) ?? timestamp,
    subject: readSubject(members),
    environment: toEnvironment(members.get('environment')),
    // A correction and a config bring a name of their own.
    name: readName(members, dataType === 'CORRECTION' || configId !== undefined),
    source: readChoice(members, 'source', sources) ?? sources[0] ?? SCORE_SOURCES[0],
    value: readValue(members),
    dataType,
    configId,
    comment: readText(members, 'comment'),
    metadata: readMetadata(members),
    queueId: readId(members, 'queueId'),
    executionTraceId: readId(members, 'executionTraceId'),
  };
}

function readSubject(members: Members): ScoreSubject {
  const traceId = readId(members, 'traceId') ?? null;
  const observationId = readId(members, 'observationId') ?? null;
  const sessionId = readId(members, 'sessionId') ?? null;
  const datasetRunId = readId(members, 'datasetRunId') ?? null;
  if (observationId !== null && traceId === null)
    throw new InvalidInput('traceId is required with observationId, whose trace it names', 'traceId');
  const stated = [traceId, sessionId, datasetRunId].filter((id) => id !== null);
  if (stated.length !== 1)
    throw new InvalidInput('exactly one of traceId, sessionId and datasetRunId must be given', 'traceId');
  return { traceId, observationId, sessionId, datasetRunId };
}

function readTime(members: Members, nowMs: number): Micros | undefined {
  const value = members.get('timestamp') ?? undefined;
  if (value === undefined) return undefined;
  const micros = typeof value === 'string' ? parseIsoTime(value) : undefined;
  if (micros === undefined)
    throw new InvalidInput('timestamp must be an ISO 8601 time with a zone such as 2026-01-31T09:30:00Z', 'timestamp');
  return clampTime(micros, nowMs).micros;
}

function readName(members: Members, isOptional: boolean): string {
  const name = readText(members, 'name');
  if (name !== undefined && name !== '') return toIndexableText(name);
  if (isOptional) return '';
  throw new InvalidInput('name must be text that is not empty', 'name');
}

function readValue(members: Members): number | string {
  const value = members.get('value');
  if (typeof value === 'string') return toStorableText(value);
  // JSON has numbers that a double has not: 1e999.
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new InvalidInput('value must be a finite number or a string', 'value');
}

function readMetadata(members: Members): JsonText | undefined {
  const value = members.get('metadata') ?? undefined;
  if (value === undefined) return undefined;
  if (!isWithinDepth(value))
    throw new InvalidInput(`metadata must not nest deeper than ${MAX_JSON_DEPTH} levels`, 'metadata');
  const isObject = typeof value === 'object' && !Array.isArray(value);
  return toJsonText(isObject ? value : { metadata: value });
}

/** Empty is absent, as SDKs mean it. */
function readId(members: Members, field: string): string | undefined {
  const value = members.get(field) ?? undefined;
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw new InvalidInput(`${field} must be a string`, field);
  const problem = idProblem(value);
  if (problem !== undefined) throw new InvalidInput(`${field} ${problem}`, field);
  return value;
}

function readText(members: Members, field: string): string | undefined {
  const value = members.get(field) ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new InvalidInput(`${field} must be a string`, field);
  return toStorableText(value);
}
