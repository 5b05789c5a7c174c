import { type EndedRequest, type RequestEvents, type RequestListener } from '../../http/request-events.js';
import { summarizeWrite } from '../../http/write-outcome.js';
import { presentDeliveries } from './deliveries.present.js';
import { clientOf, deliveryOf, isDelivery } from './delivery.js';
import { DeliveryLog, KEPT_DELIVERIES } from './delivery-log.js';

type Fields = Partial<Omit<EndedRequest, 'request'>> & { request?: object };

function ended({ request, ...fields }: Fields = {}): EndedRequest {
  return {
    request: { id: 'r-1', method: 'POST', url: '/v1/traces', is404: false, headers: {}, ...request },
    remoteAddress: '10.0.0.1',
    startedAt: new Date('2026-01-31T09:30:00Z'),
    durationMs: 1.26,
    route: '/v1/traces',
    door: 'otlp',
    status: 200,
    result: 'accepted',
    principal: { project: { no: 1, id: 'p' }, scopes: ['ingest'], keyId: 'key-pair' },
    ...fields,
  };
}

const STRANGER = { principal: undefined, result: 'unauthenticated', status: 401 } as const;

function logOf(): { log: DeliveryLog; end: RequestListener } {
  const listeners: RequestListener[] = [];
  const events = { onEnded: (listener: RequestListener) => listeners.push(listener) };
  const log = new DeliveryLog(events as unknown as RequestEvents);
  return { log, end: (request) => listeners.forEach((listener) => listener(request)) };
}

const ALL = { limit: 200, onlyProblems: false };
const PROBLEMS = { limit: 200, onlyProblems: true };

describe('a delivery', () => {
  test.each([
    [{}, true],
    [{ door: undefined, request: { is404: true } }, true],
    [{ door: undefined, request: { is404: true, method: 'GET' } }, false],
    [{ door: undefined, route: '/api/public/x' }, false],
  ])('is what came to a door or was posted to nowhere: %j', (fields, is) => {
    expect(isDelivery(ended(fields))).toBe(is);
  });

  test('keeps neither the query of its address nor texts of any length', () => {
    const request = { url: `/v1/${'x'.repeat(500)}?key=secret`, headers: { 'user-agent': 'u'.repeat(5000) } };
    const refusal = { reason: 'BAD_REQUEST', message: 'm'.repeat(5000) };
    const outcome = summarizeWrite({
      itemCount: 1,
      refusedCount: 1,
      refused: [{ index: 0, field: 'f'.repeat(5000), code: 'INVALID_FIELD', message: 'm'.repeat(5000) }],
    });
    const text = JSON.stringify(deliveryOf(ended({ request, refusal, outcome })));
    expect(text).not.toContain('secret');
    expect(text.length).toBeLessThan(2500);
  });

  test.each([
    [{ 'user-agent': 'OTel-OTLP-Exporter-Python/1.27.0' }, 'OTel-OTLP-Exporter-Python', '1.27.0'],
    [{ 'user-agent': 'curl/8.5.0 (x86_64) libcurl' }, 'curl', '8.5.0'],
    [{ 'user-agent': 'node' }, 'node', null],
    [{ 'user-agent': '(nothing)' }, null, null],
    [{}, null, null],
    [
      { 'user-agent': 'node', 'x-langfuse-sdk-name': 'javascript', 'x-langfuse-sdk-version': '5.11.1' },
      'javascript',
      '5.11.1',
    ],
  ])('tells its client from the headers %j', (headers, name, version) => {
    expect(clientOf(deliveryOf(ended({ request: { headers } })))).toEqual({ name, version });
  });

  test('is presented with null for what is not known', () => {
    const [answer] = presentDeliveries([{ ...deliveryOf(ended({ ...STRANGER, door: undefined })), count: 2 }], 10);
    expect(answer).toMatchObject({ door: null, credential: null, itemCount: null, acceptedCount: null, count: 2 });
    expect(answer).toMatchObject({ receivedAt: '2026-01-31T09:30:00.000Z', durationMs: 1.3, message: null });
  });
});

describe('the log of deliveries', () => {
  test('keeps the last ones of each project, newest first', () => {
    const { log, end } = logOf();
    const project = { no: 2, id: 'other' };
    end(ended({ principal: { project, scopes: ['ingest'], keyId: 'k' }, request: { id: 'other' } }));
    for (let i = 0; i < KEPT_DELIVERIES + 5; i += 1) end(ended({ request: { id: `r-${i}` } }));
    const ids = log.list(1, ALL).map(({ requestId }) => requestId);
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([KEPT_DELIVERIES, `r-${KEPT_DELIVERIES + 4}`, 'r-5']);
    expect(log.list(2, ALL).map(({ requestId }) => requestId)).toEqual(['other']);
    expect(log.list(3, ALL)).toEqual([]);
    expect(log.list(1, { ...ALL, limit: 2 })).toHaveLength(2);
  });

  test('keeps problems apart from what went well', () => {
    const { log, end } = logOf();
    end(ended({ request: { id: 'bad' }, result: 'refused', status: 400 }));
    for (let i = 0; i < KEPT_DELIVERIES; i += 1) end(ended());
    expect(log.list(1, ALL).some(({ requestId }) => requestId === 'bad')).toBe(false);
    expect(log.list(1, PROBLEMS).map(({ requestId }) => requestId)).toEqual(['bad']);
  });

  test('keeps strangers once for each sender and complaint, however often they come, and of no project', () => {
    const { log, end } = logOf();
    for (let i = 0; i < 1000; i += 1) end(ended({ ...STRANGER, request: { id: `r-${i}` } }));
    end(ended({ ...STRANGER, remoteAddress: '10.0.0.2' }));
    expect(log.listStrangers(10).map(({ remoteAddress, count }) => [remoteAddress, count])).toEqual([
      ['10.0.0.2', 1],
      ['10.0.0.1', 1000],
    ]);
    expect(log.listStrangers(10)[1]).toMatchObject({ requestId: 'r-999' });
    expect(log.list(1, ALL)).toEqual([]);
  });

  test('is bounded in strangers and in projects, and forgets who was quiet the longest', () => {
    const { log, end } = logOf();
    for (let i = 0; i < 1000; i += 1) end(ended({ ...STRANGER, remoteAddress: `10.0.0.${i}` }));
    expect(log.listStrangers(10_000)).toHaveLength(KEPT_DELIVERIES);
    const of = (no: number) => ended({ principal: { project: { no, id: '' }, scopes: [], keyId: 'k' } });
    for (let no = 1; no <= 100; no += 1) end(of(no));
    end(of(1));
    end(of(101));
    expect([log.list(1, ALL).length, log.list(2, ALL).length, log.list(101, ALL).length]).toEqual([2, 0, 1]);
  });

  test('does not keep strangers at addresses that do not exist', () => {
    const { log, end } = logOf();
    end(ended({ ...STRANGER, status: 404, result: 'refused', door: undefined, request: { is404: true } }));
    expect(log.listStrangers(10)).toEqual([]);
  });
});
