import { InvalidInput } from '../../domain/errors.js';
import {
  encodeBySdk,
  field,
  fixed64Field,
  fixture,
  keyValue,
  protobufBody,
  SPAN_ID,
  spanFields,
  START_NANOS,
  TRACE_ID,
  varint,
  varintField,
} from '../../../test/fixtures/otlp/wire.js';
import { decodeProtobuf } from '../../../test/support/decode-protobuf.js';
import { streamProtobuf } from './otlp.protobuf.js';
import { type AttributeValue, type OtlpSpan } from './otlp.span.js';

const onlySpan = (body: Buffer): OtlpSpan => decodeProtobuf(body).resourceSpans[0]!.scopeSpans[0]!.spans[0]!;

/** The value of attribute `k`, given by the fields of its AnyValue. */
function readValue(...anyValue: Buffer[]): AttributeValue | undefined {
  return onlySpan(protobufBody([[...spanFields(), field(9, keyValue('k', anyValue))]])).attributes.get('k');
}

describe('a protobuf export', () => {
  it('reads every field of a span that OpenTelemetry JS encodes', () => {
    const { protobuf } = encodeBySdk(
      [
        {
          parentSpanId: '00f067aa0ba902b7',
          name: 'chat gpt-4o',
          kind: 3,
          startNanos: START_NANOS + 7n,
          durationNanos: 5n,
          status: { code: 2, message: 'rate limited' },
          attributes: { text: 'grün 東京 🕛', int: -5, double: 0.25, yes: true, list: ['a', 1] },
          events: [{ name: 'retry', attributes: { attempt: 2 } }],
        },
      ],
      { resource: { 'service.name': 'bot' }, scope: { name: 'lib', version: '1.2' } },
    );

    const { resource, scopeSpans } = decodeProtobuf(protobuf).resourceSpans[0]!;

    expect(resource.attributes).toEqual(new Map([['service.name', 'bot']]));
    expect(scopeSpans[0]!.scope).toMatchObject({ name: 'lib', version: '1.2' });
    expect(scopeSpans[0]!.spans[0]).toMatchObject({
      traceId: TRACE_ID,
      spanId: SPAN_ID,
      parentSpanId: '00f067aa0ba902b7',
      name: 'chat gpt-4o',
      kind: 3,
      startTimeUnixNano: START_NANOS + 7n,
      endTimeUnixNano: START_NANOS + 12n,
      statusCode: 2,
      statusMessage: 'rate limited',
      attributes: new Map<string, unknown>([
        ['text', 'grün 東京 🕛'],
        ['int', -5],
        ['double', 0.25],
        ['yes', true],
        ['list', ['a', 1]],
      ]),
      events: [{ name: 'retry', timeUnixNano: START_NANOS + 7n, attributes: new Map([['attempt', 2]]) }],
    });
  });

  it('is empty without a byte', () => {
    expect(decodeProtobuf(Buffer.alloc(0)).resourceSpans).toEqual([]);
  });

  it('keeps 64-bit integers exactly', () => {
    expect(readValue(varintField(3, 42))).toBe(42);
    expect(readValue(varintField(3, -1n))).toBe(-1);
    expect(readValue(varintField(3, Number.MAX_SAFE_INTEGER))).toBe(Number.MAX_SAFE_INTEGER);
    expect(readValue(varintField(3, Number.MIN_SAFE_INTEGER))).toBe(Number.MIN_SAFE_INTEGER);
    expect(readValue(varintField(3, 9_007_199_254_740_993n))).toBe(9_007_199_254_740_993n);
    expect(readValue(varintField(3, -(2n ** 63n)))).toBe(-(2n ** 63n));
  });

  it('reads bytes, nested lists and key-value lists', () => {
    expect(readValue(field(7, Buffer.from([0xff, 0x00, 0xfe])))).toBe('/wD+');
    expect(readValue(field(5, [field(1, [varintField(3, 1)]), field(1, [])]))).toEqual([1, null]);
    expect(readValue(field(6, [field(1, keyValue('__proto__', [field(1, 'x')]))]))).toEqual(
      new Map([['__proto__', 'x']]),
    );
    expect(readValue()).toBeNull();
  });

  it('keeps the last of two values of one key', () => {
    const span = [...spanFields(), field(9, keyValue('k', [field(1, 'a')])), field(9, keyValue('k', [field(1, 'b')]))];
    expect(onlySpan(protobufBody([span])).attributes).toEqual(new Map([['k', 'b']]));
  });

  it('does not mix up keys that are alike', () => {
    const keys = ['a', 'b', 'ab', 'ba', 'é', 'Ã©', ...Array.from({ length: 5000 }, (_, i) => `key.${i}`)];
    const span = [...spanFields(), ...keys.map((key) => field(9, keyValue(key, [field(1, key)])))];
    for (const [key, value] of onlySpan(protobufBody([span])).attributes) expect(value).toBe(key);
    expect(onlySpan(protobufBody([span])).attributes.size).toBe(keys.length);
  });

  it('replaces bytes that are not UTF-8, in keys too, and keeps U+0000', () => {
    expect(readValue(field(1, Buffer.from([0x61, 0xe6, 0x9d, 0x62])))).toBe('a\ufffdb');
    expect(readValue(field(1, Buffer.from('a\0b')))).toBe('a\0b');
    const span = [...spanFields(), field(9, keyValue(Buffer.from([0x6b, 0xff]), [field(1, 'v')]))];
    expect(onlySpan(protobufBody([span])).attributes).toEqual(new Map([['k\ufffd', 'v']]));
  });

  it('skips fields it does not know, groups among them, and known fields of another wire type', () => {
    const group = Buffer.concat([varint(20 * 8 + 3), varintField(1, 5), field(2, 'x'), varint(20 * 8 + 4)]);
    const unknown = [varintField(30, 1), fixed64Field(31, 1n), field(1000, 'later'), varintField(5, 7), group];
    expect(onlySpan(protobufBody([[...unknown, ...spanFields(), ...unknown]])).name).toBe('work');
  });

  it('refuses a body that is cut off anywhere, and never reads past its end', () => {
    const body = fixture('otel-js-proto-0.223.0.bin');
    expect(() => decodeProtobuf(body)).not.toThrow();
    for (let length = 1; length < body.length; length += 1) {
      expect(() => decodeProtobuf(body.subarray(0, length))).toThrow(InvalidInput);
    }
  });

  it('refuses lengths beyond their message, overlong numbers and unknown wire types, naming the byte', () => {
    const overrun = protobufBody([[Buffer.concat([varint(9 * 8 + 2), varint(2n ** 62n)])]]);
    expect(() => decodeProtobuf(overrun)).toThrow(/runs past the end of its message at byte \d+ of \d+/);
    expect(() => decodeProtobuf(protobufBody([[Buffer.alloc(12, 0xff)]]))).toThrow(/more than 64 bits/);
    expect(() => decodeProtobuf(Buffer.from([0x0f]))).toThrow(/unknown wire type/);
    expect(() => decodeProtobuf(Buffer.from([0x00]))).toThrow(/field has number 0/);
    expect(() => decodeProtobuf(Buffer.alloc(5000, 0x0b))).toThrow(/groups nest deeper/);
    expect(() => decodeProtobuf(Buffer.from('{"resourceSpans":[]}'))).toThrow(InvalidInput);
  });

  it('gives up a span whose attribute nests too deep, and only that one', () => {
    const nest = (levels: number): Buffer => {
      let value = field(1, 'core');
      for (let i = 0; i < levels; i += 1) value = field(5, [field(1, value)]);
      return value;
    };
    const [deep, legal, ...none] = decodeProtobuf(
      protobufBody([
        [...spanFields(), field(9, keyValue('k', [nest(3000)]))],
        [...spanFields(TRACE_ID, '00f067aa0ba902b7'), field(9, keyValue('k', [nest(100)]))],
      ]),
    ).resourceSpans[0]!.scopeSpans[0]!.spans;

    expect(deep).toMatchObject({ spanId: SPAN_ID, problem: { field: 'attributes', code: 'TOO_DEEP' } });
    expect(legal!.problem).toBeUndefined();
    expect(legal!.attributes.size).toBe(1);
    expect(none).toEqual([]);
  });

  it('knows the scope of spans that come before it', () => {
    const scope = field(1, [field(1, 'late')]);
    const body = field(1, [field(2, [field(2, spanFields()), scope])]);
    const [ofScope] = decodeProtobuf(body).resourceSpans[0]!.scopeSpans;
    expect(ofScope).toMatchObject({ scope: { name: 'late' }, spans: [{ spanId: SPAN_ID }] });
  });

  it('is refused as a whole for one span that cannot be read, however late it is read', () => {
    const cut = Buffer.concat([Buffer.from([0x2a, 0x7f]), Buffer.from('a name of 127 bytes')]);
    const { resourceSpans } = streamProtobuf(field(1, [field(2, [field(2, spanFields()), field(2, cut)])]));
    const read: string[] = [];
    const readAll = (): void => {
      for (const { spanId } of resourceSpans[0]!.scopeSpans[0]!.spans) read.push(spanId);
    };
    expect(readAll).toThrow(InvalidInput);
    expect(read).toEqual([SPAN_ID]);
  });

  it('tells who posts logs or metrics where they belong', () => {
    const logRecord = field(2, [fixed64Field(1, START_NANOS), varintField(2, 9), field(5, [field(1, 'hello')])]);
    const logs = field(1, [field(2, [logRecord])]);
    expect(() => decodeProtobuf(logs)).toThrow('logs belong to /v1/logs');
    const withIds = field(2, [fixed64Field(11, 1n), field(9, Buffer.from(TRACE_ID, 'hex'))]);
    expect(() => decodeProtobuf(field(1, [field(2, [withIds])]))).toThrow('logs belong to /v1/logs');

    const point = field(1, [fixed64Field(3, START_NANOS), fixed64Field(6, 1n)]);
    for (const data of [5, 7, 9, 10]) {
      // A name of 16 bytes and a description of 8 look like valid ids.
      const metric = field(2, [field(1, 'sixteen-bytes-ok'), field(2, 'eightbyt'), field(data, [point])]);
      expect(() => decodeProtobuf(field(1, [field(2, [metric])]))).toThrow('metrics belong to /v1/metrics');
    }
  });
});
