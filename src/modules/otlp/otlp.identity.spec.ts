import { aRequest, aSpan, attributes, jsonBody, NOW_MS } from '../../../test/fixtures/otlp/wire.js';
import { decodeJson } from './otlp.json.js';
import { mapExport } from './otlp.map.js';

type Json = Record<string, unknown>;

function mapSpan(values: Json, scope = 'my-agent') {
  const request = aRequest([aSpan({ attributes: attributes(values) })], { name: scope });
  const context = { project: { no: 1, id: 'p' }, nowMs: NOW_MS, bytes: 1 };
  const { observations, traces } = mapExport(decodeJson(jsonBody(request)), context).batch;
  const metadata = new Map([...observations[0]!.metadata!].map(([key, text]) => [key, JSON.parse(text) as unknown]));
  return { ...observations[0]!, metadata, sessionIds: traces.flatMap(({ sessionId }) => sessionId ?? []) };
}

describe('a step of LangGraph', () => {
  const bags: readonly (readonly [string, Json])[] = [
    ['bare', { langgraph_step: 3, langgraph_node: 'agent' }],
    [
      'OpenLLMetry',
      {
        'traceloop.association.properties.langgraph_step': 3,
        'traceloop.association.properties.langgraph_node': 'agent',
      },
    ],
    ['LangSmith', { 'langsmith.metadata.langgraph_step': 3, 'langsmith.metadata.langgraph_node': 'agent' }],
    ['OpenInference and MLflow', { metadata: '{"langgraph_step": 3, "langgraph_node": "agent", "thread_id": "t"}' }],
    [
      'the handler of Langfuse',
      { 'langfuse.observation.metadata.langgraph_step': 3, 'langfuse.observation.metadata.langgraph_node': '"agent"' },
    ],
    ['older Langfuse', { 'langfuse.observation.metadata': '{"langgraph_step":3,"langgraph_node":"agent"}' }],
    ['LiteLLM', { 'metadata.langgraph_step': '3', 'metadata.langgraph_node': 'agent' }],
  ];

  it.each(bags)('is its number and its node, as %s sends them', (_, values) => {
    expect(mapSpan(values).stepId).toBe('3:agent');
  });

  it('is its number alone where no node is told, and nothing without a number', () => {
    expect(mapSpan({ 'langsmith.metadata.langgraph_step': 3 }).stepId).toBe('3');
    expect(mapSpan({ metadata: '{"langgraph_step": 3, "langgraph_node": ""}' }).stepId).toBe('3');
    expect(mapSpan({ 'langsmith.metadata.langgraph_node': 'agent' }).stepId).toBeUndefined();
  });

  it.each<[Json, string]>([
    [{ 'xtrace.step_id': 'mine' }, 'mine'],
    [{ 'langsmith.metadata.step_id': 'mine' }, 'mine'],
    [{ 'event_loop.cycle_id': 'cycle' }, 'cycle'],
    [{ 'gen_ai.task.id': 'task' }, '3:agent'],
    [{ 'graph.node.id': 'node' }, '3:agent'],
  ])('beside %j gives way to what is more explicit', (other, expected) => {
    expect(mapSpan({ metadata: '{"langgraph_step": 3, "langgraph_node": "agent"}', ...other }).stepId).toBe(expected);
  });
});

describe('the session of a page in a browser', () => {
  it.each([
    '@opentelemetry/instrumentation-document-load',
    '@opentelemetry/instrumentation-fetch',
    '@opentelemetry/browser-instrumentation/navigation',
    '@honeycombio/instrumentation-web-vitals',
    'splunk-visibility',
  ])('is none of a conversation on spans of %s, and stays readable', (scope) => {
    const { sessionIds, metadata } = mapSpan({ 'session.id': 'visit', session_id: 'visit' }, scope);
    expect(sessionIds).toEqual([]);
    expect(metadata.get('attributes')).toEqual({ 'session.id': 'visit', session_id: 'visit' });
  });

  it.each(['langfuse.session.id', 'xtrace.session_id', 'gen_ai.conversation.id'])(
    'gives way to a conversation that %s states',
    (key) => {
      const stated = mapSpan({ 'session.id': 'visit', [key]: 'talk' }, '@opentelemetry/instrumentation-fetch');
      expect(stated.sessionIds).toEqual(['talk']);
    },
  );

  it('counts on spans that a page makes of its own', () => {
    expect(mapSpan({ 'session.id': 'talk' }, 'my-chat-widget').sessionIds).toEqual(['talk']);
    expect(mapSpan({ 'session.id': 'talk' }, '@opentelemetry/instrumentation-undici').sessionIds).toEqual(['talk']);
  });
});
