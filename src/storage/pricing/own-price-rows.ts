import { type OwnPrice, type PriceSheet } from '../../domain/price.js';
import { type LoadedPrices } from './price-book.js';

/** A row of `model_prices`. */
export interface PriceColumns {
  id: string;
  project_no: number;
  model_pattern: string;
  provider: string | null;
  valid_from: Date | null;
  sheet: PriceSheet;
  created_at: Date;
}

export const PRICE_COLUMNS = 'id, project_no, model_pattern, provider, valid_from, sheet, created_at';


export function toPrice(row: PriceColumns): OwnPrice {
  return {
    id: row.id,
    modelPattern: row.model_pattern,
    provider: row.provider,
    validFrom: row.valid_from?.toISOString() ?? null,
    sheet: row.sheet,
    createdAt: row.created_at.toISOString(),
  };
}

const REVISION = `SELECT count(*) || '/' || count(deleted_at) AS revision FROM model_prices`;

/** Runs one statement; a connection or a pool of them. */
export interface Queryable {
  query(sql: string): Promise<{ rows: unknown[] }>;
}

/** All prices of all projects; null when nothing has changed since `revision`. */
export async function loadOwnPrices(client: Queryable, revision: string): Promise<LoadedPrices | null> {
  const found = await client.query(REVISION);
  const current = (found.rows as { revision: string }[])[0]!.revision;
  if (current === revision) return null;
  const { rows } = await client.query(`SELECT ${PRICE_COLUMNS} FROM model_prices WHERE deleted_at IS NULL`);
  return { revision: current, prices: (rows as PriceColumns[]).map((row) => ({ projectNo: row.project_no, price: toPrice(row) })) };
}
