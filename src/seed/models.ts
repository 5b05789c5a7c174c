/** A model as the applications call it. Prices are list prices in USD per million tokens; tokens of a cached prompt cost less. */
export interface Model {
  readonly name: string;
  /** As `gen_ai.provider.name` has it. */
  readonly provider: string;
  readonly inputUsd: number;
  readonly cachedUsd: number;
  readonly outputUsd: number;
  /** Until the first token of a short prompt, in milliseconds, on an idle day. */
  readonly firstTokenMs: number;
  readonly tokensPerSecond: number;
  /** Tokens of the context window. */
  readonly window: number;
  /** Share of answer tokens that are reasoning, on top of the answer. */
  readonly reasoning?: number;
  /** Runs on the GPUs whose time series are written as well. */
  readonly isSelfHosted?: true;
}

const model = (
  name: string,
  provider: string,
  [inputUsd, cachedUsd, outputUsd]: readonly [number, number, number],
  [firstTokenMs, tokensPerSecond]: readonly [number, number],
  rest: Partial<Model> = {},
): Model => ({
  name,
  provider,
  inputUsd,
  cachedUsd,
  outputUsd,
  firstTokenMs,
  tokensPerSecond,
  window: 128_000,
  ...rest,
});

export const MODELS = {
  gpt4o: model('gpt-4o', 'openai', [2.5, 1.25, 10], [420, 85]),
  gpt4oMini: model('gpt-4o-mini', 'openai', [0.15, 0.075, 0.6], [330, 110]),
  o4Mini: model('o4-mini', 'openai', [1.1, 0.275, 4.4], [2600, 120], { reasoning: 2.2, window: 200_000 }),
  sonnet: model('claude-sonnet-4-5', 'anthropic', [3, 0.3, 15], [850, 70], { window: 200_000 }),
  haiku: model('claude-haiku-4-5', 'anthropic', [1, 0.1, 5], [450, 130], { window: 200_000 }),
  opus: model('claude-opus-4-1', 'anthropic', [15, 1.5, 75], [1500, 42], { window: 200_000 }),
  geminiFlash: model('gemini-2.5-flash', 'google', [0.3, 0.075, 2.5], [380, 170], { window: 1_000_000 }),
  geminiPro: model('gemini-2.5-pro', 'google', [1.25, 0.31, 10], [1900, 95], { reasoning: 1.1, window: 1_000_000 }),
  // What an hour of the GPUs costs, divided by what they answer in it.
  qwen: model('qwen2.5-72b-instruct', 'vllm', [0.35, 0.35, 0.7], [260, 46], { isSelfHosted: true, window: 32_768 }),
  llama: model('llama-3.1-8b-instruct', 'vllm', [0.04, 0.04, 0.08], [120, 125], { isSelfHosted: true, window: 32_768 }),
  embedding: model('text-embedding-3-small', 'openai', [0.02, 0.02, 0], [90, 0], { window: 8191 }),
  bge: model('bge-m3', 'vllm', [0.01, 0.01, 0], [25, 0], { isSelfHosted: true, window: 8192 }),
} as const;

/** Whole tokens by class; classes add up to `total`, as stored usage does. */
export interface TokenUsage {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly reasoning: number;
}

/** In USD, rounded to nanodollars. */
export interface Cost {
  readonly input: number;
  readonly output: number;
  readonly total: number;
}

export function costOf(model: Model, usage: TokenUsage): Cost {
  const input = usd(usage.input * model.inputUsd + usage.cached * model.cachedUsd);
  const output = usd((usage.output + usage.reasoning) * model.outputUsd);
  return { input, output, total: Math.round((input + output) * 1e9) / 1e9 };
}

function usd(tokensTimesUsdPerMillion: number): number {
  return Math.round(tokensTimesUsdPerMillion * 1000) / 1e9;
}

/** About as many as the tokenizers of these models make of it: four characters of Latin script, one and a half of others. */
export function countTokens(text: string): number {
  let tokens = 0;
  for (const character of text) tokens += character > '\u2e80' ? 0.7 : 0.25;
  return Math.max(1, Math.ceil(tokens));
}
