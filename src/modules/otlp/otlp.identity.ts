import { both, everywhere, type FieldRule, member, notOfBrowsers, pairedEverywhere, span } from './otlp.rows.js';
import { readIndex, readQuoted, readRunState, readStepOperation, readStepType } from './otlp.words.js';

/**
 * Whose work a span was: session, user, turn, run and step. Only what a client states; nothing is guessed from content
 * or time. Two keys that look like it are left out on purpose: `langsmith.trace.session_id` is a project, and
 * `mcp.session.id` the connection of a transport. `session.id` of a page in a browser is a visit: whether a model is
 * called anywhere in its trace is known only when all of it has come, so that it never counts, in whatever order it comes.
 */
export const IDENTITY_RULES = {
  userId: {
    rows: [
      span('langfuse.user.id', 'langfuseCompat'),
      span('user.id', 'langfuse'),
      span('enduser.id', 'otel'),
      span('langfuse.observation.metadata.langfuse_user_id', 'langfuseCompat', readQuoted),
      span('langfuse.trace.metadata.langfuse_user_id', 'langfuseCompat', readQuoted),
      member('langfuse.observation.metadata', 'langfuse_user_id', 'langfuseCompat'),
      member('langfuse.trace.metadata', 'langfuse_user_id', 'langfuseCompat'),
      member('metadata', 'langfuse_user_id', 'langfuseCompat'),
      ...everywhere(['user_id']),
      span('traceloop.association.properties.customer_id', 'traceloop'),
      span('mlflow.trace.user', 'mlflow', readQuoted),
      span('gen_ai.user.id', 'openLit'),
      span('gen_ai.user', 'traceloop'),
      span('llm.user', 'traceloop'),
      span('gen_ai.request.user', 'openLit'),
      span('metadata.user_api_key_end_user_id', 'liteLlm'),
      span('metadata.user_api_key_user_id', 'liteLlm'),
    ],
  },
  sessionId: {
    rows: [
      span('langfuse.session.id', 'langfuseCompat'),
      notOfBrowsers(span('session.id', 'langfuse')),
      span('gen_ai.conversation.id', 'genAi'),
      span('langfuse.observation.metadata.langfuse_session_id', 'langfuseCompat', readQuoted),
      span('langfuse.trace.metadata.langfuse_session_id', 'langfuseCompat', readQuoted),
      member('langfuse.observation.metadata', 'langfuse_session_id', 'langfuseCompat'),
      member('langfuse.trace.metadata', 'langfuse_session_id', 'langfuseCompat'),
      member('metadata', 'langfuse_session_id', 'langfuseCompat'),
      // Grafana Faro 1 wrote `session_id` beside `session.id`.
      ...everywhere(['session_id']).map((row) => (row.key === 'session_id' ? notOfBrowsers(row) : row)),
      span('traceloop.association.properties.thread_id', 'traceloop'),
      span('traceloop.association.properties.conversation_id', 'traceloop'),
      span('traceloop.association.properties.chat_id', 'traceloop'),
      span('langsmith.metadata.thread_id', 'langSmith'),
      span('langsmith.metadata.conversation_id', 'langSmith'),
      span('ai.telemetry.metadata.threadId', 'aiSdk'),
      span('ai.telemetry.metadata.chatId', 'aiSdk'),
      span('mlflow.trace.session', 'mlflow', readQuoted),
      span('gcp.vertex.agent.session_id', 'adk'),
      span('gen_ai.session.id', 'openLit'),
      span('gen_ai.agent.session_id', 'openLit'),
      span('thread_id', 'langGraph'),
      member('metadata', 'thread_id', 'langGraph'),
    ],
  },
  turnId: { rows: everywhere(['turn_id', 'message_id']) },
  runId: {
    rows: [
      ...everywhere(['run_id']),
      span('gcp.vertex.agent.invocation_id', 'adk'),
      span('adk.node.run_id', 'adk'),
      span('langsmith.trace.id', 'langSmith'),
      span('mlflow.traceRequestId', 'mlflow', readQuoted),
    ],
  },
  stepId: {
    rows: [
      ...everywhere(['step_id']),
      span('event_loop.cycle_id', 'strands'),
      span('agent_loop.cycle_id', 'strands'),
      // A step of LangGraph may run several nodes.
      ...pairedEverywhere('langgraph_step', 'langgraph_node', 'langGraph'),
      span('gen_ai.task.id', 'traceloop'),
      span('graph.node.id', 'openInference'),
      span('adk.node.path', 'adk'),
    ],
  },
  parentStepId: {
    rows: [
      ...everywhere(['parent_step_id']),
      span('event_loop.parent_cycle_id', 'strands'),
      span('graph.node.parent_id', 'openInference'),
      span('gen_ai.task.parent.id', 'traceloop'),
      span('langsmith.span.parent_id', 'langSmith'),
    ],
  },
  stepType: {
    rows: [...everywhere(['step_type'], readStepType), span('gen_ai.operation.name', 'genAi', readStepOperation)],
  },
  attemptIndex: {
    rows: [
      ...everywhere(['attempt_index'], readIndex),
      span('adk.node.attempt', 'adk', readIndex),
      span('http.request.resend_count', 'otel', readIndex),
    ],
  },
  runState: {
    rows: [
      ...everywhere(['run_status'], readRunState),
      span('xtrace.status', 'xtrace', readRunState),
      span('adk.node.status', 'adk', readRunState),
      span('gen_ai.task.status', 'traceloop', readRunState),
    ],
  },
  asRoot: { rows: [span('langfuse.internal.as_root', 'langfuse')] },
  isAppRoot: { rows: [span('langfuse.internal.is_app_root', 'langfuse')] },
  service: { rows: [both('service.name', 'otel')] },
} as const satisfies Record<string, FieldRule>;
