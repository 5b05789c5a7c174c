import { type Level, type ObservationType } from '../../domain/observation.js';
import { type Picks } from './otlp.attributes.js';

/** The words of the conventions, brought to the closed lists of the domain. An unknown word says nothing: the next source is asked. */

const LANGFUSE_TYPES: ReadonlyMap<string, ObservationType> = new Map([
  ['SPAN', 'SPAN'],
  ['GENERATION', 'GENERATION'],
  ['EVENT', 'EVENT'],
  ['EMBEDDING', 'EMBEDDING'],
  ['AGENT', 'AGENT'],
  ['TOOL', 'TOOL'],
  ['CHAIN', 'CHAIN'],
  ['RETRIEVER', 'RETRIEVER'],
  ['EVALUATOR', 'EVALUATOR'],
  ['GUARDRAIL', 'GUARDRAIL'],
]);

/** OpenInference, "Span Kinds". Kinds without a type of their own are plain spans; their word stays in the raw attributes. */
const OPENINFERENCE_KINDS: ReadonlyMap<string, ObservationType> = new Map([
  ['LLM', 'GENERATION'],
  ['EMBEDDING', 'EMBEDDING'],
  ['CHAIN', 'CHAIN'],
  ['RETRIEVER', 'RETRIEVER'],
  ['RERANKER', 'SPAN'],
  ['TOOL', 'TOOL'],
  ['AGENT', 'AGENT'],
  ['GUARDRAIL', 'GUARDRAIL'],
  ['EVALUATOR', 'EVALUATOR'],
  ['PROMPT', 'SPAN'],
]);

/** `gen_ai.operation.name`: the standard's values, then those of LiteLLM (call types) and of agent frameworks. */
const OPERATIONS: ReadonlyMap<string, ObservationType> = new Map([
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
  ['generate', 'GENERATION'],
  ['embedding', 'EMBEDDING'],
  ['aembedding', 'EMBEDDING'],
  ['rerank', 'SPAN'],
  ['vector_db_retrieve', 'RETRIEVER'],
  ['agent_step', 'CHAIN'],
  ['execute_task', 'CHAIN'],
  ['execute_node', 'CHAIN'],
]);

/** What a span was, by its explicit type, its kind, its operation, or else by what it carries. */
export function readType(picks: Picks, isOldPythonSdk: boolean): ObservationType {
  const type = lookUp(LANGFUSE_TYPES, picks.text('type')?.toUpperCase());
  if (type !== undefined) {
    picks.use('type');
    return type === 'SPAN' && isOldPythonSdk && hasGenerationFields(picks) ? 'GENERATION' : type;
  }
  const kind = lookUp(OPENINFERENCE_KINDS, picks.text('spanKind')?.toUpperCase());
  if (kind !== undefined) return kind;
  const operation = lookUp(OPERATIONS, picks.text('operation'));
  if (operation !== undefined) return operation;
  if (picks.get('toolHint') !== undefined) return 'TOOL';
  return picks.get('model') === undefined ? 'SPAN' : 'GENERATION';
}

function lookUp<T>(words: ReadonlyMap<string, T>, word: string | undefined): T | undefined {
  return word === undefined ? undefined : words.get(word);
}

function hasGenerationFields(picks: Picks): boolean {
  return GENERATION_FIELDS.some((field) => picks.get(field) !== undefined);
}

const GENERATION_FIELDS = [
  'model',
  'costDetails',
  'usageDetails',
  'completionStartTime',
  'modelParameters',
  'promptName',
  'promptVersion',
] as const;

/** Langfuse's Python SDK up to 3.3 sends generations with the type "span". */
export function sendsGenerationsAsSpans(scopeVersion: string): boolean {
  const [major, minor] = scopeVersion.split('.', 2).map(Number);
  return major !== undefined && minor !== undefined && (major < 3 || (major === 3 && minor <= 3));
}

/** Words of log levels in other systems (Langfuse server, server/otel). */
const LEVEL_WORDS: ReadonlyMap<string, Level> = new Map([
  ['DEBUG', 'DEBUG'],
  ['TRACE', 'DEBUG'],
  ['VERBOSE', 'DEBUG'],
  ['DEFAULT', 'DEFAULT'],
  ['INFO', 'DEFAULT'],
  ['LOG', 'DEFAULT'],
  ['NOTICE', 'DEFAULT'],
  ['OK', 'DEFAULT'],
  ['SUCCESS', 'DEFAULT'],
  ['WARNING', 'WARNING'],
  ['WARN', 'WARNING'],
  ['ERROR', 'ERROR'],
  ['FATAL', 'ERROR'],
  ['CRITICAL', 'ERROR'],
]);

/** Status code of a span that failed (OTLP, Status.StatusCode). */
export const STATUS_ERROR = 2;

/** Undefined where nothing is said: the default level is applied on reading. */
export function readLevel(picks: Picks, statusCode: number): Level | undefined {
  const level = lookUp(LEVEL_WORDS, picks.text('level')?.toUpperCase());
  if (level !== undefined) {
    picks.use('level');
    return level;
  }
  return statusCode === STATUS_ERROR ? 'ERROR' : undefined;
}

const MAX_ENVIRONMENT_LENGTH = 40;
/** Words cut off in front, as they name Langfuse's own environments. */
const RESERVED_PREFIX = /^(?:langfuse[-_]?)+/;
const ENVIRONMENT = /^[a-z0-9_-]+$/;

/** Langfuse's rule for environments: lower case letters, digits, - and _; undefined when nothing valid is left. */
export function readEnvironment(picks: Picks): string | undefined {
  const stated = picks.text('environment');
  if (stated === undefined) return undefined;
  const environment = stated.toLowerCase().replace(RESERVED_PREFIX, '').slice(0, MAX_ENVIRONMENT_LENGTH);
  if (!ENVIRONMENT.test(environment)) return undefined;
  // Otherwise the raw attribute is kept, since what is stored differs from what was sent.
  if (environment === stated) picks.use('environment');
  return environment;
}
