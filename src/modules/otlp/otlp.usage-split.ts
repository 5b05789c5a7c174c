import { type CountField, SCOPES_WITH_CACHE_BESIDE } from './otlp.usage-keys.js';

/** Counts as a producer stated them. */
export type StatedCounts = Readonly<Partial<Record<CountField, number>>>;

/** Which rule told whether a part is inside its whole. */
export type CountingRule =
  'provider usage' | 'cache exceeds input' | 'reasoning exceeds output' | 'total' | 'producer' | 'convention';

/** Where parts were found to be, and by which rule; kept with the observation so that its cost can be explained. */
export interface CountingNote {
  readonly cacheTokens?: 'inside input' | 'beside input';
  readonly cacheRule?: CountingRule;
  readonly reasoningTokens?: 'beside output';
  readonly reasoningRule?: CountingRule;
}

/** What helps to decide. */
export interface CountingHints {
  readonly scopeName: string;
  /** What the provider itself called its input, where a producer passes that on as well. */
  readonly rawInput: number | undefined;
}

export interface SplitCounts {
  /** Disjoint classes, and `total` if it was stated. */
  readonly counts: Map<string, number>;
  readonly note: CountingNote | undefined;
}

/**
 * Makes classes that add up out of a whole and its parts. The standard, OpenAI and Gemini count cached tokens within the
 * input; Anthropic and Bedrock beside it, and not every instrumentation adds them (otlp.md §6.5). Arithmetic decides
 * where it can, then the producer, then the standard.
 */
export function splitCounts(stated: StatedCounts, hints: CountingHints): SplitCounts {
  const counts = new Map<string, number>();
  const cacheRead = stated.cacheRead ?? 0;
  const shortLived = stated.cacheCreation5m ?? 0;
  const longLived = stated.cacheCreation1h ?? 0;
  const written = Math.max(stated.cacheCreation ?? 0, shortLived + longLived);
  const cached = cacheRead + written;
  const cache = cached === 0 || stated.input === undefined ? undefined : whereCacheIs(stated, cached, hints);
  const reasoning = stated.reasoning ?? 0;
  const outside = reasoning === 0 ? undefined : isReasoningBeside(stated, cached, cache?.cacheTokens);

  if (stated.input !== undefined) {
    const media = (stated.audioInput ?? 0) + (stated.imageInput ?? 0) + (stated.videoInput ?? 0);
    const inside = (cache?.cacheTokens === 'inside input' ? cached : 0) + media;
    counts.set('input', Math.max(0, stated.input - inside));
  }
  if (stated.cacheRead !== undefined) counts.set('input_cached_tokens', cacheRead);
  const undated = written - shortLived - longLived;
  if (undated > 0 || (stated.cacheCreation !== undefined && written === 0)) counts.set('input_cache_creation', undated);
  if (shortLived > 0) counts.set('input_cache_creation_5m', shortLived);
  if (longLived > 0) counts.set('input_cache_creation_1h', longLived);
  if (stated.audioInput !== undefined) counts.set('input_audio_tokens', stated.audioInput);
  if (stated.imageInput !== undefined) counts.set('input_image_tokens', stated.imageInput);
  if (stated.videoInput !== undefined) counts.set('input_video_tokens', stated.videoInput);
  if (stated.output !== undefined) {
    const inside = (outside === undefined ? reasoning : 0) + (stated.audioOutput ?? 0);
    counts.set('output', Math.max(0, stated.output - inside));
  }
  if (stated.reasoning !== undefined) counts.set('output_reasoning_tokens', reasoning);
  if (stated.audioOutput !== undefined) counts.set('output_audio_tokens', stated.audioOutput);
  if (stated.total !== undefined) counts.set('total', stated.total);
  return { counts, note: cache === undefined && outside === undefined ? undefined : { ...cache, ...outside } };
}

function whereCacheIs(stated: StatedCounts, cached: number, { scopeName, rawInput }: CountingHints): CountingNote {
  const input = stated.input ?? 0;
  if (cached > input) return { cacheTokens: 'beside input', cacheRule: 'cache exceeds input' };
  if (rawInput !== undefined) {
    if (rawInput === input) return { cacheTokens: 'beside input', cacheRule: 'provider usage' };
    if (rawInput + cached === input) return { cacheTokens: 'inside input', cacheRule: 'provider usage' };
  }
  if (stated.total !== undefined) {
    const rest = stated.total - input - (stated.output ?? 0);
    if (rest === cached || rest === cached + (stated.reasoning ?? 0))
      return { cacheTokens: 'beside input', cacheRule: 'total' };
    if (rest === 0 || rest === (stated.reasoning ?? 0)) return { cacheTokens: 'inside input', cacheRule: 'total' };
  }
  if (SCOPES_WITH_CACHE_BESIDE.some((prefix) => scopeName.startsWith(prefix)))
    return { cacheTokens: 'beside input', cacheRule: 'producer' };
  return { cacheTokens: 'inside input', cacheRule: 'convention' };
}

/** Some wrappers of Gemini report thoughts outside the output. Undefined for inside, as all others do. */
function isReasoningBeside(
  stated: StatedCounts,
  cached: number,
  cacheTokens: CountingNote['cacheTokens'],
): CountingNote | undefined {
  const { output, reasoning = 0, total, input = 0 } = stated;
  if (output === undefined) return undefined;
  if (reasoning > output) return { reasoningTokens: 'beside output', reasoningRule: 'reasoning exceeds output' };
  const allInput = input + (cacheTokens === 'beside input' ? cached : 0);
  if (total !== undefined && total === allInput + output + reasoning)
    return { reasoningTokens: 'beside output', reasoningRule: 'total' };
  return undefined;
}
