import { type Page, type PageRequest } from '../../domain/page.js';
import { type ClassPrice, type PriceSheet } from '../../domain/price.js';
import { type NamedTier, sizeTier, standardTier } from '../../domain/price-tier.js';
import { presentPageMeta } from '../../http/page-meta.js';
import { LIBRARY_DATE } from '../../storage/pricing/library-prices.js';
import { type PricedModel } from '../../storage/pricing/model-catalog.js';
import { TOKENS } from '../../storage/pricing/own-price-matcher.js';
import { type ModelDto, type ModelPageDto, type ModelTierDto } from './models.dto.js';

export function presentModel(priced: PricedModel): ModelDto {
  if (priced.kind === 'library') {
    const { id, name, matchPattern, sheet } = priced.model;
    return {
      id,
      modelName: name,
      matchPattern,
      startDate: null,
      ...flatPrices(sheet),
      unit: TOKENS,
      tokenizerId: null,
      tokenizerConfig: null,
      isLangfuseManaged: true,
      createdAt: LIBRARY_DATE,
      ...presentSheet(sheet, standardTier(id)),
    };
  }
  const { id, modelPattern, validFrom, sheet, definition, createdAt } = priced.price;
  return {
    id,
    modelName: definition?.modelName ?? modelPattern,
    // An own price that was not made as a model matches whole names in any case.
    matchPattern: definition === null ? `(?i)^(?:${modelPattern})$` : modelPattern,
    startDate: validFrom,
    ...flatPrices(sheet),
    unit: definition?.unit ?? TOKENS,
    tokenizerId: definition?.tokenizerId ?? null,
    tokenizerConfig: definition?.tokenizerConfig ?? null,
    isLangfuseManaged: false,
    createdAt,
    ...presentSheet(sheet, definition?.defaultTier ?? standardTier(id)),
  };
}

export function presentModelPage(page: Page<PricedModel>, request: PageRequest): ModelPageDto {
  return { data: page.items.map(presentModel), meta: presentPageMeta(page, request) };
}

function flatPrices({ prices }: PriceSheet): Pick<ModelDto, 'inputPrice' | 'outputPrice' | 'totalPrice'> {
  const of = (usageClass: string): number | null => {
    const found = prices.find((price) => price.usageClass === usageClass);
    return found === undefined ? null : usdPerUnit(found);
  };
  return { inputPrice: of('input'), outputPrice: of('output'), totalPrice: of('total') };
}

function presentSheet(sheet: PriceSheet, standard: NamedTier): Pick<ModelDto, 'prices' | 'pricingTiers'> {
  const tiers: ModelTierDto[] = [
    { ...standard, isDefault: true, priority: 0, conditions: [], prices: pricesOf(sheet.prices) },
  ];
  for (const { id, name, priority, conditions, prices } of sheet.conditionalTiers ?? [])
    tiers.push({ id, name, isDefault: false, priority, conditions: [...conditions], prices: pricesOf(prices) });
  // The largest size that the input exceeds holds: in Langfuse's words the first one that does.
  [...sheet.tiers].reverse().forEach(({ aboveInputTokens: value, prices }, i) => {
    tiers.push({
      ...sizeTier(standard, value),
      isDefault: false,
      priority: i + 1,
      conditions: [{ usageDetailPattern: 'input', operator: 'gt', value, caseSensitive: false }],
      prices: pricesOf(prices),
    });
  });
  return {
    // Object.fromEntries defines its keys, whatever their names.
    prices: Object.fromEntries(sheet.prices.map((price) => [price.usageClass, { price: usdPerUnit(price) }])),
    pricingTiers: tiers,
  };
}

function pricesOf(prices: readonly ClassPrice[]): Record<string, number> {
  return Object.fromEntries(prices.map((price) => [price.usageClass, usdPerUnit(price)]));
}

function usdPerUnit({ usdPerMillion }: ClassPrice): number {
  return usdPerMillion / 1e6;
}
