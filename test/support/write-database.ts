import { parseConfig } from '../../src/config/config.js';
import { type DatabaseConnection } from '../../src/config/database-connection.js';
import { WriteQueue, type WriteQueueOptions } from '../../src/ingest/write-queue.js';
import { PartitionKeeper } from '../../src/storage/partitions.js';
import { type PriceBook } from '../../src/storage/pricing/price-book.js';
import { quarantine } from '../../src/storage/quarantine.js';
import { WriteConnection } from '../../src/storage/write-connection.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { NOW_MS } from './messages.js';

/** A test database that can be written into at `nowMs`. */
export async function createWriteDatabase(nowMs: number = NOW_MS): Promise<TestDatabase> {
  const database = await createTestDatabase();
  // The end of a pool does not wait for the server, so that dropping the database may end a connection once more.
  database.pool.on('error', () => undefined);
  await new PartitionKeeper(await database.dataSource(), parseConfig({})).ensure(nowMs);
  return database;
}

export interface QueueSettings extends Partial<WriteQueueOptions> {
  /** How many connections write; default 2. */
  readonly connections?: number;
  readonly statementTimeoutMs?: number;
  /** Shown by pg_stat_activity, for tests that look for the writer. */
  readonly applicationName?: string;
  /** Without one nothing has a price. */
  readonly prices?: PriceBook;
}

/** A queue that writes to `database` as the server does. Stop it before the database is dropped. */
export function openQueue(database: DatabaseConnection, settings: QueueSettings = {}): WriteQueue {
  const {
    connections = 2,
    statementTimeoutMs = 30_000,
    applicationName = 'test writes',
    prices,
    ...options
  } = settings;
  const client = { ...database, statement_timeout: statementTimeoutMs, application_name: applicationName };
  return new WriteQueue(
    Array.from({ length: connections }, () => new WriteConnection(client, 0, prices)),
    {
      maxBytes: 64 * 1024 * 1024,
      deadlineMs: 4000,
      onRefused: quarantine,
      onMissingPartition: () => Promise.reject(new Error('a partition is missing')),
      nowMs: () => NOW_MS,
      ...options,
    },
  );
}
