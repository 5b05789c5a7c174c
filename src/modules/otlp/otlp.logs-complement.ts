import { toIndexableText } from '../../domain/identifier.js';
import { toStorableText } from '../../domain/json.js';
import { type LogRecord } from '../../domain/log.js';
import { type ObservationPatch } from '../../domain/observation.js';
import { complementStamp, LOWEST_STAMP } from '../../domain/time.js';
import { type TracePatch } from '../../domain/trace.js';
import { readChoiceEnd } from './otlp.content-events.js';
import { type MapContext, mapExport } from './otlp.map.js';
import { type OtlpLogRecord, type OtlpResourceLogs, type OtlpScopeLogs } from './otlp.logs.js';
import { isMessageEvent } from './otlp.logs-messages.js';
import { type Attributes, type AttributeValue, type OtlpSpan } from './otlp.span.js';
import { toText } from './otlp.values.js';
import { readFinishReason } from './otlp.words.js';

/**
 * What GenAI events that come as log records say about the observation of their span. Their patches lie below every
 * stamp of a span: they fill what no span states, in whatever order both arrive. If the span never comes, they make an
 * observation of their own, with a name and a type, because nothing else then tells what was said.
 */

/** Events whose attributes are those of a span (semantic conventions 1.37 and later; the two others until 1.29). */
const DETAIL_EVENTS: ReadonlySet<string> = new Set([
  'gen_ai.client.inference.operation.details',
  'gen_ai.content.prompt',
  'gen_ai.content.completion',
]);
const EXCEPTION_EVENT = 'gen_ai.client.operation.exception';

/** No span of that id exists: it stands for "not a root" while a record is read like a span. */
const SOME_PARENT = 'f'.repeat(16);

/** A record of the export that is linked to a span, as it came and as it is stored. */
export interface LinkedRecord {
  readonly sent: OtlpLogRecord;
  readonly stored: LogRecord & { readonly traceId: string; readonly spanId: string };
}

export interface Complement {
  readonly observations: readonly ObservationPatch[];
  readonly traces: readonly TracePatch[];
}

export function isComplementEvent(eventName: string | null): boolean {
  return (
    eventName !== null && (isMessageEvent(eventName) || DETAIL_EVENTS.has(eventName) || eventName === EXCEPTION_EVENT)
  );
}

/** What `records`, all of one scope and each of an event that `isComplementEvent`, say about observations and traces. */
export function complement(
  records: readonly LinkedRecord[],
  ofScope: OtlpScopeLogs,
  ofResource: OtlpResourceLogs,
  context: MapContext,
): Complement {
  const observations: ObservationPatch[] = [];
  const traces: TracePatch[] = [];
  const known = new Set<string>();
  for (const { sent, stored } of records) {
    const { traceId, spanId, index, sessionId } = stored;
    const name = fallbackName(sent.attributes);
    const key = `${traceId} ${spanId} ${name} ${sessionId ?? ''}`;
    if (!known.has(key)) {
      known.add(key);
      observations.push({
        kind: 'observation',
        index,
        traceId,
        id: spanId,
        stamp: LOWEST_STAMP,
        type: 'GENERATION',
        name,
      });
      traces.push({
        kind: 'trace',
        index,
        traceId,
        stamp: LOWEST_STAMP,
        name,
        ...(sessionId === null ? {} : { sessionId }),
      });
    }
    if (stored.eventName === EXCEPTION_EVENT) observations.push(failureOf(stored, sent.attributes));
    const finishReason = finishReasonOf(sent, stored.eventName ?? '');
    if (finishReason !== undefined) {
      const stamp = complementStamp(stored.time);
      observations.push({ kind: 'observation', index, traceId, id: spanId, stamp, finishReason });
    }
  }
  const detailed = records.filter(({ stored }) => DETAIL_EVENTS.has(stored.eventName ?? ''));
  if (detailed.length > 0) mapDetails(detailed, ofScope, ofResource, context, observations, traces);
  return { observations, traces };
}

/** As the semantic conventions name the span: operation and model. */
function fallbackName(attributes: Attributes): string {
  const operation = textOf(attributes, 'gen_ai.operation.name') ?? 'chat';
  const model = textOf(attributes, 'gen_ai.request.model');
  return toIndexableText(model === undefined ? operation : `${operation} ${model}`);
}

function failureOf({ traceId, spanId, index, time }: LinkedRecord['stored'], attributes: Attributes): ObservationPatch {
  const type = textOf(attributes, 'exception.type') ?? textOf(attributes, 'error.type');
  const message = textOf(attributes, 'exception.message');
  const told = [type, message].filter((text) => text !== undefined).join(': ');
  return {
    kind: 'observation',
    index,
    traceId,
    id: spanId,
    stamp: complementStamp(time),
    level: 'ERROR',
    statusMessage: told === '' ? undefined : toStorableText(told),
  };
}

function finishReasonOf({ body, attributes }: OtlpLogRecord, eventName: string): string | undefined {
  const word = readChoiceEnd(eventName, body ?? undefined, attributes);
  const reason = typeof word === 'string' ? readFinishReason(word) : undefined;
  return reason === undefined ? undefined : toIndexableText(toText(reason));
}

/** Reads the records as if they were spans, by the one table of attributes, and takes off what a log record cannot know. */
function mapDetails(
  records: readonly LinkedRecord[],
  { scope, schemaUrl }: OtlpScopeLogs,
  ofResource: OtlpResourceLogs,
  context: MapContext,
  observations: ObservationPatch[],
  traces: TracePatch[],
): void {
  const spans = records.map(spanOf);
  const resourceSpans = [
    { resource: ofResource.resource, schemaUrl: ofResource.schemaUrl, scopeSpans: [{ scope, schemaUrl, spans }] },
  ];
  const { batch } = mapExport({ resourceSpans }, context);
  for (const patch of batch.observations) {
    const { stored } = records[patch.index]!;
    observations.push({
      ...patch,
      index: stored.index,
      stamp: complementStamp(stored.time),
      startTime: undefined,
      endTime: undefined,
      parentObservationId: undefined,
      // Of the environment the first statement counts: that of the span, however late it comes.
      environment: undefined,
    });
  }
  for (const patch of batch.traces) {
    const { stored } = records[patch.index]!;
    traces.push({
      ...patch,
      index: stored.index,
      stamp: Math.min(patch.stamp, complementTraceStamp(patch.stamp)),
      environment: undefined,
    });
  }
}

/** What is stated on the trace is, from a log record, below what any span hands down; what is handed down stays as it is. */
function complementTraceStamp(stamp: number): number {
  return stamp > 0 ? LOWEST_STAMP + 1 : stamp;
}

function spanOf({ sent, stored }: LinkedRecord): OtlpSpan {
  return {
    traceId: stored.traceId,
    spanId: stored.spanId,
    parentSpanId: SOME_PARENT,
    traceState: '',
    name: '',
    kind: 0,
    startTimeUnixNano: sent.timeUnixNano === 0n ? sent.observedTimeUnixNano : sent.timeUnixNano,
    endTimeUnixNano: 0n,
    attributes: withBody(sent),
    droppedAttributesCount: sent.droppedAttributesCount,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    statusMessage: '',
    statusCode: 0,
    flags: 0,
  };
}

/** Drafts of the convention had in the body what are attributes now. */
function withBody({ attributes, body }: OtlpLogRecord): Attributes {
  if (!(body instanceof Map)) return attributes;
  return new Map<string, AttributeValue>([...(body as Attributes), ...attributes]);
}

function textOf(attributes: Attributes, key: string): string | undefined {
  const value = attributes.get(key);
  return value === undefined || value === null || value === '' ? undefined : toText(value);
}
