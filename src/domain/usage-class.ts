/** Classes under other names, as providers and SDKs spell them. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['input_text_tokens', 'input'],
  ['input_text', 'input'],
  ['input_cache_read', 'input_cached_tokens'],
  ['cache_read_input_tokens', 'input_cached_tokens'],
  ['input_cached_text_tokens', 'input_cached_tokens'],
  ['cached_content_token_count', 'input_cached_tokens'],
  ['cache_creation_input_tokens', 'input_cache_creation'],
  ['cache_write_tokens', 'input_cache_creation'],
  ['input_cache_creation_tokens', 'input_cache_creation'],
  ['input_audio', 'input_audio_tokens'],
  ['input_cached_audio', 'input_cached_audio_tokens'],
  ['input_image', 'input_image_tokens'],
  ['output_text_tokens', 'output'],
  ['output_text', 'output'],
  ['output_accepted_prediction_tokens', 'output'],
  ['output_rejected_prediction_tokens', 'output'],
  ['output_reasoning', 'output_reasoning_tokens'],
  ['reasoning_tokens', 'output_reasoning_tokens'],
  ['output_audio', 'output_audio_tokens'],
  ['output_image', 'output_image_tokens'],
]);

/** Where a price list has no price of its own for a class, it is billed as the class it is part of. */
const PART_OF: ReadonlyMap<string, string> = new Map([
  ['input_cached_tokens', 'input'],
  ['input_cached_audio_tokens', 'input_cached_tokens'],
  ['input_cache_creation', 'input'],
  ['input_cache_creation_5m', 'input_cache_creation'],
  ['input_cache_creation_1h', 'input_cache_creation'],
  ['input_audio_tokens', 'input'],
  ['input_image_tokens', 'input'],
  ['input_video_tokens', 'input'],
  ['output_reasoning_tokens', 'output'],
  ['output_audio_tokens', 'output'],
  ['output_image_tokens', 'output'],
  ['output_video_tokens', 'output'],
]);

/** A class by the name that price sheets use. */
export function canonicalClass(usageClass: string): string {
  return ALIASES.get(usageClass) ?? usageClass;
}

/** Every name that is known besides what a price list adds. */
export const KNOWN_CLASSES: readonly string[] = [...ALIASES.keys(), ...PART_OF.keys()];

/** Every name that counts as input, cached or not. */
export const INPUT_CLASSES: readonly string[] = ['input', ...KNOWN_CLASSES].filter(isInput);

/** Every token of the input, cached or not: what providers measure their tiers by. */
export function inputSize(usage: Readonly<Record<string, number>>): number {
  let size = 0;
  for (const usageClass of Object.keys(usage)) if (isInput(usageClass)) size += usage[usageClass]!;
  return size;
}

function isInput(usageClass: string): boolean {
  let name: string | undefined = canonicalClass(usageClass);
  while (name !== undefined && name !== 'input') name = PART_OF.get(name);
  return name === 'input';
}

/** The class whose price holds for `usageClass`; undefined where `prices` have none. */
export function findPriced(prices: ReadonlyMap<string, number>, usageClass: string): string | undefined {
  let name: string | undefined = prices.has(usageClass) ? usageClass : canonicalClass(usageClass);
  while (name !== undefined && !prices.has(name)) name = PART_OF.get(name);
  return name;
}

/** Which sum a usage class belongs to besides the total: its name says so (Langfuse API, observation `usage`). */
export function sideOf(usageClass: string): 'input' | 'output' | undefined {
  if (usageClass.includes('input')) return 'input';
  return usageClass.includes('output') ? 'output' : undefined;
}
