/**
 * Which attribute states which count or cost of a model call: for every field its keys in order of precedence. The first
 * one with a count wins. Sources by prefix: `gen_ai.usage.*` OpenTelemetry semantic conventions 1.41.1 and, below them,
 * the spellings of OpenLLMetry, pydantic-ai, LiteLLM, Strands, OpenLIT, Laminar; `llm.token_count.*` and `llm.cost.*`
 * OpenInference; `ai.*` Vercel AI SDK 4 to 6; `llm.usage.*` OpenLLMetry before 0.40; `operation.cost` Logfire.
 */

/** What bridges of the AI SDK put before its names (Mastra, packages/core/src/llm). */
const BRIDGES = ['streamText', 'generateText', 'streamObject', 'generateObject'];
const bridged = (name: string): string[] => BRIDGES.map((method) => `${method}.usage.${name}`);

/** Counts of tokens, as stated: parts are inside or beside their whole. */
export const COUNT_KEYS = {
  input: [
    'gen_ai.usage.input_tokens',
    'gen_ai.usage.prompt_tokens',
    'gen_ai.usage.prompt',
    'llm.token_count.prompt',
    'ai.usage.inputTokens',
    'ai.usage.promptTokens',
    'ai.usage.tokens',
    'llm.usage.prompt_tokens',
    ...bridged('inputTokens'),
    ...bridged('promptTokens'),
  ],
  output: [
    'gen_ai.usage.output_tokens',
    'gen_ai.usage.completion_tokens',
    'gen_ai.usage.completion',
    'llm.token_count.completion',
    'ai.usage.outputTokens',
    'ai.usage.completionTokens',
    'llm.usage.completion_tokens',
    ...bridged('outputTokens'),
    ...bridged('completionTokens'),
  ],
  total: [
    'gen_ai.usage.total_tokens',
    'gen_ai.usage.total',
    'llm.token_count.total',
    'ai.usage.totalTokens',
    'llm.usage.total_tokens',
    ...bridged('totalTokens'),
  ],
  cacheRead: [
    'gen_ai.usage.cache_read.input_tokens',
    'gen_ai.usage.cache_read_input_tokens',
    'gen_ai.usage.cache_read_tokens',
    'gen_ai.usage.details.cache_read_tokens',
    'gen_ai.usage.details.cache_read_input_tokens',
    'gen_ai.usage.details.cached_tokens',
    'gen_ai.usage.prompt_tokens_details.cached_tokens',
    'gen_ai.usage.prompt_details.cache_read',
    'gen_ai.usage.input_cached_tokens',
    'llm.token_count.prompt_details.cache_read',
    'llm.token_count.prompt_details.cache_input',
    'ai.usage.inputTokenDetails.cacheReadTokens',
    'ai.usage.cachedInputTokens',
    'llm.usage.cache_read_input_tokens',
    ...bridged('cachedInputTokens'),
  ],
  cacheCreation: [
    'gen_ai.usage.cache_creation.input_tokens',
    'gen_ai.usage.cache_write.input_tokens',
    'gen_ai.usage.cache_creation_input_tokens',
    'gen_ai.usage.cache_write_input_tokens',
    'gen_ai.usage.cache_write_tokens',
    'gen_ai.usage.details.cache_write_tokens',
    'gen_ai.usage.details.cache_creation_input_tokens',
    'gen_ai.usage.prompt_tokens_details.cache_creation_tokens',
    'gen_ai.usage.prompt_details.cache_write',
    'gen_ai.usage.input_cache_creation',
    'llm.token_count.prompt_details.cache_write',
    'ai.usage.inputTokenDetails.cacheWriteTokens',
    'llm.usage.cache_creation_input_tokens',
  ],
  cacheCreation5m: [
    'gen_ai.usage.cache_creation.input_tokens.ephemeral_5m',
    'gen_ai.usage.cache_creation.ephemeral_5m_input_tokens',
    'gen_ai.usage.details.ephemeral_5m_input_tokens',
    'anthropic.usage.cache_creation.ephemeral_5m_input_tokens',
  ],
  cacheCreation1h: [
    'gen_ai.usage.cache_creation.input_tokens.ephemeral_1h',
    'gen_ai.usage.cache_creation.ephemeral_1h_input_tokens',
    'gen_ai.usage.details.ephemeral_1h_input_tokens',
    'anthropic.usage.cache_creation.ephemeral_1h_input_tokens',
  ],
  reasoning: [
    'gen_ai.usage.reasoning.output_tokens',
    'gen_ai.usage.reasoning_tokens',
    'gen_ai.usage.completion_tokens_details.reasoning_tokens',
    'gen_ai.usage.details.reasoning_tokens',
    'gen_ai.usage.details.thoughts_tokens',
    'gen_ai.usage.completion_details.reasoning',
    'gen_ai.usage.output_reasoning_tokens',
    'llm.usage.reasoning_tokens',
    'llm.token_count.completion_details.reasoning',
    ...bridged('reasoningTokens'),
    'ai.usage.reasoningTokens',
    'ai.usage.outputTokenDetails.reasoningTokens',
  ],
  audioInput: [
    'gen_ai.usage.audio.input_tokens',
    'gen_ai.usage.audio_input_tokens',
    'gen_ai.usage.prompt_tokens_details.audio_tokens',
    'gen_ai.usage.input_audio_tokens',
    'gen_ai.usage.details.input_audio_tokens',
    'llm.token_count.prompt_details.audio',
  ],
  audioOutput: [
    'gen_ai.usage.audio.output_tokens',
    'gen_ai.usage.audio_output_tokens',
    'gen_ai.usage.completion_tokens_details.audio_tokens',
    'gen_ai.usage.completion_details.audio',
    'gen_ai.usage.output_audio_tokens',
    'gen_ai.usage.details.output_audio_tokens',
    'llm.token_count.completion_details.audio',
  ],
  imageInput: ['gen_ai.usage.image.input_tokens'],
  videoInput: ['gen_ai.usage.video.input_tokens'],
} as const satisfies Record<string, readonly string[]>;

/** Drafts of the standard count text apart as well, which is what is left of the whole without the other classes. */
export const REST_KEYS: ReadonlySet<string> = new Set([
  'gen_ai.usage.text.input_tokens',
  'gen_ai.usage.text.output_tokens',
]);

export type CountField = keyof typeof COUNT_KEYS;

const countOf =
  (field: CountField) =>
  (path: string): readonly [path: string, field: CountField] => [path, field];

/** Costs in USD that a client states. */
export const COST_KEYS = {
  total: [
    'gen_ai.usage.cost',
    'gen_ai.usage.total_cost',
    'gen_ai.cost.total_cost',
    'llm.cost.total',
    'operation.cost',
    'llm.usage.cost',
  ],
  input: ['gen_ai.usage.input_cost', 'gen_ai.cost.input_cost', 'llm.cost.prompt'],
  output: ['gen_ai.usage.output_cost', 'gen_ai.cost.output_cost', 'llm.cost.completion'],
} as const satisfies Record<string, readonly string[]>;

export type CostField = keyof typeof COST_KEYS;

/** Objects of counts, as JSON or as maps: paths in them, below the keys above. */
export const COUNT_OBJECTS: ReadonlyMap<string, readonly (readonly [path: string, field: CountField])[]> = new Map([
  [
    'mlflow.chat.tokenUsage',
    [
      ['input_tokens', 'input'],
      ['output_tokens', 'output'],
      ['total_tokens', 'total'],
      ['cache_read_input_tokens', 'cacheRead'],
      ['cache_creation_input_tokens', 'cacheCreation'],
    ],
  ],
  // LangSmith and LangChain, `UsageMetadata`.
  [
    'gen_ai.usage.input_token_details',
    [
      ['cache_read', 'cacheRead'],
      ['cache_creation', 'cacheCreation'],
      ['ephemeral_5m_input_tokens', 'cacheCreation5m'],
      ['ephemeral_1h_input_tokens', 'cacheCreation1h'],
      ['audio', 'audioInput'],
    ],
  ],
  [
    'gen_ai.usage.output_token_details',
    [
      ['reasoning', 'reasoning'],
      ['audio', 'audioOutput'],
    ],
  ],
  [
    'langsmith.metadata.usage_metadata',
    [
      ['input_tokens', 'input'],
      ['output_tokens', 'output'],
      ['total_tokens', 'total'],
      ['input_token_details.cache_read', 'cacheRead'],
      ['input_token_details.cache_creation', 'cacheCreation'],
      ['input_token_details.audio', 'audioInput'],
      ['output_token_details.reasoning', 'reasoning'],
      ['output_token_details.audio', 'audioOutput'],
    ],
  ],
  // Logfire: what the provider answered, here as OpenAI does.
  [
    'gen_ai.usage.raw',
    [
      ['prompt_tokens_details.cached_tokens', 'cacheRead'],
      ['prompt_tokens_details.audio_tokens', 'audioInput'],
      ['completion_tokens_details.reasoning_tokens', 'reasoning'],
      ['completion_tokens_details.audio_tokens', 'audioOutput'],
      ['input_tokens_details.cached_tokens', 'cacheRead'],
      ['output_tokens_details.reasoning_tokens', 'reasoning'],
    ],
  ],
  // Vercel AI SDK.
  [
    'ai.response.providerMetadata',
    [
      ['openai.cachedPromptTokens', 'cacheRead'],
      ['openai.reasoningTokens', 'reasoning'],
      ['azure.cachedPromptTokens', 'cacheRead'],
      ['anthropic.usage.cache_read_input_tokens', 'cacheRead'],
      ['anthropic.cacheReadInputTokens', 'cacheRead'],
      ['anthropic.usage.cache_creation_input_tokens', 'cacheCreation'],
      ['anthropic.cacheCreationInputTokens', 'cacheCreation'],
      ['anthropic.usage.cache_creation.ephemeral_5m_input_tokens', 'cacheCreation5m'],
      ['anthropic.usage.cache_creation.ephemeral_1h_input_tokens', 'cacheCreation1h'],
      ['bedrock.usage.cacheReadInputTokens', 'cacheRead'],
      ['bedrock.usage.cacheWriteInputTokens', 'cacheCreation'],
      ['google.usageMetadata.cachedContentTokenCount', 'cacheRead'],
      ['google.usageMetadata.thoughtsTokenCount', 'reasoning'],
    ],
  ],
  // Google ADK.
  [
    'gcp.vertex.agent.llm_response',
    [
      ['usage_metadata.prompt_token_count', 'input'],
      ['usage_metadata.candidates_token_count', 'output'],
      ['usage_metadata.total_token_count', 'total'],
      ['usage_metadata.cached_content_token_count', 'cacheRead'],
      ['usage_metadata.thoughts_token_count', 'reasoning'],
    ],
  ],
]);

/** Counts in the answer of a provider: OpenAI's two, Gemini's, Bedrock's and Anthropic's. */
export const ANSWER_PATHS: readonly (readonly [path: string, field: CountField])[] = [
  ...['prompt_tokens', 'input_tokens', 'prompt_token_count', 'promptTokenCount', 'inputTokens'].map(countOf('input')),
  ...['completion_tokens', 'output_tokens', 'candidates_token_count', 'candidatesTokenCount', 'outputTokens'].map(
    countOf('output'),
  ),
  ...['total_tokens', 'total_token_count', 'totalTokenCount', 'totalTokens'].map(countOf('total')),
  ...[
    ...['prompt_tokens_details.cached_tokens', 'input_tokens_details.cached_tokens', 'input_token_details.cache_read'],
    ...['cached_content_token_count', 'cachedContentTokenCount', 'cache_read_input_tokens', 'cacheReadInputTokens'],
  ].map(countOf('cacheRead')),
  ...['cache_creation_input_tokens', 'cacheWriteInputTokens', 'input_token_details.cache_creation'].map(
    countOf('cacheCreation'),
  ),
  ...[
    ...['completion_tokens_details.reasoning_tokens', 'output_tokens_details.reasoning_tokens'],
    ...['output_token_details.reasoning', 'thoughts_token_count', 'thoughtsTokenCount'],
  ].map(countOf('reasoning')),
  ...['prompt_tokens_details.audio_tokens', 'input_token_details.audio'].map(countOf('audioInput')),
  ...['completion_tokens_details.audio_tokens', 'output_token_details.audio'].map(countOf('audioOutput')),
];

/** Of these answers the input is without cached tokens: Anthropic's and Bedrock's. */
export const CACHE_BESIDE_PATHS = ['cache_read_input_tokens', 'cache_creation_input_tokens', 'cacheReadInputTokens'];

/** Where `providerMetadata` repeats what the provider itself called its input. */
export const RAW_INPUT_PATHS = ['anthropic.usage.input_tokens', 'bedrock.usage.inputTokens'] as const;

/** An object of costs. */
export const COST_OBJECTS: ReadonlyMap<string, readonly (readonly [path: string, field: CostField])[]> = new Map([
  [
    'mlflow.llm.cost',
    [
      ['total_cost', 'total'],
      ['input_cost', 'input'],
      ['output_cost', 'output'],
    ],
  ],
]);

/** Scopes that pass on what Anthropic and Bedrock call input: without cached tokens. */
export const SCOPES_WITH_CACHE_BESIDE: readonly string[] = ['strands', 'langsmith'];
