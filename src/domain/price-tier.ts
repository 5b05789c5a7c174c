import { type PricedUsage, type PriceSnapshot } from './price.js';

/** A tier of a price, as those who list models and those who show costs name it alike. */
export interface NamedTier {
  readonly id: string;
  readonly name: string;
}

/** The tier without conditions, of a price that has no name for it. */
export function standardTier(priceId: string): NamedTier {
  return { id: `${priceId}:default`, name: 'Standard' };
}

/** The tier for inputs of more than `inputTokens`. */
export function sizeTier(defaultTier: NamedTier, inputTokens: number): NamedTier {
  return { id: `${defaultTier.id}:above-${inputTokens}`, name: `Input above ${inputTokens} tokens` };
}

/** The tier that a cost was made with. */
export function tierOfCost(
  { priceId, defaultTier = standardTier(priceId) }: Pick<PriceSnapshot, 'priceId' | 'defaultTier'>,
  { tier, aboveInputTokens }: Pick<PricedUsage, 'tier' | 'aboveInputTokens'>,
): NamedTier {
  if (tier !== null) return tier;
  return aboveInputTokens === null ? defaultTier : sizeTier(defaultTier, aboveInputTokens);
}
