import { asEnveloped, asToolContent } from './otlp.content-envelopes.js';
import {
  aiAnswer,
  aiPrompt,
  asAny,
  asDocuments,
  asEncoded,
  asEventList,
  asFlatMessages,
  asMessages,
  asParsed,
  asSent,
  asText,
  asVectors,
  embeddedTexts,
  flatVectors,
  type Reader,
  rerankerInput,
} from './otlp.content-readers.js';
import { type LeafPath, readLeafPath } from './otlp.unflatten.js';

/**
 * Which attributes state the input and output of an observation, in order of precedence: what the client shaped itself, the
 * fields that only tools, retrievals and embeddings have, messages from the standard to the oldest convention, frameworks,
 * and last what may hold anything. The first source that says something wins. To understand another convention, add a row.
 */

type Side = 'input' | 'output';

interface Source {
  readonly side: Side;
  /** Any of these, or of the lists, makes the source a candidate. Lists are given by their prefix. */
  readonly keys: readonly string[];
  readonly lists: readonly string[];
  /** Where its keys are defined. */
  readonly doc: string;
  readonly read: Reader | 'events';
  /** Of a model call it comes after all others: its messages say more. */
  readonly isLastOfCalls: boolean;
}

const SEMCONV = 'OpenTelemetry semantic conventions 1.41.1, docs/gen-ai';
const OPENINFERENCE = 'OpenInference, spec/semantic_conventions.md';
const TRACELOOP = 'OpenLLMetry 0.62, opentelemetry-semantic-conventions-ai';
const AI_SDK = 'Vercel AI SDK 4 to 6, packages/ai/core/telemetry';
const PYDANTIC = 'Pydantic AI, models/instrumented.py; Logfire, integrations';
const ADK = 'Google ADK, telemetry/tracing.py';
const OPENLIT = 'OpenLIT, semcov';
const LIVEKIT = 'LiveKit Agents, telemetry/trace_types.py';
const FLUE = 'Flue, @flue/opentelemetry';
const OTHERS = 'MLflow, Laminar, Haystack, Genkit and CrewAI, their tracers';

const from = (side: Side, doc: string, key: string, read: Reader): Source => ({
  side,
  keys: [key],
  lists: [],
  doc,
  read,
  isLastOfCalls: false,
});
const fromList = (side: Side, doc: string, list: string, read: Reader): Source => ({
  ...from(side, doc, '', read),
  keys: [],
  lists: [list],
});
const notOfCalls = (source: Source): Source => ({ ...source, isLastOfCalls: true });
const fromEvents = (side: Side): Source => ({
  side,
  keys: [],
  lists: [],
  doc: SEMCONV,
  read: 'events',
  isLastOfCalls: false,
});

const both = (doc: string, input: string, output: string, reader: (key: string) => Reader): Source[] => [
  from('input', doc, input, reader(input)),
  from('output', doc, output, reader(output)),
];

const flat = (side: Side, doc: string, list: string, toolsList?: string): Source =>
  fromList(side, doc, list, asFlatMessages(list, side === 'input' ? 'user' : 'assistant', toolsList));

const SYSTEM = 'gen_ai.system_instructions';
const INPUT_MESSAGES = 'gen_ai.input.messages';
const OUTPUT_MESSAGES = 'gen_ai.output.messages';
const ARGUMENTS = 'gen_ai.tool.call.arguments';
const RESULT = 'gen_ai.tool.call.result';
const COMPLETION_LIST = 'gen_ai.completion.';
const AI_ANSWER_KEYS = ['text', 'object', 'toolCalls', 'reasoning', 'files'];

export const SOURCES: readonly Source[] = [
  ...both(
    'Langfuse, packages/core/src/constants.ts',
    'langfuse.observation.input',
    'langfuse.observation.output',
    asSent,
  ),

  // --- tools ---
  ...[
    from('input', SEMCONV, ARGUMENTS, asToolContent(ARGUMENTS, 'traceloop.entity.input')),
    from('output', SEMCONV, RESULT, asToolContent(RESULT, 'traceloop.entity.output')),
    ...both(AI_SDK, 'ai.toolCall.args', 'ai.toolCall.result', asParsed),
    ...both(PYDANTIC, 'tool_arguments', 'tool_response', asSent),
    ...both(ADK, 'gcp.vertex.agent.tool_call_args', 'gcp.vertex.agent.tool_response', asSent),
    ...both(OPENLIT, 'gen_ai.tool.input', 'gen_ai.tool.output', asSent),
    from('input', OPENLIT, 'gen_ai.tool.args', asSent('gen_ai.tool.args')),
    ...both(TRACELOOP, 'mcp.request.argument', 'mcp.response.value', asSent),
    from('output', LIVEKIT, 'lk.function_tool.output', asSent('lk.function_tool.output')),
    ...both(FLUE, 'flue.tool.arguments', 'flue.tool.result', asSent),
  ].map(notOfCalls),

  // --- retrievals, rerankers, embeddings ---
  {
    ...fromList('input', OPENINFERENCE, 'reranker.input_documents.', rerankerInput),
    keys: ['reranker.query'],
  },
  fromList('output', OPENINFERENCE, 'reranker.output_documents.', asDocuments('reranker.output_documents.')),
  from('input', SEMCONV, 'gen_ai.retrieval.query.text', asText('gen_ai.retrieval.query.text')),
  from('input', OPENLIT, 'gen_ai.retrieval.query', asText('gen_ai.retrieval.query')),
  from('output', SEMCONV, 'gen_ai.retrieval.documents', asSent('gen_ai.retrieval.documents')),
  fromList('output', OPENINFERENCE, 'retrieval.documents.', asDocuments('retrieval.documents.')),
  fromList('input', OPENINFERENCE, 'embedding.embeddings.', embeddedTexts),
  fromList('output', OPENINFERENCE, 'embedding.embeddings.', flatVectors),
  from('input', AI_SDK, 'ai.value', asParsed('ai.value')),
  from('input', AI_SDK, 'ai.values', asParsed('ai.values')),
  from('output', AI_SDK, 'ai.embedding', asVectors('ai.embedding')),
  from('output', AI_SDK, 'ai.embeddings', asVectors('ai.embeddings')),
  from('input', AI_SDK, 'ai.documents', asParsed('ai.documents')),
  from('output', AI_SDK, 'ai.ranking', asParsed('ai.ranking')),

  // --- messages ---
  {
    ...from('input', SEMCONV, INPUT_MESSAGES, asMessages(INPUT_MESSAGES, SYSTEM, 'gen_ai.tool.definitions')),
    keys: [INPUT_MESSAGES, SYSTEM],
  },
  from('output', SEMCONV, OUTPUT_MESSAGES, asMessages(OUTPUT_MESSAGES, undefined, undefined, COMPLETION_LIST)),
  fromEvents('input'),
  fromEvents('output'),
  notOfCalls(from('input', OPENINFERENCE, 'input.value', asAny('input.value', 'input.mime_type'))),
  notOfCalls(from('output', OPENINFERENCE, 'output.value', asAny('output.value', 'output.mime_type'))),
  flat('input', OPENINFERENCE, 'llm.input_messages.', 'llm.tools.'),
  flat('output', OPENINFERENCE, 'llm.output_messages.'),
  flat('input', `${OPENINFERENCE}; ${TRACELOOP}`, 'llm.prompts.', 'llm.request.functions.'),
  flat('output', OPENINFERENCE, 'llm.choices.'),
  flat('output', TRACELOOP, 'llm.completions.'),
  flat('input', TRACELOOP, 'gen_ai.prompt.', 'llm.request.functions.'),
  flat('output', TRACELOOP, COMPLETION_LIST),
  flat('input', 'LiteLLM, integrations/opentelemetry.py', 'SpanAttributes.LLM_PROMPTS.'),
  flat('output', 'LiteLLM, integrations/opentelemetry.py', 'SpanAttributes.LLM_COMPLETIONS.'),
  from('input', AI_SDK, 'ai.prompt.messages', asMessages('ai.prompt.messages', undefined, 'ai.prompt.tools')),
  from('input', AI_SDK, 'ai.prompt', aiPrompt),
  ...['ai.response.', 'ai.result.'].map((prefix) => ({
    ...from('output', AI_SDK, '', aiAnswer(prefix)),
    keys: AI_ANSWER_KEYS.map((name) => prefix + name),
  })),

  // --- frameworks ---
  ...both(ADK, 'gcp.vertex.agent.llm_request', 'gcp.vertex.agent.llm_response', asMessages),
  from('input', ADK, 'gcp.vertex.agent.data', asAny('gcp.vertex.agent.data')),
  ...both(OTHERS, 'genkit:input', 'genkit:output', asAny),
  from('input', PYDANTIC, 'pydantic_ai.all_messages', asMessages('pydantic_ai.all_messages')),
  from('output', PYDANTIC, 'final_result', asSent('final_result')),
  from('input', PYDANTIC, 'all_messages_events', asEventList('all_messages_events', 'input')),
  from('input', PYDANTIC, 'events', asEventList('events', 'input')),
  from('output', PYDANTIC, 'events', asEventList('events', 'output')),
  ...both(PYDANTIC, 'request_data', 'response_data', asAny),
  from('input', LIVEKIT, 'lk.chat_ctx', asMessages('lk.chat_ctx')),
  from('input', LIVEKIT, 'lk.user_input', asText('lk.user_input')),
  from('input', LIVEKIT, 'lk.user_transcript', asText('lk.user_transcript')),
  from('input', LIVEKIT, 'lk.input_text', asText('lk.input_text')),
  from('output', LIVEKIT, 'lk.response.text', asText('lk.response.text')),
  ...both(FLUE, 'flue.turn.input', 'flue.turn.output', asMessages),
  ...both(FLUE, 'flue.task.prompt', 'flue.task.result', asAny),
  ...both(FLUE, 'flue.workflow.payload', 'flue.workflow.result', asAny),
  from('output', FLUE, 'flue.operation.result', asAny('flue.operation.result')),
  ...both(OTHERS, 'mlflow.spanInputs', 'mlflow.spanOutputs', asEncoded),
  ...both(OTHERS, 'lmnr.span.input', 'lmnr.span.output', asAny),
  ...both(OTHERS, 'haystack.component.input', 'haystack.component.output', asAny),
  ...both(OTHERS, 'haystack.pipeline.input_data', 'haystack.pipeline.output_data', asAny),
  ...both(OPENLIT, 'gen_ai.workflow.input', 'gen_ai.workflow.output', asAny),
  ...both(TRACELOOP, 'gen_ai.task.input', 'gen_ai.task.output', asEnveloped),
  from('output', OTHERS, 'crew_output', asSent('crew_output')),

  // --- anything ---
  ...both(TRACELOOP, 'traceloop.entity.input', 'traceloop.entity.output', asEnveloped),
  from('input', OPENINFERENCE, 'tool.parameters', asSent('tool.parameters')),
  // Deprecated by the standard, still LangSmith's.
  ...both(SEMCONV, 'gen_ai.prompt', 'gen_ai.completion', asAny),
  from('input', PYDANTIC, 'prompt', asAny('prompt')),
  ...both('none: what people choose themselves', 'input', 'output', asAny),
];

/** The keys that state one side, those that win first; of lists the prefix with a star. */
export function contentKeys(side: Side): string[] {
  return SOURCES.filter((source) => source.side === side).flatMap(({ keys, lists, read }) => [
    ...keys,
    ...lists.map((list) => `${list}*`),
    ...(read === 'events' ? ['events of the span that carry messages'] : []),
  ]);
}

/** Attributes that belong to a source without making it one. */
const COMPANIONS: ReadonlySet<string> = new Set([
  ...['gen_ai.tool.definitions', 'ai.prompt.tools', 'ai.response.finishReason', 'input.mime_type', 'output.mime_type'],
]);
const COMPANION_LISTS: readonly string[] = ['llm.tools.', 'llm.request.functions.'];

/** For an index into `SOURCES`: where it stands for a model call, and for any other observation. Lower comes first. */
export interface Ranks {
  readonly generation: readonly number[];
  readonly other: readonly number[];
}

const LAST = SOURCES.length;
// `input.value` of a model call repeats its messages with the parameters; tools it mentions are those it was answered with.
export const RANKS: Ranks = {
  generation: SOURCES.map(({ isLastOfCalls }, i) => (isLastOfCalls ? LAST + i : i)),
  other: SOURCES.map((_, i) => i),
};

/** The sources that read span events, by side. */
export const EVENT_SOURCES: readonly number[] = SOURCES.flatMap(({ read }, i) => (read === 'events' ? [i] : []));

/** What a key says about content. */
export interface ContentKey {
  /** Indexes into `SOURCES`; none for a companion. */
  readonly sources: readonly number[];
  /** Of a leaf: the list it belongs to and its place in it. */
  readonly list: string | undefined;
  readonly path: LeafPath | undefined;
}

const BY_KEY = new Map<string, ContentKey>();
const LISTS = new Map<string, readonly number[]>(COMPANION_LISTS.map((list) => [list, []]));
for (const key of COMPANIONS) BY_KEY.set(key, { sources: [], list: undefined, path: undefined });
for (const [i, { keys, lists }] of SOURCES.entries()) {
  for (const key of keys) {
    BY_KEY.set(key, { sources: [...(BY_KEY.get(key)?.sources ?? []), i], list: undefined, path: undefined });
  }
  for (const list of lists) LISTS.set(list, [...(LISTS.get(list) ?? []), i]);
}
/** First segments of lists: other keys need no comparison with the prefixes. */
const LIST_SEGMENTS = new Set([...LISTS.keys()].map((list) => list.slice(0, list.indexOf('.'))));

// Keys repeat in every span. Bounded, because clients choose them: when full it starts afresh.
const MAX_KNOWN_KEYS = 8192;
const MAX_KNOWN_KEY_LENGTH = 128;
const knownKeys = new Map<string, ContentKey | null>();

/** What the table says about a key; null for keys that are no content. */
export function contentKeyOf(key: string): ContentKey | null {
  const known = knownKeys.get(key);
  if (known !== undefined) return known;
  const found = BY_KEY.get(key) ?? readListKey(key);
  if (key.length <= MAX_KNOWN_KEY_LENGTH) {
    if (knownKeys.size >= MAX_KNOWN_KEYS) knownKeys.clear();
    knownKeys.set(key, found);
  }
  return found;
}

function readListKey(key: string): ContentKey | null {
  if (!LIST_SEGMENTS.has(key.slice(0, key.indexOf('.')))) return null;
  for (const [list, sources] of LISTS) {
    if (!key.startsWith(list)) continue;
    const path = readLeafPath(key.slice(list.length));
    return path === undefined ? null : { sources, list, path };
  }
  return null;
}
