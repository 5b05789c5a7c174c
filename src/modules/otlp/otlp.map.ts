import { idProblem, toIndexableText } from '../../domain/identifier.js';
import { type IngestBatch, type Rejection } from '../../domain/ingest-batch.js';
import { type JsonText, toStorableText } from '../../domain/json.js';
import { type CostDetails, type ObservationPatch, type UsageDetails } from '../../domain/observation.js';
import { type Project } from '../../domain/project.js';
import { eventStamp, inheritedStamp, type Micros } from '../../domain/time.js';
import { type TracePatch } from '../../domain/trace.js';
import { type Field, type KeyMeaning, meaningOf, Picks } from './otlp.attributes.js';
import { readContents } from './otlp.content.js';
import {
  inheritedMetadata,
  observationMetadata,
  resourceMetadata,
  type ScopeMetadata,
  scopeMetadata,
  type SharedMetadata,
  spanMetadata,
} from './otlp.metadata.js';
import { nothingUsable } from './otlp.response.js';
import {
  type AttributeValue,
  findProblem,
  isValidId,
  type OtlpExport,
  type OtlpResourceSpans,
  type OtlpScopeSpans,
  type OtlpSpan,
  SPAN_ID_DIGITS,
} from './otlp.span.js';
import { readClock, readIsoTime } from './otlp.time.js';
import { readCostDetails, readGenAiUsage, readTotalCost, readUsageDetails, type UsageAttribute } from './otlp.usage.js';
import { toBoolean, toContent, toJson, toMembers, toStorableJson, toText, toTextList } from './otlp.values.js';
import {
  readEnvironment,
  readLevel,
  readType,
  sendsGenerationsAsSpans,
  STATUS_ERROR,
  sumsUpChildren,
} from './otlp.vocabulary.js';

/** Langfuse's own SDKs: what they set is known, so that keeping it raw as well would only say it twice. */
const LANGFUSE_SCOPE = 'langfuse-sdk';

export interface MapContext {
  readonly project: Project;
  /** The server's clock. */
  readonly nowMs: number;
  /** Size of the request, inflated. */
  readonly bytes: number;
}

export interface MappedExport {
  readonly batch: IngestBatch;
  readonly spanCount: number;
  /** Spans that cannot be stored; `index` counts all spans of the request, from 0, in their order. */
  readonly rejected: readonly Rejection[];
}

/**
 * Turns spans into patches: each span is an observation, and what it says about its trace is up to two trace patches.
 * Pure: the same export at the same time gives the same batch.
 * @throws InvalidInput when there are spans and none of them can be stored.
 */
export function mapExport({ resourceSpans }: OtlpExport, context: MapContext): MappedExport {
  const observations: ObservationPatch[] = [];
  const traces: TracePatch[] = [];
  const rejected: Rejection[] = [];
  let firstPath = '';
  let index = 0;
  resourceSpans.forEach((ofResource, r) => {
    const resource = readResource(ofResource);
    ofResource.scopeSpans.forEach((ofScope, s) => {
      const scope = readScope(ofScope, resource);
      ofScope.spans.forEach((span, i) => {
        const problem = findProblem(span);
        if (problem === undefined) {
          new SpanMapper(span, index, scope, context.nowMs).mapInto(observations, traces);
        } else {
          const { field, code, message } = problem;
          if (rejected.length === 0) {
            firstPath = `resourceSpans[${r}].scopeSpans[${s}].spans[${i}]${field === '' ? '' : `.${field}`}`;
          }
          const id = span.spanId === '' ? undefined : toIndexableText(span.spanId);
          rejected.push({ kind: 'observation', index, id, field, code, message });
        }
        index += 1;
      });
    });
  });
  if (index > 0 && observations.length === 0) throw nothingUsable(rejected, firstPath);
  return {
    batch: { project: context.project, traces, observations, bytes: context.bytes },
    spanCount: index,
    rejected,
  };
}

/** What all spans of one resource have in common. */
interface ResourceContext {
  readonly picks: Picks;
  readonly metadata: SharedMetadata;
  readonly isPython: boolean;
}

/** What all spans of one instrumentation scope have in common. */
interface ScopeContext {
  readonly resourcePicks: Picks;
  readonly metadata: ScopeMetadata;
  readonly isLangfuseSdk: boolean;
  readonly sendsGenerationsAsSpans: boolean;
}

function readResource(ofResource: OtlpResourceSpans): ResourceContext {
  const { attributes } = ofResource.resource;
  const picks = Picks.ofResource(attributes);
  const isPython = attributes.get('telemetry.sdk.language') === 'python';
  return { picks, metadata: resourceMetadata(ofResource, picks), isPython };
}

function readScope(ofScope: OtlpScopeSpans, resource: ResourceContext): ScopeContext {
  const { name, version } = ofScope.scope;
  const isLangfuseSdk = name.startsWith(LANGFUSE_SCOPE);
  return {
    resourcePicks: resource.picks,
    metadata: scopeMetadata(ofScope, resource.metadata),
    isLangfuseSdk,
    sendsGenerationsAsSpans: isLangfuseSdk && resource.isPython && sendsGenerationsAsSpans(version),
  };
}

/** Model, parameters, usage and cost of a model call. */
interface ModelCall {
  readonly model?: string;
  readonly modelParameters?: JsonText;
  readonly usage?: UsageDetails;
  readonly statedCost?: CostDetails;
}

class SpanMapper {
  private readonly picks: Picks;
  private readonly usage: UsageAttribute[] = [];
  private readonly parameters = new Map<string, AttributeValue>();
  /** What the table says about each attribute, in their order. */
  private readonly meanings: KeyMeaning[] = [];

  constructor(
    private readonly span: OtlpSpan,
    private readonly index: number,
    private readonly scope: ScopeContext,
    private readonly nowMs: number,
  ) {
    this.picks = new Picks(scope.resourcePicks);
    for (const [key, value] of span.attributes) {
      const meaning = meaningOf(key);
      this.meanings.push(meaning);
      if (meaning.slot !== undefined) this.picks.offer(meaning.slot, value);
      if (meaning.family === 'usage') this.usage.push([meaning.suffix, value]);
      else if (meaning.family === 'modelParameters') this.parameters.set(meaning.suffix, value);
    }
  }

  mapInto(observations: ObservationPatch[], traces: TracePatch[]): void {
    const { span, picks, index, nowMs } = this;
    const { traceId } = span;
    const clock = readClock(span, nowMs);
    const arrival = nowMs * 1000;
    const stamp = eventStamp(clock.end ?? clock.start ?? arrival, false, nowMs);

    const name = span.name === '' ? undefined : toIndexableText(span.name);
    const type = readType(picks, this.scope.sendsGenerationsAsSpans);
    const level = readLevel(picks, span.statusCode);
    const statusMessage = this.readText('statusMessage', toStorableText);
    const environment = readEnvironment(picks);
    const version = this.readText('version');
    const contents = readContents(span, type);
    const { input, output } = contents;
    const call = this.readModelCall();
    const isGeneration = type === 'GENERATION';
    const promptName = isGeneration ? this.readText('promptName') : undefined;
    const promptVersion = isGeneration ? this.readText('promptVersion') : undefined;
    const completionStartTime = this.readCompletionStart();
    const parent = readParent(span.parentSpanId);
    const isRoot = parent.isRoot || this.isSet('asRoot') || this.isSet('isAppRoot');

    const traceName = this.readText('traceName');
    const userId = this.readId('userId');
    const sessionId = this.readId('sessionId');
    const release = this.readText('release');
    const isPublic = this.readPublic();
    const tags = this.readTags();
    const traceInput = this.readContent('traceInput');
    const traceOutput = this.readContent('traceOutput');

    // Last, because what has found a field of its own by now is left out of the raw attributes.
    const shared = this.scope.metadata;
    const own = spanMetadata(
      span.attributes,
      this.meanings,
      picks,
      shared,
      !this.scope.isLangfuseSdk,
      contents.takenKeys,
    );
    const isStatusShown =
      (span.statusCode === 0 || (span.statusCode === STATUS_ERROR && level === 'ERROR')) &&
      (span.statusMessage === '' || statusMessage === undefined);

    observations.push({
      kind: 'observation',
      index,
      traceId,
      id: span.spanId,
      stamp,
      startTime: clock.start ?? clock.end,
      endTime: clock.end,
      completionStartTime,
      type,
      name,
      level,
      statusMessage: statusMessage ?? (span.statusMessage === '' ? undefined : toStorableText(span.statusMessage)),
      model: call.model,
      modelParameters: call.modelParameters,
      usage: call.usage,
      statedCost: call.statedCost,
      parentObservationId: parent.id,
      version,
      promptName,
      promptVersion,
      environment,
      input,
      output,
      metadata: observationMetadata(span, own, shared, contents.takenEvents, {
        clock: clock.note,
        parentSpanId: parent.unusable,
        isStatusKept: !isStatusShown,
      }),
    });

    const traceMetadata = own.own.trace.size === 0 ? undefined : own.own.trace;
    // Patches that would say nothing are left out.
    const isTraceUpdate = isAnyStated(
      traceName,
      userId,
      sessionId,
      isPublic,
      tags,
      traceInput,
      traceOutput,
      traceMetadata,
    );
    if (isAnyStated(traceName, release, version, environment, isPublic, tags, traceInput, traceOutput, traceMetadata)) {
      traces.push({
        kind: 'trace',
        index,
        traceId,
        stamp,
        environment,
        name: traceName,
        release,
        version,
        public: isPublic,
        tags,
        input: traceInput,
        output: traceOutput,
        metadata: traceMetadata,
      });
    }
    const surroundings = isRoot || isTraceUpdate ? inheritedMetadata(own, shared, isRoot) : undefined;
    if (isAnyStated(name, userId, sessionId, input, output, surroundings)) {
      traces.push({
        kind: 'trace',
        index,
        traceId,
        stamp: inheritedStamp(clock.start ?? clock.end ?? arrival, isRoot),
        name,
        userId,
        sessionId,
        input,
        output,
        metadata: surroundings,
      });
    }
  }

  private isSet(field: Field): boolean {
    return toBoolean(this.picks.get(field)) === true;
  }

  /** A name or version: short text, since it is indexed. */
  private readText(field: Field, store: (text: string) => string = toIndexableText): string | undefined {
    const value = this.picks.get(field);
    if (value === undefined) return undefined;
    const sent = toText(value);
    const text = store(sent);
    // What had to be cut stays whole in the raw attributes.
    if (text.length === sent.length) this.picks.use(field);
    return text;
  }

  /** An id must come back exactly as it was sent; one that cannot be stored so is left to the raw attributes. */
  private readId(field: Field): string | undefined {
    const value = this.picks.get(field);
    if (value === undefined) return undefined;
    const id = toText(value);
    if (idProblem(id) !== undefined) return undefined;
    this.picks.use(field);
    return id;
  }

  private readContent(field: Field): JsonText | undefined {
    const value = this.picks.get(field);
    if (value === undefined) return undefined;
    this.picks.use(field);
    return toContent(value);
  }

  private readPublic(): boolean | undefined {
    const isPublic = toBoolean(this.picks.get('public'));
    if (isPublic !== undefined) this.picks.use('public');
    return isPublic;
  }

  private readTags(): string[] | undefined {
    const value = this.picks.get('tags');
    if (value === undefined) return undefined;
    this.picks.use('tags');
    const tags = [...new Set(toTextList(value).map((tag) => toIndexableText(tag)))];
    return tags.length === 0 ? undefined : tags;
  }

  private readCompletionStart(): Micros | undefined {
    const text = this.picks.text('completionStartTime');
    const micros = text === undefined ? undefined : readIsoTime(text, this.nowMs);
    if (micros !== undefined) this.picks.use('completionStartTime');
    return micros;
  }

  private readModelCall(): ModelCall {
    const { picks } = this;
    if (sumsUpChildren(picks)) return {};
    return {
      model: this.readText('model'),
      modelParameters: this.readModelParameters(),
      usage: this.readUsage(),
      statedCost: this.readCost(),
    };
  }

  private readModelParameters(): JsonText | undefined {
    const stated = this.picks.get('modelParameters');
    if (stated !== undefined && toMembers(stated) !== undefined) {
      this.picks.use('modelParameters');
      return typeof stated === 'string' ? toStorableJson(stated) : toJson(stated);
    }
    // The model has a field of its own.
    this.parameters.delete('model');
    for (const [key, value] of this.parameters) if (value === null) this.parameters.delete(key);
    return this.parameters.size === 0 ? undefined : toJson(this.parameters);
  }

  private readUsage(): UsageDetails | undefined {
    const usage = readUsageDetails(this.picks.get('usageDetails'));
    if (usage === undefined) return readGenAiUsage(this.usage);
    this.picks.use('usageDetails');
    return usage;
  }

  private readCost(): CostDetails | undefined {
    const cost = readCostDetails(this.picks.get('costDetails'));
    if (cost === undefined) return readTotalCost(this.picks.get('totalCost'));
    this.picks.use('costDetails');
    return cost;
  }
}

interface Parent {
  readonly isRoot: boolean;
  readonly id: string | undefined;
  /** A parent id as sent that cannot be one. */
  readonly unusable: string | undefined;
}

const ROOT: Parent = { isRoot: true, id: undefined, unusable: undefined };
const ALL_ZERO = /^0*$/;

/** An empty or all-zero parent id means that there is no parent (seen from producers that always write eight bytes). */
function readParent(parentSpanId: string): Parent {
  if (isValidId(parentSpanId, SPAN_ID_DIGITS)) return { isRoot: false, id: parentSpanId, unusable: undefined };
  if (ALL_ZERO.test(parentSpanId)) return ROOT;
  return { isRoot: false, id: undefined, unusable: parentSpanId };
}

function isAnyStated(...values: unknown[]): boolean {
  return values.some((value) => value !== undefined);
}
