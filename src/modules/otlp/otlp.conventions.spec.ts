import {
  aRequest,
  aSpan,
  attributes,
  jsonBody,
  NOW_MS,
  START_MICROS,
  START_NANOS,
} from '../../../test/fixtures/otlp/wire.js';
import { type ObservationPatch } from '../../domain/observation.js';
import { type TracePatch } from '../../domain/trace.js';
import { decodeJson } from './otlp.json.js';
import { mapExport } from './otlp.map.js';

type Json = Record<string, unknown>;

interface Case {
  readonly scope: string;
  readonly attributes: Json;
  readonly span?: Json;
  readonly resource?: Json;
  readonly observation: Partial<Record<keyof ObservationPatch, unknown>>;
  readonly trace?: Partial<Record<keyof TracePatch, unknown>>;
  readonly metadata?: Json;
}

const event = (name: string, afterMs: number, values: Json = {}) => ({
  name,
  timeUnixNano: String(START_NANOS + BigInt(afterMs) * 1_000_000n),
  attributes: attributes(values),
});
const json = (value: unknown): string => JSON.stringify(value);

/** One realistic span per producer, after the documents that the rows cite. */
const CASES: Record<string, Case> = {
  'the GenAI conventions 1.41': {
    scope: 'opentelemetry.instrumentation.openai_v2',
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.response.model': 'gpt-4o-2024-08-06',
      'gen_ai.request.temperature': 0.2,
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.response.time_to_first_chunk': 0.25,
      'gen_ai.conversation.id': 'conv-1',
      'gen_ai.agent.name': 'helper',
      'gen_ai.usage.input_tokens': 3,
    },
    resource: { 'deployment.environment.name': 'Staging', 'service.version': '1.2', 'vcs.ref.head.revision': 'abc123' },
    observation: {
      type: 'GENERATION',
      model: 'gpt-4o-2024-08-06',
      requestedModel: 'gpt-4o',
      provider: 'openai',
      finishReason: 'stop',
      agentName: 'helper',
      completionStartTime: START_MICROS + 250_000,
      modelParameters: '{"temperature":0.2}',
      environment: 'staging',
      version: '1.2',
    },
    trace: { sessionId: 'conv-1', release: 'abc123' },
  },
  'the GenAI conventions before 1.37': {
    scope: 'opentelemetry.instrumentation.vertexai',
    attributes: {
      'gen_ai.operation.name': 'text_completion',
      'gen_ai.system': 'vertex_ai',
      'gen_ai.request.model': 'gemini-1.5-pro',
      'gen_ai.openai.request.seed': 7,
    },
    observation: { type: 'GENERATION', provider: 'gcp.vertex_ai', modelParameters: '{"seed":7}' },
  },
  'draft GenAI memory operations': {
    scope: 'memory',
    attributes: { 'gen_ai.operation.name': 'update_memory' },
    observation: { type: 'SPAN', stepType: 'memory_write' },
  },
  OpenInference: {
    scope: 'openinference.instrumentation.openai',
    attributes: {
      'openinference.span.kind': 'LLM',
      'llm.model_name': 'claude-sonnet-4-20250514',
      'llm.request.model_name': 'claude-sonnet-4',
      'llm.provider': 'aws',
      'llm.system': 'anthropic',
      'llm.invocation_parameters': '{"max_tokens":100,"model":"claude-sonnet-4","tools":[],"stop":["END"]}',
      'llm.finish_reason': 'end_turn',
      'llm.prompt_template.version': 'v4',
      'session.id': 's-1',
      'user.id': 'u-1',
      'tag.tags': ['a', 'b'],
      metadata: '{"tenant":"acme","turn_id":"turn-9"}',
      'graph.node.id': 'writer',
      'graph.node.parent_id': 'planner',
    },
    span: { events: [event('First Token Stream Event', 400)] },
    observation: {
      type: 'GENERATION',
      model: 'claude-sonnet-4-20250514',
      requestedModel: 'claude-sonnet-4',
      provider: 'aws.bedrock',
      modelParameters: '{"max_tokens":100,"stop":["END"]}',
      finishReason: 'end_turn',
      promptVersion: 'v4',
      turnId: 'turn-9',
      stepId: 'writer',
      parentStepId: 'planner',
      completionStartTime: START_MICROS + 400_000,
    },
    trace: { sessionId: 's-1', userId: 'u-1', tags: ['a', 'b'] },
    metadata: { tenant: 'acme' },
  },
  'LlamaIndex through OpenInference': {
    scope: 'openinference.instrumentation.llama_index',
    attributes: { 'openinference.span.kind': 'RETRIEVER', 'session.id': 'li', 'input.value': 'query' },
    span: { name: 'VectorIndexRetriever.retrieve' },
    observation: { type: 'RETRIEVER', name: 'VectorIndexRetriever.retrieve' },
    trace: { sessionId: 'li' },
  },
  OpenLLMetry: {
    scope: 'opentelemetry.instrumentation.langchain',
    attributes: {
      'traceloop.span.kind': 'tool',
      'traceloop.entity.name': 'get_weather',
      'traceloop.entity.version': 2,
      'traceloop.workflow.name': 'travel',
      'traceloop.association.properties.thread_id': 'thread-1',
      'traceloop.association.properties.user_id': 'u-2',
      'traceloop.association.properties.langgraph_step': 3,
      'traceloop.association.properties.langgraph_node': 'agent',
      'traceloop.prompt.key': 'not of a generation',
    },
    span: { name: 'get_weather.tool' },
    observation: { type: 'TOOL', name: 'get_weather', toolName: 'get_weather', version: '2', stepId: '3:agent' },
    trace: { name: 'travel' },
    metadata: { thread_id: 'thread-1', user_id: 'u-2', spanName: 'get_weather.tool' },
  },
  'the SDK of Anthropic for Python': {
    scope: 'com.anthropic.sdk.python',
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'anthropic',
      'gen_ai.request.model': 'claude-sonnet-4-5',
      'gen_ai.response.model': 'claude-sonnet-4-5-20250929',
      'gen_ai.usage.input_tokens': 245,
      'gen_ai.usage.cache_read.input_tokens': 200,
      'gen_ai.usage.cache_write.input_tokens': 30,
      'anthropic.usage.cache_creation.ephemeral_5m_input_tokens': 20,
      'anthropic.usage.cache_creation.ephemeral_1h_input_tokens': 10,
      'gen_ai.usage.output_tokens': 8,
      'anthropic.message.stop_reason': 'end_turn',
    },
    observation: {
      type: 'GENERATION',
      finishReason: 'end_turn',
      usage: {
        input: 15,
        input_cached_tokens: 200,
        input_cache_creation_5m: 20,
        input_cache_creation_1h: 10,
        output: 8,
        total: 253,
      },
    },
  },
  'tokens that the SDK of Anthropic has counted without a call': {
    scope: 'com.anthropic.sdk.python',
    attributes: { 'gen_ai.request.model': 'claude-sonnet-4-5', 'anthropic.message.count_tokens.input_tokens': 12 },
    observation: { type: 'SPAN' },
  },
  'old OpenLLMetry': {
    scope: 'opentelemetry.instrumentation.openai.v1',
    attributes: {
      'llm.request.type': 'chat',
      'gen_ai.system': 'Langchain',
      'traceloop.association.properties.ls_provider': 'OpenAI',
      'gen_ai.request.model': 'gpt-4',
      'llm.top_k': 5,
      'llm.user': 'u-3',
      'llm.response.finish_reason': 'length',
      'traceloop.prompt.key': 'qa',
      'traceloop.prompt.version': 3,
    },
    observation: {
      type: 'GENERATION',
      provider: 'openai',
      modelParameters: '{"top_k":5}',
      finishReason: 'length',
      promptName: 'qa',
      promptVersion: '3',
    },
    trace: { userId: 'u-3' },
  },
  'the Vercel AI SDK: the call': {
    scope: 'ai',
    attributes: {
      'operation.name': 'ai.streamText.doStream chat-fn',
      'ai.operationId': 'ai.streamText.doStream',
      'ai.telemetry.functionId': 'chat-fn',
      'ai.model.id': 'gpt-4o',
      'ai.model.provider': 'openai.chat',
      'ai.response.model': 'gpt-4o-2024-11-20',
      'ai.response.finishReason': 'tool-calls',
      'ai.response.msToFirstChunk': 312.5,
      'ai.settings.maxRetries': 2,
      'ai.settings.context.turnId': 'turn-1',
      'ai.telemetry.metadata.sessionId': 's-4',
      'ai.telemetry.metadata.userId': 'u-4',
      'ai.telemetry.metadata.tags': ['web'],
      'ai.telemetry.metadata.environment': 'preview',
      'ai.telemetry.metadata.langfusePrompt': '{"name":"greeting","version":5}',
    },
    span: { name: 'ai.streamText.doStream' },
    observation: {
      type: 'GENERATION',
      name: 'chat-fn streamText.doStream',
      model: 'gpt-4o-2024-11-20',
      requestedModel: 'gpt-4o',
      provider: 'openai',
      finishReason: 'tool-calls',
      completionStartTime: START_MICROS + 312_500,
      modelParameters: '{"maxRetries":2}',
      turnId: 'turn-1',
      environment: 'preview',
      promptName: 'greeting',
      promptVersion: '5',
    },
    trace: { sessionId: 's-4', userId: 'u-4', tags: ['web'] },
    metadata: { sessionId: 's-4', environment: 'preview' },
  },
  'the Vercel AI SDK: around the call': {
    scope: 'ai',
    attributes: { 'ai.operationId': 'ai.generateText', 'ai.model.id': 'gpt-4o', 'ai.usage.promptTokens': 5 },
    observation: { type: 'SPAN', model: 'gpt-4o' },
  },
  'a tool of the Vercel AI SDK': {
    scope: 'ai',
    attributes: { 'ai.operationId': 'ai.toolCall', 'ai.toolCall.name': 'weather', 'ai.toolCall.id': 'call-1' },
    span: { name: 'ai.toolCall' },
    observation: { type: 'TOOL', name: 'weather', toolName: 'weather' },
    metadata: { spanName: 'ai.toolCall' },
  },
  'Pydantic AI and Logfire': {
    scope: 'pydantic-ai',
    attributes: {
      'logfire.msg': 'chat gpt-4o with tools',
      'gen_ai.operation.name': 'chat',
      'gen_ai.system': 'openai',
      'gen_ai.response.finish_reasons': '["stop","stop"]',
      'gen_ai.response.id': 'resp-1',
      model_request_parameters: '{"function_tools":[{"name":"x"}],"output_mode":"text"}',
      metadata: '{"run_id":"run-1"}',
    },
    span: { name: 'chat gpt-4o' },
    observation: {
      type: 'GENERATION',
      name: 'chat gpt-4o with tools',
      finishReason: 'stop',
      modelParameters: '{"output_mode":"text"}',
      runId: 'run-1',
    },
    metadata: { run_id: 'run-1', spanName: 'chat gpt-4o' },
  },
  'an agent of Pydantic AI': {
    scope: 'pydantic-ai',
    attributes: { agent_name: 'bank', model_name: 'gpt-4o' },
    observation: { type: 'AGENT', agentName: 'bank', model: 'gpt-4o' },
  },
  'LangSmith and LangChain': {
    scope: 'langsmith',
    attributes: {
      'gen_ai.operation.name': 'embeddings',
      'langsmith.span.kind': 'retriever',
      'langsmith.metadata.thread_id': 'thread-7',
      'langsmith.metadata.ls_provider': 'anthropic',
      'langsmith.metadata.ls_model_name': 'claude-3',
      'langsmith.span.tags': 'one, two',
      'langsmith.span.parent_id': 'p-1',
      'langsmith.trace.id': 'run-7',
      'langsmith.trace.name': 'rag',
      'langsmith.trace.session_id': 'a-project',
    },
    observation: { type: 'RETRIEVER', model: 'claude-3', provider: 'anthropic', runId: 'run-7', parentStepId: 'p-1' },
    // Not the project.
    trace: { name: 'rag', tags: ['one', 'two'], sessionId: 'thread-7' },
    metadata: { thread_id: 'thread-7' },
  },
  LiteLLM: {
    scope: 'litellm',
    attributes: {
      'gen_ai.operation.name': 'acompletion',
      'gen_ai.system': 'azure',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.response.finish_reasons': "['stop']",
      'metadata.user_api_key_user_id': 'u-5',
      'metadata.requester_ip_address': '10.0.0.1',
      hidden_params: '{"litellm_model_name":"azure/gpt-4o"}',
    },
    span: { name: 'litellm_request' },
    observation: { type: 'GENERATION', provider: 'azure.ai.openai', model: 'gpt-4o', finishReason: 'stop' },
    trace: { userId: 'u-5' },
    metadata: { requester_ip_address: '10.0.0.1' },
  },
  MLflow: {
    scope: 'mlflow',
    attributes: {
      'mlflow.spanType': '"CHAT_MODEL"',
      'mlflow.llm.model': '"gpt-4o-mini"',
      'mlflow.llm.provider': '"openai"',
      'mlflow.trace.session': '"s-6"',
      'mlflow.trace.user': '"u-6"',
      'mlflow.traceRequestId': '"tr-1"',
      'mlflow.spanLogLevel': '"WARNING"',
      'mlflow.linkedPrompts': '[{"name":"qa","version":"2"}]',
    },
    observation: {
      type: 'GENERATION',
      model: 'gpt-4o-mini',
      provider: 'openai',
      runId: 'tr-1',
      level: 'WARNING',
      promptName: 'qa',
      promptVersion: '2',
    },
    trace: { sessionId: 's-6', userId: 'u-6' },
  },
  OpenLIT: {
    scope: 'openlit.otel.tracing',
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.system': 'mistral',
      'gen_ai.environment': 'production',
      'gen_ai.session.id': 's-8',
      'gen_ai.request.user': 'u-8',
      'gen_ai.server.time_to_first_token': 0.5,
    },
    observation: {
      type: 'GENERATION',
      provider: 'mistral_ai',
      environment: 'production',
      completionStartTime: START_MICROS + 500_000,
      modelParameters: undefined,
    },
    trace: { sessionId: 's-8', userId: 'u-8' },
  },
  'Google ADK': {
    scope: 'gcp.vertex.agent',
    attributes: {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.system': 'gcp.vertex.agent',
      'gen_ai.tool.name': 'roll_die',
      'gcp.vertex.agent.session_id': 's-9',
      'gcp.vertex.agent.invocation_id': 'inv-9',
      'gcp.vertex.agent.event_id': '<not specified>',
      'adk.node.attempt': 2,
      'adk.node.path': 'root/roller',
      'adk.node.status': 'completed',
    },
    span: { name: 'execute_tool roll_die' },
    observation: {
      type: 'TOOL',
      name: 'roll_die',
      toolName: 'roll_die',
      provider: 'gcp.vertex_ai',
      runId: 'inv-9',
      stepId: 'root/roller',
      attemptIndex: 2,
      runState: 'success',
    },
    trace: { sessionId: 's-9' },
  },
  'Strands, whose time to first token is in milliseconds': {
    scope: 'strands.telemetry.tracer',
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.system': 'strands-agents',
      'gen_ai.server.time_to_first_token': 420,
      'gen_ai.tool.status': 'success',
      'event_loop.cycle_id': 'cycle-1',
      'session.id': 's-10',
    },
    observation: {
      type: 'GENERATION',
      provider: undefined,
      completionStartTime: START_MICROS + 420_000,
      stepId: 'cycle-1',
      level: undefined,
    },
    trace: { sessionId: 's-10' },
  },
  'a tool of Strands that failed': {
    scope: 'strands.telemetry.tracer',
    attributes: { 'gen_ai.tool.name': 'calc', 'gen_ai.tool.status': 'error' },
    observation: { type: 'TOOL', level: 'ERROR', toolName: 'calc' },
  },
  CrewAI: {
    scope: 'openlit.otel.tracing.crewai',
    attributes: {
      'gen_ai.operation.name': 'execute_task',
      'gen_ai.agent.name': 'Researcher',
      'gen_ai.task.id': 'task-1',
      'gen_ai.task.parent.id': 'task-0',
    },
    observation: { type: 'CHAIN', agentName: 'Researcher', stepId: 'task-1', parentStepId: 'task-0' },
  },
  'AutoGen and the MS Agent Framework': {
    scope: 'agent_framework',
    attributes: {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.system': 'autogen',
      'gen_ai.agent.name': 'assistant',
      'gen_ai.agent.version': '7',
      'gen_ai.conversation.id': 'c-11',
    },
    observation: { type: 'AGENT', agentName: 'assistant', provider: undefined, version: '7' },
    trace: { sessionId: 'c-11' },
  },
  Haystack: {
    scope: 'haystack',
    attributes: {
      'haystack.component.name': 'my_retriever',
      'haystack.component.type': 'InMemoryBM25Retriever',
    },
    span: { name: 'haystack.component.run' },
    observation: { type: 'RETRIEVER', name: 'my_retriever' },
    metadata: { spanName: 'haystack.component.run' },
  },
  vLLM: {
    scope: 'vllm.llm_engine',
    attributes: {
      'gen_ai.response.model': 'Qwen/Qwen3-8B',
      'gen_ai.request.max_tokens': 64,
      'gen_ai.usage.prompt_tokens': 5,
      'gen_ai.latency.time_to_first_token': 0.125,
    },
    span: { name: 'llm_request' },
    observation: {
      type: 'GENERATION',
      model: 'Qwen/Qwen3-8B',
      completionStartTime: START_MICROS + 125_000,
      modelParameters: '{"max_tokens":64}',
    },
  },
  'Xinference: the spans of its HTTP server': {
    scope: 'opentelemetry.instrumentation.fastapi',
    attributes: { 'http.method': 'POST', 'http.route': '/v1/chat/completions', 'http.request.resend_count': 1 },
    observation: { type: 'SPAN', model: undefined, provider: undefined, attemptIndex: 1 },
  },
  MCP: {
    scope: 'mcp.client',
    attributes: { 'mcp.method.name': 'tools/call', 'mcp.session.id': 'a-connection', 'error.type': 'tool_error' },
    span: { name: 'tools/call get-weather' },
    observation: {
      type: 'TOOL',
      name: 'get-weather',
      toolName: 'get-weather',
      level: 'ERROR',
      statusMessage: 'tool_error',
    },
    trace: { sessionId: undefined },
  },
  'the Langfuse SDK': {
    scope: 'langfuse-sdk',
    attributes: {
      'langfuse.observation.type': 'generation',
      'langfuse.observation.model.name': 'gpt-4',
      'langfuse.observation.metadata.turn_id': 'turn-2',
      'langfuse.observation.metadata': '{"step_type":"Planner"}',
      'user.id': 'u-12',
    },
    observation: { type: 'GENERATION', model: 'gpt-4', turnId: 'turn-2', stepType: 'planner' },
    trace: { userId: 'u-12' },
    metadata: {
      turn_id: 'turn-2',
      step_type: 'Planner',
      mapping: { stepType: 'langfuse.observation.metadata → step_type' },
    },
  },
  'the Langfuse SDK for Python 5, which writes metadata as JSON': {
    scope: 'langfuse-sdk',
    attributes: {
      'langfuse.observation.metadata.turn_id': '"turn-2"',
      'langfuse.trace.metadata.step_type': '"Planner"',
      'langfuse.observation.metadata.tenant': '"123"',
      'langfuse.observation.metadata.count': '123',
    },
    observation: { turnId: 'turn-2', stepType: 'planner' },
    metadata: { turn_id: 'turn-2', tenant: '123', count: 123 },
  },
  Genkit: {
    scope: 'genkit-tracer',
    attributes: { 'genkit:name': 'menuSuggestionFlow', 'genkit:metadata:subtype': 'flow' },
    span: { name: 'flow' },
    observation: { type: 'CHAIN', name: 'menuSuggestionFlow' },
  },
  LiveKit: {
    scope: 'livekit-agents',
    attributes: { 'lk.function_tool.name': 'x' },
    span: { name: 'function_tool' },
    observation: { type: 'TOOL' },
  },
  Laminar: {
    scope: 'lmnr.sdk',
    attributes: {
      'lmnr.span.type': 'EVALUATOR',
      'lmnr.association.properties.session_id': 's-13',
      'lmnr.association.properties.user_id': 'u-13',
      'lmnr.association.properties.tags': ['t'],
      'lmnr.association.properties.metadata.tenant': 'acme',
    },
    observation: { type: 'EVALUATOR' },
    trace: { sessionId: 's-13', userId: 'u-13', tags: ['t'] },
    metadata: { tenant: 'acme' },
  },
  'metadata of LangChain, as Langfuse names its keys': {
    scope: 'openinference.instrumentation.langchain',
    attributes: { metadata: json({ langfuse_session_id: 's-15', langfuse_user_id: 'u-15' }) },
    observation: { runState: undefined },
    trace: { sessionId: 's-15', userId: 'u-15' },
  },
  'xtrace clients': {
    scope: 'my-agent',
    attributes: {
      'xtrace.session_id': 's-14',
      'xtrace.turn_id': 'turn-14',
      'xtrace.run_id': 'run-14',
      'xtrace.step_id': 'step-14',
      'xtrace.parent_step_id': 'step-13',
      'xtrace.step_type': 'handoff',
      'xtrace.attempt_index': '1',
      'xtrace.run_status': 'Waiting_Tool',
      'xtrace.ttfb': 0.125,
      'xtrace.requested_model': 'fast',
      'xtrace.actual_model': 'gpt-4o-mini',
      turn_id: 'weaker',
    },
    resource: { run_id: 'weakest' },
    observation: {
      turnId: 'turn-14',
      runId: 'run-14',
      stepId: 'step-14',
      parentStepId: 'step-13',
      stepType: 'handoff',
      attemptIndex: 1,
      runState: 'waiting_tool',
      completionStartTime: START_MICROS + 125_000,
      requestedModel: 'fast',
      model: 'gpt-4o-mini',
    },
    trace: { sessionId: 's-14' },
  },
};

function mapCase({ scope, attributes: values, span, resource }: Case) {
  const request = aRequest(
    [aSpan({ attributes: attributes(values), ...span })],
    { name: scope, version: '1.0' },
    resource && { attributes: attributes(resource) },
  );
  const context = { project: { no: 1, id: 'p' }, nowMs: NOW_MS, bytes: 1 };
  const { observations, traces } = mapExport(decodeJson(jsonBody(request)), context).batch;
  // What the trace would show: stated before inherited.
  const trace: Json = {};
  for (const patch of traces.toSorted((a, b) => a.stamp - b.stamp)) {
    for (const [field, value] of Object.entries(patch)) if (value !== undefined) trace[field] = value;
  }
  const metadata: Json = {};
  for (const [key, text] of observations[0]!.metadata!) metadata[key] = JSON.parse(text);
  return { observation: observations[0]!, trace, metadata };
}

describe('a span of', () => {
  it.each(Object.entries(CASES))('%s is understood', (_, example) => {
    const mapped = mapCase(example);
    expect(mapped.observation).toMatchObject(example.observation);
    for (const [field, value] of Object.entries(example.trace ?? {})) expect(mapped.trace[field]).toEqual(value);
    if (example.metadata !== undefined) expect(mapped.metadata).toMatchObject(example.metadata);
  });
});

describe('the end of work', () => {
  const level = (values: Json, span: Json) => {
    const { observation } = mapCase({ scope: 's', attributes: values, span, observation: {} });
    return [observation.level, observation.statusMessage];
  };
  const exception = (afterMs: number, values: Json = {}) =>
    event('exception', afterMs, { 'exception.type': 'TypeError', 'exception.message': 'x is null', ...values });

  it.each<[string, Json, Json, unknown[]]>([
    ['an exception as its last event', {}, { events: [exception(10)] }, ['ERROR', 'TypeError: x is null']],
    ['work that went on', {}, { events: [exception(10), event('e', 20)] }, ['WARNING', 'TypeError: x is null']],
    [
      'one caught',
      {},
      { events: [exception(10, { 'exception.escaped': false })] },
      ['WARNING', 'TypeError: x is null'],
    ],
    ['an error type alone', { 'error.type': 'timeout' }, {}, ['ERROR', 'timeout']],
    ['an ok status all the same', { 'error.type': 'timeout' }, { status: { code: 1 } }, [undefined, undefined]],
    ['a status without words', {}, { status: { code: 2 }, events: [exception(10)] }, ['ERROR', 'TypeError: x is null']],
  ])('with %s has this level and message', (_, values, span, expected) => {
    expect(level(values, span)).toEqual(expected);
  });
});

describe('the first token', () => {
  const first = (values: Json, span: Json = {}) =>
    mapCase({ scope: 'x', attributes: values, span, observation: {} }).observation.completionStartTime;

  it('is not believed when it comes after the end of the span', () => {
    expect(first({ 'gen_ai.server.time_to_first_token': 420 })).toBeUndefined();
    expect(first({ 'gen_ai.response.time_to_first_chunk': -1 })).toBeUndefined();
    expect(first({ 'gen_ai.response.time_to_first_chunk': 'soon' })).toBeUndefined();
  });

  it('is the earliest chunk where only events tell it, and the event of the AI SDK before its attribute', () => {
    const chunks = [event('llm.content.completion.chunk', 300), event('llm.content.completion.chunk', 200)];
    expect(first({}, { events: chunks })).toBe(START_MICROS + 200_000);
    const events = [event('ai.stream.firstChunk', 111)];
    expect(first({ 'ai.response.msToFirstChunk': 222 }, { events })).toBe(START_MICROS + 111_000);
  });
});

describe('values that are none of their list', () => {
  it('say nothing, so that the next attribute is asked, and stay among the raw ones', () => {
    const { observation, metadata } = mapCase({
      scope: 's',
      attributes: {
        'langfuse.environment': 'not valid!',
        'deployment.environment.name': 'prod',
        'xtrace.step_type': 'dance',
        step_type: 'retrieval',
        'langfuse.observation.level': 'loud',
        'mlflow.spanLogLevel': json('ERROR'),
      },
      observation: {},
    });
    expect(observation).toMatchObject({ environment: 'prod', stepType: 'retrieval', level: 'ERROR' });
    expect(metadata['attributes']).toMatchObject({ 'langfuse.environment': 'not valid!', 'xtrace.step_type': 'dance' });
  });
});
