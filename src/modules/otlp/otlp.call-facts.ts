import { toIndexableText } from '../../domain/identifier.js';
import { type JsonText, toJsonText } from '../../domain/json.js';
import { type ObservationType, type UsageDetails } from '../../domain/observation.js';
import { type Contents } from './otlp.content.js';
import { firstMember, isObject, member, membersOf, textMember, writeMembers } from './otlp.members.js';
import { type Sources } from './otlp.picks.js';
import { readUsageObject } from './otlp.usage.js';
import { isStorableJson, toStorableJson } from './otlp.values.js';

/**
 * What a model call's input and output say of the call besides its messages. Some instrumentations pass on the request and
 * the response as they are (MLflow, Haystack, Google ADK) and state model, tokens and parameters nowhere else; the finish
 * reason belongs to a message in the standard. Asked only for what no attribute states, because it parses the content once more.
 */

/** What is known of a call, or to be found. */
export interface CallFacts {
  readonly model: string | undefined;
  readonly requestedModel: string | undefined;
  readonly finishReason: string | undefined;
  readonly modelParameters: JsonText | undefined;
  readonly usage: UsageDetails | undefined;
  /** How its tokens were counted. */
  readonly counting: JsonText | undefined;
}

/** Where the answer itself, or the last message of it, keeps what is said of the call (Haystack, LangChain). */
const HOLDERS = ['meta', 'response_metadata', 'generation_info', 'llm_output'];
const MODEL_KEYS = ['model', 'model_name', 'model_id', 'model_version', 'modelVersion'];
const USAGE_KEYS = ['usage', 'usage_metadata', 'usageMetadata', 'token_usage', 'tokenUsage'];
const FINISH_KEYS = ['finish_reason', 'stop_reason'];

/** Where requests keep their parameters, besides their own members (Haystack, Gemini, Google ADK, Ollama). */
const PARAMETER_HOLDERS = ['generation_kwargs', 'generation_config', 'generationConfig', 'config', 'options'];
/** Names of parameters in the APIs of OpenAI, Anthropic, Gemini, Mistral, Cohere, Ollama, Bedrock and vLLM. */
const PARAMETERS: ReadonlySet<string> = new Set([
  ...['temperature', 'top_p', 'topP', 'top_k', 'topK', 'min_p', 'seed', 'n', 'candidate_count', 'candidateCount'],
  ...['max_tokens', 'maxTokens', 'max_completion_tokens', 'max_output_tokens', 'maxOutputTokens', 'num_predict'],
  ...['frequency_penalty', 'presence_penalty', 'repetition_penalty', 'frequencyPenalty', 'presencePenalty'],
  ...['stop', 'stop_sequences', 'stopSequences', 'stream', 'logprobs', 'top_logprobs', 'reasoning_effort'],
  ...['service_tier', 'parallel_tool_calls', 'verbosity', 'dimensions', 'encoding_format'],
]);

/** The facts that `contents` add to those that are known. What filled them is noted in `noted`. */
export function completeFacts(
  known: CallFacts,
  contents: Contents,
  { type, scopeName }: { readonly type: ObservationType; readonly scopeName: string },
  noted: Sources,
): CallFacts {
  if (type !== 'GENERATION' && type !== 'EMBEDDING') return known;
  const answer = readAnswer(known, contents, scopeName);
  const request = readRequest(known, contents);
  if (answer === undefined && request === undefined) return known;
  const found: CallFacts = {
    ...known,
    model: known.model ?? answer?.model ?? request?.model,
    requestedModel: known.requestedModel ?? request?.model,
    finishReason: known.finishReason ?? answer?.finishReason,
    modelParameters: known.modelParameters ?? request?.modelParameters,
    ...(known.usage === undefined ? { usage: answer?.usage, counting: answer?.counting } : {}),
  };
  for (const field of FIELDS) {
    if (known[field] !== undefined || found[field] === undefined) continue;
    const isOfAnswer = answer !== undefined && field in answer && answer[field as keyof Answer] !== undefined;
    noted.set(field, (isOfAnswer ? contents.outputSources : contents.inputSources).join(', '));
  }
  return found;
}

const FIELDS = ['model', 'requestedModel', 'finishReason', 'modelParameters', 'usage'] as const;

type Answer = Pick<CallFacts, 'model' | 'finishReason' | 'usage' | 'counting'>;

/** Undefined where nothing is wanted of it, or it has none of it. */
function readAnswer(known: CallFacts, contents: Contents, scopeName: string): Answer | undefined {
  const { output, outputSources } = contents;
  if (output === undefined || isClients(outputSources)) return undefined;
  const isWanted =
    (known.finishReason === undefined && output.includes('_reason"')) ||
    (known.model === undefined && output.includes('"model')) ||
    (known.usage === undefined && /"(?:token_?)?usage/i.test(output));
  const root: unknown = isWanted ? JSON.parse(output) : undefined;
  const messages = Array.isArray(root) ? root : isObject(root) ? member(root, 'messages') : undefined;
  const list: readonly unknown[] = Array.isArray(messages) ? messages : [];
  const tops = [root, list.at(-1)].filter(isObject);
  const holders = [...tops, ...tops.flatMap((top) => HOLDERS.map((key) => member(top, key)).filter(isObject))];
  if (holders.length === 0) return undefined;

  const usage = first(holders, (holder) => {
    const object = firstMember(holder, USAGE_KEYS);
    const reading = isObject(object) ? readUsageObject(object, scopeName) : undefined;
    return reading?.usage === undefined ? undefined : reading;
  });
  return {
    model: first(holders, modelOf),
    finishReason: finishReasonsOf([...list.filter(isObject), ...holders]),
    usage: usage?.usage,
    counting: usage?.note === undefined ? undefined : toJsonText(usage.note),
  };
}

type Request = Pick<CallFacts, 'model' | 'modelParameters'>;

function readRequest(known: CallFacts, contents: Contents): Request | undefined {
  const { input, inputSources } = contents;
  // A list of messages has none of it.
  if (input === undefined || !input.startsWith('{') || isClients(inputSources)) return undefined;
  const isWanted =
    known.modelParameters === undefined ||
    ((known.model === undefined || known.requestedModel === undefined) && input.includes('"model'));
  const root: unknown = isWanted ? JSON.parse(input) : undefined;
  if (!isObject(root)) return undefined;
  const parameters = new Map<string, unknown>();
  for (const holder of [root, ...PARAMETER_HOLDERS.map((key) => member(root, key)).filter(isObject)]) {
    for (const [key, value] of membersOf(holder)) {
      if (PARAMETERS.has(key) && isParameter(value) && !parameters.has(key)) parameters.set(key, value);
    }
  }
  const text = parameters.size === 0 ? undefined : writeMembers(parameters);
  return {
    model: modelOf(root),
    modelParameters: text === undefined || isStorableJson(text) ? text : toStorableJson(text),
  };
}

/** What the client states as content is its own, whatever its members are called. */
function isClients(sources: readonly string[]): boolean {
  return sources.some((source) => source.startsWith('langfuse.'));
}

function first<T>(holders: readonly object[], read: (holder: object) => T | undefined): T | undefined {
  for (const holder of holders) {
    const found = read(holder);
    if (found !== undefined) return found;
  }
  return undefined;
}

function modelOf(holder: object): string | undefined {
  const model = MODEL_KEYS.map((key) => textMember(holder, key)).find((name) => name !== undefined && name !== '');
  return model === undefined ? undefined : toIndexableText(model);
}

function finishReasonsOf(holders: readonly object[]): string | undefined {
  const reasons = holders.flatMap((holder) => FINISH_KEYS.map((key) => textMember(holder, key)));
  const stated = [...new Set(reasons)].filter((reason) => reason !== undefined && reason !== '');
  return stated.length === 0 ? undefined : toIndexableText(stated.join(','));
}

function isParameter(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every((item) => !isObject(item) && !Array.isArray(item));
  return value !== null && typeof value !== 'object';
}
