import { aLogRequest, aRecord } from '../../../test/fixtures/otlp/logs.js';
import { aRequest, aSpan, attributes, jsonBody, NOW_MS } from '../../../test/fixtures/otlp/wire.js';
import { decodeJson } from './otlp.json.js';
import { decodeLogsJson } from './otlp.logs-json.js';
import { mapLogs } from './otlp.logs-map.js';
import { mapExport } from './otlp.map.js';
import { MAX_ATTRIBUTES } from './otlp.span.js';

const CONTEXT = { project: { no: 1, id: 'p' }, nowMs: NOW_MS, bytes: 1 };
const MEGABYTE = 'x y '.repeat(250_000);
const LARGE = { 'service.name': 'app', large: MEGABYTE, list: [MEGABYTE], 'host.name': 'h' };
const SCOPE = { name: MEGABYTE, version: '1', attributes: attributes(LARGE) };
const FITTING = { 'service.name': 'app', 'host.name': 'h' };

describe('what every span and log record repeats of its resource and scope', () => {
  test('is bounded in spans; what does not fit is counted as dropped', () => {
    const request = aRequest([aSpan()], SCOPE, { attributes: attributes(LARGE), droppedAttributesCount: 1 });
    const { observations, traces } = mapExport(decodeJson(jsonBody(request)), CONTEXT).batch;
    const metadata = observations[0]!.metadata!;
    expect(JSON.parse(metadata.get('resourceAttributes')!)).toEqual(FITTING);
    expect(metadata.get('droppedResourceAttributesCount')).toBe('3');
    const scope = JSON.parse(metadata.get('scope')!) as Record<string, unknown>;
    expect(scope).toMatchObject({ version: '1', attributes: FITTING, droppedAttributesCount: 2 });
    expect(scope['name']).toBe(MEGABYTE.slice(0, 1024));
    expect(JSON.stringify([...traces.map((trace) => [...(trace.metadata ?? [])])]).length).toBeLessThan(20_000);
  });

  test('is bounded in log records', () => {
    const request = aLogRequest([aRecord(0)], SCOPE, { attributes: attributes(LARGE) });
    const { resource, scope } = mapLogs(decodeLogsJson(jsonBody(request)), CONTEXT).batch.logs![0]!;
    expect(JSON.parse(resource!)).toEqual({ attributes: FITTING, droppedAttributesCount: 2 });
    expect(scope!.length).toBeLessThan(2000);
  });
});

describe('more attributes than anybody means', () => {
  const many = attributes(Object.fromEntries(Array.from({ length: MAX_ATTRIBUTES + 1 }, (_, i) => [`key ${i}`, i])));
  const most = many.slice(1);

  test('cost the span that has them, and no other', () => {
    const spans = [aSpan({ attributes: many }), aSpan({ attributes: most })];
    const { batch, rejected } = mapExport(decodeJson(jsonBody(aRequest(spans))), CONTEXT);
    expect(batch.observations).toHaveLength(1);
    expect(rejected).toEqual([
      expect.objectContaining({ index: 0, field: 'attributes', code: 'TOO_MANY', message: 'are more than 10000' }),
    ]);
  });

  test('cost the log record that has them, and no other', () => {
    const records = [{ attributes: many }, { attributes: most }];
    const { batch, rejected } = mapLogs(decodeLogsJson(jsonBody(aLogRequest(records))), CONTEXT);
    expect(batch.logs).toHaveLength(1);
    expect(rejected).toEqual([expect.objectContaining({ index: 0, field: 'attributes', code: 'TOO_MANY' })]);
  });
});
