import { type JsonValue } from './json.js';
import { type Cost } from './usage.js';
import { canonicalClass, findPriced, inputSize, KNOWN_CLASSES, sideOf } from './usage-class.js';

/** USD per million units of one usage class, as price lists print it. */
export interface ClassPrice {
  /** A usage class such as `input` or `output_audio_tokens`; `requests` is one per call. */
  readonly usageClass: string;
  readonly usdPerMillion: number;
}

/** Prices of a call whose input is larger than so many tokens. They hold for the whole call, as providers bill it. */
export interface PriceTier {
  readonly aboveInputTokens: number;
  readonly prices: readonly ClassPrice[];
}

export const USAGE_OPERATORS = ['gt', 'gte', 'lt', 'lte', 'eq', 'neq'] as const;

/** Compares the sum of all usage classes whose names an expression finds (`langfuse.md` §6.3). */
export interface UsageCondition {
  /** RE2 syntax, found anywhere in the name of a class. */
  readonly usageDetailPattern: string;
  readonly operator: (typeof USAGE_OPERATORS)[number];
  readonly value: number;
  readonly caseSensitive: boolean;
}

/** Prices of a call whose usage meets all of the conditions. */
export interface ConditionalTier {
  readonly id: string;
  readonly name: string;
  readonly priority: number;
  readonly conditions: readonly UsageCondition[];
  readonly prices: readonly ClassPrice[];
}

/** What one model costs at one time. */
export interface PriceSheet {
  readonly prices: readonly ClassPrice[];
  /** In ascending order of size; the last one that the input exceeds holds. */
  readonly tiers: readonly PriceTier[];
  /** In ascending order of priority; the first one that holds goes before all other prices. */
  readonly conditionalTiers?: readonly ConditionalTier[];
}

/** What an own price says when it was made as a model of Langfuse's. */
export interface ModelDefinition {
  readonly modelName: string;
  /** What usage is counted in; calls that count in another unit have no price by it. */
  readonly unit: string;
  readonly tokenizerId: string | null;
  readonly tokenizerConfig: JsonValue;
  /** The tier without conditions. */
  readonly defaultTier: { readonly id: string; readonly name: string };
}

/** Whether the name of a usage class is found by an expression; made by who has expressions that take linear time. */
export type ClassMatcher = (usageClass: string) => boolean;
export type CompileClassPattern = (pattern: string, isCaseSensitive: boolean) => ClassMatcher;

/** How a price was found. */
export type PriceRule = 'pattern' | 'provider and model' | 'model' | 'model with provider prefix';

/**
 * A price as it was used, with all that explains it. It never changes: what a price list says later is another one.
 * `own` prices are those of the project, `library` ones come with the server.
 */
export interface PriceSnapshot {
  readonly source: 'own' | 'library';
  /** Of an own price its id, of the library `provider/model`. */
  readonly priceId: string;
  /** Name and version of the price list; null for own prices. */
  readonly library: string | null;
  /** The provider whose price it is; null when an own price holds for any. */
  readonly provider: string | null;
  /** The pattern of an own price, or the library's name of the model. */
  readonly model: string;
  /** Which name of the call led to it. */
  readonly matchedBy: 'model' | 'requestedModel';
  readonly rule: PriceRule;
  /** When it holds, in words of the price list: `from 2026-01-31`; null for always. */
  readonly valid: string | null;
  readonly sheet: PriceSheet;
  /** What the tier without conditions is called, where the price has a name for it. */
  readonly defaultTier?: ModelDefinition['defaultTier'];
}

/** One class of a call's usage and what it costs. Amounts are whole femto-USD (1e-15), so that nothing is rounded here. */
export interface CostLine {
  readonly usageClass: string;
  readonly count: number;
  /** The class whose price was used; differs where the price list has none for the class itself. */
  readonly pricedAs: string;
  readonly usdPerMillion: number;
  readonly amountFemtoUsd: bigint;
}

/** Amounts are exact sums of the lines, each rounded half up once. */
export interface PricedUsage extends Cost {
  readonly lines: readonly CostLine[];
  /** Classes that the sheet has no price for. They cost nothing, and whoever explains the cost says so. */
  readonly unpriced: readonly string[];
  /** The tier that held; null for the base prices. */
  readonly aboveInputTokens: number | null;
  /** The conditional tier that held; null where none did. */
  readonly tier: { readonly id: string; readonly name: string } | null;
}

/** 1 USD per million units, in femto-USD per unit. */
const FEMTO_PER_UNIT = 1e9;
const FEMTO_PER_NANO = 1_000_000n;
/** Sums of doubles up to here are exact, rounding included. */
const MAX_EXACT_FEMTO = Number.MAX_SAFE_INTEGER - 1_000_000;
/** Names of classes are the clients'. */
const MAX_KNOWN_CLASSES = 200;
/** More than this per call is no cost but a fault in its counts, and sums over a project stay within int8. */
const MAX_COST_NANO_USD = 1_000_000 * 1e9;

/** What one unit of a class costs by the base prices; undefined for a class without a price. */
interface UnitPrice {
  readonly femtoUsd: number | undefined;
  readonly side: 'input' | 'output' | undefined;
}

/** A sheet made ready for many calls. */
export class PriceTable {
  private readonly base: ReadonlyMap<string, number>;
  /** What was looked up before, by class as stated. */
  private readonly units = new Map<string, UnitPrice>();
  private readonly tiers: readonly { readonly above: number; readonly prices: ReadonlyMap<string, number> }[];

  private readonly conditionalTiers: readonly {
    readonly tier: { readonly id: string; readonly name: string };
    readonly prices: ReadonlyMap<string, number>;
    readonly conditions: readonly { readonly matches: ClassMatcher; readonly condition: UsageCondition }[];
  }[];

  /** @param compile needed for sheets with conditional tiers */
  constructor(sheet: PriceSheet, compile?: CompileClassPattern) {
    this.base = toMap(sheet.prices);
    this.tiers = sheet.tiers.map((tier) => ({ above: tier.aboveInputTokens, prices: toMap(tier.prices) }));
    this.conditionalTiers = (sheet.conditionalTiers ?? []).map(({ id, name, prices, conditions }) => ({
      tier: { id, name },
      prices: toMap(prices),
      conditions: conditions.map((condition) => ({
        condition,
        matches: compile!(condition.usageDetailPattern, condition.caseSensitive),
      })),
    }));
  }

  /**
   * Counts × prices. Undefined when no class of the usage has a price, when only a total is known that cannot be split,
   * or when the cost is absurd.
   * @param isEmbedding an embedding has no output, so that its total is its input.
   */
  price(usage: Readonly<Record<string, number>>, isEmbedding: boolean): PricedUsage | undefined {
    const tierIndex = this.conditionalTiers.findIndex(({ conditions }) =>
      conditions.every(({ matches, condition }) => isMet(condition, sumOfClasses(usage, matches))),
    );
    const conditional = this.conditionalTiers[tierIndex];
    const tier = conditional !== undefined || this.tiers.length === 0 ? undefined : this.tierOf(inputSize(usage));
    const prices = conditional?.prices ?? tier?.prices ?? this.base;
    const lines: CostLine[] = [];
    const unpriced: string[] = [];
    const total = usage['total'];
    if (total !== undefined && prices.has('total')) {
      lines.push(toLine('total', total, 'total', prices.get('total')!));
    } else {
      let classes = 0;
      for (const usageClass of Object.keys(usage)) {
        if (usageClass === 'total') continue;
        classes += 1;
        const pricedAs = findPriced(prices, usageClass);
        if (pricedAs === undefined) unpriced.push(usageClass);
        else lines.push(toLine(usageClass, usage[usageClass]!, pricedAs, prices.get(pricedAs)!));
      }
      const input = prices.get('input');
      if (classes === 0 && total !== undefined && isEmbedding && input !== undefined)
        lines.push(toLine('total', total, 'input', input));
    }
    if (lines.length === 0) return undefined;
    const perRequest = prices.get('requests');
    if (perRequest !== undefined && usage['requests'] === undefined)
      lines.push(toLine('requests', 1, 'requests', perRequest));
    const cost = sumOf(lines);
    if (cost.costNanoUsd > MAX_COST_NANO_USD) return undefined;
    return {
      lines,
      unpriced,
      aboveInputTokens: tier?.above ?? null,
      tier: conditional?.tier ?? null,
      tierIndex: conditional === undefined ? undefined : tierIndex,
      ...cost,
    };
  }

  /**
   * The amounts of `price` alone, which is all that a write needs: whole calls in one loop over numbers where they are
   * exact, else by way of `price`.
   */
  cost(usage: Readonly<Record<string, number>>, isEmbedding: boolean): Cost | undefined {
    const hasTiers = this.tiers.length > 0 || this.conditionalTiers.length > 0;
    if (hasTiers || this.base.has('total') || this.base.has('requests')) return this.price(usage, isEmbedding);
    let sum = 0;
    let input = 0;
    let output = 0;
    let isPriced = false;
    for (const usageClass of Object.keys(usage)) {
      if (usageClass === 'total') continue;
      const { femtoUsd, side } = this.units.get(usageClass) ?? this.lookUpUnit(usageClass);
      if (femtoUsd === undefined) continue;
      isPriced = true;
      const amount = usage[usageClass]! * femtoUsd;
      sum += amount;
      if (side === 'input') input += amount;
      else if (side === 'output') output += amount;
    }
    if (!isPriced || sum > MAX_EXACT_FEMTO) return this.price(usage, isEmbedding);
    return {
      costNanoUsd: roundToNano(sum),
      inputCostNanoUsd: roundToNano(input),
      outputCostNanoUsd: roundToNano(output),
    };
  }

  private lookUpUnit(usageClass: string): UnitPrice {
    const pricedAs = findPriced(this.base, usageClass);
    const femtoUsd = pricedAs === undefined ? undefined : Math.round(this.base.get(pricedAs)! * FEMTO_PER_UNIT);
    const unit = { femtoUsd, side: sideOf(usageClass) };
    if (this.units.size < MAX_KNOWN_CLASSES) this.units.set(usageClass, unit);
    return unit;
  }

  private tierOf(inputTokens: number): PriceTable['tiers'][number] | undefined {
    let found: PriceTable['tiers'][number] | undefined;
    for (const tier of this.tiers) if (inputTokens > tier.above) found = tier;
    return found;
  }
}

function toMap(prices: readonly ClassPrice[]): ReadonlyMap<string, number> {
  return new Map(prices.map(({ usageClass, usdPerMillion }) => [canonicalClass(usageClass), usdPerMillion]));
}

/** What one unit of each class costs, in femto-USD, by every name that the class may be stated under. */
export type ClassRates = ReadonlyMap<string, number>;

/** A sheet with the aliases and parts of its classes spelled out, for whoever cannot ask a `PriceTable`. */
export function classRates(sheet: PriceSheet): {
  readonly base: ClassRates;
  readonly tiers: readonly { readonly aboveInputTokens: number; readonly rates: ClassRates }[];
  /** In the order of the sheet. */
  readonly conditionalTiers: readonly ClassRates[];
} {
  const ratesOf = (list: readonly ClassPrice[]): ClassRates => {
    const prices = toMap(list);
    const rates = new Map<string, number>();
    for (const usageClass of [...prices.keys(), ...KNOWN_CLASSES]) {
      const pricedAs = findPriced(prices, usageClass);
      if (pricedAs !== undefined) rates.set(usageClass, Math.round(prices.get(pricedAs)! * FEMTO_PER_UNIT));
    }
    return rates;
  };
  return {
    base: ratesOf(sheet.prices),
    tiers: sheet.tiers.map(({ aboveInputTokens, prices }) => ({ aboveInputTokens, rates: ratesOf(prices) })),
    conditionalTiers: (sheet.conditionalTiers ?? []).map(({ prices }) => ratesOf(prices)),
  };
}

function sumOfClasses(usage: Readonly<Record<string, number>>, matches: ClassMatcher): number {
  let sum = 0;
  for (const usageClass of Object.keys(usage)) if (matches(usageClass)) sum += usage[usageClass]!;
  return sum;
}

function isMet({ operator, value }: UsageCondition, sum: number): boolean {
  switch (operator) {
    case 'gt':
      return sum > value;
    case 'gte':
      return sum >= value;
    case 'lt':
      return sum < value;
    case 'lte':
      return sum <= value;
    case 'eq':
      return sum === value;
    case 'neq':
      return sum !== value;
  }
}

function toLine(usageClass: string, count: number, pricedAs: string, usdPerMillion: number): CostLine {
  const perUnit = Math.round(usdPerMillion * FEMTO_PER_UNIT);
  const product = count * perUnit;
  const amountFemtoUsd = Number.isSafeInteger(product) ? BigInt(product) : BigInt(count) * BigInt(perUnit);
  return { usageClass, count, pricedAs, usdPerMillion, amountFemtoUsd };
}

function sumOf(lines: readonly CostLine[]): Cost {
  let sum = 0n;
  const ofSide = { input: 0n, output: 0n };
  for (const { usageClass, amountFemtoUsd } of lines) {
    sum += amountFemtoUsd;
    const side = sideOf(usageClass);
    if (side !== undefined) ofSide[side] += amountFemtoUsd;
  }
  const toNano = (femtoUsd: bigint): number => Number((femtoUsd + FEMTO_PER_NANO / 2n) / FEMTO_PER_NANO);
  return { costNanoUsd: toNano(sum), inputCostNanoUsd: toNano(ofSide.input), outputCostNanoUsd: toNano(ofSide.output) };
}

function roundToNano(femtoUsd: number): number {
  return Math.floor((femtoUsd + 500_000) / 1_000_000);
}

/** Femto-USD as a decimal number of USD without loss: `0.0000375`. */
export function usdText(femtoUsd: bigint): string {
  const digits = femtoUsd.toString().padStart(16, '0');
  const fraction = digits.slice(-15).replace(/0+$/, '');
  return `${digits.slice(0, -15)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** An own price: what a project says that models whose name matches a pattern cost. */
export interface OwnPrice {
  readonly id: string;
  /** RE2 syntax; matches the whole name of a model, whatever its case. */
  readonly modelPattern: string;
  /** Only calls to this provider, whatever its case; null for any, also an unknown one. */
  readonly provider: string | null;
  /** Calls that start from here on; null for all. ISO 8601. */
  readonly validFrom: string | null;
  readonly sheet: PriceSheet;
  /** Set when it was made as a model of Langfuse's: then the pattern is searched for, and cases differ unless it says otherwise. */
  readonly definition: ModelDefinition | null;
  readonly createdAt: string;
}

/** The price of a stored observation and what is needed to show it. */
export interface StoredPrice extends PriceSnapshot {
  readonly table: PriceTable;
}
