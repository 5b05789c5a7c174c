import { toIndexableText } from '../../domain/identifier.js';
import { type IngestBatch, type Rejection } from '../../domain/ingest-batch.js';
import { type JsonText, toJsonText, toStorableText } from '../../domain/json.js';
import { type CostDetails, type Level, type ObservationPatch, type UsageDetails } from '../../domain/observation.js';
import { type Project } from '../../domain/project.js';
import { eventStamp, inheritedStamp, type Micros } from '../../domain/time.js';
import { type TracePatch } from '../../domain/trace.js';
import { type Field } from './otlp.attributes.js';
import { type CallFacts, completeFacts } from './otlp.call-facts.js';
import { type Contents, readContents } from './otlp.content.js';
import { readExperiment } from './otlp.experiment.js';
import { readCompletionStart } from './otlp.first-token.js';
import { readId, readStep } from './otlp.step.js';
import {
  inheritedMetadata,
  type Notes,
  observationMetadata,
  type SpanMetadata,
  spanMetadata,
} from './otlp.metadata.js';
import { ModelParameters } from './otlp.parameters.js';
import { type Parent, readParent } from './otlp.parent.js';
import { asRunning } from './otlp.pending.js';
import { type KeyMeaning, meaningOf, Picks, type Sources } from './otlp.picks.js';
import { nothingUsable, type OtlpEncoding } from './otlp.response.js';
import { readResource, readScope, type ScopeContext } from './otlp.scope.js';
import { findProblem, type OtlpSpan, type SpanStream } from './otlp.span.js';
import { readFailure, readLevel, STATUS_ERROR } from './otlp.status.js';
import { type Clock, readClock } from './otlp.time.js';
import { readCostDetails, readUsageAttributes, readUsageDetails, type UsageReading } from './otlp.usage.js';
import { toBoolean, toContent, toText, toTextList } from './otlp.values.js';
import { readAgentName, readName, readToolName, readType } from './otlp.vocabulary.js';

/** Key of the metadata that tell how tokens were counted; the explanation of a cost shows it. */
const USAGE_NOTE = 'usageCounting';

export interface MapContext {
  readonly project: Project;
  /** The server's clock. */
  readonly nowMs: number;
  /** Size of the request, inflated. */
  readonly bytes: number;
  /** Of the request; undefined where spans were made of another signal. */
  readonly encoding?: OtlpEncoding;
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
export function mapExport({ resourceSpans }: SpanStream, context: MapContext): MappedExport {
  const observations: ObservationPatch[] = [];
  const traces: TracePatch[] = [];
  const rejected: Rejection[] = [];
  let firstPath = '';
  let index = 0;
  resourceSpans.forEach((ofResource, r) => {
    const resource = readResource(ofResource);
    ofResource.scopeSpans.forEach((ofScope, s) => {
      const scope = readScope(ofScope, resource);
      let i = 0;
      for (const span of ofScope.spans) {
        const problem = findProblem(span);
        if (problem === undefined) {
          new SpanMapper(asRunning(span), index, scope, context.nowMs).mapInto(observations, traces);
        } else {
          const { field, code, message } = problem;
          if (rejected.length === 0) {
            firstPath = `resourceSpans[${r}].scopeSpans[${s}].spans[${i}]${field === '' ? '' : `.${field}`}`;
          }
          const id = span.spanId === '' ? undefined : toIndexableText(span.spanId);
          rejected.push({ kind: 'observation', index, id, field, code, message });
        }
        index += 1;
        i += 1;
      }
    });
  });
  if (index > 0 && observations.length === 0) throw nothingUsable(rejected, firstPath, context.encoding);
  return {
    batch: { project: context.project, traces, observations, bytes: context.bytes },
    spanCount: index,
    rejected,
  };
}

/** Model, parameters, usage and cost of a model call. */
interface ModelCall extends CallFacts {
  readonly statedCost: CostDetails | undefined;
}

/** What a span says of itself. */
interface ObservationReading {
  /** Its metadata are yet to come. */
  readonly observation: ObservationPatch;
  readonly contents: Contents;
  /** How tokens were counted. */
  readonly counting: JsonText | undefined;
  readonly notes: Notes;
}

/** What a span says of its trace under keys that speak of traces. */
type TraceStatement = Pick<
  TracePatch,
  'name' | 'userId' | 'sessionId' | 'release' | 'public' | 'tags' | 'input' | 'output'
>;

class SpanMapper {
  private readonly picks: Picks;
  private readonly usage: UsageReading;
  private readonly parameters = new ModelParameters();
  /** What the table says about each attribute, in their order. */
  private readonly meanings: KeyMeaning[] = [];
  /** What filled fields although no row of the table says so. */
  private readonly noted: Sources = new Map();
  private readonly clock: Clock;
  private readonly parent: Parent;
  private readonly isRoot: boolean;

  constructor(
    private readonly span: OtlpSpan,
    private readonly index: number,
    private readonly scope: ScopeContext,
    private readonly nowMs: number,
  ) {
    this.picks = new Picks(scope.resourcePicks, scope.isBrowser);
    for (const [key, value] of span.attributes) {
      const meaning = meaningOf(key);
      this.meanings.push(meaning);
      this.picks.offer(meaning, value, span.attributes);
      if (meaning.parameter !== undefined) this.parameters.add(meaning.parameter, value);
    }
    this.usage = readUsageAttributes(span.attributes, scope.name);
    this.clock = readClock(span, nowMs);
    this.parent = readParent(span.parentSpanId);
    this.isRoot = this.parent.isRoot || this.isSet('asRoot') || this.isSet('isAppRoot');
  }

  mapInto(observations: ObservationPatch[], traces: TracePatch[]): void {
    const { span, scope } = this;
    const { observation, contents, counting, notes } = this.readObservation();
    const stated = this.readTrace();
    // Last, because what has found a field of its own by now is left out of the raw attributes.
    const isRawKept = !scope.isLangfuseSdk;
    const metadata = spanMetadata(
      span.attributes,
      this.meanings,
      this.picks,
      scope.metadata,
      isRawKept,
      contents,
      this.noted,
    );
    const { own } = metadata;
    if (counting !== undefined && !own.observation.has(USAGE_NOTE)) own.observation.set(USAGE_NOTE, counting);
    observation.metadata = observationMetadata(span, metadata, scope.metadata, contents.takenEvents, notes);
    observations.push(observation);
    this.addTracePatches(traces, observation, stated, metadata);
  }

  private readObservation(): ObservationReading {
    const { span, picks, clock, nowMs, parent } = this;
    const { isLangfuseSdk, sendsGenerationsAsSpans, name: scopeName } = this.scope;
    const hasUsage = this.usage.usage !== undefined;
    const type = readType(picks, { span, scopeName, sendsGenerationsAsSpans, hasUsage });
    const toolName = readToolName(picks, span, type);
    // Langfuse's SDKs say what they mean by the name of the span.
    const statedName = isLangfuseSdk ? span.name : readName(picks, span, type, toolName);
    const name = statedName === '' ? undefined : toIndexableText(statedName);
    const isNameWhole = statedName === span.name && name?.length === statedName.length;
    const level = readLevel(picks, span);
    const status = this.readStatus(level);
    const contents = readContents(span, type);
    const call = this.readModelCall();
    const facts = completeFacts(call, contents, { type, scopeName }, this.noted);
    const isGeneration = type === 'GENERATION';
    const agentName = readAgentName(picks);
    const step = readStep(picks);

    const observation: ObservationPatch = {
      kind: 'observation',
      index: this.index,
      traceId: span.traceId,
      id: span.spanId,
      // What a span says when it has ended beats what it said while it ran, also where the two share their microsecond.
      stamp: eventStamp(this.latest, clock.end !== undefined, nowMs),
      startTime: clock.start ?? clock.end,
      endTime: clock.end,
      completionStartTime: readCompletionStart(picks, span, clock, scopeName, nowMs),
      type,
      name,
      level,
      statusMessage: status.message,
      model: facts.model,
      modelParameters: facts.modelParameters,
      usage: facts.usage,
      statedCost: call.statedCost,
      parentObservationId: parent.id,
      version: this.readText('version'),
      promptName: isGeneration ? this.readText('promptName') : undefined,
      promptVersion: isGeneration ? this.readText('promptVersion') : undefined,
      environment: this.readText('environment'),
      requestedModel: facts.requestedModel,
      provider: this.readText('provider'),
      finishReason: facts.finishReason,
      toolName: toolName === undefined ? undefined : toIndexableText(toolName),
      agentName: agentName === undefined ? undefined : toIndexableText(agentName),
      turnId: step.turnId,
      runId: step.runId,
      stepId: step.stepId,
      parentStepId: step.parentStepId,
      stepType: step.stepType,
      attemptIndex: step.attemptIndex,
      runState: step.runState,
      experiment: readExperiment(span, this.isRoot),
      input: contents.input,
      output: contents.output,
      metadata: undefined,
    };
    const notes = {
      clock: clock.note,
      parentSpanId: parent.unusable,
      isStatusKept: !status.isShown,
      // Also the whole of one that had to be cut.
      spanName: isNameWhole || span.name === '' ? undefined : span.name,
    };
    return { observation, contents, counting: facts.counting, notes };
  }

  private readTrace(): TraceStatement {
    return {
      name: this.readText('traceName'),
      userId: readId(this.picks, 'userId'),
      sessionId: readId(this.picks, 'sessionId'),
      release: this.readText('release'),
      public: this.readPublic(),
      tags: this.readTags(),
      input: this.readContent('traceInput'),
      output: this.readContent('traceOutput'),
    };
  }

  /** What the span states about its trace, and what a trace takes over from its spans; nothing that would say nothing. */
  private addTracePatches(
    traces: TracePatch[],
    { traceId, stamp, environment, version, name, input, output }: ObservationPatch,
    stated: TraceStatement,
    metadata: SpanMetadata,
  ): void {
    const { index, isRoot, clock } = this;
    const { userId, sessionId, release } = stated;
    const ofTrace = metadata.own.trace.size === 0 ? undefined : metadata.own.trace;
    const isStated = isAnyStated(stated.name, stated.public, stated.tags, stated.input, stated.output, ofTrace);
    if (isStated || isAnyStated(release, version, environment)) {
      traces.push({
        kind: 'trace',
        index,
        traceId,
        stamp,
        environment,
        name: stated.name,
        release,
        version,
        public: stated.public,
        tags: stated.tags,
        input: stated.input,
        output: stated.output,
        metadata: ofTrace,
      });
    }
    const isUpdate = isStated || isAnyStated(userId, sessionId);
    const surroundings = isRoot || isUpdate ? inheritedMetadata(metadata, this.scope.metadata, isRoot) : undefined;
    if (isAnyStated(name, userId, sessionId, input, output, surroundings)) {
      const earliest = clock.start ?? this.latest;
      traces.push({
        kind: 'trace',
        index,
        traceId,
        stamp: inheritedStamp(earliest + (clock.end === undefined ? 1 : 0), isRoot),
        name,
        userId,
        sessionId,
        input,
        output,
        metadata: surroundings,
      });
    }
  }

  /** The latest time that the span states; else when it arrived. */
  private get latest(): Micros {
    return this.clock.end ?? this.clock.start ?? this.nowMs * 1000;
  }

  /** The message to show, and whether level and message say all that the span's status does. */
  private readStatus(level: Level | undefined): { message: string | undefined; isShown: boolean } {
    const { statusCode, statusMessage } = this.span;
    const stated = this.readText('statusMessage', toStorableText);
    const failure = statusMessage === '' ? readFailure(this.picks, this.span, level) : statusMessage;
    const isCodeShown = statusCode === 0 || (statusCode === STATUS_ERROR && level === 'ERROR');
    return {
      message: stated ?? (failure === undefined ? undefined : toStorableText(failure)),
      isShown: isCodeShown && (statusMessage === '' || stated === undefined),
    };
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
    if (text.length === sent.length && this.picks.isAsSent(field)) this.picks.use(field);
    return text;
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

  private readModelCall(): ModelCall {
    const reading = this.usage;
    const usage = this.readStatedUsage();
    return {
      model: this.readText('model'),
      requestedModel: this.readText('requestedModel'),
      finishReason: this.readText('finishReason'),
      modelParameters: this.parameters.read(this.picks),
      usage: usage ?? reading.usage,
      statedCost: this.readStatedCost() ?? reading.cost,
      counting: usage === undefined ? toCountingNote(reading) : undefined,
    };
  }

  private readStatedUsage(): UsageDetails | undefined {
    const usage = readUsageDetails(this.picks.get('usageDetails'));
    if (usage !== undefined) this.picks.use('usageDetails');
    return usage;
  }

  private readStatedCost(): CostDetails | undefined {
    const cost = readCostDetails(this.picks.get('costDetails'));
    if (cost !== undefined) this.picks.use('costDetails');
    return cost;
  }
}

function toCountingNote({ note }: UsageReading): JsonText | undefined {
  return note === undefined ? undefined : toJsonText(note);
}

function isAnyStated(...values: unknown[]): boolean {
  return values.some((value) => value !== undefined);
}
