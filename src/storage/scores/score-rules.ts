import { type ClientBase } from 'pg';
import { type ConfigDataType, type ScoreCategory, type ScoreRule } from '../../domain/score-config.js';
import { encodeKeys, type ScoreKey } from './score-rows.js';

/** Columns of a config that scores must comply with. */
export interface RuleColumns {
  id: string;
  name: string;
  data_type: string;
  min_value: number | null;
  max_value: number | null;
  categories: ScoreCategory[] | null;
  is_archived: boolean;
}

export const RULE_COLUMNS = 'id, name, data_type, min_value, max_value, categories, is_archived';

export function decodeRule(row: RuleColumns): ScoreRule {
  return {
    id: row.id,
    name: row.name,
    dataType: row.data_type as ConfigDataType,
    minValue: row.min_value,
    maxValue: row.max_value,
    categories: row.categories,
    isArchived: row.is_archived,
  };
}

const SELECT_RULES =
  `SELECT k.n::int4 AS n, o.* FROM unnest($1::int4[], $2::text[]) WITH ORDINALITY AS k(p, i, n) CROSS JOIN LATERAL ` +
  `(SELECT ${RULE_COLUMNS} FROM score_configs c WHERE c.project_no = k.p AND c.id = k.i LIMIT 1) o`;

/** The configs under `keys`, at their positions; undefined where there is none. */
export async function selectRules(client: ClientBase, keys: readonly ScoreKey[]): Promise<(ScoreRule | undefined)[]> {
  const found = new Array<ScoreRule | undefined>(keys.length);
  if (keys.length === 0) return found;
  const result = await client.query<RuleColumns & { n: number }>({
    name: 'select score rules',
    text: SELECT_RULES,
    values: encodeKeys(keys),
  });
  for (const row of result.rows) found[row.n - 1] = decodeRule(row);
  return found;
}
