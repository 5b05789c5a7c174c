import { type JsonBytes, type JsonText } from '../../domain/json.js';
import { type CostDetails, type ObservationWithPayload, type UsageDetails } from '../../domain/observation.js';
import { type Page, type PageRequest } from '../../domain/page.js';
import { type StoredPrice } from '../../domain/price.js';
import { type Project } from '../../domain/project.js';
import { type Score } from '../../domain/score.js';
import { stepTypeOf } from '../../domain/step.js';
import { type Micros, presentTime } from '../../domain/time.js';
import { type Trace, type TraceDetail, type TraceListItem } from '../../domain/trace.js';
import { presentScore, type ScoreAnswer } from '../../http/score-answer.js';
import { DEFAULT_ENVIRONMENT } from '../../storage/sql/filter.js';
import { traceCostUsd, traceLatencySeconds } from '../../storage/sql/trace-figures.js';

// Answers are pieces of JSON text, made as they are sent: inputs, outputs and metadata are JSON already and pass through
// as they were stored, so that a trace with 30 MB of them is neither parsed nor serialized nor held once more as a
// whole. Every key that any generation of clients knows is always present, null when empty (langfuse.md §1.6, §5;
// xtrace.md §6).

/** JSON in pieces, text or its UTF-8 bytes, to be sent one right after another. */
export type JsonPieces = Iterable<string | JsonBytes>;

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

/** A page of the trace list; observations and scores as their ids, the latter at the positions of the traces. */
export function* presentTracePage(
  project: Project,
  page: Page<TraceListItem>,
  request: PageRequest,
  groups: FieldGroups,
  scoreIds: readonly (readonly string[])[] = [],
): JsonPieces {
  let comma = '{"data":[';
  for (const [i, trace] of page.items.entries()) {
    yield comma;
    yield* presentTrace(project, trace, groups, scoreIds[i] ?? []);
    yield groups.observations ? `${JSON.stringify(trace.observationIds)}}` : '[]}';
    comma = ',';
  }
  yield `${page.items.length === 0 ? comma : ''}],"meta":${presentMeta(page, request)}}`;
}

/** One trace with its observations and scores in full. */
export function* presentTraceDetail(
  project: Project,
  trace: TraceDetail,
  groups: FieldGroups,
  scores: readonly Score[] = [],
): JsonPieces {
  const shown = scores.map((score) => presentScore(project, score));
  yield* presentTrace(project, trace, groups, shown);
  let comma = '[';
  for (const observation of groups.observations ? trace.observations : []) {
    yield comma;
    yield* presentObservation(project, observation, groups.io);
    comma = ',';
  }
  yield comma === '[' ? '[]}' : ']}';
}

/**
 * The part of a list that is not rows. While rows remain, `totalPages` is ahead of `page`, also where the count is
 * capped, because SDKs page until it is reached.
 */
export function presentMeta(page: Page<unknown>, { page: number, limit }: PageRequest): JsonText {
  const counted = Math.ceil(page.totalItems / limit);
  const totalPages = page.hasMore ? Math.max(counted, number + 1) : counted;
  return JSON.stringify({
    page: number,
    limit,
    totalItems: page.totalItems,
    totalPages,
    ...(page.isTotalCapped ? { totalItemsCapped: true } : {}),
    ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
  });
}

/** A trace up to the value of its last key, `observations`. */
function* presentTrace(
  project: Project,
  trace: Trace,
  groups: FieldGroups,
  scores: readonly (string | ScoreAnswer)[],
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

/** An observation as it lies in a trace; without `withIo` the keys input, output and metadata are absent. */
export function* presentObservation(project: Project, seen: ObservationWithPayload, withIo: boolean): JsonPieces {
  const { startTime, completionStartTime } = seen;
  // An end before the start is a clock that was set back in between.
  const endTime = seen.endTime === null ? null : Math.max(seen.endTime, startTime ?? seen.endTime);
  const input = seen.inputTokens ?? 0;
  const output = seen.outputTokens ?? 0;
  const total = seen.totalTokens ?? 0;
  const unit = seen.usageUnit ?? 'TOKENS';
  const cost = seen.statedCost ?? computedCost(seen);
  const inputCost = sumOf(cost, 'input');
  const outputCost = sumOf(cost, 'output');
  const totalCost = seen.costNanoUsd === null ? null : seen.costNanoUsd / 1e9;
  // One call for all that is no JSON yet: putting 40 pieces together costs four times as much.
  const head = JSON.stringify({
    id: seen.id,
    traceId: seen.traceId,
    projectId: project.id,
    type: seen.type ?? 'SPAN',
    name: seen.name,
    startTime: presentTime(startTime ?? seen.createdAt),
    endTime: timeOrNull(endTime),
    completionStartTime: timeOrNull(completionStartTime),
    model: seen.model,
    version: seen.version,
    level: seen.level ?? 'DEFAULT',
    statusMessage: seen.statusMessage,
    parentObservationId: seen.parentObservationId,
    promptId: seen.promptId,
    promptName: seen.promptName,
    promptVersion: promptVersion(seen.promptVersion),
    environment: seen.environment ?? DEFAULT_ENVIRONMENT,
    usage: { unit, input, output, total, inputCost, outputCost, totalCost },
    usageDetails: withTotal(seen.usage, seen.totalTokens),
    costDetails: withTotal(cost, totalCost),
    unit,
    promptTokens: input,
    completionTokens: output,
    totalTokens: total,
    modelId: seen.modelId ?? seen.price?.priceId ?? null,
    inputPrice: seen.inputPriceUsd ?? unitPrice(seen.price, 'input'),
    outputPrice: seen.outputPriceUsd ?? unitPrice(seen.price, 'output'),
    totalPrice: seen.totalPriceUsd ?? unitPrice(seen.price, 'total'),
    usagePricingTierId: null,
    usagePricingTierName: null,
    calculatedInputCost: inputCost,
    calculatedOutputCost: outputCost,
    calculatedTotalCost: totalCost,
    latency: secondsBetween(startTime, endTime) ?? seen.statedLatencySeconds,
    timeToFirstToken: secondsBetween(startTime, completionStartTime) ?? seen.statedTimeToFirstTokenSeconds,
    requestedModel: seen.requestedModel,
    provider: seen.provider,
    finishReason: seen.finishReason,
    toolName: seen.toolName,
    agentName: seen.agentName,
    turnId: seen.turnId,
    runId: seen.runId,
    stepId: seen.stepId,
    parentStepId: seen.parentStepId,
    stepType: stepTypeOf(seen),
    attemptIndex: seen.attemptIndex,
    createdAt: presentTime(seen.createdAt),
    updatedAt: presentTime(seen.updatedAt),
  });
  yield `${head.slice(0, -1)},"modelParameters":${seen.modelParameters || '{}'}`;
  if (withIo) yield* presentPayload(seen);
  yield '}';
}

type Payload =
  Pick<Trace, 'input' | 'output' | 'metadata'> | Pick<ObservationWithPayload, 'input' | 'output' | 'metadata'>;

/** The members that are JSON already, each after a comma. */
function* presentPayload({ input, output, metadata }: Payload): JsonPieces {
  yield ',"input":';
  yield input || 'null';
  yield ',"output":';
  yield output || 'null';
  yield ',"metadata":';
  yield metadata || '{}';
}

function timeOrNull(value: Micros | null): string | null {
  return value === null ? null : presentTime(value);
}

/** Null while one of the two is unknown; never negative. */
function secondsBetween(from: Micros | null, to: Micros | null): number | null {
  return from === null || to === null ? null : Math.max(0, to - from) / 1e6;
}

/** Counts × prices by class in USD; null for an observation without a price. */
function computedCost({ price, usage, type }: ObservationWithPayload): CostDetails | null {
  const priced = usage === null ? undefined : price?.table.price(usage, type === 'EMBEDDING');
  if (priced === undefined) return null;
  return Object.fromEntries(priced.lines.map((line) => [line.usageClass, Number(line.amountFemtoUsd) / 1e15]));
}

/** USD per unit, below all tiers. */
function unitPrice(price: StoredPrice | null, usageClass: string): number | null {
  const found = price?.sheet.prices.find((one) => one.usageClass === usageClass);
  return found === undefined ? null : found.usdPerMillion / 1e6;
}

/** The sum of all classes whose name contains `part` (Langfuse API, observation `calculatedInputCost`); null without one. */
function sumOf(cost: CostDetails | null, part: 'input' | 'output'): number | null {
  if (cost === null) return null;
  let sum: number | null = null;
  for (const [name, usd] of Object.entries(cost)) if (name.includes(part)) sum = (sum ?? 0) + usd;
  return sum;
}

/** A usage or cost map with its total, which clients look for; empty when there is neither. */
function withTotal(map: UsageDetails | CostDetails | null, total: number | null): Record<string, number> {
  if (total === null || (map !== null && Object.hasOwn(map, 'total'))) return map ?? {};
  // A spread copies own keys as they are, `__proto__` included.
  return { ...map, total };
}

/** Langfuse numbers the versions of a prompt; a version that a number would show otherwise (1.10, 007) stays text. */
function promptVersion(version: string | null): number | string | null {
  const asNumber = Number(version);
  return version !== null && Number.isFinite(asNumber) && String(asNumber) === version ? asNumber : version;
}
