import { gzipSync } from 'node:zlib';
import { type RunningServer } from '../support/server-process.js';
import {
  Api,
  type Answer,
  aSpan,
  JSON_TYPE,
  type JsonObject,
  OTLP,
  otelSpanId,
  otelTraceId,
  PROTOBUF_TYPE,
  startE2eServer,
} from './support/api.js';
import { decodePartialSuccess, decodeStatus, encodeExport, encodeSpan, field } from './support/protobuf.js';

jest.setTimeout(60_000);

const INVALID_ARGUMENT = 3;
const RESOURCE_EXHAUSTED = 8;
const UNAUTHENTICATED = 16;
const MIB = 1024 * 1024;

let server: RunningServer;
let api: Api;

beforeAll(async () => {
  server = await startE2eServer();
  api = new Api(server.url);
});
afterEach(async () => {
  expect((await api.get('/healthz')).status).toBe(200);
});
afterAll(async () => {
  await server.stop();
});

const jsonExport = (...spans: unknown[]) => JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });

/** The google.rpc.Status of an answer, which has to be in the encoding of its request. */
function statusOf(answer: Answer, type: Record<string, string>): { code: number; message: string } {
  expect(answer.headers.get('content-type')).toBe(type['content-type']);
  if (type === PROTOBUF_TYPE) return decodeStatus(answer.bytes);
  const { code, message, ...rest } = answer.json();
  expect(rest).toEqual({});
  return { code: code as number, message: message as string };
}

const metrics = field(
  1,
  field(1),
  field(2, field(1, field(1, 'meter')), field(2, field(1, 'requests'), field(7, field(1)))),
);
const logs = field(1, field(2, field(1, field(1, 'logger')), field(2, field(3, 'INFO'), field(5, field(1, 'a line')))));

describe('an OTLP export that cannot be taken at all', () => {
  const malformed: [string, Record<string, string>, string | Buffer, RegExp][] = [
    ['JSON that is cut off', JSON_TYPE, '{"resourceSpans":[', /not valid JSON/],
    ['JSON with NaN', JSON_TYPE, jsonExport({ x: 'NUMBER' }).replace('"NUMBER"', 'NaN'), /not valid JSON/],
    ['JSON that is a list', JSON_TYPE, '[]', /object/],
    ['resourceSpans that are no list', JSON_TYPE, '{"resourceSpans":{"a":1}}', /resourceSpans/],
    ['spans that are no list', JSON_TYPE, '{"resourceSpans":[{"scopeSpans":[{"spans":5}]}]}', /scopeSpans\[0\].*spans/],
    ['protobuf that is cut off', PROTOBUF_TYPE, encodeExport(encodeSpan('ab', 'cd', 'x')).subarray(0, -3), /./],
    ['protobuf that is text', PROTOBUF_TYPE, '{"resourceSpans":[]}', /./],
    ['metrics', PROTOBUF_TYPE, metrics, /metrics/],
    ['logs', PROTOBUF_TYPE, logs, /logs/],
    ['only spans with bad ids, in JSON', JSON_TYPE, jsonExport(aSpan({ traceId: '00'.repeat(16) })), /traceId/],
    [
      'only spans with bad ids, in protobuf',
      PROTOBUF_TYPE,
      encodeExport(encodeSpan('abcd', 'ef'.repeat(8), 'x')),
      /traceId/,
    ],
  ];

  it.each(malformed)('because it is %s is 400 with a status that says so', async (_, type, body, message) => {
    const answer = await api.post(OTLP, body, type);
    expect(answer.status).toBe(400);
    const status = statusOf(answer, type);
    expect(status.code).toBe(INVALID_ARGUMENT);
    expect(status.message).toMatch(message);
    expect(status.message.length).toBeLessThan(1100);
  });

  it.each([
    ['JSON', JSON_TYPE],
    ['protobuf', PROTOBUF_TYPE],
  ])('because it is too large or of a stranger says so in %s', async (_, type) => {
    const large = await api.post(OTLP, Buffer.alloc(21 * MIB), type);
    expect(large.status).toBe(413);
    expect(statusOf(large, type)).toMatchObject({
      code: RESOURCE_EXHAUSTED,
      message: expect.stringMatching(/larger than/),
    });

    const bomb = gzipSync(Buffer.alloc(40 * MIB));
    const inflated = await api.post(OTLP, bomb, { ...type, 'content-encoding': 'gzip' });
    expect(inflated.status).toBe(413);
    expect(statusOf(inflated, type).code).toBe(RESOURCE_EXHAUSTED);

    const empty = '{},'.repeat(3_000_000);
    const spans = await api.post(OTLP, `{"resourceSpans":[{"scopeSpans":[{"spans":[${empty}{}]}]}]}`, JSON_TYPE);
    expect(spans.status).toBe(413);
    expect(statusOf(spans, JSON_TYPE)).toMatchObject({
      code: RESOURCE_EXHAUSTED,
      message: expect.stringMatching(/objects/),
    });

    const stranger = await api.post(OTLP, '{}', { ...type, authorization: 'Bearer nobody' });
    expect(stranger.status).toBe(401);
    expect(statusOf(stranger, type).code).toBe(UNAUTHENTICATED);
    expect(stranger.headers.get('www-authenticate')).not.toBeNull();
  });

  it.each(['text/plain', 'application/x-ndjson', 'application/grpc', 'multipart/form-data; boundary=x'])(
    'because it is %s is 415',
    async (type) => {
      const answer = await api.post(OTLP, '{}', { 'content-type': type });
      expect(answer.status).toBe(415);
      expect(statusOf(answer, JSON_TYPE).message).toContain('application/x-protobuf');
    },
  );

  it.each(['br', 'snappy', 'gzip, gzip', 'nonsense'])('because it is encoded in %s is 415', async (coding) => {
    const answer = await api.post(OTLP, '{}', { ...PROTOBUF_TYPE, 'content-encoding': coding });
    expect(answer.status).toBe(415);
    expect(statusOf(answer, PROTOBUF_TYPE).message).toContain(coding);
  });
});

describe('an OTLP export of nothing', () => {
  it.each(['{}', '{"resourceSpans":[]}', '{"resourceSpans":[{"scopeSpans":[{"spans":[]}]}]}', '{"unknown":[1]}'])(
    'as %s is a success',
    async (body) => {
      const answer = await api.post(OTLP, body);
      expect([answer.status, answer.text]).toEqual([200, '{}']);
    },
  );

  it.each([
    ['no bytes', Buffer.alloc(0)],
    ['a resource without spans', field(1, field(1))],
    ['a scope without spans', encodeExport()],
  ])('as %s is a success', async (_, body) => {
    const answer = await api.post(OTLP, body, PROTOBUF_TYPE);
    expect([answer.status, answer.bytes.length]).toEqual([200, 0]);
    expect(answer.headers.get('content-type')).toBe(PROTOBUF_TYPE['content-type']);
  });
});

describe('one bad span of 500', () => {
  const SPANS = 500;
  const BAD = 321;

  it('in JSON costs only itself, and the answer counts it', async () => {
    const traceId = otelTraceId();
    const spans = Array.from({ length: SPANS }, (_, n) => aSpan(n === BAD ? { traceId, spanId: 'zz' } : { traceId }));
    const answer = await api.post(OTLP, jsonExport(...spans));
    expect(answer.status).toBe(200);
    const { rejectedSpans, errorMessage } = answer.json()['partialSuccess'] as JsonObject;
    expect(rejectedSpans).toBe('1');
    expect(errorMessage).toMatch(/^1 span: spanId .*\(span 321 of the request\)$/);
    expect((await api.trace(traceId)).observations).toHaveLength(SPANS - 1);
  });

  it('in protobuf costs only itself, and the answer counts it', async () => {
    const traceId = otelTraceId();
    const spans = Array.from({ length: SPANS }, (_, n) =>
      encodeSpan(traceId, n === BAD ? 'ab' : otelSpanId(), `s${n}`),
    );
    const answer = await api.post(OTLP, encodeExport(...spans), PROTOBUF_TYPE);
    expect(answer.status).toBe(200);
    const partial = decodePartialSuccess(answer.bytes);
    expect(partial).toEqual({ rejectedSpans: 1, errorMessage: expect.stringMatching(/spanId .*span 321/) });
    expect((await api.trace(traceId)).observations).toHaveLength(SPANS - 1);
  });

  it.each([
    ['a name that is a list', { name: [] }],
    ['attributes that are an object', { attributes: { a: 1 } }],
    ['a time that is text', { startTimeUnixNano: 'now' }],
    ['no ids', { traceId: undefined, spanId: undefined }],
    ['null for ids', { traceId: null, spanId: null }],
    ['an all-zero span id', { spanId: '0'.repeat(16) }],
  ])('may have %s', async (_, fields) => {
    const good = aSpan();
    const answer = await api.post(OTLP, jsonExport(good, { ...aSpan(), ...fields }));
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ partialSuccess: { rejectedSpans: '1' } });
    expect((await api.trace(good['traceId'] as string)).observations).toHaveLength(1);
  });
});

describe('an odd span', () => {
  const readBack = async (fields: JsonObject) => {
    const span = aSpan(fields);
    await api.writeSpans(span);
    return (await api.trace(span['traceId'] as string)).observations[0]!;
  };
  const attribute = (key: string, value: JsonObject) => ({ key, value });

  it('may hold every value that JSON cannot, U+0000 and lone surrogates', async () => {
    const read = await readBack({
      name: 'n\0\ud800',
      attributes: [
        attribute('nan', { doubleValue: 'NaN' }),
        attribute('infinity', { doubleValue: '-Infinity' }),
        attribute('big', { intValue: '9223372036854775807' }),
        attribute('k\0', { stringValue: 'a\0b\udc00' }),
        attribute('bytes', { bytesValue: 'AAEC' }),
        attribute('empty', {}),
        attribute('list', { kvlistValue: { values: [attribute('__proto__', { stringValue: 'x' })] } }),
        attribute('__proto__', { stringValue: 'y' }),
        attribute('langfuse.observation.metadata.__proto__', { stringValue: 'z' }),
        attribute('langfuse.observation.input', { stringValue: '{"a":"\\u0000","b":"\\\\u0000"}' }),
      ],
    });
    expect(read.name).toBe('n\ufffd\ufffd');
    expect(read.input).toEqual({ a: '\ufffd', b: '\\u0000' });
    expect(Object.entries(read.metadata)).toContainEqual(['__proto__', 'z']);
    const attributes = new Map(Object.entries(read.metadata['attributes'] as object));
    expect(attributes).toEqual(
      new Map<string, unknown>([
        ['nan', 'NaN'],
        ['infinity', '-Infinity'],
        ['big', '9223372036854775807'],
        ['k\ufffd', 'a\ufffdb\ufffd'],
        ['bytes', 'AAEC'],
        ['empty', null],
        ['list', JSON.parse('{"__proto__":"x"}')],
        ['__proto__', 'y'],
      ]),
    );
    expect(({} as JsonObject)['polluted']).toBeUndefined();
  });

  it('may end before it started, or lie in the year 2554: it is shown without a negative duration', async () => {
    const start = BigInt(Date.now()) * 1_000_000n;
    const backwards = await readBack({
      startTimeUnixNano: String(start),
      endTimeUnixNano: String(start - 10_000_000_000n),
    });
    expect(backwards['latency']).toBe(0);
    const far = await readBack({ startTimeUnixNano: String(start), endTimeUnixNano: '18446744073709551615' });
    expect(Date.parse(far['endTime'] as string)).toBeLessThan(Date.now() + 2 * 86_400_000);
    expect(far.metadata['clock']).toMatchObject({ endTimeUnixNano: { raw: '18446744073709551615', clamped: true } });
  });

  it('may be its own parent, or have one that never comes', async () => {
    const spanId = otelSpanId();
    expect(await readBack({ spanId, parentSpanId: spanId })).toMatchObject({ parentObservationId: spanId });
    expect(await readBack({ parentSpanId: 'ab'.repeat(8) })).toMatchObject({ parentObservationId: 'ab'.repeat(8) });
  });

  it('may have upper-case ids, which come back as OpenTelemetry writes them', async () => {
    const traceId = otelTraceId();
    await api.writeSpans(aSpan({ traceId: traceId.toUpperCase(), spanId: 'ABCDEF0123456789' }));
    expect((await api.trace(traceId)).observations[0]!.id).toBe('abcdef0123456789');
  });

  it('may have an id that a span of another trace has', async () => {
    const spanId = otelSpanId();
    const [one, other] = [aSpan({ spanId, name: 'one' }), aSpan({ spanId, name: 'other' })];
    await api.writeSpans(one, other);
    expect((await api.trace(one['traceId'] as string)).observations).toMatchObject([{ id: spanId, name: 'one' }]);
    expect((await api.trace(other['traceId'] as string)).observations).toMatchObject([{ id: spanId, name: 'other' }]);
  });
});
