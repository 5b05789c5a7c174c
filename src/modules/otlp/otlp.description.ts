import { both, everywhere, type FieldRule, member, resource, span } from './otlp.rows.js';
import { TYPE_ROWS } from './otlp.types.js';
import {
  linkedPrompt,
  memberOf,
  readAiSdkProvider,
  readEnvironmentWord,
  readFinishReason,
  readLevelWord,
  readMilliseconds,
  readProvider,
  readQuoted,
  readSeconds,
  readToolStatus,
} from './otlp.words.js';

/** Names of an entity that Traceloop's decorators give; what it is the span's kind says. */
const TRACELOOP_ENTITY = span('traceloop.entity.name', 'traceloop');

/** What a span was, by which model and tool, how it went, and in which build it ran. */
export const DESCRIPTION_RULES = {
  type: { rows: TYPE_ROWS },
  operation: { rows: [span('gen_ai.operation.name', 'genAi')] },
  /** A name that says more than the span's own. */
  name: {
    rows: [
      span('logfire.msg', 'pydantic'),
      span('genkit:name', 'genkit'),
      TRACELOOP_ENTITY,
      span('haystack.component.name', 'haystack'),
    ],
  },
  level: {
    rows: [
      span('langfuse.observation.level', 'langfuse', readLevelWord),
      span('mlflow.spanLogLevel', 'mlflow', readLevelWord),
      span('gen_ai.tool.status', 'strands', readToolStatus),
    ],
  },
  statusMessage: { rows: [span('langfuse.observation.status_message', 'langfuse')] },
  /** What is said of an error by a span whose status says nothing. */
  errorMessage: {
    rows: [span('error.message', 'otel'), span('exception.message', 'otel'), span('error.type', 'otel')],
  },
  errorType: { rows: [span('error.type', 'otel')] },
  model: {
    rows: [
      span('langfuse.observation.model.name', 'langfuse'),
      span('langfuse.generation.model', 'xtrace'),
      ...everywhere(['actual_model', 'final_model']),
      span('gen_ai.response.model', 'genAi'),
      span('ai.response.model', 'aiSdk'),
      span('llm.response.model_name', 'openInference'),
      span('llm.response.model', 'traceloop'),
      span('llm.model_name', 'openInference'),
      span('embedding.model_name', 'openInference'),
      span('reranker.model_name', 'openInference'),
      span('gen_ai.request.model', 'genAi'),
      span('ai.model.id', 'aiSdk'),
      span('aisdk.model.id', 'aiSdk'),
      span('llm.request.model_name', 'openInference'),
      span('mlflow.llm.model', 'mlflow', readQuoted),
      span('langsmith.metadata.ls_model_name', 'langSmith'),
      span('traceloop.association.properties.ls_model_name', 'traceloop'),
      span('llm.request.model', 'traceloop'),
      span('model_name', 'pydantic'),
      span('model', 'mlflow', readQuoted),
      member('llm.invocation_parameters', 'model', 'openInference'),
      member('llm.invocation_parameters', 'model_name', 'openInference'),
      member('hidden_params', 'litellm_model_name', 'liteLlm'),
    ],
  },
  requestedModel: {
    rows: [
      ...everywhere(['requested_model']),
      span('gen_ai.request.model', 'genAi'),
      span('llm.request.model_name', 'openInference'),
      span('ai.model.id', 'aiSdk'),
      span('aisdk.model.id', 'aiSdk'),
      span('llm.request.model', 'traceloop'),
    ],
  },
  provider: {
    rows: [
      span('gen_ai.provider.name', 'genAi', readProvider),
      span('gen_ai.system', 'genAi', readProvider),
      span('llm.provider', 'openInference', readProvider),
      span('llm.system', 'openInference', readProvider),
      span('ai.model.provider', 'aiSdk', readAiSdkProvider),
      span('aisdk.model.provider', 'aiSdk', readAiSdkProvider),
      span('mlflow.llm.provider', 'mlflow', readProvider),
      span('langsmith.metadata.ls_provider', 'langSmith', readProvider),
      span('traceloop.association.properties.ls_provider', 'traceloop', readProvider),
    ],
  },
  finishReason: {
    rows: [
      span('gen_ai.response.finish_reasons', 'genAi', readFinishReason),
      span('ai.response.finishReason', 'aiSdk', readFinishReason),
      span('llm.finish_reason', 'openInference', readFinishReason),
      span('gen_ai.response.finish_reason', 'traceloop', readFinishReason),
      span('gen_ai.response.stop_reason', 'traceloop', readFinishReason),
      span('llm.response.finish_reason', 'traceloop', readFinishReason),
      span('llm.response.stop_reason', 'traceloop', readFinishReason),
      span('gen_ai.completion.0.finish_reason', 'traceloop', readFinishReason),
      span('anthropic.message.stop_reason', 'anthropic', readFinishReason),
      ...everywhere(['finish_reason'], readFinishReason),
    ],
  },
  toolName: {
    rows: [
      span('gen_ai.tool.name', 'genAi'),
      span('ai.toolCall.name', 'aiSdk'),
      span('tool.name', 'openInference'),
      span('flue.tool.name', 'flue'),
      ...everywhere(['tool_name']),
    ],
  },
  agentName: {
    rows: [
      span('gen_ai.agent.name', 'genAi'),
      span('agent.name', 'openInference'),
      ...everywhere(['agent_name']),
      span('graph.node.name', 'openInference'),
      span('gen_ai.agent.id', 'genAi'),
    ],
  },
  traceloopEntity: { rows: [TRACELOOP_ENTITY] },
  traceloopKind: { rows: [span('traceloop.span.kind', 'traceloop')] },
  functionId: { rows: [span('ai.telemetry.functionId', 'aiSdk')] },
  modelParameters: { rows: [span('langfuse.observation.model.parameters', 'langfuse')] },
  invocationParameters: {
    rows: [
      span('llm.invocation_parameters', 'openInference'),
      span('embedding.invocation_parameters', 'openInference'),
      span('model_request_parameters', 'pydantic'),
    ],
  },
  promptName: {
    rows: [
      span('langfuse.observation.prompt.name', 'langfuse'),
      span('langfuse.prompt.name', 'langfuseCompat'),
      span('ai.telemetry.metadata.langfusePrompt', 'langfuse', memberOf('name')),
      span('traceloop.prompt.key', 'traceloop'),
      span('gen_ai.prompt.name', 'genAi'),
      span('mlflow.linkedPrompts', 'mlflow', linkedPrompt('name')),
      span('prompt.id', 'openInference'),
    ],
  },
  promptVersion: {
    rows: [
      span('langfuse.observation.prompt.version', 'langfuse'),
      span('langfuse.prompt.version', 'langfuseCompat'),
      span('ai.telemetry.metadata.langfusePrompt', 'langfuse', memberOf('version')),
      span('traceloop.prompt.version', 'traceloop'),
      span('mlflow.linkedPrompts', 'mlflow', linkedPrompt('version')),
      span('llm.prompt_template.version', 'openInference'),
    ],
  },
  completionStartTime: { rows: [span('langfuse.observation.completion_start_time', 'langfuse')] },
  /** In seconds. */
  timeToFirstToken: {
    rows: [
      span('gen_ai.response.time_to_first_chunk', 'genAi', readSeconds),
      span('ai.response.msToFirstChunk', 'aiSdk', readMilliseconds),
      span('gen_ai.latency.time_to_first_token', 'vllm', readSeconds),
      span('gen_ai.server.time_to_first_token', 'openLit', readSeconds),
    ],
  },
  /** In seconds, as xtrace's SDK for Python measures it (xtrace_sdk/openai.py); less exact than what is above. */
  timeToFirstByte: { rows: everywhere(['ttfb'], readSeconds) },

  // --- where and in which build it ran: of the observation and of its trace ---
  environment: {
    rows: [
      both('langfuse.environment', 'langfuse', readEnvironmentWord),
      both('xtrace.environment', 'xtrace', readEnvironmentWord),
      both('deployment.environment.name', 'otel', readEnvironmentWord),
      both('deployment.environment', 'otel', readEnvironmentWord),
      both('gen_ai.environment', 'openLit', readEnvironmentWord),
      span('ai.telemetry.metadata.environment', 'aiSdk', readEnvironmentWord),
    ],
  },
  release: { rows: [both('langfuse.release', 'langfuse'), both('vcs.ref.head.revision', 'otel')] },
  version: {
    rows: [
      both('langfuse.version', 'langfuse'),
      span('gen_ai.agent.version', 'genAi'),
      span('traceloop.entity.version', 'traceloop'),
      resource('service.version', 'otel'),
    ],
  },

  // --- the trace ---
  traceName: {
    rows: [
      span('langfuse.trace.name', 'langfuse'),
      span('langsmith.trace.name', 'langSmith'),
      span('traceloop.workflow.name', 'traceloop'),
      span('gen_ai.workflow.name', 'genAi'),
      span('adk.workflow.name', 'adk'),
    ],
  },
  tags: {
    rows: [
      span('langfuse.trace.tags', 'langfuse'),
      span('langfuse.tags', 'langfuseCompat'),
      span('langfuse.observation.metadata.langfuse_tags', 'langfuseCompat'),
      span('langfuse.trace.metadata.langfuse_tags', 'langfuseCompat'),
      span('tag.tags', 'openInference'),
      span('ai.telemetry.metadata.tags', 'aiSdk'),
      span('langsmith.span.tags', 'langSmith'),
      span('lmnr.association.properties.tags', 'laminar'),
      span('tags', 'xtrace'),
      span('traceloop.association.properties.tags', 'traceloop'),
    ],
  },
  public: { rows: [span('langfuse.trace.public', 'langfuse'), span('langfuse.public', 'langfuseCompat')] },
} as const satisfies Record<string, FieldRule>;

/** A parameter of a model call by the key of a single attribute, where no prefix says that it is one. */
export const PARAMETER_KEYS: ReadonlyMap<string, string> = new Map([
  ['llm.temperature', 'temperature'],
  ['llm.top_p', 'top_p'],
  ['llm.top_k', 'top_k'],
  ['llm.frequency_penalty', 'frequency_penalty'],
  ['llm.presence_penalty', 'presence_penalty'],
  ['llm.chat.stop_sequences', 'stop_sequences'],
  ['llm.request.reasoning_effort', 'reasoning_effort'],
  ['llm.request.repetition_penalty', 'repetition_penalty'],
  ['llm.request.max_tokens', 'max_tokens'],
  ['gen_ai.openai.request.seed', 'seed'],
  ['gen_ai.openai.request.service_tier', 'service_tier'],
  ['gen_ai.openai.request.response_format', 'response_format'],
  ['openai.request.service_tier', 'service_tier'],
  ['langsmith.metadata.ls_temperature', 'temperature'],
  ['langsmith.metadata.ls_max_tokens', 'max_tokens'],
  ['langsmith.metadata.ls_stop', 'stop_sequences'],
]);

/** Members of requests that are no parameters: they have fields of their own, repeat the input, or are secret. */
export const NO_PARAMETERS: ReadonlySet<string> = new Set([
  ...['model', 'model_name', 'messages', 'input', 'prompt', 'system', 'contents', 'tools', 'functions', 'user'],
  ...['function_tools', 'output_tools', 'builtin_tools', 'api_key', 'headers', 'extra_headers', 'default_headers'],
]);
