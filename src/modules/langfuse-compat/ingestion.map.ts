import { toEnvironment } from '../../domain/environment.js';
import { InvalidInput } from '../../domain/errors.js';
import { idProblem, MAX_ID_CHARACTERS } from '../../domain/identifier.js';
import { compareBytewise, type JsonText } from '../../domain/json.js';
import { type ObservationPatch } from '../../domain/observation.js';
import { type ScorePatch } from '../../domain/score.js';
import { EVENT_SOURCES, readScoreBody } from '../../domain/score-body.js';
import { clampTime, eventStamp, parseIsoTime, type Micros } from '../../domain/time.js';
import { type TracePatch } from '../../domain/trace.js';
import { type PayloadTexts } from './batch.payload-texts.js';
import { readStep } from './batch.step.js';
import { readUnit } from './batch.usage.js';
import {
  bodyProblem,
  EVENT_KINDS,
  type Envelope,
  type EventKind,
  type ObservationBody,
  type TraceBody,
} from './ingestion.schema.js';
import { combineCost, combineUsage } from './ingestion.usage.js';
import {
  ENVIRONMENT_KEY,
  ItemTimes,
  LEVEL_KEY,
  noteWord,
  optionalId,
  readLevel,
  readLooseName,
  readMetadata,
  readName,
  readParameters,
  readPayload,
  readTags,
  readText,
  readType,
  requiredId,
} from './item-values.js';

/** What a request came with besides its body. */
export interface EventContext {
  readonly nowMs: number;
  /** The caller may send nothing but scores. */
  readonly onlyScores: boolean;
}

/** An event that was not taken. */
export interface RefusedEvent {
  readonly index: number;
  /** Of the event, as sent; undefined when it was none. */
  readonly id: string | undefined;
  readonly field?: string | undefined;
  readonly reason: 'invalid' | 'forbidden';
  readonly message: string;
}

export interface MappedEvents {
  readonly traces: readonly TracePatch[];
  readonly observations: readonly ObservationPatch[];
  /** Updates that name no trace, their `traceId` empty: which one has the observation is not known here. */
  readonly strays: readonly ObservationPatch[];
  readonly scores: readonly ScorePatch[];
  /** Ids of the events that were taken, at the events' positions; undefined for refused ones and for logs of SDKs. */
  readonly taken: readonly (string | undefined)[];
  readonly refused: readonly RefusedEvent[];
}

interface MutableEvents {
  readonly traces: TracePatch[];
  readonly observations: ObservationPatch[];
  readonly strays: ObservationPatch[];
  readonly scores: ScorePatch[];
  readonly taken: (string | undefined)[];
  readonly refused: RefusedEvent[];
}

/** One event with its envelope read. */
interface KnownEvent {
  readonly index: number;
  readonly id: string;
  readonly kind: EventKind;
  readonly stamp: number;
  readonly time: Micros;
  readonly nowMs: number;
}

/**
 * Maps the events of a `POST /api/public/ingestion` request to patches (langfuse.md §3.3 to §3.7). An event that cannot
 * be taken is refused alone. Which of two events wins, their `timestamp` decides field by field (`eventStamp`), not their
 * order, so that any order, repetition and split of the same events says the same.
 */
export function mapEvents({ events, texts }: Envelope, context: EventContext): MappedEvents {
  const mapped: MutableEvents = {
    ...{ traces: [], observations: [], strays: [], scores: [] },
    ...{ taken: new Array<string | undefined>(events.length), refused: [] },
  };
  for (let index = 0; index < events.length; index += 1) {
    const event = events[index];
    try {
      mapEvent(event, index, texts[index], context, mapped);
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      const { message, field } = error;
      mapped.refused.push({ index, id: eventId(event), field, reason: 'invalid', message });
    }
  }
  resolveWithin(mapped);
  return mapped;
}

function mapEvent(
  event: unknown,
  index: number,
  texts: PayloadTexts | undefined,
  { nowMs, onlyScores }: EventContext,
  mapped: MutableEvents,
): void {
  if (typeof event !== 'object' || event === null || Array.isArray(event))
    throw new InvalidInput('the event must be an object');
  const { id, type, timestamp, body } = event as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string') throw new InvalidInput('id must be text', 'id');
  const problem = idProblem(id);
  if (problem !== undefined) throw new InvalidInput(`id ${problem}`, 'id');
  const kind = EVENT_KINDS.get(type);
  if (kind === undefined) throw new InvalidInput(TYPE_PROBLEM, 'type');
  if (onlyScores && kind.subject !== 'score' && kind.subject !== 'log') {
    mapped.refused.push({ index, id, reason: 'forbidden', message: 'Access Scope Denied' });
    return;
  }
  // What SDKs report of themselves is nobody's data.
  if (kind.subject === 'log') return;
  const micros = typeof timestamp === 'string' ? parseIsoTime(timestamp) : undefined;
  if (micros === undefined)
    throw new InvalidInput('timestamp must be an ISO 8601 time with a zone such as 2026-01-31T09:30:00Z', 'timestamp');
  const time = clampTime(micros, nowMs).micros;
  const known: KnownEvent = { index, id, kind, stamp: eventStamp(micros, kind.isUpdate, nowMs), time, nowMs };
  mapBody(known, body, texts, mapped);
  mapped.taken[index] = id;
}

function mapBody(event: KnownEvent, body: unknown, texts: PayloadTexts | undefined, mapped: MutableEvents): void {
  const { index, id, kind, stamp, time } = event;
  try {
    const problem = bodyProblem(kind, body);
    if (problem !== undefined) throw problem;
    if (kind.subject === 'score') {
      // Sent again it is the same score, which a random id would not be.
      const context = { index, stamp, timestamp: time, newId: () => id, sources: EVENT_SOURCES };
      mapped.scores.push(readScoreBody(body, context));
    } else if (kind.subject === 'trace') {
      mapped.traces.push(mapTrace(event, body as TraceBody, texts));
    } else {
      const patch = mapObservation(event, body as ObservationBody, texts);
      (patch.traceId === '' ? mapped.strays : mapped.observations).push(patch);
    }
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    const field = error.field === undefined ? 'body' : `body.${error.field}`;
    // What the domain says of a score names the field itself.
    throw new InvalidInput(kind.subject === 'score' ? error.message : `${field} ${error.message}`, field);
  }
}

function mapTrace(event: KnownEvent, body: TraceBody, texts: PayloadTexts | undefined): TracePatch {
  const times = new ItemTimes(event.nowMs);
  const { externalId } = body;
  const environment = toEnvironment(body.environment);
  return {
    kind: 'trace',
    index: event.index,
    // Sent again it is the same trace, which a random id would not be.
    traceId: optionalId(body.id, 'id') ?? event.id,
    stamp: event.stamp,
    timestamp: times.read(body.timestamp, 'timestamp'),
    environment,
    name: clearable(body.name, readName),
    userId: clearable(body.userId, (value) => optionalId(value, 'userId')),
    sessionId: clearable(body.sessionId, (value) => optionalId(value, 'sessionId')),
    release: clearable(body.release, readLooseName),
    version: clearable(body.version, readLooseName),
    public: body.public ?? undefined,
    externalId: typeof externalId === 'string' ? readName(externalId) : undefined,
    input: readTruthy(body.input, 'input', texts?.input),
    output: readTruthy(body.output, 'output', texts?.output),
    tags: readTags(body.tags),
    metadata: times.note(noteWord(ENVIRONMENT_KEY, body.environment, environment, readMetadata(body.metadata))),
  };
}

function mapObservation(event: KnownEvent, body: ObservationBody, texts: PayloadTexts | undefined): ObservationPatch {
  const { kind, nowMs } = event;
  const { isUpdate, isGeneration, hasEnd } = kind;
  const times = new ItemTimes(nowMs);
  const id = observationId(event, body);
  const startTime = times.read(body.startTime, 'startTime');
  const endTime = hasEnd ? times.read(body.endTime, 'endTime') : undefined;
  const completionStartTime = isGeneration ? times.read(body.completionStartTime, 'completionStartTime') : undefined;
  const level = readLevel(body.level);
  const environment = toEnvironment(body.environment);
  const metadata = noteWord(ENVIRONMENT_KEY, body.environment, environment, readMetadata(body.metadata));
  const prompt = isGeneration ? readPrompt(body) : undefined;
  return {
    kind: 'observation',
    index: event.index,
    // Clients of the time before batches knew one id for both.
    traceId: optionalId(body.traceId, 'traceId') ?? (isUpdate ? '' : id),
    id,
    stamp: event.stamp,
    startTime: startTime ?? (isUpdate ? undefined : event.time),
    endTime,
    completionStartTime,
    environment,
    type: kind.type ?? (typeof body.type === 'string' ? readType(body.type) : undefined),
    name: clearable(body.name, readName),
    level: body.level === null ? null : level,
    statusMessage: readText(body.statusMessage),
    model: isGeneration ? clearable(body.model, readName) : undefined,
    modelParameters: isGeneration ? readParameters(body.modelParameters) : undefined,
    parentObservationId: optionalId(body.parentObservationId, 'parentObservationId'),
    version: readLooseName(body.version),
    promptName: prompt?.name,
    promptVersion: prompt?.version,
    usage: isGeneration ? combineUsage(body.usage, body.usageDetails) : undefined,
    usageUnit: isGeneration ? readUnit(body.usage, undefined) : undefined,
    statedCost: isGeneration ? combineCost(body.usage, body.costDetails) : undefined,
    ...readStep(body.metadata),
    input: readTruthy(body.input, 'input', texts?.input),
    output: readTruthy(body.output, 'output', texts?.output),
    metadata: times.note(noteWord(LEVEL_KEY, body.level, level, metadata)),
  };
}

function observationId(event: KnownEvent, body: ObservationBody): string {
  // The legacy types may leave it to the server.
  return event.kind.type === undefined && !event.kind.isUpdate
    ? (optionalId(body.id, 'id') ?? event.id)
    : requiredId(body.id, 'id');
}

/** The prompt that a generation came from: both or neither, and nothing counts as neither (langfuse.md §3.4). */
function readPrompt(body: ObservationBody): { name: string; version: string } | undefined {
  const name = readName(body.promptName);
  const version = readPromptVersion(body.promptVersion);
  if (name === undefined && version === undefined) return undefined;
  if (version === undefined) throw new InvalidInput('is required with promptName', 'promptVersion');
  if (name === undefined) throw new InvalidInput('is required with promptVersion', 'promptName');
  return { name, version };
}

function readPromptVersion(value: string | number | null | undefined): string | undefined {
  if (value === undefined || value === null || value === '' || value === 0) return undefined;
  const version = Number(value);
  if (!Number.isSafeInteger(version)) throw new InvalidInput('must be a whole number', 'promptVersion');
  return String(version);
}

/** Null clears the field, unlike in fields where it counts as not stated (langfuse.md §3.5, rule 5). */
function clearable<T>(
  value: T | null | undefined,
  read: (value: T | undefined) => string | undefined,
): string | null | undefined {
  return value === null ? null : read(value);
}

/** Nothing, zero and false never replace an input or output (langfuse.md §3.5, rule 6). */
function readTruthy(value: unknown, field: string, sent: JsonText | undefined): JsonText | undefined {
  return value ? readPayload(value, field, sent) : undefined;
}

/** Gives strays the trace that another event of the request names for the same observation. */
function resolveWithin({ observations, strays }: MutableEvents): void {
  if (strays.length === 0) return;
  const traceIds = new Map<string, string>();
  for (const { id, traceId } of observations) {
    const known = traceIds.get(id);
    // Of several the one named like the observation, else the smallest, as OrphanStore does: their order must not matter.
    if (known === undefined || traceId === id || (known !== id && compareBytewise(traceId, known) < 0))
      traceIds.set(id, traceId);
  }
  const rest: ObservationPatch[] = [];
  for (const stray of strays.splice(0)) {
    const traceId = traceIds.get(stray.id);
    if (traceId === undefined) rest.push(stray);
    else observations.push({ ...stray, traceId });
  }
  strays.push(...rest);
}

function eventId(event: unknown): string | undefined {
  if (typeof event !== 'object' || event === null || !Object.hasOwn(event, 'id')) return undefined;
  const { id } = event as { id?: unknown };
  // A longer one is no id, and echoing it would double the traffic.
  return typeof id === 'string' && id.length <= MAX_ID_CHARACTERS ? id : undefined;
}

/** Never what was sent instead: it may be anything. */
const TYPE_PROBLEM = `type must be one of ${[...EVENT_KINDS.keys()].join(', ')}`;
