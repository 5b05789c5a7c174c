import { type Micros } from '../../domain/time.js';
import { BulkInsert } from '../bulk-insert.js';
import { type StatementBatch } from '../statement-batch.js';
import { type KeyedPrice } from './price-book.js';

interface SnapshotRow {
  readonly key: number;
  readonly snapshot: string;
  readonly createdAt: Micros;
}

const INSERT = new BulkInsert<SnapshotRow>(
  'price_snapshots',
  [
    { name: 'key', type: 'int8', value: (row) => row.key },
    { name: 'snapshot', type: 'text', value: (row) => row.snapshot },
    { name: 'created_at', type: 'timestamptz', value: (row) => row.createdAt },
  ],
  '(key) DO NOTHING',
);

/** Keeps the prices that costs are made with. `prices` are sorted by key, so that no two writers wait in a circle. */
export function insertSnapshots(batch: StatementBatch, prices: readonly KeyedPrice[], now: Micros): void {
  INSERT.addTo(
    batch,
    prices.map(({ key, snapshot }) => ({ key, snapshot: JSON.stringify(snapshot), createdAt: now })),
  );
}
