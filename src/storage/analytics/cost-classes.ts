import { COST } from '../../domain/repeated-usage.js';
import { classRates, type ClassRates, type PriceSnapshot } from '../../domain/price.js';
import { INPUT_CLASSES } from '../../domain/usage-class.js';

/**
 * Costs by class. A row of `observations` keeps its total and, where the cost was computed, the price it was made with:
 * classes are counts × that price once more, here in SQL, because a query may ask for millions of rows. Without
 * subqueries, which PostgreSQL lets no parallel worker run for each row.
 */

/** Stands for the parameter that holds the prices. */
export const PRICES_PARAMETER = '{prices}';

/** Tokens of the input, by which tiers are measured. */
const INPUT_SIZE = INPUT_CLASSES.map((name) => `coalesce((o.usage ->> '${name}')::int8, 0)`).join(' + ');

/** In place of the number of a conditional tier where none held. */
const NO_TIER = -1;

/** The rates of an observation's price by the conditional tier that it was billed by, else by the size of its input. */
export const PRICES_JOIN =
  `LEFT JOIN jsonb_to_recordset(${PRICES_PARAMETER}) AS prices(key int8, tier int4, above int8, "upTo" int8, rates jsonb) ` +
  `ON prices.key = o.price_key AND prices.tier = coalesce(o.price_tier, ${NO_TIER}) AND (prices.above IS NULL OR ` +
  `(${INPUT_SIZE} > prices.above AND ${INPUT_SIZE} <= prices."upTo"))`;

interface PriceRow {
  readonly key: string;
  readonly tier: number;
  /** The sizes of input that it holds for; null for any. */
  readonly above: number | null;
  readonly upTo: number | null;
  readonly rates: Readonly<Record<string, number>>;
}

const ANY_SIZE = { above: null, upTo: null };

/** The prices as the join above reads them, as JSON: for each tier a row of its own. */
export function encodePrices(snapshots: readonly (readonly [key: string, snapshot: PriceSnapshot])[]): string {
  const rows = snapshots.flatMap(([key, { sheet }]): PriceRow[] => {
    const { base, tiers, conditionalTiers } = classRates(sheet);
    const ofTiers = conditionalTiers.map((rates, tier) => ({ ...ANY_SIZE, key, tier, rates: ratesObject(rates) }));
    if (tiers.length === 0) return [{ ...ANY_SIZE, key, tier: NO_TIER, rates: ratesObject(base) }, ...ofTiers];
    const steps = [{ aboveInputTokens: -1, rates: base }, ...tiers];
    const bySize = steps.map(({ aboveInputTokens, rates }, i) => ({
      key,
      tier: NO_TIER,
      above: aboveInputTokens,
      upTo: steps[i + 1]?.aboveInputTokens ?? Number.MAX_SAFE_INTEGER,
      rates: ratesObject(rates),
    }));
    return [...bySize, ...ofTiers];
  });
  return JSON.stringify(rows);
}

function ratesObject(rates: ClassRates): Record<string, number> {
  return Object.fromEntries(rates);
}

/** What is counted or stated by class, and a `total`, whatever it says; NULL for what repeats another cost. */
const COUNTED =
  `CASE WHEN coalesce(o.repeated, 0) & ${COST} <> 0 THEN NULL ` +
  `WHEN o.stated_cost IS NOT NULL THEN o.stated_cost || '{"total": 0}' ` +
  `WHEN prices.rates ? 'total' AND o.usage ? 'total' THEN '{"total": 0}' ` +
  `WHEN prices.rates ? 'requests' THEN '{"requests": 1, "total": 0}' || o.usage ` +
  `WHEN o.usage ? 'total' THEN o.usage ELSE o.usage || '{"total": 0}' END`;

/**
 * The names of the classes of what `o` costs, with the total. Only the names: to look each up in its row costs less than
 * to make a row of names and values for each observation.
 */
export const COST_CLASSES_JOIN =
  `JOIN LATERAL jsonb_object_keys(${COUNTED}) costs(class) ` +
  `ON o.cost_nano_usd IS NOT NULL AND (costs.class = 'total' OR o.stated_cost IS NOT NULL OR prices.rates ? costs.class)`;

/**
 * In nano-USD, rounded half up. In doubles, which hold every whole femto-USD up to nine USD and cost half of numerics. What
 * has a price and no count is the one request.
 */
export const COST_OF_CLASS =
  `CASE WHEN costs.class = 'total' THEN o.cost_nano_usd ` +
  `WHEN o.stated_cost IS NOT NULL THEN floor((o.stated_cost ->> costs.class)::float8 * 1e9 + 0.5)::int8 ` +
  `ELSE floor(coalesce((o.usage ->> costs.class)::float8, 1) * (prices.rates ->> costs.class)::float8 / 1e6 + 0.5)::int8 END`;
