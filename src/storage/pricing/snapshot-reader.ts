import { Injectable } from '@nestjs/common';
import { type Observation } from '../../domain/observation.js';
import { PriceTable, type PriceSnapshot, type StoredPrice } from '../../domain/price.js';
import { ReadPool } from '../read-pool.js';
import { compileClassPattern } from './own-price-matcher.js';

/** Prices that are in use at a time are far fewer. */
const MAX_CACHED = 5000;

/** Reads the prices that costs were made with. They never change, so each is read once. */
@Injectable()
export class SnapshotReader {
  private readonly cache = new Map<number, StoredPrice>();

  constructor(private readonly pool: ReadPool) {}

  /** By key; one that is not stored is missing in the answer. */
  async read(keys: Iterable<number>): Promise<ReadonlyMap<number, StoredPrice>> {
    const found = new Map<number, StoredPrice>();
    const missing: number[] = [];
    for (const key of new Set(keys)) {
      const price = this.cache.get(key);
      if (price === undefined) missing.push(key);
      else found.set(key, price);
    }
    if (missing.length > 0) {
      const rows = await this.pool.query<{ key: string; snapshot: string }>(
        'SELECT key, snapshot FROM price_snapshots WHERE key = ANY($1::int8[])',
        [missing],
      );
      if (this.cache.size + rows.length > MAX_CACHED) this.cache.clear();
      for (const row of rows) {
        const snapshot = JSON.parse(row.snapshot) as PriceSnapshot;
        const price = { ...snapshot, table: new PriceTable(snapshot.sheet, compileClassPattern) };
        this.cache.set(Number(row.key), price);
        found.set(Number(row.key), price);
      }
    }
    return found;
  }

  /** Gives each of `observations` that was priced its price. */
  async addTo(observations: readonly Pick<Observation, 'priceKey' | 'price'>[]): Promise<void> {
    const keys = observations.flatMap(({ priceKey }) => priceKey ?? []);
    if (keys.length === 0) return;
    const prices = await this.read(keys);
    for (const seen of observations) if (seen.priceKey !== null) seen.price = prices.get(seen.priceKey) ?? null;
  }
}
