import { type ObservationState } from '../../domain/merge.js';
import { type UsageDetails } from '../../domain/observation.js';
import { type Micros } from '../../domain/time.js';
import { statedCost } from '../../domain/usage.js';
import { type KeyedPrice, type PriceBook, type PricedCall } from './price-book.js';

/** The part of a row that says what it costs. */
export interface RowCost {
  /** All null when neither stated nor priced. */
  costNanoUsd: number | null;
  inputCostNanoUsd: number | null;
  outputCostNanoUsd: number | null;
  /** Of the price that the cost was made with; null when the cost is stated or there is none. */
  priceKey: number | null;
  /** Which conditional tier of that price held, counted from 0; null for its other prices. */
  priceTier: number | null;
  /** The price itself, where this row was priced just now. */
  price?: KeyedPrice | undefined;
}

export interface CostContext {
  readonly projectNo: number;
  readonly createdAt: Micros;
  /** Undefined: nothing has a price. */
  readonly prices: PriceBook | undefined;
  /** Prices anew also what has not changed. */
  readonly isRepricing: boolean;
}

/**
 * What a merged row costs: as stated, else counts × price. A cost changes only with what it is made of, so that an
 * update which says nothing about it does not bring a newer price list into an old row.
 */
export function costOf(
  state: ObservationState,
  stored: (RowCost & { readonly state: ObservationState }) | undefined,
  { projectNo, createdAt, prices, isRepricing }: CostContext,
): RowCost {
  const { statedCost: stated } = state.values;
  if (stated) return { ...statedCost(stated), priceKey: null, priceTier: null };
  const call = pricedCall(projectNo, state, createdAt);
  if (stored !== undefined && !isRepricing && !stored.state.values.statedCost) {
    const { costNanoUsd, inputCostNanoUsd, outputCostNanoUsd, priceKey, priceTier } = stored;
    if (isSameCall(call, pricedCall(projectNo, stored.state, createdAt)))
      return { costNanoUsd, inputCostNanoUsd, outputCostNanoUsd, priceKey, priceTier };
  }
  const priced = prices?.price(call);
  if (priced === undefined) return NO_COST;
  const { price, cost } = priced;
  const { costNanoUsd, inputCostNanoUsd, outputCostNanoUsd, tierIndex } = cost;
  const priceTier = tierIndex ?? null;
  return { costNanoUsd, inputCostNanoUsd, outputCostNanoUsd, priceKey: price.key, priceTier, price };
}

const NO_COST: RowCost = {
  costNanoUsd: null,
  inputCostNanoUsd: null,
  outputCostNanoUsd: null,
  priceKey: null,
  priceTier: null,
};

/** What of an observation its price depends on. */
function pricedCall(projectNo: number, { values, startTime }: ObservationState, createdAt: Micros): PricedCall {
  return {
    projectNo,
    type: values.type,
    model: values.model,
    requestedModel: values.requestedModel,
    provider: values.provider,
    usage: values.usage,
    usageUnit: values.usageUnit,
    at: startTime ?? createdAt,
  };
}

function isSameCall(a: PricedCall, b: PricedCall): boolean {
  const isSame = (x: string | null | undefined, y: string | null | undefined): boolean => (x ?? null) === (y ?? null);
  return (
    a.at === b.at &&
    isSame(a.type, b.type) &&
    isSame(a.model, b.model) &&
    isSame(a.requestedModel, b.requestedModel) &&
    isSame(a.provider, b.provider) &&
    isSame(a.usageUnit, b.usageUnit) &&
    isSameUsage(a.usage ?? null, b.usage ?? null)
  );
}

function isSameUsage(a: UsageDetails | null, b: UsageDetails | null): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
}
