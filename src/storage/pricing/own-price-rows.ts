import { type ModelDefinition, type OwnPrice, type PriceSheet } from '../../domain/price.js';
import { type LoadedPrices } from './price-book.js';

/** A row of `model_prices`. */
export interface PriceColumns {
  model_id: string;
  project_no: number;
  model_pattern: string;
  provider: string | null;
  valid_from: Date | null;
  sheet: PriceSheet;
  definition: ModelDefinition | null;
  created_at: Date;
}

export const PRICE_COLUMNS = 'model_id, project_no, model_pattern, provider, valid_from, sheet, definition, created_at';

export function toPrice(row: PriceColumns): OwnPrice {
  return {
    id: row.model_id,
    modelPattern: row.model_pattern,
    provider: row.provider,
    validFrom: row.valid_from?.toISOString() ?? null,
    sheet: row.sheet,
    definition: row.definition,
    createdAt: row.created_at.toISOString(),
  };
}

const REVISION = `SELECT count(*) || '/' || count(deleted_at) AS revision FROM model_prices`;

/** All prices of all projects; null when nothing has changed since `revision`. `run` runs one statement. */
export async function loadOwnPrices(
  run: (sql: string) => Promise<unknown[]>,
  revision: string,
): Promise<LoadedPrices | null> {
  const [row] = (await run(REVISION)) as { revision: string }[];
  const current = row!.revision;
  if (current === revision) return null;
  const rows = (await run(`SELECT ${PRICE_COLUMNS} FROM model_prices WHERE deleted_at IS NULL`)) as PriceColumns[];
  return { revision: current, prices: rows.map((one) => ({ projectNo: one.project_no, price: toPrice(one) })) };
}
