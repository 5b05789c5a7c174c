import {
  aRequest,
  aSpan,
  attributes,
  jsonBody,
  SPAN_ID,
  START_NANOS,
  TRACE_ID,
} from '../../../test/fixtures/otlp/wire.js';
import { InvalidInput } from '../../domain/errors.js';
import { decodeJson } from './otlp.json.js';
import { type AttributeValue, type OtlpSpan } from './otlp.span.js';

function readSpan(overrides: Record<string, unknown> = {}): OtlpSpan {
  return decodeJson(jsonBody(aRequest([aSpan(overrides)]))).resourceSpans[0]!.scopeSpans[0]!.spans[0]!;
}

function readValue(value: unknown): AttributeValue | undefined {
  const span = readSpan({ attributes: [{ key: 'k', value }] });
  if (span.problem !== undefined) throw new Error(`${span.problem.field} ${span.problem.message}`);
  return span.attributes.get('k');
}

function failure(request: unknown): InvalidInput {
  try {
    decodeJson(Buffer.isBuffer(request) ? request : jsonBody(request));
  } catch (error) {
    if (error instanceof InvalidInput) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('a JSON export', () => {
  it.each([
    ['a decimal string', '42', 42],
    ['a number', 42, 42],
    ['a negative string', '-42', -42],
    ['a low/high pair', { low: 705032704, high: 1 }, 5_000_000_000],
    ['a negative low/high pair', { low: -42, high: -1 }, -42],
    ['a string beyond 2^53', '9007199254740993', 9_007_199_254_740_993n],
    ['the least of all', '-9223372036854775808', -(2n ** 63n)],
    ['a string at 2^53 - 1', '9007199254740991', 9_007_199_254_740_991],
  ])('reads an intValue that is %s', (_, intValue, expected) => {
    expect(readValue({ intValue })).toBe(expected);
  });

  it('reads doubles that are numbers, decimal text and the words of proto3', () => {
    expect(readValue({ doubleValue: 0.5 })).toBe(0.5);
    expect(readValue({ doubleValue: '0.5' })).toBe(0.5);
    expect(readValue({ doubleValue: 'NaN' })).toBeNaN();
    expect(readValue({ doubleValue: '-Infinity' })).toBe(-Infinity);
    // JSON.stringify(NaN) is null.
    expect(readValue({ doubleValue: null })).toBeNull();
  });

  it('reads text, booleans, bytes of either alphabet, lists and key-value lists', () => {
    expect(readValue({ stringValue: '' })).toBe('');
    expect(readValue({ boolValue: false })).toBe(false);
    expect(readValue({ bytesValue: '_w-_' })).toBe('/w+/');
    expect(readValue({ arrayValue: {} })).toEqual([]);
    expect(readValue({ arrayValue: { values: [{ intValue: 1 }, {}] } })).toEqual([1, null]);
    expect(readValue({ kvlistValue: { values: [{ key: '__proto__', value: { boolValue: true } }] } })).toEqual(
      new Map([['__proto__', true]]),
    );
    expect(readValue({})).toBeNull();
    expect(readValue(undefined)).toBeNull();
  });

  it.each([
    ['a decimal string', String(START_NANOS), START_NANOS],
    ['a number', 1_769_851_800_000_000_000, START_NANOS],
    ['a low/high pair', { low: Number(START_NANOS & 0xffffffffn) | 0, high: Number(START_NANOS >> 32n) }, START_NANOS],
    ['missing', undefined, 0n],
    ['null', null, 0n],
    ['empty', '', 0n],
  ])('reads a time that is %s', (_, startTimeUnixNano, expected) => {
    expect(readSpan({ startTimeUnixNano }).startTimeUnixNano).toBe(expected);
  });

  it('reads ids in hex of any case and in base64', () => {
    expect(readSpan({ traceId: TRACE_ID.toUpperCase() }).traceId).toBe(TRACE_ID);
    const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64');
    expect(readSpan({ traceId: base64(TRACE_ID), spanId: base64(SPAN_ID) })).toMatchObject({
      traceId: TRACE_ID,
      spanId: SPAN_ID,
    });
    expect(readSpan({ traceId: base64(TRACE_ID).replaceAll('=', '') }).traceId).toBe(TRACE_ID);
    expect(readSpan({ traceId: 'not-an-id' }).traceId).toBe('not-an-id');
  });

  it('reads enums by number and by name', () => {
    expect(readSpan({ kind: 'SPAN_KIND_CLIENT', status: { code: 'STATUS_CODE_ERROR' } })).toMatchObject({
      kind: 3,
      statusCode: 2,
    });
    expect(readSpan({ kind: 'SPAN_KIND_OF_TOMORROW' }).kind).toBe(0);
  });

  it('ignores keys it does not know and a byte order mark', () => {
    const request = { ...aRequest([aSpan({ later: { a: 1 } })]), later: [] };
    const body = Buffer.concat([Buffer.from('\ufeff'), jsonBody(request)]);
    expect(decodeJson(body).resourceSpans[0]!.scopeSpans[0]!.spans[0]!.problem).toBeUndefined();
  });

  it.each([[{}], [{ resourceSpans: null }], [{ resourceSpans: [] }], [{ resourceSpans: [{}] }]])(
    'is empty when it says %j',
    (request) => {
      const spans = decodeJson(jsonBody(request)).resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans));
      expect(spans).toEqual([]);
    },
  );

  it.each([
    [{ resourceSpans: {} }, 'resourceSpans'],
    [{ resourceSpans: [{ scopeSpans: [] }, 5] }, 'resourceSpans[1]'],
    [{ resourceSpans: [{ scopeSpans: 'x' }] }, 'resourceSpans[0].scopeSpans'],
    [{ resourceSpans: [{ scopeSpans: [{ spans: {} }] }] }, 'resourceSpans[0].scopeSpans[0].spans'],
    [{ resourceSpans: [{ resource: { attributes: { a: 1 } } }] }, 'resourceSpans[0].resource.attributes'],
    [aRequest([], { name: 7 }), 'resourceSpans[0].scopeSpans[0].scope.name'],
  ])('is refused with the path of the outer part that is wrong: %j', (request, path) => {
    expect(failure(request).field).toBe(path);
    expect(failure(request).message).toContain(`${path} must be`);
  });

  it.each([
    [{ startTimeUnixNano: 'yesterday' }, 'startTimeUnixNano'],
    [{ endTimeUnixNano: -1 }, 'endTimeUnixNano'],
    [{ traceId: 17 }, 'traceId'],
    [{ attributes: { a: 1 } }, 'attributes'],
    [
      {
        attributes: [
          { key: 'a', value: { stringValue: 'x' } },
          { key: 'b', value: 'bare' },
        ],
      },
      'attributes[1].value',
    ],
    [{ attributes: [{ key: 'a', value: { intValue: 'many' } }] }, 'attributes[0].value'],
    [{ attributes: [{ key: 'a', value: { stringValue: {} } }] }, 'attributes[0].value'],
    [{ attributes: [{ value: {} }] }, 'attributes[0].key'],
    [{ events: [{ name: 'e', attributes: [7] }] }, 'events[0].attributes[0]'],
    [{ events: 'none' }, 'events'],
    [{ status: 2 }, 'status'],
    [{ flags: -1 }, 'flags'],
  ])('gives up a span with %j, naming the field, and keeps its neighbours', (overrides, path) => {
    const body = jsonBody(aRequest([aSpan(overrides), aSpan({ spanId: '00f067aa0ba902b7' })]));
    const [broken, intact] = decodeJson(body).resourceSpans[0]!.scopeSpans[0]!.spans;
    expect(broken!.problem).toMatchObject({ field: path, code: 'INVALID_FIELD' });
    expect(broken!.spanId).toBe(SPAN_ID);
    expect(intact!.problem).toBeUndefined();
  });

  it('gives up a span whose attribute nests too deep', () => {
    let value: unknown = { stringValue: 'core' };
    for (let i = 0; i < 800; i += 1)
      value = i % 2 === 0 ? { arrayValue: { values: [value] } } : { kvlistValue: { values: [{ key: 'k', value }] } };
    const { problem } = readSpan({ attributes: [{ key: 'deep', value }] });
    expect(problem).toMatchObject({ code: 'TOO_DEEP' });
    expect(problem!.field).toMatch(/^attributes\[0\]\.value/);
    expect(problem!.field.length).toBeLessThan(400);
  });

  it('takes keys such as __proto__ and constructor for data', () => {
    const body = Buffer.from(
      `{"resourceSpans":[{"__proto__":{"schemaUrl":"x"},"scopeSpans":[{"spans":[${JSON.stringify(
        aSpan({ attributes: attributes({ constructor: 'c', toString: 't' }) }),
      )}]}]}]}`,
    );
    const { schemaUrl, scopeSpans } = decodeJson(body).resourceSpans[0]!;
    expect(schemaUrl).toBe('');
    expect(scopeSpans[0]!.spans[0]!.attributes).toEqual(
      new Map([
        ['constructor', 'c'],
        ['toString', 't'],
      ]),
    );
  });

  it('is refused with a hint when it holds another signal, a foreign spelling, or is no JSON object', () => {
    expect(failure({ resourceLogs: [] }).message).toContain('logs belong to /v1/logs');
    expect(failure({ resourceMetrics: [] }).message).toContain('metrics belong to /v1/metrics');
    expect(failure({ resource_spans: [] }).message).toContain('send resourceSpans');
    expect(failure([]).message).toContain('{"resourceSpans": […]}');
    expect(failure(Buffer.from('{"resourceSpans":[')).message).toContain('not valid JSON');
    expect(failure(Buffer.alloc(0)).message).toContain('not valid JSON');
    expect(failure(Buffer.from([0x0a, 0x03, 0x0a, 0x01, 0x08])).message).toContain('not valid JSON');
  });
});
