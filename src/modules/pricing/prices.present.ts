import { type ClassPrice, type OwnPrice } from '../../domain/price.js';
import { type RepricePart } from '../../storage/pricing/repricer.js';
import { type PriceDto, type RepricedDto } from './prices.dto.js';

/** A price as it was made, in USD per million units. */
export function presentPrice({ id, modelPattern, provider, validFrom, sheet, createdAt }: OwnPrice): PriceDto {
  return {
    id,
    modelPattern,
    provider,
    validFrom,
    per: 1_000_000,
    prices: presentPrices(sheet.prices),
    tiers: sheet.tiers.map((tier) => ({
      aboveInputTokens: tier.aboveInputTokens,
      prices: presentPrices(tier.prices),
    })),
    createdAt,
  };
}

/** Object.fromEntries defines its keys, whatever their names. */
function presentPrices(prices: readonly ClassPrice[]): Record<string, number> {
  return Object.fromEntries(prices.map(({ usageClass, usdPerMillion }) => [usageClass, usdPerMillion]));
}

/** Sums of one part in USD; whoever goes on with `nextCursor` adds them up. */
export function presentReprice(part: RepricePart, isApplied: boolean): RepricedDto {
  const models = [...part.models].sort((a, b) => b.observations - a.observations);
  const sum = (value: (model: (typeof models)[number]) => number): number =>
    models.reduce((total, model) => total + value(model), 0);
  return {
    applied: isApplied,
    traces: part.traces,
    observations: part.observations,
    changedObservations: sum((model) => model.observations),
    oldCost: sum((model) => model.oldNanoUsd) / 1e9,
    newCost: sum((model) => model.newNanoUsd) / 1e9,
    models: models.map((model) => ({
      model: model.model,
      changedObservations: model.observations,
      oldCost: model.oldNanoUsd / 1e9,
      newCost: model.newNanoUsd / 1e9,
    })),
    nextCursor: part.nextCursor ?? null,
  };
}
