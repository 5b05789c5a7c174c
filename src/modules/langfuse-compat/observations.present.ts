import { DEFAULT_ENVIRONMENT } from '../../domain/environment.js';
import { type CostDetails, type ObservationWithPayload, type UsageDetails } from '../../domain/observation.js';
import { type ListedObservation } from '../../domain/observation-list.js';
import { type Page, type PageRequest } from '../../domain/page.js';
import { type PricedUsage, type StoredPrice } from '../../domain/price.js';
import { type NamedTier, tierOfCost } from '../../domain/price-tier.js';
import { type Project } from '../../domain/project.js';
import { runStateOf } from '../../domain/run-state.js';
import { stepTypeOf } from '../../domain/step.js';
import { type Micros, presentTime } from '../../domain/time.js';
import { splitToolNames } from '../../domain/tool-names.js';
import { presentPageMeta } from '../../http/page-meta.js';
import { type JsonPieces, presentPayload } from './json-pieces.js';

/** What is worked out of a stored observation, for every answer alike. */
export interface ObservationFigures {
  /** Never before the start: such an end is a clock that was set back in between. */
  readonly endTime: Micros | null;
  readonly latencySeconds: number | null;
  readonly timeToFirstTokenSeconds: number | null;
  readonly usageDetails: Record<string, number>;
  /** USD by class, as stated or made of counts and prices. */
  readonly cost: CostDetails | null;
  readonly costDetails: Record<string, number>;
  readonly totalCostUsd: number | null;
  readonly modelId: string | null;
  readonly inputPriceUsd: number | null;
  readonly outputPriceUsd: number | null;
  readonly totalPriceUsd: number | null;
  /** The tier that the cost was made with; null for a stated cost, and without one. */
  readonly pricingTier: NamedTier | null;
}

export function observationFigures(seen: ObservationWithPayload): ObservationFigures {
  const { startTime } = seen;
  const endTime = seen.endTime === null ? null : Math.max(seen.endTime, startTime ?? seen.endTime);
  const priced = seen.statedCost === null ? pricedUsage(seen) : undefined;
  const cost = seen.statedCost ?? (priced === undefined ? null : costByClass(priced));
  const totalCostUsd = seen.costNanoUsd === null ? null : seen.costNanoUsd / 1e9;
  return {
    endTime,
    latencySeconds: secondsBetween(startTime, endTime) ?? seen.statedLatencySeconds,
    timeToFirstTokenSeconds: secondsBetween(startTime, seen.completionStartTime) ?? seen.statedTimeToFirstTokenSeconds,
    usageDetails: withTotal(seen.usage, seen.totalTokens),
    cost,
    costDetails: withTotal(cost, totalCostUsd),
    totalCostUsd,
    modelId: seen.modelId ?? seen.price?.priceId ?? null,
    inputPriceUsd: seen.inputPriceUsd ?? unitPrice(seen.price, 'input'),
    outputPriceUsd: seen.outputPriceUsd ?? unitPrice(seen.price, 'output'),
    totalPriceUsd: seen.totalPriceUsd ?? unitPrice(seen.price, 'total'),
    pricingTier: seen.price === null || priced === undefined ? null : tierOfCost(seen.price, priced),
  };
}

/** A page of the list of observations, each as it lies in a trace. */
export function* presentObservationPage(
  project: Project,
  page: Page<ListedObservation>,
  request: PageRequest,
): JsonPieces {
  let comma = '{"data":[';
  for (const { observation } of page.items) {
    yield comma;
    yield* presentObservation(project, observation, true);
    comma = ',';
  }
  yield `${page.items.length === 0 ? comma : ''}],"meta":${JSON.stringify(presentPageMeta(page, request))}}`;
}

/** An observation as it lies in a trace; without `withIo` the keys input, output and metadata are absent. */
export function* presentObservation(project: Project, seen: ObservationWithPayload, withIo: boolean): JsonPieces {
  const figures = observationFigures(seen);
  const input = seen.inputTokens ?? 0;
  const output = seen.outputTokens ?? 0;
  const total = seen.totalTokens ?? 0;
  const unit = seen.usageUnit ?? 'TOKENS';
  const inputCost = sumOf(figures.cost, 'input');
  const outputCost = sumOf(figures.cost, 'output');
  const totalCost = figures.totalCostUsd;
  // One call for all that is no JSON yet: putting 40 pieces together costs four times as much.
  const head = JSON.stringify({
    id: seen.id,
    traceId: seen.traceId,
    projectId: project.id,
    type: seen.type ?? 'SPAN',
    name: seen.name,
    startTime: presentTime(seen.startTime ?? seen.createdAt),
    endTime: timeOrNull(figures.endTime),
    completionStartTime: timeOrNull(seen.completionStartTime),
    model: seen.model,
    version: seen.version,
    level: seen.level ?? 'DEFAULT',
    statusMessage: seen.statusMessage,
    parentObservationId: seen.parentObservationId,
    promptId: seen.promptId,
    promptName: seen.promptName,
    promptVersion: presentPromptVersion(seen.promptVersion),
    environment: seen.environment ?? DEFAULT_ENVIRONMENT,
    usage: { unit, input, output, total, inputCost, outputCost, totalCost },
    usageDetails: figures.usageDetails,
    costDetails: figures.costDetails,
    unit,
    promptTokens: input,
    completionTokens: output,
    totalTokens: total,
    modelId: figures.modelId,
    inputPrice: figures.inputPriceUsd,
    outputPrice: figures.outputPriceUsd,
    totalPrice: figures.totalPriceUsd,
    usagePricingTierId: figures.pricingTier?.id ?? null,
    usagePricingTierName: figures.pricingTier?.name ?? null,
    calculatedInputCost: inputCost,
    calculatedOutputCost: outputCost,
    calculatedTotalCost: totalCost,
    latency: figures.latencySeconds,
    timeToFirstToken: figures.timeToFirstTokenSeconds,
    requestedModel: seen.requestedModel,
    provider: seen.provider,
    finishReason: seen.finishReason,
    toolName: seen.toolName,
    toolNames: splitToolNames(seen.toolNames),
    calledToolNames: splitToolNames(seen.calledToolNames),
    agentName: seen.agentName,
    turnId: seen.turnId,
    runId: seen.runId,
    stepId: seen.stepId,
    parentStepId: seen.parentStepId,
    stepType: stepTypeOf(seen),
    attemptIndex: seen.attemptIndex,
    runState: runStateOf(seen),
    createdAt: presentTime(seen.createdAt),
    updatedAt: presentTime(seen.updatedAt),
  });
  yield `${head.slice(0, -1)},"modelParameters":${seen.modelParameters || '{}'}`;
  if (withIo) yield* presentPayload(seen);
  yield '}';
}

export function timeOrNull(value: Micros | null): string | null {
  return value === null ? null : presentTime(value);
}

/** Null while one of the two is unknown; never negative. */
function secondsBetween(from: Micros | null, to: Micros | null): number | null {
  return from === null || to === null ? null : Math.max(0, to - from) / 1e6;
}

/** Counts × prices; undefined for an observation without a price. */
function pricedUsage({ price, usage, type }: ObservationWithPayload): PricedUsage | undefined {
  return usage === null ? undefined : price?.table.price(usage, type === 'EMBEDDING');
}

/** In USD. */
function costByClass({ lines }: PricedUsage): CostDetails {
  return Object.fromEntries(lines.map((line) => [line.usageClass, Number(line.amountFemtoUsd) / 1e15]));
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
  // Without what doubles add to a sum of decimals: 0.00015 + 0.00005 is 0.0002.
  return sum === null ? null : Number(sum.toPrecision(15));
}

/** A usage or cost map with its total, which clients look for; empty when there is neither. */
function withTotal(map: UsageDetails | CostDetails | null, total: number | null): Record<string, number> {
  if (total === null || (map !== null && Object.hasOwn(map, 'total'))) return map ?? {};
  // A spread copies own keys as they are, `__proto__` included.
  return { ...map, total };
}

/** Langfuse numbers the versions of a prompt; a version that a number would show otherwise (1.10, 007) stays text. */
export function presentPromptVersion(version: string | null): number | string | null {
  const asNumber = Number(version);
  return version !== null && Number.isFinite(asNumber) && String(asNumber) === version ? asNumber : version;
}
