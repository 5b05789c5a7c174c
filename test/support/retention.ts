import { parseConfig } from '../../src/config/config.js';
import { MediaSweeper } from '../../src/storage/media/media-sweeper.js';
import { MetricPartitionKeeper } from '../../src/storage/metric-partitions.js';
import { Retention } from '../../src/storage/retention.js';
import { type TestDatabase } from './database.js';
import { waitFor } from './server-process.js';

/** Retention as a process has it; by default it keeps everything. */
export async function openRetention(
  database: TestDatabase,
  days: { traces?: number; metrics?: number },
): Promise<Retention> {
  return new Retention(
    database.connection,
    { tracesRetentionDays: days.traces ?? 0, metricsRetentionDays: days.metrics ?? 0 },
    new MetricPartitionKeeper(await database.dataSource()),
    new MediaSweeper(parseConfig({})),
  );
}

/** The retention process seen from PostgreSQL. */
export interface RetentionBackend {
  readonly pid: number;
  readonly query: string;
  /** Who it waits for. */
  readonly blockers: number[];
}

/** Waits until retention waits for somebody, in a statement that holds `text`. */
export async function untilItWaits(database: TestDatabase, text: string): Promise<RetentionBackend> {
  return waitFor(async () => {
    const { rows } = await database.pool.query<RetentionBackend>(
      `SELECT pid, query, pg_blocking_pids(pid) AS blockers FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'xtrace retention' AND wait_event_type = 'Lock'`,
    );
    return rows.find(({ query }) => query.includes(text));
  });
}

/** The locks that a backend has, as `mode of what`: tables by name, advisory locks by their second number. */
export async function locksOf(database: TestDatabase, pid: number): Promise<string[]> {
  const { rows } = await database.pool.query<{ lock: string }>(
    `SELECT DISTINCT mode || ' of ' || CASE locktype WHEN 'relation' THEN relation::regclass::text
       ELSE locktype || ' ' || coalesce(objid::text, '') END AS lock
     FROM pg_locks WHERE pid = $1 AND granted AND locktype IN ('relation', 'advisory', 'tuple') ORDER BY 1`,
    [pid],
  );
  return rows.map(({ lock }) => lock);
}
