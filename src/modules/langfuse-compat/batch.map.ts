import { toEnvironment } from '../../domain/environment.js';
import { InvalidInput } from '../../domain/errors.js';
import { idProblem, toIndexableText } from '../../domain/identifier.js';
import { type IngestBatch, type Rejection } from '../../domain/ingest-batch.js';
import {
  compareBytewise,
  isWithinDepth,
  MAX_JSON_DEPTH,
  toJsonText,
  toStorableText,
  type JsonText,
} from '../../domain/json.js';
import {
  LEVELS,
  OBSERVATION_TYPES,
  type Level,
  type ObservationPatch,
  type ObservationType,
} from '../../domain/observation.js';
import { type Project } from '../../domain/project.js';
import { clampTime, eventStamp, parseIsoTime, type ArrivalClock, type Micros } from '../../domain/time.js';
import { MAX_TAGS, type TracePatch } from '../../domain/trace.js';
import { type PayloadTexts } from './batch.payload-texts.js';
import {
  isWireObservation,
  isWireTrace,
  snakeCase,
  typeProblem,
  type WireBatch,
  type WireObservation,
  type WireTrace,
} from './batch.schema.js';
import { readStep } from './batch.step.js';
import { readCost, readUnit, readUsage, toUsd } from './batch.usage.js';

/** Metadata key under which times that had to be clamped are kept as they were sent: `{"startTime":"1970-01-01T00:00:00Z"}`. */
export const CLOCK_KEY = 'xtrace.clock';
/** Metadata key under which a type that is none of ours is kept as it was sent. */
export const TYPE_KEY = 'xtrace.type';

/** How many refused items an answer lists; more are only counted, so that an answer cannot outgrow its request. */
export const MAX_LISTED_REJECTIONS = 1000;

/** What a request came with besides its body. */
export interface BatchContext {
  readonly project: Project;
  /** Size of the inflated body. */
  readonly bytes: number;
  readonly nowMs: number;
  readonly clock: ArrivalClock;
}

export interface MappedBatch {
  readonly batch: IngestBatch;
  /** Refused items in the order of the request, at most MAX_LISTED_REJECTIONS. */
  readonly rejected: Rejection[];
  /** All refused items. */
  readonly rejectedCount: number;
}

/**
 * Maps a `POST /v1/l/batch` request to patches. An item that cannot be taken is refused alone; null, empty text, empty
 * objects and amounts out of range are "not stated". A message without `updatedAt` counts as stated when it arrived.
 */
export function mapBatch(request: WireBatch, context: BatchContext): MappedBatch {
  const rejected: Rejection[] = [];
  let rejectedCount = 0;
  const refuse = (kind: 'trace' | 'observation', index: number, item: unknown, problem?: InvalidInput): void => {
    rejectedCount += 1;
    if (rejected.length < MAX_LISTED_REJECTIONS) {
      rejected.push(toRejection(kind, index, item, problem ?? typeProblem(kind, item)));
    }
  };

  const traces: TracePatch[] = [];
  if (request.trace !== undefined) {
    const item = request.trace;
    try {
      if (isWireTrace(item)) traces.push(mapTrace(item, request.texts.trace, context));
      else refuse('trace', 0, item);
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      refuse('trace', 0, item, error);
    }
  }

  const observations: ObservationPatch[] = [];
  for (let index = 0; index < request.observations.length; index += 1) {
    const item = request.observations[index];
    try {
      if (isWireObservation(item)) {
        observations.push(mapObservation(item, index, request.texts.observations[index], context));
      } else refuse('observation', index, item);
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      refuse('observation', index, item, error);
    }
  }
  return { batch: { project: context.project, traces, observations, bytes: context.bytes }, rejected, rejectedCount };
}

function mapTrace(t: WireTrace, texts: PayloadTexts, context: BatchContext): TracePatch {
  const times = new ItemTimes(context.nowMs);
  const traceId = requiredId(t.id, 'id');
  const timestamp = times.read(t.timestamp, 'timestamp');
  const stamp = readStamp(t.updatedAt ?? t.updated_at, times, context);
  return {
    kind: 'trace',
    index: 0,
    traceId,
    stamp,
    timestamp,
    environment: toEnvironment(t.environment),
    name: name(t.name),
    userId: optionalId(t.userId ?? t.user_id, 'userId'),
    sessionId: optionalId(t.sessionId ?? t.session_id, 'sessionId'),
    release: looseName(t.release),
    version: looseName(t.version),
    public: t.public ?? undefined,
    bookmarked: t.bookmarked ?? undefined,
    externalId: optionalId(t.externalId ?? t.external_id, 'externalId'),
    statedLatencySeconds: seconds(t.latency),
    statedCostUsd: toUsd(t.totalCost ?? t.total_cost),
    input: payload(t.input, 'input', texts.input),
    output: payload(t.output, 'output', texts.output),
    tags: readTags(t.tags),
    metadata: times.note(readMetadata(t.metadata)),
  };
}

function mapObservation(
  o: WireObservation,
  index: number,
  texts: PayloadTexts | undefined,
  context: BatchContext,
): ObservationPatch {
  const times = new ItemTimes(context.nowMs);
  const id = requiredId(o.id, 'id');
  const traceId = requiredId(o.traceId ?? o.trace_id, 'traceId');
  const startTime = times.read(o.startTime ?? o.start_time, 'startTime');
  const endTime = times.read(o.endTime ?? o.end_time, 'endTime');
  const completionStartTime = times.read(o.completionStartTime ?? o.completion_start_time, 'completionStartTime');
  const stamp = readStamp(o.updatedAt ?? o.updated_at, times, context);
  const statedType = typeof o.type === 'string' ? name(o.type) : undefined;
  const type = statedType === undefined ? undefined : readType(statedType);
  let metadata = times.note(readMetadata(o.metadata));
  if (statedType !== undefined && type === undefined) {
    metadata = (metadata ?? new Map<string, JsonText>()).set(TYPE_KEY, toJsonText(statedType));
  }
  return {
    kind: 'observation',
    index,
    traceId,
    id,
    stamp,
    startTime,
    endTime,
    completionStartTime,
    environment: toEnvironment(o.environment),
    type: type ?? (statedType === undefined ? undefined : 'SPAN'),
    fallbackType: 'GENERATION',
    name: name(o.name),
    level: readLevel(o.level),
    statusMessage: text(o.statusMessage ?? o.status_message),
    model: name(o.model),
    modelParameters: readParameters(o.modelParameters ?? o.model_parameters),
    parentObservationId: optionalId(o.parentObservationId ?? o.parent_observation_id, 'parentObservationId'),
    version: looseName(o.version),
    promptId: optionalId(o.promptId ?? o.prompt_id, 'promptId'),
    promptName: name(o.promptName ?? o.prompt_name),
    promptVersion: looseName(o.promptVersion ?? o.prompt_version),
    usage: readUsage(o.usage, {
      prompt: o.promptTokens ?? o.prompt_tokens,
      completion: o.completionTokens ?? o.completion_tokens,
      total: o.totalTokens ?? o.total_tokens,
    }),
    usageUnit: readUnit(o.usage, o.unit),
    statedCost: readCost(o.usage, {
      input: o.calculatedInputCost ?? o.calculated_input_cost,
      output: o.calculatedOutputCost ?? o.calculated_output_cost,
      total: o.calculatedTotalCost ?? o.calculated_total_cost,
    }),
    statedLatencySeconds: seconds(o.latency),
    statedTimeToFirstTokenSeconds: seconds(o.timeToFirstToken ?? o.time_to_first_token),
    modelId: optionalId(o.modelId ?? o.model_id, 'modelId'),
    inputPriceUsd: toUsd(o.inputPrice ?? o.input_price),
    outputPriceUsd: toUsd(o.outputPrice ?? o.output_price),
    totalPriceUsd: toUsd(o.totalPrice ?? o.total_price),
    ...readStep(o.metadata),
    input: payload(o.input, 'input', texts?.input),
    output: payload(o.output, 'output', texts?.output),
    metadata,
  };
}

/** Reads the times of one item and remembers those that had to be clamped. */
class ItemTimes {
  private far: Record<string, string> | undefined;

  constructor(readonly nowMs: number) {}

  /** @throws InvalidInput for text that is no ISO 8601 time with a zone. */
  read(value: string | null | undefined, field: string): Micros | undefined {
    if (value === null || value === undefined || value === '') return undefined;
    const micros = parseIsoTime(value);
    if (micros === undefined) {
      throw new InvalidInput('must be an ISO 8601 time with a zone such as 2026-01-31T09:30:00Z', field);
    }
    const time = clampTime(micros, this.nowMs);
    if (time.clamped) (this.far ??= {})[field] = value;
    return time.micros;
  }

  /** `metadata` with a note of the clamped times, if there are any. */
  note(metadata: Map<string, JsonText> | undefined): Map<string, JsonText> | undefined {
    if (this.far === undefined) return metadata;
    return (metadata ?? new Map<string, JsonText>()).set(CLOCK_KEY, toJsonText(this.far));
  }
}

function readStamp(updatedAt: string | null | undefined, times: ItemTimes, context: BatchContext): number {
  const micros = times.read(updatedAt, 'updatedAt');
  return micros === undefined ? context.clock.next() * 2 : eventStamp(micros, true, context.nowMs);
}

function requiredId(id: string | null | undefined, field: string): string {
  if (id === null || id === undefined) throw new InvalidInput('is required', field);
  const problem = idProblem(id);
  if (problem !== undefined) throw new InvalidInput(problem, field);
  return id;
}

function optionalId(id: string | null | undefined, field: string): string | undefined {
  return id === null || id === undefined || id === '' ? undefined : requiredId(id, field);
}

/** Text that is indexed: names, models, releases. */
function name(value: string | null | undefined): string | undefined {
  return value === null || value === undefined || value === '' ? undefined : toIndexableText(value);
}

function looseName(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? name(value) : undefined;
}

function text(value: string | null | undefined): string | undefined {
  return value === null || value === undefined || value === '' ? undefined : toStorableText(value);
}

function seconds(value: number | null | undefined): number | undefined {
  return value !== null && value !== undefined && value >= 0 ? value : undefined;
}

/** `sent` is the value as it was sent, if it may be kept so. */
function payload(value: unknown, field: string, sent: JsonText | undefined): JsonText | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (sent !== undefined) return sent;
  requireDepth(value, field);
  return toJsonText(value);
}

function requireDepth(value: unknown, field: string): void {
  if (!isWithinDepth(value)) throw new InvalidInput(`must not nest deeper than ${MAX_JSON_DEPTH} levels`, field);
}

function readMetadata(value: unknown): Map<string, JsonText> | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  requireDepth(value, 'metadata');
  if (typeof value !== 'object' || Array.isArray(value)) return new Map([['metadata', toJsonText(value)]]);
  let metadata: Map<string, JsonText> | undefined;
  for (const key in value) {
    metadata ??= new Map();
    metadata.set(toStorableText(key), toJsonText((value as Record<string, unknown>)[key]));
  }
  return metadata;
}

function readParameters(value: object | null | undefined): JsonText | undefined {
  if (value === null || value === undefined) return undefined;
  requireDepth(value, 'modelParameters');
  const parameters = toJsonText(value);
  return parameters === '{}' ? undefined : parameters;
}

function readTags(tags: readonly string[] | null | undefined): string[] | undefined {
  if (tags === null || tags === undefined || tags.length === 0) return undefined;
  const union = new Set<string>();
  for (const tag of tags) if (tag !== '') union.add(toIndexableText(tag));
  if (union.size <= MAX_TAGS) return [...union];
  // What a later union would cut off anyway need not be carried there.
  return [...union].sort(compareBytewise).slice(0, MAX_TAGS);
}

const TYPES: ReadonlyMap<string, ObservationType> = new Map(OBSERVATION_TYPES.map((type) => [type, type]));
const LEVEL_NAMES: ReadonlyMap<string, Level> = new Map(LEVELS.map((level) => [level, level]));

function readType(value: string): ObservationType | undefined {
  return TYPES.get(value) ?? TYPES.get(value.toUpperCase());
}

function readLevel(value: unknown): Level | undefined {
  return typeof value === 'string' ? (LEVEL_NAMES.get(value) ?? LEVEL_NAMES.get(value.toUpperCase())) : undefined;
}

function toRejection(kind: Rejection['kind'], index: number, item: unknown, problem: InvalidInput): Rejection {
  const fields = typeof item === 'object' && item !== null ? (item as Readonly<Record<string, unknown>>) : {};
  const id = Object.hasOwn(fields, 'id') ? fields['id'] : undefined;
  const field = problem.field === undefined ? undefined : spokenName(fields, problem.field);
  return {
    index,
    kind,
    // A longer one is no id, and echoing it would double the traffic.
    id: typeof id === 'string' && id.length <= 1000 ? id : undefined,
    field,
    code: field === undefined ? 'INVALID_ITEM' : 'INVALID_FIELD',
    message: `${field ?? kind} ${problem.message}`,
  };
}

/** The name under which the caller sent `field`: its own, else the snake_case one. */
function spokenName(fields: Readonly<Record<string, unknown>>, field: string): string {
  const alias = snakeCase(field);
  return (fields[field] ?? undefined) === undefined && (fields[alias] ?? undefined) !== undefined ? alias : field;
}
