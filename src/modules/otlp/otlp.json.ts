import { InvalidInput } from '../../domain/errors.js';
import { parseRequestJson } from '../../domain/request-json.js';
import {
  type JsonObject,
  expectObject,
  isMissing,
  isObject,
  nameOf,
  readCount,
  readDouble,
  readEnum,
  readId,
  readInt64,
  readList,
  readText,
  readTime,
  SPAN_KINDS,
  STATUS_CODES,
  within,
} from './otlp.json-scalars.js';
import { expectSignal } from './otlp.signal.js';
import {
  type AttributeValue,
  type Attributes,
  emptyResource,
  emptyScope,
  MAX_ATTRIBUTE_DEPTH,
  MessageCount,
  NO_ATTRIBUTES,
  type OtlpEvent,
  type OtlpExport,
  type OtlpLink,
  type OtlpResource,
  type OtlpResourceSpans,
  type OtlpScope,
  type OtlpScopeSpans,
  type OtlpSpan,
  SPAN_ID_DIGITS,
  TRACE_ID_DIGITS,
  Unreadable,
  unreadableSpan,
} from './otlp.span.js';

/**
 * Reads ExportTraceServiceRequest from OTLP/JSON (OTLP specification, "JSON Protobuf Encoding"): ids in hex, 64-bit
 * integers as decimal strings, enums as integers. Reads what exporters send in practice besides: integers as numbers or
 * `{low, high}` pairs, ids in base64, enums by name. Nothing is ever copied from a client's object key by key.
 */

/**
 * @throws InvalidInput when the body is not JSON, carries another signal, or its outer lists have another shape. A span
 * that cannot be read becomes a span with a `problem`.
 */
export function decodeJson(body: Buffer): OtlpExport {
  return readBody(body, readExport);
}

/**
 * What `read` makes of the JSON in `body`.
 * @throws InvalidInput when it is not JSON, or where `read` finds something unreadable; TooLarge as `parseRequestJson`.
 */
export function readBody<T>(body: Buffer, read: (request: unknown) => T): T {
  let text = body.toString('utf8');
  if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
  const request = parseRequestJson(text);
  try {
    return read(request);
  } catch (error) {
    if (error instanceof Unreadable) throw new InvalidInput(`${error.field} ${error.message}`, error.field);
    throw error;
  }
}

/** Of the export that is being read: reading never waits, so that there is one at a time. */
let messages = new MessageCount();

function readExport(request: unknown): OtlpExport {
  messages = new MessageCount();
  const { resourceSpans } = expectSignal(request, 'traces');
  return { resourceSpans: readList(resourceSpans, 'resourceSpans', readResourceSpans) };
}

function readResourceSpans(value: unknown): OtlpResourceSpans {
  messages.add();
  const message = expectObject(value);
  return {
    resource: within('resource', () => readResource(message['resource'])),
    scopeSpans: readList(message['scopeSpans'], 'scopeSpans', readScopeSpans),
    schemaUrl: readText(message['schemaUrl'], 'schemaUrl'),
  };
}

export function readResource(value: unknown): OtlpResource {
  if (isMissing(value)) return emptyResource();
  const message = expectObject(value);
  return {
    attributes: readAttributes(message['attributes'], 'attributes', 0),
    droppedAttributesCount: readCount(message['droppedAttributesCount'], 'droppedAttributesCount'),
  };
}

function readScopeSpans(value: unknown): OtlpScopeSpans {
  messages.add();
  const message = expectObject(value);
  return {
    scope: within('scope', () => readScope(message['scope'])),
    spans: readList(message['spans'], 'spans', readSpanLeniently),
    schemaUrl: readText(message['schemaUrl'], 'schemaUrl'),
  };
}

export function readScope(value: unknown): OtlpScope {
  if (isMissing(value)) return emptyScope();
  const message = expectObject(value);
  return {
    name: readText(message['name'], 'name'),
    version: readText(message['version'], 'version'),
    attributes: readAttributes(message['attributes'], 'attributes', 0),
    droppedAttributesCount: readCount(message['droppedAttributesCount'], 'droppedAttributesCount'),
  };
}

/** A span of a wrong shape costs itself only. */
function readSpanLeniently(value: unknown): OtlpSpan {
  messages.add();
  try {
    return readSpan(expectObject(value));
  } catch (error) {
    if (!(error instanceof Unreadable) || error.code === 'TOO_MANY') throw error;
    const { traceId, spanId } = isObject(value) ? value : { traceId: '', spanId: '' };
    return unreadableSpan(error, typeof traceId === 'string' ? traceId : '', typeof spanId === 'string' ? spanId : '');
  }
}

function readSpan(span: JsonObject): OtlpSpan {
  const status = span['status'];
  let statusMessage = '';
  let statusCode = 0;
  if (!isMissing(status)) {
    if (!isObject(status)) throw new Unreadable('status', `must be an object, got ${nameOf(status)}`);
    statusMessage = readText(status['message'], 'status.message');
    statusCode = readEnum(status['code'], 'status.code', STATUS_CODES);
  }
  return {
    traceId: readId(span['traceId'], 'traceId', TRACE_ID_DIGITS),
    spanId: readId(span['spanId'], 'spanId', SPAN_ID_DIGITS),
    parentSpanId: readId(span['parentSpanId'], 'parentSpanId', SPAN_ID_DIGITS),
    traceState: readText(span['traceState'], 'traceState'),
    name: readText(span['name'], 'name'),
    kind: readEnum(span['kind'], 'kind', SPAN_KINDS),
    startTimeUnixNano: readTime(span['startTimeUnixNano'], 'startTimeUnixNano'),
    endTimeUnixNano: readTime(span['endTimeUnixNano'], 'endTimeUnixNano'),
    attributes: readAttributes(span['attributes'], 'attributes', 0),
    droppedAttributesCount: readCount(span['droppedAttributesCount'], 'droppedAttributesCount'),
    events: readList(span['events'], 'events', readEvent),
    droppedEventsCount: readCount(span['droppedEventsCount'], 'droppedEventsCount'),
    links: readList(span['links'], 'links', readLink),
    droppedLinksCount: readCount(span['droppedLinksCount'], 'droppedLinksCount'),
    statusMessage,
    statusCode,
    flags: readCount(span['flags'], 'flags'),
  };
}

function readEvent(value: unknown): OtlpEvent {
  messages.add();
  const event = expectObject(value);
  return {
    timeUnixNano: readTime(event['timeUnixNano'], 'timeUnixNano'),
    name: readText(event['name'], 'name'),
    attributes: readAttributes(event['attributes'], 'attributes', 0),
    droppedAttributesCount: readCount(event['droppedAttributesCount'], 'droppedAttributesCount'),
  };
}

function readLink(value: unknown): OtlpLink {
  messages.add();
  const link = expectObject(value);
  return {
    traceId: readId(link['traceId'], 'traceId', TRACE_ID_DIGITS),
    spanId: readId(link['spanId'], 'spanId', SPAN_ID_DIGITS),
    traceState: readText(link['traceState'], 'traceState'),
    attributes: readAttributes(link['attributes'], 'attributes', 0),
    droppedAttributesCount: readCount(link['droppedAttributesCount'], 'droppedAttributesCount'),
    flags: readCount(link['flags'], 'flags'),
  };
}

export function readAttributes(value: unknown, field: string, depth: number): Attributes {
  if (isMissing(value)) return NO_ATTRIBUTES;
  if (!Array.isArray(value))
    throw new Unreadable(field, `must be a list of {key, value} objects, got ${nameOf(value)}`);
  const attributes = new Map<string, AttributeValue>();
  let i = 0;
  try {
    for (; i < value.length; i += 1) {
      const entry: unknown = value[i];
      if (!isObject(entry)) throw new Unreadable('', `must be a {key, value} object, got ${nameOf(entry)}`);
      const { key } = entry;
      if (typeof key !== 'string') throw new Unreadable('key', `must be a string, got ${nameOf(key)}`);
      attributes.set(key, readAnyValue(entry['value'], depth));
    }
  } catch (error) {
    throw error instanceof Unreadable ? error.below(`${field}[${i}]`) : error;
  }
  return attributes;
}

/** An AnyValue. Its own field names are left out of the path of a problem: `value` says enough. */
export function readAnyValue(value: unknown, depth: number): AttributeValue {
  if (isMissing(value)) return null;
  if (!isObject(value)) {
    throw new Unreadable('value', `must be an object such as {"stringValue": "…"}, got ${nameOf(value)}`);
  }
  const { stringValue } = value;
  if (typeof stringValue === 'string') return stringValue;
  const { intValue } = value;
  if (intValue !== undefined && intValue !== null) return readInt64(intValue);
  const { boolValue } = value;
  if (typeof boolValue === 'boolean') return boolValue;
  const { doubleValue } = value;
  if (doubleValue !== undefined && doubleValue !== null) return readDouble(doubleValue);
  const { arrayValue } = value;
  if (!isMissing(arrayValue)) return readArray(arrayValue, depth + 1);
  const { kvlistValue } = value;
  if (!isMissing(kvlistValue)) return readKeyValueList(kvlistValue, depth + 1);
  const { bytesValue } = value;
  // Buffer reads the url-safe alphabet too; writing it again gives the one standard form.
  if (typeof bytesValue === 'string') return Buffer.from(bytesValue, 'base64').toString('base64');
  if (typeof stringValue === 'number' || typeof stringValue === 'boolean') return String(stringValue);
  if (boolValue === 'true' || boolValue === 'false') return boolValue === 'true';
  for (const kind of ['stringValue', 'boolValue', 'bytesValue']) {
    if (!isMissing(value[kind]))
      throw new Unreadable('value', `has a ${kind} of the wrong type (${nameOf(value[kind])})`);
  }
  return null;
}

function readArray(value: unknown, depth: number): AttributeValue {
  checkDepth(depth);
  const values = isObject(value) ? value['values'] : value;
  if (isMissing(values)) return [];
  if (!Array.isArray(values)) throw new Unreadable('value', `has an arrayValue without a list of values`);
  return values.map((item) => readAnyValue(item, depth));
}

function readKeyValueList(value: unknown, depth: number): Attributes {
  checkDepth(depth);
  const values = isObject(value) ? value['values'] : value;
  return readAttributes(values, 'value.kvlistValue', depth);
}

function checkDepth(depth: number): void {
  if (depth > MAX_ATTRIBUTE_DEPTH) {
    throw new Unreadable(
      '',
      `nests deeper than ${MAX_ATTRIBUTE_DEPTH} levels of arrays and key-value lists`,
      'TOO_DEEP',
    );
  }
}
