import { aLogRequest, anAgentEvent, anEvent, aRecord } from '../../../test/fixtures/otlp/logs.js';
import {
  anyValue,
  attributes,
  jsonBody,
  NOW_MS,
  SPAN_ID,
  START_MICROS,
  TRACE_ID,
} from '../../../test/fixtures/otlp/wire.js';
import { type IngestBatch } from '../../domain/ingest-batch.js';
import { decodeLogsJson } from './otlp.logs-json.js';
import { mapLogs } from './otlp.logs-map.js';

const map = (records: object[], scope?: Record<string, unknown>): IngestBatch =>
  mapLogs(decodeLogsJson(jsonBody(aLogRequest(records, scope))), {
    project: { no: 1, id: 'p' },
    nowMs: NOW_MS,
    bytes: 1,
  }).batch;

const messageOf = (eventName: string, body: unknown, values = {}): unknown => {
  const message = map([anEvent(1, eventName, body, values)]).logs![0]!.message;
  return message === undefined ? undefined : [message.side, JSON.parse(message.content)];
};

describe('messages that come one per record', () => {
  it.each([
    ['gen_ai.system.message', { content: 'a' }, ['input', { role: 'system', content: 'a' }]],
    ['gen_ai.system.message', { content: 'a', role: 'developer' }, ['input', { role: 'developer', content: 'a' }]],
    ['gen_ai.user.message', 'plain', ['input', { role: 'user', content: 'plain' }]],
    ['gen_ai.user.message', '{"content":"json text"}', ['input', { role: 'user', content: 'json text' }]],
    ['gen_ai.user.message', { content: [{ type: 'text', text: 'one' }] }, ['input', { role: 'user', content: 'one' }]],
    [
      'gen_ai.user.message',
      {
        content: [
          { type: 'text', text: 'see' },
          { type: 'image_url', image_url: { url: 'u' } },
        ],
      },
      [
        'input',
        {
          role: 'user',
          content: [
            { type: 'text', text: 'see' },
            { type: 'image', url: 'u' },
          ],
        },
      ],
    ],
    [
      'gen_ai.assistant.message',
      { tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }] },
      ['input', { role: 'assistant', tool_calls: [{ id: 'c', name: 'f', arguments: { x: 1 } }] }],
    ],
    ['gen_ai.tool.message', { id: 'c', content: '42' }, ['input', { role: 'tool', content: '42', tool_call_id: 'c' }]],
    [
      'gen_ai.tool.message',
      { id: 'c', content: { n: 1 } },
      ['input', { role: 'tool', content: [{ n: 1 }], tool_call_id: 'c' }],
    ],
    [
      'gen_ai.choice',
      { index: 0, finish_reason: 'stop', message: { content: 'b', role: 'assistant' } },
      ['output', { role: 'assistant', content: 'b', finish_reason: 'stop' }],
    ],
    [
      'gen_ai.choice',
      { finish_reason: 'tool_calls', message: {}, tool_calls: [{ id: 'c', function: { name: 'f', arguments: 'x' } }] },
      [
        'output',
        {
          role: 'assistant',
          tool_calls: [{ id: 'c', name: 'f', arguments: 'x' }],
          finish_reason: 'tool_calls',
        },
      ],
    ],
    ['gen_ai.user.message', {}, undefined],
    ['gen_ai.choice', { index: 0, finish_reason: 'stop', message: { role: 'assistant' } }, undefined],
    ['gen_ai.tool.message', { id: 'c' }, undefined],
  ])('%s %j', (eventName, body, expected) => {
    expect(messageOf(eventName, body)).toEqual(expected);
  });

  it('tell why the first choice ended, also without content, below every stamp of a span', () => {
    const ends = (body: object) =>
      map([anEvent(100, 'gen_ai.choice', body)]).observations.flatMap(({ finishReason, stamp }) =>
        finishReason === undefined ? [] : [[finishReason, stamp < 0]],
      );
    expect(ends({ index: 0, finish_reason: 'stop', message: { role: 'assistant' } })).toEqual([['stop', true]]);
    expect(ends({ index: 1, finish_reason: 'length', message: { content: 'b' } })).toEqual([]);
    expect(ends({ index: 0, message: { content: 'b' } })).toEqual([]);
  });

  it('may have their content among the attributes', () => {
    expect(messageOf('gen_ai.user.message', undefined, { content: 'a' })).toEqual([
      'input',
      { role: 'user', content: 'a' },
    ]);
  });
});

describe('an event with the details of a call', () => {
  it('is read by the same table as a span, below every stamp of a span and without what a record cannot know', () => {
    const { observations, traces } = map([
      anEvent(100, 'gen_ai.client.inference.operation.details', undefined, {
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': 'gpt-x',
        'gen_ai.usage.input_tokens': 3,
        'gen_ai.input.messages': [{ role: 'user', parts: [{ type: 'text', content: 'q' }] }],
        'session.id': 's',
        'deployment.environment.name': 'prod',
      }),
    ]);
    const [fallback, details] = observations;
    expect(fallback).toMatchObject({ id: SPAN_ID, name: 'chat gpt-x', type: 'GENERATION' });
    expect(details).toMatchObject({
      ...{ traceId: TRACE_ID, id: SPAN_ID, type: 'GENERATION', model: 'gpt-x', usage: { input: 3, total: 3 } },
      input: '[{"role":"user","content":"q"}]',
    });
    for (const patch of observations) {
      expect(patch.stamp).toBeLessThan(0);
      expect([patch.startTime, patch.endTime, patch.parentObservationId, patch.environment]).toEqual(
        new Array(4).fill(undefined),
      );
    }
    expect(fallback!.stamp).toBeLessThan(details!.stamp);
    expect(traces.every((patch) => patch.stamp < 0 && patch.environment === undefined)).toBe(true);
    expect(traces.some((patch) => patch.sessionId === 's')).toBe(true);
  });
});

describe('events of coding agents', () => {
  const codex = (afterMs: number, name: string, values: object) =>
    anAgentEvent(afterMs, name, { 'conversation.id': 'c-1', model: 'gpt-x', ...values });

  it('of Codex make a trace per session; the end of a stream is the call, cached and reasoning tokens are within', () => {
    const { observations, traces, logs } = map([
      codex(0, 'codex.user_prompt', { prompt: '[REDACTED]', prompt_length: 5, 'user.account_id': 'u' }),
      codex(5, 'codex.api_request', { duration_ms: 5, attempt: 0 }),
      codex(6, 'codex.sse_event', { 'event.kind': 'response.created', duration_ms: 1 }),
      codex(900, 'codex.sse_event', {
        ...{ 'event.kind': 'response.completed', input_token_count: 100, output_token_count: 50 },
        ...{ cached_token_count: 60, reasoning_token_count: 20 },
      }),
      codex(950, 'codex.tool_result', {
        ...{ tool_name: 'shell', call_id: 'x', arguments: '{"cmd":"ls"}', output: 'a\nb', success: 'true' },
        duration_ms: 40,
      }),
      codex(960, 'codex.api_request', { duration_ms: 5, 'error.message': 'rate limit' }),
    ]);
    expect(new Set(logs!.map((log) => log.traceId)).size).toBe(1);
    expect(traces.every((patch) => patch.name === 'codex' && patch.sessionId === 'c-1')).toBe(true);
    expect(traces[0]).toMatchObject({ userId: 'u', input: undefined });
    expect(observations).toMatchObject([
      { type: 'EVENT', name: 'codex.user_prompt', input: undefined },
      {
        ...{ type: 'GENERATION', model: 'gpt-x', endTime: START_MICROS + 900_000 },
        usage: { input: 40, output: 30, input_cached_tokens: 60, output_reasoning_tokens: 20, total: 150 },
      },
      {
        ...{ type: 'TOOL', name: 'shell', input: '{"cmd":"ls"}', output: '"a\\nb"' },
        ...{ startTime: START_MICROS + 910_000, endTime: START_MICROS + 950_000 },
      },
      { type: 'GENERATION', level: 'ERROR', statusMessage: 'rate limit' },
    ]);
  });

  it('of Gemini CLI make a trace per prompt, thoughts beside the output', () => {
    const own = { 'session.id': 's', prompt_id: 's########1' };
    const { observations, traces } = map([
      anAgentEvent(0, 'gemini_cli.user_prompt', { ...own, prompt: 'Hi' }),
      anAgentEvent(500, 'gemini_cli.api_response', {
        ...{ ...own, model: 'gemini-x', duration_ms: 400, input_token_count: 10, output_token_count: 5 },
        ...{ cached_content_token_count: 4, thoughts_token_count: 7, response_text: 'Hello' },
      }),
      anAgentEvent(600, 'gemini_cli.tool_call', {
        ...{ ...own, function_name: 'read_file', function_args: '{"p":1}', success: false, error_type: 'not_found' },
      }),
    ]);
    expect(traces[0]).toMatchObject({ input: '"Hi"', sessionId: 's', timestamp: START_MICROS });
    expect(observations).toMatchObject([
      {
        ...{ type: 'GENERATION', output: '"Hello"' },
        usage: { input: 6, input_cached_tokens: 4, output: 5, output_reasoning_tokens: 7, total: 22 },
      },
      { type: 'TOOL', name: 'read_file', level: 'ERROR', statusMessage: 'not_found' },
    ]);
  });

  it('of Claude Code are known by body or scope where the name comes without the product', () => {
    const bare = aRecord(0, {
      ...{ traceId: '', spanId: '', body: anyValue('anything') },
      attributes: attributes({ 'event.name': 'user_prompt', 'session.id': 's', prompt: '<REDACTED>' }),
    });
    const { logs, traces } = map([bare], { name: 'com.anthropic.claude_code.events' });
    expect(logs).toMatchObject([{ eventName: 'claude_code.user_prompt', sessionId: 's' }]);
    expect(traces).toMatchObject([{ name: 'claude_code', input: undefined }]);
    expect(map([bare])).toMatchObject({ logs: [{ eventName: 'user_prompt', traceId: null }], traces: [] });
  });

  it('that lie in spans only tell of the session: the spans tell the rest', () => {
    const { logs, observations, traces } = map([
      aRecord(0, {
        body: anyValue('claude_code.api_request'),
        attributes: attributes({ 'event.name': 'api_request', 'session.id': 's', 'user.id': 'u', model: 'm' }),
      }),
    ]);
    expect(logs).toMatchObject([{ traceId: TRACE_ID, spanId: SPAN_ID }]);
    expect(observations).toEqual([]);
    expect(traces).toMatchObject([{ traceId: TRACE_ID, sessionId: 's', userId: 'u' }]);
    expect(traces[0]!.stamp).toBe(Number.MIN_SAFE_INTEGER);
  });

  it.each([
    ['gemini_cli.config', null],
    ['claude_code.mcp_server_connection', null],
    ['codex.conversation_starts', expect.stringMatching(/^[0-9a-f]{32}$/)],
  ])('that tell neither of work nor of a prompt, as %s, make no trace', (name, traceId) => {
    const own = { 'session.id': 's', 'user.id': 'u', model: 'm' };
    const { logs, observations, traces } = map([anAgentEvent(0, name, own)]);
    expect(logs).toMatchObject([{ eventName: name, sessionId: 's', traceId, spanId: null }]);
    expect({ observations, traces }).toEqual({ observations: [], traces: [] });
  });

  it('refused a tool show it as a warning', () => {
    const decision = {
      'session.id': 's',
      tool_name: 'Bash',
      tool_use_id: 't',
      decision: 'reject',
      source: 'user_reject',
    };
    expect(map([anAgentEvent(0, 'claude_code.tool_decision', decision)]).observations).toMatchObject([
      { type: 'TOOL', name: 'Bash', level: 'WARNING', statusMessage: 'reject' },
    ]);
  });
});
