import { type Observation } from '../../domain/observation.js';
import { type PricedUsage, usdText } from '../../domain/price.js';
import { type ObservationCost } from '../../storage/pricing/cost-reader.js';
import { type ObservationCostDto, type UsedPriceDto } from './cost.dto.js';

const FEMTO_PER_NANO = 1_000_000n;

/** A cost with its arithmetic: the lines and the rounding add up to the stored amount. */
export function presentCost({ observation: seen, present, usageNote }: ObservationCost): ObservationCostDto {
  const isStated = seen.statedCost !== null;
  const priced =
    isStated || seen.costNanoUsd === null || seen.usage === null
      ? undefined
      : seen.price?.table.price(seen.usage, seen.type === 'EMBEDDING');
  const source = isStated ? 'stated' : seen.costNanoUsd === null ? 'none' : 'computed';
  const presentNanoUsd = isStated ? null : (present?.costNanoUsd ?? null);
  return {
    observationId: seen.id,
    traceId: seen.traceId,
    model: seen.model,
    requestedModel: seen.requestedModel,
    provider: seen.provider,
    totalCost: seen.costNanoUsd === null ? null : seen.costNanoUsd / 1e9,
    source,
    reason: source === 'none' ? whyNone(seen, present) : null,
    statedCost: seen.statedCost,
    usage: seen.usage,
    counting: usageNote === null ? null : (JSON.parse(usageNote) as unknown),
    price: priced === undefined ? null : presentPrice(seen, priced),
    lines: (priced?.lines ?? []).map((line) => ({
      usageClass: line.usageClass,
      count: line.count,
      pricedAs: line.pricedAs,
      usdPerMillion: line.usdPerMillion,
      amount: usdText(line.amountFemtoUsd),
    })),
    unpriced: [...(priced?.unpriced ?? [])],
    rounding: priced === undefined ? '0' : roundingOf(priced),
    presentCost: presentNanoUsd === null || presentNanoUsd === seen.costNanoUsd ? null : presentNanoUsd / 1e9,
  };
}

function presentPrice({ price }: Observation, { aboveInputTokens, tier }: PricedUsage): UsedPriceDto {
  const { source, priceId, library, provider, model, matchedBy, rule, valid } = price!;
  return {
    source,
    id: priceId,
    library,
    provider,
    model,
    matchedBy,
    rule,
    valid,
    aboveInputTokens,
    tier: tier?.name ?? null,
  };
}

function roundingOf({ lines, costNanoUsd }: PricedUsage): string {
  let exact = 0n;
  for (const { amountFemtoUsd } of lines) exact += amountFemtoUsd;
  const difference = BigInt(costNanoUsd) * FEMTO_PER_NANO - exact;
  return difference < 0n ? `-${usdText(-difference)}` : usdText(difference);
}

function whyNone(seen: Observation, present: ObservationCost['present']): string {
  const name = seen.model ?? seen.requestedModel;
  if (seen.type !== 'GENERATION' && seen.type !== 'EMBEDDING')
    return `${seen.type ?? 'SPAN'} is no call of a model: only GENERATION and EMBEDDING have a price`;
  if (seen.usage === null) return 'no usage is known: there is nothing to multiply with a price';
  if (name === null) return 'no model is known';
  if (present === undefined && seen.usageUnit !== null)
    return `the usage is counted in ${seen.usageUnit}, and no price for that unit is known: the price list is for tokens`;
  if (present === undefined) {
    const where = seen.provider === null ? '' : ` at provider ${seen.provider}`;
    return `no price is known for model ${name}${where} at the start of the call: set one with POST /api/public/model-prices`;
  }
  if (present.costNanoUsd === null) {
    return Object.keys(seen.usage).every((usageClass) => usageClass === 'total')
      ? 'only a total is known, which cannot be split into input and output'
      : 'the price has none for the classes of the usage, or the amount is absurd';
  }
  return 'a price has been set since: POST /api/public/model-prices/reprice brings it to what is stored';
}
