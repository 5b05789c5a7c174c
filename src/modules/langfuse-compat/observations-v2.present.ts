import { DEFAULT_ENVIRONMENT } from '../../domain/environment.js';
import { type JsonBytes } from '../../domain/json.js';
import { type ListedObservation } from '../../domain/observation-list.js';
import { type ObservationWithPayload } from '../../domain/observation.js';
import { type Project } from '../../domain/project.js';
import { presentTime } from '../../domain/time.js';
import { splitToolNames } from '../../domain/tool-names.js';
import { type ObservationSlice } from '../../storage/observations/observation-list-reader.js';
import { type JsonPieces } from './json-pieces.js';
import {
  type ObservationFigures,
  observationFigures,
  presentPromptVersion,
  timeOrNull,
} from './observations.present.js';

/** The groups of fields in the newer list of observations; `core` is always there (langfuse.md §5.3). */
export const OBSERVATION_GROUPS = [
  'core',
  'basic',
  'time',
  'io',
  'metadata',
  'model',
  'usage',
  'prompt',
  'metrics',
  'trace_context',
] as const;
export type ObservationGroup = (typeof OBSERVATION_GROUPS)[number];

/** How observations shall be shown. */
export interface ObservationShape {
  readonly groups: ReadonlySet<ObservationGroup>;
  /** Keys of metadata that are shown in full. */
  readonly expandMetadata: ReadonlySet<string>;
}

/** Characters of a value of metadata that is not asked for in full. */
const MAX_METADATA_CHARACTERS = 200;

/** A slice of the list; `cursor` is absent at its end. */
export function* presentObservationSlice(
  project: Project,
  { items, nextCursor }: ObservationSlice,
  shape: ObservationShape,
): JsonPieces {
  let comma = '{"data":[';
  for (const item of items) {
    yield comma;
    yield* presentListed(project, item, shape);
    comma = ',';
  }
  const meta = JSON.stringify(nextCursor === undefined ? {} : { cursor: nextCursor });
  yield `${items.length === 0 ? comma : ''}],"meta":${meta}}`;
}

function* presentListed(
  project: Project,
  listed: ListedObservation,
  { groups, expandMetadata }: ObservationShape,
): JsonPieces {
  const { observation: seen } = listed;
  const figures = observationFigures(seen);
  const members = {
    id: seen.id,
    traceId: seen.traceId,
    startTime: presentTime(seen.startTime ?? seen.createdAt),
    endTime: timeOrNull(figures.endTime),
    projectId: project.id,
    parentObservationId: seen.parentObservationId,
    type: seen.type ?? 'SPAN',
    ...(groups.has('basic') ? basicOf(listed) : {}),
    ...(groups.has('time') ? timesOf(seen) : {}),
    ...modelOf(seen, figures, groups.has('model')),
    ...(groups.has('usage') ? usageOf(figures) : {}),
    ...(groups.has('prompt') ? promptOf(seen) : {}),
    ...(groups.has('metrics') ? metricsOf(figures) : {}),
    ...(groups.has('trace_context') ? traceContextOf(listed) : {}),
  };
  yield JSON.stringify(members).slice(0, -1);
  if (groups.has('model')) yield `,"modelParameters":${seen.modelParameters || '{}'}`;
  if (groups.has('io')) yield `,"input":${rawText(seen.input)},"output":${rawText(seen.output)}`;
  if (groups.has('metadata')) yield `,"metadata":${cutMetadata(seen.metadata, expandMetadata)}`;
  yield '}';
}

function basicOf({ observation: seen, trace }: ListedObservation): object {
  return {
    name: seen.name,
    level: seen.level ?? 'DEFAULT',
    statusMessage: seen.statusMessage,
    version: seen.version,
    environment: seen.environment ?? DEFAULT_ENVIRONMENT,
    bookmarked: trace?.bookmarked ?? false,
    public: trace?.public ?? false,
    userId: trace?.userId ?? null,
    sessionId: trace?.sessionId ?? null,
    isRootObservation: seen.parentObservationId === null,
  };
}

function timesOf(seen: ObservationWithPayload): object {
  return {
    completionStartTime: timeOrNull(seen.completionStartTime),
    createdAt: presentTime(seen.createdAt),
    updatedAt: presentTime(seen.updatedAt),
  };
}

/** The id and the prices are always there, but null unless they are asked for. */
function modelOf(seen: ObservationWithPayload, figures: ObservationFigures, isAsked: boolean): object {
  if (!isAsked) return { modelId: null, inputPrice: null, outputPrice: null, totalPrice: null };
  return {
    toolNames: splitToolNames(seen.toolNames),
    calledToolNames: splitToolNames(seen.calledToolNames),
    providedModelName: seen.model,
    model: seen.model,
    internalModelId: figures.modelId,
    modelId: figures.modelId,
    inputPrice: decimalText(figures.inputPriceUsd),
    outputPrice: decimalText(figures.outputPriceUsd),
    totalPrice: decimalText(figures.totalPriceUsd),
  };
}

function usageOf(figures: ObservationFigures): object {
  return {
    usageDetails: figures.usageDetails,
    costDetails: figures.costDetails,
    totalCost: figures.totalCostUsd,
    usagePricingTierName: figures.pricingTier?.name ?? null,
  };
}

function promptOf(seen: ObservationWithPayload): object {
  return {
    promptId: seen.promptId,
    promptName: seen.promptName,
    promptVersion: presentPromptVersion(seen.promptVersion),
  };
}

function metricsOf(figures: ObservationFigures): object {
  return { latency: figures.latencySeconds, timeToFirstToken: figures.timeToFirstTokenSeconds };
}

function traceContextOf({ trace }: ListedObservation): object {
  return { tags: trace?.tags ?? [], release: trace?.release ?? null, traceName: trace?.name ?? null };
}

/** A number as decimal digits, which prices of small units need: `0.0000001`, not `1e-7`. */
function decimalText(value: number | null): string | null {
  if (value === null) return null;
  const [mantissa, exponent] = String(value).split('e-');
  if (exponent === undefined) return mantissa!;
  return `0.${'0'.repeat(Number(exponent) - 1)}${mantissa!.replace('.', '')}`;
}

const QUOTE = 0x22;

/** An input or output as a JSON string: a text as it is, anything else as the text of its JSON. */
function rawText(json: JsonBytes | null): string {
  if (json === null || json.length === 0) return 'null';
  const text = Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString();
  return json[0] === QUOTE ? text : JSON.stringify(text);
}

/** The metadata with long values cut: a cut value is a text, whatever it was. */
function cutMetadata(json: JsonBytes | null, expanded: ReadonlySet<string>): string {
  if (json === null || json.length === 0) return '{}';
  const text = Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString();
  if (text.length <= MAX_METADATA_CHARACTERS) return text;
  const members = Object.entries(JSON.parse(text) as Record<string, unknown>).map(([key, value]) => {
    const shown = expanded.has(key) ? JSON.stringify(value) : cutValue(value);
    return `${JSON.stringify(key)}:${shown}`;
  });
  return `{${members.join(',')}}`;
}

function cutValue(value: unknown): string {
  const json = JSON.stringify(value);
  const text = typeof value === 'string' ? value : json;
  if (text.length <= MAX_METADATA_CHARACTERS) return json;
  // Half a character at the cut would be no text.
  const cut = text.slice(0, MAX_METADATA_CHARACTERS);
  return JSON.stringify(cut.isWellFormed() ? cut : cut.slice(0, -1));
}
