import { Registry } from 'prom-client';
import { parseConfig } from '../../config/config.js';
import { Unavailable } from '../../domain/errors.js';
import { Redactor } from '../../domain/redaction.js';
import { AuthFailureStats } from '../../http/auth/auth-failure-stats.js';
import { InFlightBytes } from '../../http/in-flight-bytes.js';
import { QueryRateStats } from '../../http/throttle/query-rate-stats.js';
import { type IngestStatus } from '../../ingest/ingest-status.js';
import { type IngestThread } from '../../ingest/ingest-thread.js';
import { type ReadPool } from '../../storage/read-pool.js';
import { Readings } from './readings.js';

/** What Prometheus is given while the pipeline answers `read`. */
async function scrape(read: IngestStatus['read']): Promise<string> {
  const registry = new Registry();
  new Readings(
    registry,
    parseConfig({}),
    { read } as IngestStatus,
    new Redactor(),
    { activeMs: 0 } as IngestThread,
    { use: { open: 2, busy: 1, waiting: 0 } } as ReadPool,
    new InFlightBytes(100),
    new QueryRateStats(),
    new AuthFailureStats(),
  );
  return registry.metrics();
}

describe('the readings', () => {
  const idle = { bytes: 0, writers: { busy: 0, total: 1 } };
  const queues = { traces: { bytes: 5, writers: { busy: 2, total: 3 } }, points: idle, scores: idle };

  it('tell what the writing thread knows', async () => {
    const text = await scrape(() => Promise.resolve({ queues, redactedCount: 7 }));
    expect(text).toContain('xtrace_queue_bytes{queue="traces"} 5');
    expect(text).toContain('xtrace_db_connections_busy{pool="write"} 2');
    expect(text).toContain('xtrace_db_connections_max{pool="write"} 3');
    expect(text).toContain('xtrace_redactions_total 7');
  });

  it('leave that out while the thread is being started again, and tell the rest', async () => {
    const text = await scrape(() => Promise.reject(new Unavailable('the writing thread is being started again')));
    expect(text).toContain('xtrace_in_flight_max_bytes');
    expect(text).not.toContain('xtrace_queue_bytes{');
    await expect(scrape(() => Promise.reject(new Error('a fault of ours')))).rejects.toThrow('a fault of ours');
  });
});
