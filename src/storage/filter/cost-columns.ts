import { COST } from '../../domain/repeated-usage.js';
import { INPUT_OUTPUT_COST, PRICES_JOIN, PRICES_PARAMETER } from '../analytics/cost-classes.js';
import { type Where } from '../sql/where.js';
import { type ColumnCondition, type FilterColumn } from './filter-columns.js';

/**
 * What the input and the output cost, in USD: worked out of stated costs, or of counts and prices, for every row that is
 * looked at.
 */
function costColumns(sql: (part: 'input' | 'output') => string): FilterColumn[] {
  return [
    { name: 'inputCost', aliases: ['Input Cost ($)'], kind: 'number', sql: sql('input') },
    { name: 'outputCost', aliases: ['Output Cost ($)'], kind: 'number', sql: sql('output') },
  ];
}

const SPLIT = `${PRICES_JOIN} CROSS JOIN LATERAL (${INPUT_OUTPUT_COST}) split`;

/** Of `o`, a row of `observations`. */
export const OBSERVATION_COSTS = costColumns(
  (part) => `(SELECT coalesce(split.${part}, 0) / 1e9::float8 FROM (SELECT 1) one ${SPLIT})`,
);

/** Of the observations of `t`, a row of `traces`; what repeats the cost of another counts as nothing. */
export const TRACE_COSTS = costColumns(
  (part) =>
    `(SELECT coalesce(sum(split.${part}), 0) / 1e9::float8 FROM observations o ${SPLIT} WHERE o.project_no = t.project_no ` +
    `AND o.trace_id = t.trace_id AND o.bucket = t.bucket AND coalesce(o.repeated, 0) & ${COST} = 0)`,
);

/** Whether any of them needs the prices that costs were made with. */
export function needsPrices(conditions: readonly ColumnCondition[]): boolean {
  return conditions.some(({ column }) => column.kind !== 'own' && column.sql.includes(PRICES_PARAMETER));
}

/** The conditions with the prices bound to `where`. */
export function withPrices(where: Where, conditions: readonly ColumnCondition[], prices: string): ColumnCondition[] {
  const parameter = where.bind(prices, 'jsonb');
  return conditions.map(({ condition, column }) =>
    column.kind === 'own'
      ? { condition, column }
      : { condition, column: { ...column, sql: column.sql.replaceAll(PRICES_PARAMETER, parameter) } },
  );
}
