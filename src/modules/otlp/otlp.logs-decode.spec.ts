import fc from 'fast-check';
import { aLogRequest, anEvent, aRecord, encodeLogsBySdk, type SdkLog } from '../../../test/fixtures/otlp/logs.js';
import {
  anyValue,
  attributes,
  field,
  fixed64Field,
  jsonBody,
  NOW_MS,
  protobufBody,
  SPAN_ID,
  spanFields,
  START_NANOS,
  TRACE_ID,
} from '../../../test/fixtures/otlp/wire.js';
import { InvalidInput, NothingUsable } from '../../domain/errors.js';
import { decodeLogsJson } from './otlp.logs-json.js';
import { mapLogs } from './otlp.logs-map.js';
import { decodeLogsProtobuf } from './otlp.logs-protobuf.js';
import { type OtlpLogRecord } from './otlp.logs.js';

const CONTEXT = { project: { no: 1, id: 'p' }, nowMs: NOW_MS, bytes: 1 };

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('a\0b', '{"content":"\\u0000"}', '[[1]]', '', '__proto__'),
);
const scalar = fc.oneof(text, fc.boolean(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const isSame = (v: unknown): boolean => !Object.is(v, -0) && (!Number.isInteger(v) || Number.isSafeInteger(v));
const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar.filter(isSame),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(text, fc.constantFrom('content', 'role', 'message')), tie('value'), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
})).value;
const name = fc.constantFrom(
  ...['gen_ai.user.message', 'gen_ai.choice', 'gen_ai.tool.message', 'gen_ai.client.inference.operation.details'],
  ...['gen_ai.client.operation.exception', 'claude_code.api_request', 'codex.tool_result', 'my.event'],
);
const key = fc.constantFrom(
  ...[
    'gen_ai.request.model',
    'gen_ai.input.messages',
    'gen_ai.usage.input_tokens',
    'session.id',
    'model',
    'event.name',
  ],
  ...['duration_ms', 'input_tokens', 'tool_name', 'call_id', 'prompt', '__proto__', 'any'],
);
const id = (digits: number) =>
  fc.bigInt({ min: 1n, max: 16n ** BigInt(digits) - 1n }).map((n) => n.toString(16).padStart(digits, '0'));
const nanos = fc.bigInt({ min: START_NANOS - 10n ** 18n, max: START_NANOS + 10n ** 18n });
const log: fc.Arbitrary<SdkLog> = fc.record(
  {
    traceId: id(32),
    spanId: id(16),
    timeNanos: nanos,
    observedNanos: nanos,
    severityNumber: fc.integer({ min: 0, max: 24 }),
    severityText: text,
    eventName: name,
    body: value,
    attributes: fc.array(fc.tuple(key, value)).map((entries): Record<string, unknown> => Object.fromEntries(entries)),
  },
  { requiredKeys: [] },
);

const decodeOne = (record: unknown): OtlpLogRecord =>
  decodeLogsJson(jsonBody(aLogRequest([record]))).resourceLogs[0]!.scopeLogs[0]!.logRecords[0]!;

describe('log records', () => {
  it('are the same in both encodings, and so is what is made of them', () => {
    fc.assert(
      fc.property(fc.array(log, { minLength: 1, maxLength: 4 }), (logs) => {
        const origin = { resource: { 'service.name': 's' }, scope: { name: 'n', version: '1' } };
        const { protobuf, json } = encodeLogsBySdk(logs, origin);
        const decoded = decodeLogsProtobuf(protobuf);
        expect(decoded).toEqual(decodeLogsJson(json));
        const mapped = mapLogs(decoded, CONTEXT);
        expect(mapped).toEqual(mapLogs(decodeLogsJson(json), CONTEXT));
        for (const { body, attributes: own, message } of mapped.batch.logs!) {
          for (const json of [body, own, message?.content]) {
            if (typeof json === 'string') expect(JSON.stringify(JSON.parse(json))).not.toMatch(/(?<!\\)\\u0000/);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('have no link where their ids are invalid, and are kept', () => {
    const ids = [
      { traceId: '', spanId: '' },
      { traceId: '0'.repeat(32), spanId: SPAN_ID },
      { traceId: TRACE_ID, spanId: '0'.repeat(16) },
      { traceId: 'abc', spanId: SPAN_ID },
      { traceId: TRACE_ID.toUpperCase() },
      { traceId: Buffer.from(TRACE_ID, 'hex').toString('base64') },
    ];
    const { batch, rejected } = mapLogs(
      decodeLogsJson(jsonBody(aLogRequest(ids.map((own) => aRecord(1, own))))),
      CONTEXT,
    );
    expect(rejected).toEqual([]);
    expect(batch.logs!.map(({ traceId, spanId }) => [traceId, spanId])).toEqual([
      [null, null],
      [null, null],
      [TRACE_ID, null],
      [null, null],
      [TRACE_ID, SPAN_ID],
      [TRACE_ID, SPAN_ID],
    ]);
  });

  it('happened when they say, else when they were observed, else when they came', () => {
    const records = [{}, { timeUnixNano: '0' }, { timeUnixNano: 0, observedTimeUnixNano: '0' }];
    const { batch } = mapLogs(decodeLogsJson(jsonBody(aLogRequest(records.map((own) => aRecord(5, own))))), CONTEXT);
    const start = Number(START_NANOS / 1000n) + 5000;
    expect(batch.logs!.map(({ time }) => time)).toEqual([start, start + 1, NOW_MS * 1000]);
  });

  it('keep severity by number or name, and take their event name from the attribute that stood for it', () => {
    expect(decodeOne(aRecord(1, { severityNumber: 'SEVERITY_NUMBER_WARN2' })).severityNumber).toBe(14);
    expect(decodeOne(aRecord(1, { severityNumber: 'SEVERITY_NUMBER_FATAL4' })).severityNumber).toBe(24);
    const old = aRecord(1, { severityNumber: 99, attributes: attributes({ 'event.name': 'my.event' }) });
    const { batch } = mapLogs(decodeLogsJson(jsonBody(aLogRequest([old]))), CONTEXT);
    expect(batch.logs).toMatchObject([{ eventName: 'my.event', severityNumber: 0 }]);
  });

  it('that cannot be read cost only themselves, and say which and why', () => {
    const deep = (levels: number): object =>
      levels === 0 ? { stringValue: 'x' } : { arrayValue: { values: [deep(levels - 1)] } };
    const records = [aRecord(1), aRecord(2, { body: 'bare' }), aRecord(3, { body: deep(200) }), 7];
    const mapped = mapLogs(decodeLogsJson(jsonBody(aLogRequest(records))), CONTEXT);
    expect(mapped.recordCount).toBe(4);
    expect(mapped.batch.logs).toHaveLength(1);
    expect(mapped.rejected).toMatchObject([
      { kind: 'log', index: 1, field: 'body.value', code: 'INVALID_FIELD' },
      { kind: 'log', index: 2, code: 'TOO_DEEP' },
      { kind: 'log', index: 3 },
    ]);
    let nested = field(1, 'x');
    for (let level = 0; level < 200; level += 1) nested = field(5, field(1, nested));
    const fine = [fixed64Field(1, START_NANOS), field(5, field(1, 'ok'))];
    const body = field(1, [field(2, [field(2, [field(5, nested)]), field(2, fine)])]);
    expect(mapLogs(decodeLogsProtobuf(body), CONTEXT)).toMatchObject({
      recordCount: 2,
      rejected: [{ kind: 'log', index: 0, field: 'body', code: 'TOO_DEEP' }],
      batch: { logs: [{ body: '"ok"' }] },
    });
  });

  it('are refused as a whole where none can be read', () => {
    const body = jsonBody(aLogRequest([{ attributes: {} }]));
    expect(() => mapLogs(decodeLogsJson(body), CONTEXT)).toThrow(NothingUsable);
    expect(() => mapLogs(decodeLogsJson(body), CONTEXT)).toThrow(
      'resourceLogs[0].scopeLogs[0].logRecords[0].attributes must be a list',
    );
  });

  it('are told from spans and metrics', () => {
    const metric = field(1, [field(2, [field(2, [field(1, 'requests'), field(5, '')])])]);
    const refusals: [() => unknown, string][] = [
      [() => decodeLogsProtobuf(protobufBody([spanFields()])), 'looks like traces'],
      [() => decodeLogsProtobuf(metric), 'looks like metrics'],
      [() => decodeLogsJson(jsonBody({ resourceSpans: [] })), 'holds traces (resourceSpans)'],
      [() => decodeLogsJson(jsonBody({ resourceMetrics: [] })), 'holds metrics (resourceMetrics)'],
      [() => decodeLogsJson(jsonBody({ resource_logs: [] })), 'lowerCamelCase'],
      [() => decodeLogsJson(Buffer.from('{')), 'not valid JSON'],
      [() => decodeLogsProtobuf(Buffer.from([0x0a, 0x7f])), 'not a readable OTLP log export'],
    ];
    for (const [decode, message] of refusals) {
      expect(decode).toThrow(InvalidInput);
      expect(decode).toThrow(message);
    }
    expect(decodeLogsJson(jsonBody({}))).toEqual({ resourceLogs: [] });
    expect(decodeLogsProtobuf(Buffer.alloc(0))).toEqual({ resourceLogs: [] });
  });

  it('have an id of what they say: equal for the same record, different for any other', () => {
    const ids = (...records: object[]): string[] =>
      mapLogs(decodeLogsJson(jsonBody(aLogRequest(records))), CONTEXT).batch.logs!.map((one) => one.id);
    const record = anEvent(1, 'e', 'b', { a: 1 });
    const others = [
      anEvent(2, 'e', 'b', { a: 1 }),
      anEvent(1, 'f', 'b', { a: 1 }),
      anEvent(1, 'e', 'c', { a: 1 }),
      anEvent(1, 'e', 'b', { a: 2 }),
      { ...record, spanId: 'f'.repeat(16) },
      { ...record, severityNumber: 10 },
      { ...record, body: anyValue(null) },
    ];
    expect(new Set(ids(record, record, ...others)).size).toBe(1 + others.length);
    expect(ids(others[0]!, record)[1]).toBe(ids(record)[0]);
  });
});
