import { toIndexableText } from '../../domain/identifier.js';
import { type IngestBatch, type Rejection } from '../../domain/ingest-batch.js';
import { type JsonText, toJsonText, toStorableText } from '../../domain/json.js';
import { type CostDetails, type ObservationPatch, type UsageDetails } from '../../domain/observation.js';
import { type Project } from '../../domain/project.js';
import { eventStamp, inheritedStamp } from '../../domain/time.js';
import { type TracePatch } from '../../domain/trace.js';
import { type Field } from './otlp.attributes.js';
import { type CallFacts, completeFacts } from './otlp.call-facts.js';
import { readContents } from './otlp.content.js';
import { readExperiment } from './otlp.experiment.js';
import { readCompletionStart } from './otlp.first-token.js';
import { readId, readStep } from './otlp.step.js';
import { inheritedMetadata, observationMetadata, spanMetadata } from './otlp.metadata.js';
import { ModelParameters } from './otlp.parameters.js';
import { asRunning } from './otlp.pending.js';
import { type KeyMeaning, meaningOf, Picks, type Sources } from './otlp.picks.js';
import { nothingUsable, type OtlpEncoding } from './otlp.response.js';
import { readResource, readScope, type ScopeContext } from './otlp.scope.js';
import { findProblem, isValidId, type OtlpSpan, SPAN_ID_DIGITS, type SpanStream } from './otlp.span.js';
import { readFailure, readLevel, STATUS_ERROR } from './otlp.status.js';
import { readClock } from './otlp.time.js';
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

class SpanMapper {
  private readonly picks: Picks;
  private readonly usage: UsageReading;
  private readonly parameters = new ModelParameters();
  /** What the table says about each attribute, in their order. */
  private readonly meanings: KeyMeaning[] = [];

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
  }

  mapInto(observations: ObservationPatch[], traces: TracePatch[]): void {
    const { span, picks, index, nowMs } = this;
    const { traceId } = span;
    const clock = readClock(span, nowMs);
    const arrival = nowMs * 1000;
    // What a span says when it has ended beats what it said while it ran, also where the two share their microsecond.
    const isEnded = clock.end !== undefined;
    const stamp = eventStamp(clock.end ?? clock.start ?? arrival, isEnded, nowMs);

    const { isLangfuseSdk, sendsGenerationsAsSpans, name: scopeName } = this.scope;
    const type = readType(picks, {
      span,
      scopeName,
      sendsGenerationsAsSpans,
      hasUsage: this.usage.usage !== undefined,
    });
    const toolName = readToolName(picks, span, type);
    // Langfuse's SDKs say what they mean by the name of the span.
    const statedName = isLangfuseSdk ? span.name : readName(picks, span, type, toolName);
    const name = statedName === '' ? undefined : toIndexableText(statedName);
    const level = readLevel(picks, span);
    const statusMessage = this.readText('statusMessage', toStorableText);
    const failure = span.statusMessage === '' ? readFailure(picks, span, level) : span.statusMessage;
    const environment = this.readText('environment');
    const version = this.readText('version');
    const contents = readContents(span, type);
    const noted: Sources = new Map();
    const { input, output } = contents;
    const call = this.readModelCall();
    const facts = completeFacts(call, contents, { type, scopeName }, noted);
    const isGeneration = type === 'GENERATION';
    const promptName = isGeneration ? this.readText('promptName') : undefined;
    const promptVersion = isGeneration ? this.readText('promptVersion') : undefined;
    const completionStartTime = readCompletionStart(picks, span, clock, scopeName, nowMs);
    const step = readStep(picks);
    const agentName = readAgentName(picks);
    const parent = readParent(span.parentSpanId);
    const isRoot = parent.isRoot || this.isSet('asRoot') || this.isSet('isAppRoot');

    const traceName = this.readText('traceName');
    const userId = readId(picks, 'userId');
    const sessionId = readId(picks, 'sessionId');
    const release = this.readText('release');
    const isPublic = this.readPublic();
    const tags = this.readTags();
    const traceInput = this.readContent('traceInput');
    const traceOutput = this.readContent('traceOutput');

    // Last, because what has found a field of its own by now is left out of the raw attributes.
    const shared = this.scope.metadata;
    const own = spanMetadata(span.attributes, this.meanings, picks, shared, !isLangfuseSdk, contents, noted);
    if (facts.counting !== undefined && !own.own.observation.has(USAGE_NOTE))
      own.own.observation.set(USAGE_NOTE, facts.counting);
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
      statusMessage: statusMessage ?? (failure === undefined ? undefined : toStorableText(failure)),
      model: facts.model,
      modelParameters: facts.modelParameters,
      usage: facts.usage,
      statedCost: call.statedCost,
      parentObservationId: parent.id,
      version,
      promptName,
      promptVersion,
      environment,
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
      experiment: readExperiment(span, isRoot),
      input,
      output,
      metadata: observationMetadata(span, own, shared, contents.takenEvents, {
        clock: clock.note,
        parentSpanId: parent.unusable,
        isStatusKept: !isStatusShown,
        // Also the whole of one that had to be cut.
        spanName:
          (statedName === span.name && name?.length === statedName.length) || span.name === '' ? undefined : span.name,
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
        stamp: inheritedStamp((clock.start ?? clock.end ?? arrival) + (isEnded ? 0 : 1), isRoot),
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
