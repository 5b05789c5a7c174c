import { createHash } from 'node:crypto';
import { NothingUsable } from '../../domain/errors.js';
import { idProblem, toIndexableText } from '../../domain/identifier.js';
import { type Rejection } from '../../domain/ingest-batch.js';
import { toStorableText } from '../../domain/json.js';
import { type LogRecord } from '../../domain/log.js';
import { type ObservationPatch } from '../../domain/observation.js';
import { type TracePatch } from '../../domain/trace.js';
import { AgentSessions } from './otlp.logs-agents.js';
import { complement, isComplementEvent, type LinkedRecord } from './otlp.logs-complement.js';
import { isMessageEvent, messageOf } from './otlp.logs-messages.js';
import { type OtlpLogExport, type OtlpLogRecord, type OtlpResourceLogs, type OtlpScopeLogs } from './otlp.logs.js';
import { type MapContext, type MappedExport } from './otlp.map.js';
import { summarizeItems } from './otlp.response.js';
import { fitResource, fitScope } from './otlp.shared.js';
import {
  type Attributes,
  type AttributeValue,
  isValidId,
  SPAN_ID_DIGITS,
  tooManyAttributes,
  TRACE_ID_DIGITS,
} from './otlp.span.js';
import { readClock } from './otlp.time.js';
import { toJson, toText } from './otlp.values.js';

export interface MappedLogs extends Pick<MappedExport, 'batch' | 'rejected'> {
  readonly recordCount: number;
}

/**
 * Turns log records into what is stored of them, and into what they say about observations and traces: GenAI events
 * complete the observation of their span, events of coding agents make observations of their own.
 * @throws InvalidInput when there are records and none of them can be stored.
 */
export function mapLogs({ resourceLogs }: OtlpLogExport, context: MapContext): MappedLogs {
  const logs: LogRecord[] = [];
  const observations: ObservationPatch[] = [];
  const traces: TracePatch[] = [];
  const rejected: Rejection[] = [];
  let firstPath = '';
  let index = 0;
  resourceLogs.forEach((sentResource, r) => {
    const ofResource = fitResource(sentResource);
    ofResource.scopeLogs.forEach((sentScope, s) => {
      const ofScope = fitScope(sentScope);
      const reader = new RecordReader(ofResource, ofScope, context.nowMs);
      const agents = new AgentSessions(ofScope.scope.name, context.nowMs);
      const linked: LinkedRecord[] = [];
      ofScope.logRecords.forEach((sent, i) => {
        const problem = sent.problem ?? tooManyAttributes(sent.attributes);
        if (problem === undefined) {
          const stored = reader.read(sent, index);
          const event = agents.read(sent, stored);
          logs.push(event?.stored ?? stored);
          if (event !== undefined) {
            observations.push(...event.observations);
            traces.push(...event.traces);
          } else if (isLinked(stored) && isComplementEvent(stored.eventName)) {
            linked.push({ sent, stored });
          }
        } else {
          const { field, code, message } = problem;
          if (rejected.length === 0) {
            firstPath = `resourceLogs[${r}].scopeLogs[${s}].logRecords[${i}]${field === '' ? '' : `.${field}`}`;
          }
          rejected.push({ kind: 'log', index, field, code, message });
        }
        index += 1;
      });
      if (linked.length === 0) return;
      const said = complement(linked, ofScope, ofResource, context);
      observations.push(...said.observations);
      traces.push(...said.traces);
    });
  });
  if (index > 0 && logs.length === 0) throw noneUsable(rejected, firstPath);
  return {
    batch: { project: context.project, traces, observations, logs, bytes: context.bytes },
    recordCount: index,
    rejected,
  };
}

function noneUsable(rejected: readonly Rejection[], firstPath: string): NothingUsable {
  const rest =
    rejected.length > 1
      ? ` None of the ${rejected.length} log records can be stored: ${summarizeItems(rejected, 'log record')}.`
      : '';
  return new NothingUsable(`${firstPath} ${rejected[0]!.message}.${rest}`, firstPath, rejected);
}

function isLinked(stored: LogRecord): stored is LinkedRecord['stored'] {
  return stored.traceId !== null && stored.spanId !== null;
}

/** Keys that name the conversation, the most explicit first. */
const SESSION_KEYS = ['langfuse.session.id', 'session.id', 'gen_ai.conversation.id', 'conversation.id'];
const ID_DIGITS = 32;

/** Reads the records of one scope. */
class RecordReader {
  private readonly resource: string | null;
  private readonly scope: string | null;
  private readonly resourceAttributes: Attributes;

  constructor(
    { resource, schemaUrl }: OtlpResourceLogs,
    ofScope: OtlpScopeLogs,
    private readonly nowMs: number,
  ) {
    this.resourceAttributes = resource.attributes;
    this.resource = membersOf([
      ['attributes', resource.attributes],
      ['schemaUrl', schemaUrl],
      ['droppedAttributesCount', resource.droppedAttributesCount],
    ]);
    const { scope } = ofScope;
    this.scope = membersOf([
      ['name', scope.name],
      ['version', scope.version],
      ['attributes', scope.attributes],
      ['schemaUrl', ofScope.schemaUrl],
      ['droppedAttributesCount', scope.droppedAttributesCount],
    ]);
  }

  read(sent: OtlpLogRecord, index: number): LogRecord {
    const hasTrace = isValidId(sent.traceId, TRACE_ID_DIGITS);
    const hasSpan = hasTrace && isValidId(sent.spanId, SPAN_ID_DIGITS);
    const clock = readClock(
      { startTimeUnixNano: sent.timeUnixNano, endTimeUnixNano: sent.observedTimeUnixNano },
      this.nowMs,
    );
    const eventName = eventNameOf(sent);
    const body = sent.body === null ? null : toJson(sent.body);
    const attributes = sent.attributes.size === 0 ? null : toJson(sent.attributes);
    const isMessage = eventName !== null && hasSpan && isMessageEvent(eventName);
    return {
      kind: 'log',
      index,
      id: this.idOf(sent, body, attributes),
      traceId: hasTrace ? sent.traceId : null,
      spanId: hasSpan ? sent.spanId : null,
      sessionId: this.sessionIdOf(sent.attributes),
      time: clock.start ?? clock.end ?? this.nowMs * 1000,
      observedTime: clock.end ?? null,
      severityNumber: sent.severityNumber >= 1 && sent.severityNumber <= 24 ? sent.severityNumber : 0,
      severityText: sent.severityText === '' ? null : toStorableText(sent.severityText),
      eventName,
      body,
      attributes,
      scope: this.scope,
      resource: this.resource,
      message: isMessage ? messageOf(eventName, sent.body, sent.attributes) : undefined,
    };
  }

  /** Of everything that was sent; times as they came, because what is made of them may depend on the clock. */
  private idOf(sent: OtlpLogRecord, body: string | null, attributes: string | null): string {
    const hash = createHash('sha256');
    const { timeUnixNano, observedTimeUnixNano, severityNumber, severityText, eventName, traceId, spanId, flags } =
      sent;
    const numbers = `${timeUnixNano} ${observedTimeUnixNano} ${severityNumber} ${flags} ${sent.droppedAttributesCount}`;
    hash.update(
      JSON.stringify([
        ...[numbers, traceId, spanId, eventName, severityText],
        ...[body, attributes, this.scope, this.resource],
      ]),
    );
    return hash.digest('hex').slice(0, ID_DIGITS);
  }

  private sessionIdOf(attributes: Attributes): string | null {
    for (const from of [attributes, this.resourceAttributes]) {
      for (const key of SESSION_KEYS) {
        const value = from.get(key);
        if (value === undefined || value === null) continue;
        const id = toText(value);
        if (idProblem(id) === undefined) return id;
      }
    }
    return null;
  }
}

/** The field, or the attribute that stood for it before there was one. */
function eventNameOf({ eventName, attributes }: OtlpLogRecord): string | null {
  const stated = eventName === '' ? attributes.get('event.name') : eventName;
  return typeof stated === 'string' && stated !== '' ? toIndexableText(stated) : null;
}

/** As JSON, empty ones left out; null when all are. */
function membersOf(members: readonly (readonly [string, AttributeValue])[]): string | null {
  const stated = members.filter(
    ([, value]) => value !== '' && value !== 0 && !(value instanceof Map && value.size === 0),
  );
  return stated.length === 0 ? null : toJson(new Map(stated));
}
