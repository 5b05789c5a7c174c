import {
  expectObject,
  readCount,
  readEnum,
  readId,
  readList,
  readText,
  readTime,
  SEVERITY_NUMBERS,
  within,
} from './otlp.json-scalars.js';
import { readAnyValue, readAttributes, readBody, readResource, readScope } from './otlp.json.js';
import {
  type OtlpLogExport,
  type OtlpLogRecord,
  type OtlpResourceLogs,
  type OtlpScopeLogs,
  LOG_MESSAGES,
  unreadableLogRecord,
} from './otlp.logs.js';
import { expectSignal } from './otlp.signal.js';
import { MessageCount, SPAN_ID_DIGITS, TRACE_ID_DIGITS, Unreadable } from './otlp.span.js';

/**
 * Reads ExportLogsServiceRequest from OTLP/JSON, as leniently as spans are read.
 * @throws InvalidInput when the body is not JSON, carries another signal, or its outer lists have another shape. A record
 * that cannot be read becomes one with a `problem`.
 */
export function decodeLogsJson(body: Buffer): OtlpLogExport {
  return readBody(body, readExport);
}

/** Of the export that is being read: reading never waits, so that there is one at a time. */
let messages = new MessageCount(LOG_MESSAGES);

function readExport(request: unknown): OtlpLogExport {
  messages = new MessageCount(LOG_MESSAGES);
  const { resourceLogs } = expectSignal(request, 'logs');
  return { resourceLogs: readList(resourceLogs, 'resourceLogs', readResourceLogs) };
}

function readResourceLogs(value: unknown): OtlpResourceLogs {
  messages.add();
  const message = expectObject(value);
  return {
    resource: within('resource', () => readResource(message['resource'])),
    scopeLogs: readList(message['scopeLogs'], 'scopeLogs', readScopeLogs),
    schemaUrl: readText(message['schemaUrl'], 'schemaUrl'),
  };
}

function readScopeLogs(value: unknown): OtlpScopeLogs {
  messages.add();
  const message = expectObject(value);
  return {
    scope: within('scope', () => readScope(message['scope'])),
    logRecords: readList(message['logRecords'], 'logRecords', readRecordLeniently),
    schemaUrl: readText(message['schemaUrl'], 'schemaUrl'),
  };
}

function readRecordLeniently(value: unknown): OtlpLogRecord {
  messages.add();
  try {
    return readRecord(value);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return unreadableLogRecord(error);
  }
}

function readRecord(value: unknown): OtlpLogRecord {
  const record = expectObject(value);
  return {
    timeUnixNano: readTime(record['timeUnixNano'], 'timeUnixNano'),
    observedTimeUnixNano: readTime(record['observedTimeUnixNano'], 'observedTimeUnixNano'),
    severityNumber: readEnum(record['severityNumber'], 'severityNumber', SEVERITY_NUMBERS),
    severityText: readText(record['severityText'], 'severityText'),
    body: within('body', () => readAnyValue(record['body'], 0)),
    attributes: readAttributes(record['attributes'], 'attributes', 0),
    droppedAttributesCount: readCount(record['droppedAttributesCount'], 'droppedAttributesCount'),
    flags: readCount(record['flags'], 'flags'),
    traceId: readId(record['traceId'], 'traceId', TRACE_ID_DIGITS),
    spanId: readId(record['spanId'], 'spanId', SPAN_ID_DIGITS),
    eventName: readText(record['eventName'], 'eventName'),
  };
}
