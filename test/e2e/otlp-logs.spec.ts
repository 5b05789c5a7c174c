import { context, trace as tracing } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { aLogRequest, anAgentEvent, encodeLogsBySdk } from '../fixtures/otlp/logs.js';
import { type RunningServer } from '../support/server-process.js';
import {
  Api,
  aSpan,
  BEARER,
  type JsonObject,
  observationNamed,
  otelSpanId,
  otelTraceId,
  PROTOBUF_TYPE,
  startE2eServer,
} from './support/api.js';
import { decodePartialSuccess } from './support/protobuf.js';

jest.setTimeout(60_000);

const LOGS = '/v1/logs';

describe('logs over OTLP', () => {
  let server: RunningServer;
  let api: Api;

  beforeAll(async () => {
    server = await startE2eServer();
    api = new Api(server.url);
  });
  afterAll(() => server.stop());

  const list = async (query: string): Promise<JsonObject[]> =>
    (await api.read(`/api/public/logs?${query}`))['data'] as JsonObject[];
  const now = (): string => String(BigInt(Date.now()) * 1_000_000n);
  const logOf = (fields: JsonObject): JsonObject => aLogRequest([{ timeUnixNano: now(), ...fields }]);

  it.each([
    ['protobuf', ProtobufExporter, LOGS],
    ['JSON', JsonExporter, '/api/public/otel/v1/logs'],
  ])('from the JS SDK as %s complete the span they were written in, and are read back', async (_, Exporter, path) => {
    const resource = resourceFromAttributes({ 'service.name': 'support-bot' });
    const logger = new LoggerProvider({
      resource,
      processors: [
        new BatchLogRecordProcessor({ exporter: new Exporter({ url: server.url + path, headers: BEARER }) }),
      ],
    });
    const tracer = new BasicTracerProvider({
      resource,
      spanProcessors: [
        new SimpleSpanProcessor(new OTLPTraceExporter({ url: `${server.url}/v1/traces`, headers: BEARER })),
      ],
    });
    const span = tracer.getTracer('app').startSpan('chat my-model', {
      attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'my-model' },
    });
    const { traceId, spanId } = span.spanContext();
    const inSpan = tracing.setSpan(context.active(), span);
    const emit = (fields: JsonObject): void =>
      logger.getLogger('app', '1.0').emit({ severityNumber: SeverityNumber.INFO, context: inSpan, ...fields });
    const STARTED = Date.now() - 5000;
    emit({ eventName: 'gen_ai.user.message', timestamp: STARTED, body: { content: 'Grüße 😀' } });
    emit({
      eventName: 'gen_ai.choice',
      timestamp: STARTED + 1000,
      body: { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello' } },
    });
    emit({
      timestamp: STARTED + 2000,
      severityNumber: SeverityNumber.WARN,
      severityText: 'warning',
      body: 'slow',
      attributes: { n: 3, nested: { deep: [1, 'a'] } },
    });
    // The logs first: what they say waits for its span.
    await logger.shutdown();
    span.end();
    await tracer.shutdown();

    const call = observationNamed(await api.trace(traceId), 'chat my-model');
    expect(call).toMatchObject({
      ...{ id: spanId, type: 'GENERATION', model: 'my-model' },
      input: [{ role: 'user', content: 'Grüße 😀' }],
      output: [{ role: 'assistant', content: 'Hello', finish_reason: 'stop' }],
    });
    const logs = await list(`traceId=${traceId}&order=asc`);
    expect(logs.map((log) => log['eventName'])).toEqual(['gen_ai.user.message', 'gen_ai.choice', null]);
    expect(logs[2]).toMatchObject({
      ...{ traceId, observationId: spanId, severity: 'WARN', severityNumber: 13, severityText: 'warning' },
      ...{ timestamp: new Date(STARTED + 2000).toISOString(), body: 'slow' },
      attributes: { n: 3, nested: { deep: [1, 'a'] } },
      scope: { name: 'app', version: '1.0' },
      resource: { attributes: { 'service.name': 'support-bot' } },
    });
  });

  it('are filtered by trace, span, session, severity, event and time, and paged by a cursor', async () => {
    const [traceId, spanId] = [otelTraceId(), otelSpanId()];
    const start = Date.now() - 60_000;
    const logs = Array.from({ length: 5 }, (_, i) => ({
      ...{ traceId, spanId: i < 2 ? spanId : otelSpanId(), timeNanos: BigInt(start + i * 1000) * 1_000_000n },
      ...{
        severityNumber: 5 + i * 4,
        eventName: `event-${i % 2}`,
        body: i,
        attributes: { 'session.id': `s-${traceId}` },
      },
    }));
    const { protobuf } = encodeLogsBySdk(logs, { resource: {}, scope: { name: 's' } });
    // Twice, as after a lost answer.
    for (let i = 0; i < 2; i += 1) {
      expect(await api.post(LOGS, protobuf, PROTOBUF_TYPE)).toMatchObject({ status: 200, text: '' });
    }
    const bodies = async (query: string) => (await list(`traceId=${traceId}&${query}`)).map((log) => log['body']);
    expect(await bodies('')).toEqual([4, 3, 2, 1, 0]);
    expect(await bodies(`observationId=${spanId}`)).toEqual([1, 0]);
    expect(await bodies('severity=warn')).toEqual([4, 3, 2]);
    expect(await bodies('severity=20')).toEqual([4]);
    expect(await bodies('eventName=event-1')).toEqual([3, 1]);
    const at = (i: number): string => encodeURIComponent(new Date(start + i * 1000).toISOString());
    expect(await bodies(`fromTimestamp=${at(1)}&toTimestamp=${at(2)}`)).toEqual([2, 1]);
    expect((await list(`sessionId=s-${traceId}`)).length).toBe(5);
    for (const order of ['asc', 'desc']) {
      const seen: unknown[] = [];
      for (let cursor: string | undefined = ''; cursor !== undefined;) {
        const page = await api.read(`/api/public/logs?traceId=${traceId}&limit=2&order=${order}&cursor=${cursor}`);
        seen.push(...(page['data'] as JsonObject[]).map((log) => log['body']));
        cursor = (page['meta'] as { nextCursor?: string }).nextCursor;
      }
      expect(seen).toEqual(order === 'asc' ? [0, 1, 2, 3, 4] : [4, 3, 2, 1, 0]);
    }
    for (const query of ['severity=loud', 'severity=25', 'order=up', 'limit=201', 'cursor=x', 'fromTimestamp=1']) {
      expect((await api.get(`/api/public/logs?${query}`)).status).toBe(400);
    }
  });

  it('that are bad cost only themselves, and the sender is told in its own encoding', async () => {
    const traceId = otelTraceId();
    const body = aLogRequest([{ timeUnixNano: now(), traceId, body: { stringValue: 'ok' } }, { body: 'bare' }]);
    const answer = await api.postJson(LOGS, body);
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      partialSuccess: {
        rejectedLogRecords: '1',
        errorMessage: expect.stringContaining('1 log record: body.value must be an object') as string,
      },
    });
    expect(await list(`traceId=${traceId}`)).toHaveLength(1);
    expect((await api.postJson(LOGS, aLogRequest([{ body: 'bare' }]))).status).toBe(400);
    expect((await api.postJson(LOGS, { resourceSpans: [] })).json()).toMatchObject({ code: 3 });
    expect((await api.postJson('/v1/traces', logOf({}))).status).toBe(400);
    const { protobuf } = encodeLogsBySdk([{}], { resource: {}, scope: { name: 's' } });
    expect((await api.post('/v1/traces', protobuf, PROTOBUF_TYPE)).status).toBe(400);
    const empty = await api.post(LOGS, Buffer.alloc(0), PROTOBUF_TYPE);
    expect([empty.status, decodePartialSuccess(empty.bytes)]).toEqual([200, undefined]);
    expect((await api.post(LOGS, '{}', { 'content-type': 'text/plain' })).status).toBe(415);
  });

  it('of a model call whose span never comes are shown as a call of their own', async () => {
    const traceId = otelTraceId();
    await api.write(
      LOGS,
      logOf({ traceId, spanId: otelSpanId(), eventName: 'gen_ai.user.message', body: { stringValue: 'Hi' } }),
    );
    const { name, observations } = await api.trace(traceId);
    expect(name).toBe('chat');
    expect(observations).toMatchObject([{ name: 'chat', type: 'GENERATION', input: [{ role: 'user' }] }]);
    // Plain lines make no trace.
    const plain = aSpan()['traceId'] as string;
    await api.write(LOGS, logOf({ traceId: plain, spanId: otelSpanId(), body: { stringValue: 'Hi' } }));
    expect(await api.hasTrace(plain)).toBe(false);
    expect(await list(`traceId=${plain}`)).toHaveLength(1);
  });

  it('of a coding agent read as a session', async () => {
    const session = `claude-${otelSpanId()}`;
    const event = (name: string, prompt: string, values: JsonObject): JsonObject => ({
      ...anAgentEvent(0, `claude_code.${name}`, {
        'session.id': session,
        'prompt.id': prompt,
        ...values,
      }),
      timeUnixNano: now(),
    });
    await api.write(
      LOGS,
      aLogRequest([
        event('user_prompt', 'p-1', { prompt: 'Fix it', 'user.id': 'ann' }),
        event('api_request', 'p-1', { model: 'claude-x', input_tokens: 10, output_tokens: 5, cost_usd: 0.5 }),
        event('tool_result', 'p-1', { tool_name: 'Edit', success: 'true', duration_ms: 30 }),
        event('user_prompt', 'p-2', { prompt: 'And this', 'user.id': 'ann' }),
      ]),
    );
    const { traces, totalTokens, totalCost, userId } = (await api.session(session)) as JsonObject & {
      traces: JsonObject[];
    };
    expect({ totalTokens, totalCost, userId }).toEqual({ totalTokens: 15, totalCost: 0.5, userId: 'ann' });
    expect(traces.map((trace) => trace['input']).sort()).toEqual(['And this', 'Fix it']);
    const first = traces.find((trace) => trace['input'] === 'Fix it')!;
    const { observations } = await api.trace(first['id'] as string);
    expect(observations.map(({ type, name }) => [type, name]).sort()).toEqual([
      ['GENERATION', 'claude_code.api_request'],
      ['TOOL', 'Edit'],
    ]);
    expect(await list(`sessionId=${session}`)).toHaveLength(4);
    expect(await list(`traceId=${first['id'] as string}`)).toHaveLength(3);
  });
});
