import { OBSERVATION_TYPES, type ObservationType } from '../../domain/observation.js';
import { type ReadValue, type Row, span } from './otlp.rows.js';
import { unquote } from './otlp.values.js';

/** What a span was, in the words of each convention. An unknown word says nothing: the next row is asked. */

type Words = readonly (readonly [word: string, type: ObservationType])[];

/** Reads a word in any case. */
function oneOf(words: Words): ReadValue {
  const types = new Map(words);
  return (value) => (typeof value === 'string' ? (types.get(value) ?? types.get(value.toLowerCase())) : undefined);
}

/** A key that says it by being there. */
const always =
  (type: ObservationType): ReadValue =>
  () =>
    type;

const LANGFUSE: Words = OBSERVATION_TYPES.map((type) => [type.toLowerCase(), type]);

/** OpenInference, "Span Kinds". */
const OPENINFERENCE: Words = [
  ['llm', 'GENERATION'],
  ['embedding', 'EMBEDDING'],
  ['chain', 'CHAIN'],
  ['retriever', 'RETRIEVER'],
  // Langfuse has no type of its own for it: what it gives is documents, as a retriever does.
  ['reranker', 'RETRIEVER'],
  ['tool', 'TOOL'],
  ['agent', 'AGENT'],
  ['guardrail', 'GUARDRAIL'],
  ['evaluator', 'EVALUATOR'],
  ['prompt', 'SPAN'],
];

/** The standard's values, then those of LiteLLM (its call types), OpenLLMetry, the AI SDK and Google ADK. */
const OPERATIONS: Words = [
  ['chat', 'GENERATION'],
  ['text_completion', 'GENERATION'],
  ['generate_content', 'GENERATION'],
  ['embeddings', 'EMBEDDING'],
  ['retrieval', 'RETRIEVER'],
  ['execute_tool', 'TOOL'],
  ['create_agent', 'AGENT'],
  ['invoke_agent', 'AGENT'],
  ['invoke_workflow', 'CHAIN'],
  ['plan', 'CHAIN'],
  ['search_memory', 'RETRIEVER'],
  ['create_memory', 'SPAN'],
  ['update_memory', 'SPAN'],
  ['upsert_memory', 'SPAN'],
  ['delete_memory', 'SPAN'],
  ['completion', 'GENERATION'],
  ['acompletion', 'GENERATION'],
  ['atext_completion', 'GENERATION'],
  ['responses', 'GENERATION'],
  ['aresponses', 'GENERATION'],
  ['generate', 'GENERATION'],
  ['llm_request', 'GENERATION'],
  ['embedding', 'EMBEDDING'],
  ['aembedding', 'EMBEDDING'],
  ['rerank', 'RETRIEVER'],
  ['arerank', 'RETRIEVER'],
  ['vector_db_retrieve', 'RETRIEVER'],
  ['agent_step', 'CHAIN'],
  ['execute_task', 'CHAIN'],
  ['execute_node', 'CHAIN'],
];

const LANGSMITH: Words = [
  ['llm', 'GENERATION'],
  ['chain', 'CHAIN'],
  ['tool', 'TOOL'],
  ['retriever', 'RETRIEVER'],
  ['embedding', 'EMBEDDING'],
  ['prompt', 'SPAN'],
  ['parser', 'SPAN'],
];

const MLFLOW: Words = [
  ['llm', 'GENERATION'],
  ['chat_model', 'GENERATION'],
  ['agent', 'AGENT'],
  ['tool', 'TOOL'],
  ['chain', 'CHAIN'],
  ['workflow', 'CHAIN'],
  ['task', 'CHAIN'],
  ['retriever', 'RETRIEVER'],
  ['reranker', 'RETRIEVER'],
  ['embedding', 'EMBEDDING'],
  ['evaluator', 'EVALUATOR'],
  ['guardrail', 'GUARDRAIL'],
  ['parser', 'SPAN'],
  ['memory', 'SPAN'],
];

const LAMINAR: Words = [
  ['llm', 'GENERATION'],
  ['tool', 'TOOL'],
  ['executor', 'CHAIN'],
  ['evaluator', 'EVALUATOR'],
  ['human_evaluator', 'EVALUATOR'],
];

const GENKIT: Words = [
  ['model', 'GENERATION'],
  ['background-model', 'GENERATION'],
  ['embedder', 'EMBEDDING'],
  ['tool', 'TOOL'],
  ['tool.v2', 'TOOL'],
  ['retriever', 'RETRIEVER'],
  ['reranker', 'RETRIEVER'],
  ['evaluator', 'EVALUATOR'],
  ['flow', 'CHAIN'],
];

const TRACELOOP: Words = [
  ['workflow', 'CHAIN'],
  ['task', 'CHAIN'],
  ['agent', 'AGENT'],
  ['tool', 'TOOL'],
];

const REQUEST_TYPES: Words = [
  ['chat', 'GENERATION'],
  ['completion', 'GENERATION'],
  ['embedding', 'EMBEDDING'],
  ['rerank', 'RETRIEVER'],
];

const MCP_METHODS: Words = [
  ['tools/call', 'TOOL'],
  ['resources/read', 'RETRIEVER'],
];

const mlflowType: ReadValue = (value) => oneOf(MLFLOW)(unquote(value));

/** `ai.generateText`, `ai.streamText.doStream my-function`: the word says whether it is the call or what is around it. */
const aiSdkOperation: ReadValue = (value) => {
  if (typeof value !== 'string' || !value.startsWith('ai.')) return undefined;
  const operation = value.split(' ', 1)[0]!;
  if (/\.do(?:Generate|Stream)$/.test(operation)) return 'GENERATION';
  if (operation.endsWith('.doEmbed')) return 'EMBEDDING';
  if (operation === 'ai.toolCall') return 'TOOL';
  if (operation.startsWith('ai.rerank')) return 'RETRIEVER';
  // Around the calls: it repeats their usage and answer.
  return /^ai\.(?:generate|stream|embed)/.test(operation) ? 'SPAN' : undefined;
};

/** Haystack names the classes of its components: OpenAIGenerator, InMemoryBM25Retriever. */
const HAYSTACK_SUFFIXES: readonly (readonly [suffix: RegExp, type: ObservationType])[] = [
  [/Generator$/, 'GENERATION'],
  [/Embedder$/, 'EMBEDDING'],
  [/Retriever$/, 'RETRIEVER'],
  [/Ranker$/, 'RETRIEVER'],
  [/Evaluator$/, 'EVALUATOR'],
  [/^ToolInvoker$/, 'TOOL'],
  [/Agent$/, 'AGENT'],
];

const haystackComponent: ReadValue = (value) =>
  typeof value === 'string' ? HAYSTACK_SUFFIXES.find(([suffix]) => suffix.test(value))?.[1] : undefined;

const VECTOR_DATABASES: ReadonlySet<string> = new Set([
  ...['chroma', 'chromadb', 'lancedb', 'marqo', 'milvus', 'pinecone', 'qdrant', 'vespa', 'weaviate'],
]);

const vectorDatabase: ReadValue = (value) =>
  typeof value === 'string' && VECTOR_DATABASES.has(value.toLowerCase()) ? 'RETRIEVER' : undefined;

/** LangSmith reports retrievers with the operation "embeddings", so that this one word of its own goes first. */
const langSmithRetriever: ReadValue = (value) => (value === 'retriever' ? 'RETRIEVER' : undefined);

export const TYPE_ROWS: readonly Row[] = [
  span('langfuse.observation.type', 'langfuse', oneOf(LANGFUSE)),
  span('openinference.span.kind', 'openInference', oneOf(OPENINFERENCE)),
  span('langsmith.span.kind', 'langSmith', langSmithRetriever),
  span('gen_ai.operation.name', 'genAi', oneOf(OPERATIONS)),
  span('langsmith.span.kind', 'langSmith', oneOf(LANGSMITH)),
  span('mlflow.spanType', 'mlflow', mlflowType),
  span('lmnr.span.type', 'laminar', oneOf(LAMINAR)),
  span('genkit:metadata:subtype', 'genkit', oneOf(GENKIT)),
  span('ai.operationId', 'aiSdk', aiSdkOperation),
  span('operation.name', 'aiSdk', aiSdkOperation),
  span('traceloop.span.kind', 'traceloop', oneOf(TRACELOOP)),
  span('llm.request.type', 'traceloop', oneOf(REQUEST_TYPES)),
  span('gen_ai.tool.name', 'genAi', always('TOOL')),
  span('gen_ai.tool.call.id', 'genAi', always('TOOL')),
  span('mcp.method.name', 'mcp', oneOf(MCP_METHODS)),
  span('gcp.vertex.agent.tool_call_args', 'adk', always('TOOL')),
  span('flue.tool.name', 'flue', always('TOOL')),
  span('flue.tool.call_id', 'flue', always('TOOL')),
  span('flue.task.id', 'flue', always('AGENT')),
  span('flue.task.agent', 'flue', always('AGENT')),
  // It names a model, which is not called.
  span('anthropic.message.count_tokens.input_tokens', 'anthropic', always('SPAN')),
  span('haystack.component.type', 'haystack', haystackComponent),
  span('db.vector.query.top_k', 'traceloop', always('RETRIEVER')),
  span('db.system', 'traceloop', vectorDatabase),
  span('db.system.name', 'otel', vectorDatabase),
];

/** LiveKit says it by the names of its spans (livekit/agents, telemetry). */
export const LIVEKIT_SPANS: ReadonlyMap<string, ObservationType> = new Map([
  ['agent_session', 'AGENT'],
  ['agent_turn', 'AGENT'],
  ['start_agent_activity', 'AGENT'],
  ['function_tool', 'TOOL'],
  ['llm_request', 'GENERATION'],
]);
