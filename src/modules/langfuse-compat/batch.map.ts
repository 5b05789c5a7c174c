import { toEnvironment } from '../../domain/environment.js';
import { InvalidInput } from '../../domain/errors.js';
import { type IngestBatch, type Rejection } from '../../domain/ingest-batch.js';
import { type ObservationPatch } from '../../domain/observation.js';
import { type Project } from '../../domain/project.js';
import { eventStamp, type ArrivalClock } from '../../domain/time.js';
import { type TracePatch } from '../../domain/trace.js';
import { type PayloadTexts } from './batch.payload-texts.js';
import {
  isWireObservation,
  isWireTrace,
  typeProblem,
  type WireBatch,
  type WireObservation,
  type WireTrace,
} from './batch.schema.js';
import { readStep } from './batch.step.js';
import { readCost, readUnit, readUsage, toUsd } from './batch.usage.js';
import { snakeCase } from './item-schema.js';
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
  readSeconds,
  readTags,
  readText,
  readType,
  requiredId,
} from './item-values.js';

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
  const environment = toEnvironment(t.environment);
  return {
    kind: 'trace',
    index: 0,
    traceId,
    stamp,
    timestamp,
    environment,
    name: readName(t.name),
    userId: optionalId(t.userId ?? t.user_id, 'userId'),
    sessionId: optionalId(t.sessionId ?? t.session_id, 'sessionId'),
    release: readLooseName(t.release),
    version: readLooseName(t.version),
    public: t.public ?? undefined,
    bookmarked: t.bookmarked ?? undefined,
    externalId: optionalId(t.externalId ?? t.external_id, 'externalId'),
    statedLatencySeconds: readSeconds(t.latency),
    statedCostUsd: toUsd(t.totalCost ?? t.total_cost),
    input: readPayload(t.input, 'input', texts.input),
    output: readPayload(t.output, 'output', texts.output),
    tags: readTags(t.tags),
    metadata: times.note(noteWord(ENVIRONMENT_KEY, t.environment, environment, readMetadata(t.metadata))),
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
  const statedType = typeof o.type === 'string' ? readName(o.type) : undefined;
  const type = statedType === undefined ? undefined : readType(statedType);
  const level = readLevel(o.level);
  const environment = toEnvironment(o.environment);
  let metadata = noteWord(TYPE_KEY, statedType, type, times.note(readMetadata(o.metadata)));
  metadata = noteWord(LEVEL_KEY, o.level, level, metadata);
  metadata = noteWord(ENVIRONMENT_KEY, o.environment, environment, metadata);
  return {
    kind: 'observation',
    index,
    traceId,
    id,
    stamp,
    startTime,
    endTime,
    completionStartTime,
    environment,
    type: type ?? (statedType === undefined ? undefined : 'SPAN'),
    fallbackType: 'GENERATION',
    name: readName(o.name),
    level,
    statusMessage: readText(o.statusMessage ?? o.status_message),
    model: readName(o.model),
    modelParameters: readParameters(o.modelParameters ?? o.model_parameters),
    parentObservationId: optionalId(o.parentObservationId ?? o.parent_observation_id, 'parentObservationId'),
    version: readLooseName(o.version),
    promptId: optionalId(o.promptId ?? o.prompt_id, 'promptId'),
    promptName: readName(o.promptName ?? o.prompt_name),
    promptVersion: readLooseName(o.promptVersion ?? o.prompt_version),
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
    statedLatencySeconds: readSeconds(o.latency),
    statedTimeToFirstTokenSeconds: readSeconds(o.timeToFirstToken ?? o.time_to_first_token),
    modelId: optionalId(o.modelId ?? o.model_id, 'modelId'),
    inputPriceUsd: toUsd(o.inputPrice ?? o.input_price),
    outputPriceUsd: toUsd(o.outputPrice ?? o.output_price),
    totalPriceUsd: toUsd(o.totalPrice ?? o.total_price),
    ...readStep(o.metadata),
    input: readPayload(o.input, 'input', texts?.input),
    output: readPayload(o.output, 'output', texts?.output),
    metadata,
  };
}

function readStamp(updatedAt: string | null | undefined, times: ItemTimes, context: BatchContext): number {
  const micros = times.read(updatedAt, 'updatedAt');
  return micros === undefined ? context.clock.next() * 2 : eventStamp(micros, true, context.nowMs);
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
