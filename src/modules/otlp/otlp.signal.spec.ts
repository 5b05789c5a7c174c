import { aLogRequest, encodeLogsBySdk } from '../../../test/fixtures/otlp/logs.js';
import {
  aGauge,
  aHistogram,
  aMetricsRequest,
  aPoint,
  aSum,
  metricsProtobuf,
} from '../../../test/fixtures/otlp/metrics-wire.js';
import { aRequest, aSpan, encodeBySdk, field, fixed64Field, jsonBody } from '../../../test/fixtures/otlp/wire.js';
import { InvalidInput } from '../../domain/errors.js';
import { decodeJson } from './otlp.json.js';
import { decodeLogsJson } from './otlp.logs-json.js';
import { decodeLogsProtobuf } from './otlp.logs-protobuf.js';
import { decodeMetricsJson } from './otlp.metrics-json.js';
import { decodeMetricsProtobuf } from './otlp.metrics-protobuf.js';
import { decodeProtobuf } from '../../../test/support/decode-protobuf.js';
import { detectSignal, type OtlpSignal } from './otlp.signal.js';
import { WireReader } from './otlp.wire.js';

const ORIGIN = { resource: { 'service.name': 'app' }, scope: { name: 's' } };
const json = {
  traces: [jsonBody(aRequest([aSpan()])), jsonBody({ resource_spans: [] })],
  metrics: [jsonBody(aMetricsRequest([aGauge('g', aPoint({ asInt: '1' }))])), jsonBody({ resource_metrics: [] })],
  logs: [jsonBody(aLogRequest([{ body: { stringValue: 'x' } }])), jsonBody({ resource_logs: [] })],
};
const ofMetric = (metric: object) => metricsProtobuf(aMetricsRequest([metric]));
const ofRecord = (...fields: Buffer[]) => field(1, [field(2, [field(2, fields)])]);
const protobuf = {
  traces: [
    encodeBySdk([{}], ORIGIN).protobuf,
    ofRecord(field(1, Buffer.alloc(16, 1)), field(2, Buffer.alloc(8, 1)), fixed64Field(7, 1n)),
  ],
  metrics: [
    ofMetric(aGauge('g', aPoint({ asInt: '1' }))),
    // A name of 16 bytes and a description of 8 look like ids.
    ofRecord(field(1, 'sixteen-bytes-ok'), field(2, 'eightbyt'), field(5, field(1, [fixed64Field(3, 1n)]))),
    ofMetric(aSum('s', 2, aPoint({ asInt: '1' }))),
    ofMetric(aHistogram('h', 2, aPoint({ count: '1', bucketCounts: ['1'] }))),
  ],
  logs: [
    encodeLogsBySdk([{ timeNanos: 1n, body: 'x' }], ORIGIN).protobuf,
    ofRecord(fixed64Field(11, 1n), field(5, field(1, 'body'))),
    ofRecord(field(6, [field(1, 'key')])),
  ],
};
const decoders = {
  json: { traces: decodeJson, metrics: decodeMetricsJson, logs: decodeLogsJson },
  protobuf: { traces: decodeProtobuf, metrics: decodeMetricsProtobuf, logs: decodeLogsProtobuf },
};
const SIGNALS = ['traces', 'metrics', 'logs'] as const;
const combinations = SIGNALS.flatMap((sent) => SIGNALS.filter((at) => at !== sent).map((at) => [sent, at] as const));

describe.each(['json', 'protobuf'] as const)('an export in %s', (encoding) => {
  const bodies = encoding === 'json' ? json : protobuf;

  test.each(combinations)('of %s at the address of %s is told where it belongs', (sent, at) => {
    for (const body of bodies[sent]) {
      const decode = () => decoders[encoding][at](body);
      expect(decode).toThrow(InvalidInput);
      expect(decode).toThrow(`this address takes ${at}, ${sent} belong to /v1/${sent}`);
    }
  });

  test.each(SIGNALS)('of %s at its own address is read', (signal) => {
    const wellCased = encoding === 'json' ? bodies[signal].slice(0, 1) : bodies[signal];
    for (const body of wellCased) expect(() => decoders[encoding][signal](body)).not.toThrow();
  });

  test.each(SIGNALS)('of %s is known without an address', (signal) => {
    for (const body of bodies[signal]) expect(detectSignal(body, encoding)).toBe(signal);
  });
});

test('profiles are refused by name', () => {
  expect(() => decodeJson(jsonBody({ resourceProfiles: [] }))).toThrow('profiles are not taken yet');
});

test.each<[string, Buffer, OtlpSignal | undefined]>([
  ['nothing', Buffer.alloc(0), undefined],
  ['garbage', Buffer.from('garbage'), undefined],
  ['a resource without records', field(1, [field(1, '')]), undefined],
  ['a field that no signal has', ofRecord(field(99, 'x')), undefined],
])('%s has no signal', (_, body, signal) => {
  expect(detectSignal(body, 'protobuf')).toBe(signal);
});

// Reading a key as the data of a metric fails by an exception, which costs more than decoding the whole attribute.
test.each([
  ['after its times', [fixed64Field(7, 1n), fixed64Field(8, 1n)]],
  ['without times', []],
])('the attributes of a span %s are not searched for the data of a metric one by one', (_, times) => {
  const attribute = field(9, [field(1, 'key'), field(2, field(1, 'value'))]);
  const ids = [field(1, Buffer.alloc(16, 1)), field(2, Buffer.alloc(8, 1))];
  const body = ofRecord(...ids, ...times, ...Array.from({ length: 1000 }, () => attribute));
  const skip = jest.spyOn(WireReader.prototype as unknown as { skip: () => void }, 'skip');
  expect(detectSignal(body, 'protobuf')).toBe('traces');
  // As many as are looked at, and a few for what is looked into.
  expect(skip.mock.calls.length).toBeLessThan(150);
  skip.mockRestore();
});
