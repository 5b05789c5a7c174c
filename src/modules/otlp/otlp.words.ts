import { type Level } from '../../domain/observation.js';
import { toRunState } from '../../domain/run-state.js';
import { toStepType } from '../../domain/step.js';
import { type ReadValue } from './otlp.rows.js';
import { type AttributeValue } from './otlp.span.js';
import { parseContainer, toMembers, unquote } from './otlp.values.js';

/** The words of the conventions, brought to the closed lists of the domain. An unknown word says nothing: the next row is asked. */

/** Words of log levels in other systems (Langfuse server, server/otel). */
const LEVELS: ReadonlyMap<string, Level> = new Map([
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

export const readLevelWord: ReadValue = (value) => {
  const word = unquote(value);
  return typeof word === 'string' ? LEVELS.get(word.toUpperCase()) : undefined;
};

/** The status of a tool as Strands tells it: only a failure says something. */
export const readToolStatus: ReadValue = (value) =>
  typeof value === 'string' && value.toLowerCase() === 'error' ? 'ERROR' : undefined;

export const readStepType: ReadValue = (value) => (typeof value === 'string' ? toStepType(value) : undefined);

export const readRunState: ReadValue = (value) => (typeof value === 'string' ? toRunState(value) : undefined);

/** Operations that say what kind of step it was where the observation's type does not. */
const STEP_OPERATIONS: ReadonlyMap<AttributeValue, string> = new Map([
  ['plan', 'planner'],
  ['create_memory', 'memory_write'],
  ['update_memory', 'memory_write'],
  ['upsert_memory', 'memory_write'],
  ['delete_memory', 'memory_write'],
]);

export const readStepOperation: ReadValue = (value) => STEP_OPERATIONS.get(value);

const MAX_ENVIRONMENT_LENGTH = 40;
/** Words cut off in front, as they name Langfuse's own environments. */
const RESERVED_PREFIX = /^(?:langfuse[-_]?)+/;
const ENVIRONMENT = /^[a-z0-9_-]+$/;

/** Langfuse's rule for environments: lower case letters, digits, - and _; undefined when nothing valid is left. */
export const readEnvironmentWord: ReadValue = (value) => {
  if (typeof value !== 'string') return undefined;
  const environment = value.slice(0, 1000).toLowerCase().replace(RESERVED_PREFIX, '').slice(0, MAX_ENVIRONMENT_LENGTH);
  return ENVIRONMENT.test(environment) ? environment : undefined;
};

/** Names of providers in other conventions → `gen_ai.provider.name` (semantic conventions, "Deprecated"; OpenInference; AI SDK). */
const PROVIDERS: ReadonlyMap<string, string> = new Map([
  ['amazon-bedrock', 'aws.bedrock'],
  ['aws', 'aws.bedrock'],
  ['aws_bedrock', 'aws.bedrock'],
  ['bedrock', 'aws.bedrock'],
  ['bedrock_converse', 'aws.bedrock'],
  ['az.ai.inference', 'azure.ai.inference'],
  ['az.ai.openai', 'azure.ai.openai'],
  ['azure', 'azure.ai.openai'],
  ['azure-openai', 'azure.ai.openai'],
  ['azure_openai', 'azure.ai.openai'],
  ['gemini', 'gcp.gemini'],
  ['google_genai', 'gcp.gen_ai'],
  ['google', 'gcp.gen_ai'],
  ['gcp.vertex.agent', 'gcp.vertex_ai'],
  ['google_vertexai', 'gcp.vertex_ai'],
  ['vertex', 'gcp.vertex_ai'],
  ['vertex_ai', 'gcp.vertex_ai'],
  ['vertexai', 'gcp.vertex_ai'],
  ['watsonx', 'ibm.watsonx.ai'],
  ['mistral', 'mistral_ai'],
  ['mistralai', 'mistral_ai'],
  ['moonshot', 'moonshot_ai'],
  ['xai', 'x_ai'],
]);

/** Frameworks that name themselves where the provider belongs. */
const FRAMEWORKS: ReadonlySet<string> = new Set([
  ...['langchain', 'langgraph', 'llamaindex', 'llama_index', 'crewai', 'autogen', 'haystack', 'dspy', 'agno'],
  ...['strands-agents', 'pydantic-ai', 'semantic_kernel', 'microsoft.agent_framework', 'litellm', 'mcp', 'unknown'],
]);

/** Kinds of model that the AI SDK puts behind the provider's name. */
const AI_SDK_KIND = /\.(?:chat|completion|responses|messages|embedding|image)$/;

export const readProvider: ReadValue = (value) => {
  const word = unquote(value);
  if (typeof word !== 'string') return undefined;
  const name = word.trim().toLowerCase();
  // The AI SDK puts its own name of the provider into the standard's key.
  if (AI_SDK_KIND.test(name)) return readAiSdkProvider(name);
  return name === '' || FRAMEWORKS.has(name) ? undefined : (PROVIDERS.get(name) ?? name);
};

/** The AI SDK adds the kind of model after the provider's name: `openai.chat`, `google.vertex.chat`. */
export const readAiSdkProvider: ReadValue = (value) => {
  if (typeof value !== 'string') return undefined;
  if (value.startsWith('google.vertex')) return 'gcp.vertex_ai';
  if (value.startsWith('google.generative-ai')) return 'gcp.gemini';
  return readProvider(value.split('.', 1)[0]!);
};

/** Finish reasons as one text: from a list, JSON text of a list, or a word. */
export const readFinishReason: ReadValue = (value) => {
  const word = unquote(value);
  // LiteLLM writes the list as Python shows it: ['stop'].
  const text = typeof word === 'string' && word.startsWith("['") ? word.replaceAll("'", '"') : word;
  const parsed = typeof text === 'string' ? (parseContainer(text) ?? text) : text;
  const reasons = (Array.isArray(parsed) ? (parsed as unknown[]) : [parsed]).filter(
    (reason): reason is string => typeof reason === 'string' && reason !== '',
  );
  return reasons.length === 0 ? undefined : [...new Set(reasons)].join(',');
};

/** A count of attempts, as a number or its digits. */
export const readIndex: ReadValue = (value) => {
  const index = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  return typeof index === 'number' && Number.isSafeInteger(index) && index >= 0 ? index : undefined;
};

/** Reads `value` only if the JSON it holds has a member `name` that is text or a number. */
export const memberOf =
  (name: string): ReadValue =>
  (value) => {
    const found = toMembers(value)?.get(name);
    return typeof found === 'string' || typeof found === 'number' ? found : undefined;
  };

/** The first of the prompts that MLflow links: a JSON list of `{name, version}`. */
export const linkedPrompt =
  (name: 'name' | 'version'): ReadValue =>
  (value) => {
    const word = unquote(value);
    const list: unknown = typeof word === 'string' ? parseContainer(word) : word;
    const first: unknown = Array.isArray(list) ? list[0] : undefined;
    const found =
      typeof first === 'object' && first !== null && Object.hasOwn(first, name)
        ? (first as Record<string, unknown>)[name]
        : undefined;
    return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
  };

export const readQuoted: ReadValue = (value) => unquote(value);

/** A duration in seconds, as a number or its digits. */
export const readSeconds: ReadValue = (value) => {
  const seconds = typeof value === 'string' && value.length <= 32 ? Number(value) : value;
  return typeof seconds === 'number' && seconds >= 0 && seconds < Infinity ? seconds : undefined;
};

/** A duration in milliseconds, in seconds. */
export const readMilliseconds: ReadValue = (value) => {
  const milliseconds = readSeconds(value);
  return typeof milliseconds === 'number' ? milliseconds / 1000 : undefined;
};
