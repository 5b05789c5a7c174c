import { COST } from '../../domain/repeated-usage.js';
import { classRates, type ClassRates, INPUT_CLASSES, type PriceSnapshot } from '../../domain/price.js';

/**
 * Costs by class. A row of `observations` keeps its total and, where the cost was computed, the price it was made with:
 * classes are counts × that price once more, here in SQL, because a query may ask for millions of rows.
 */

/** Stands for the parameter that holds the prices. */
export const PRICES_PARAMETER = '{prices}';

/** Prices by the key that rows name them by. */
export const PRICES_JOIN =
  `LEFT JOIN jsonb_to_recordset(${PRICES_PARAMETER}) ` +
  'AS prices(key int8, rates jsonb, tiers jsonb) ON prices.key = o.price_key';

/** The prices as the join above reads them, as JSON. */
export function encodePrices(snapshots: Iterable<readonly [key: string, snapshot: PriceSnapshot]>): string {
  const rows = [...snapshots].map(([key, { sheet }]) => {
    const { base, tiers } = classRates(sheet);
    return {
      key,
      rates: ratesObject(base),
      tiers: tiers.map(({ aboveInputTokens, rates }) => ({ above: aboveInputTokens, rates: ratesObject(rates) })),
    };
  });
  return JSON.stringify(rows);
}

function ratesObject(rates: ClassRates): Record<string, number> {
  return Object.fromEntries(rates);
}

const NAMES = `'{${INPUT_CLASSES.join(',')}}'::text[]`;

/** The rates that hold for the size of the input. Without LIMIT, which no parallel worker may do. */
const RATES =
  `CASE WHEN prices.tiers = '[]' THEN prices.rates ELSE coalesce((SELECT (array_agg(t.tier -> 'rates' ORDER BY t.n DESC))[1] ` +
  `FROM jsonb_array_elements(prices.tiers) WITH ORDINALITY t(tier, n) WHERE (t.tier ->> 'above')::numeric < ` +
  `(SELECT coalesce(sum(i.value::numeric), 0) FROM jsonb_each_text(o.usage) i WHERE i.key = ANY(${NAMES})) ` +
  `), prices.rates) END`;

/** Classes but for the total, in nano-USD. */
const PARTS =
  `SELECT s.key AS class, round(s.value::numeric * 1000000000)::int8 AS nano_usd FROM jsonb_each_text(o.stated_cost) s ` +
  `WHERE s.key <> 'total' UNION ALL ` +
  `SELECT u.key, round(u.value::numeric * (r.rates ->> u.key)::numeric / 1000000)::int8 ` +
  `FROM (SELECT ${RATES} AS rates) r CROSS JOIN LATERAL jsonb_each_text(o.usage) u ` +
  `WHERE o.stated_cost IS NULL AND u.key <> 'total' AND r.rates ? u.key AND NOT (r.rates ? 'total' AND o.usage ? 'total') ` +
  `UNION ALL SELECT 'requests', round((r.rates ->> 'requests')::numeric / 1000000)::int8 ` +
  `FROM (SELECT ${RATES} AS rates) r WHERE o.stated_cost IS NULL AND r.rates ? 'requests' AND NOT o.usage ? 'requests'`;

/** The classes of what `o` costs, with the total; nothing for a cost that repeats another one. */
export const COST_CLASSES =
  `SELECT k.class COLLATE "C" AS class, k.nano_usd FROM (${PARTS} UNION ALL SELECT 'total', o.cost_nano_usd) k ` +
  `WHERE o.cost_nano_usd IS NOT NULL AND coalesce(o.repeated, 0) & ${COST} = 0`;
