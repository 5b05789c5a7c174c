import { BenchServer } from './bench-server.js';
import { loadPoints, loadMetrics, metricReads } from './metric-stages.js';
import { listReads, load, loadDays, type Read, timeGets } from './read-stages.js';
import { percentile, type Report } from './report.js';
import { dailyReads, sessionReads } from './usage-stages.js';

const DAY_MS = 86_400_000;
const FACTOR = 10;
/** What a cost may grow by while ten times as much is stored and the same is asked for. */
const GOAL = { atMost: 1.3 };
/** Below this a median says more about the machine than about the data. */
const LEAST_MS = 1;

/**
 * Every read with `rows` observations and as many points of the last 30 days, and again with ten times as many, the
 * others older or of other metrics: what is asked for stays the same. On a server of its own, for it has to begin empty.
 */
export async function measureGrowth(
  report: Report,
  options: { readonly rows: number; readonly requests: number },
): Promise<void> {
  const server = await BenchServer.start();
  try {
    await loadDays(server, options.rows);
    await loadMetrics(server, options.rows);
    const reads = [...(await listReads(server)), ...(await sessionReads(server)), ...dailyReads(), ...metricReads()];
    const few = await measure(server, report, reads, options.requests);
    await load(server, {
      observations: (FACTOR - 1) * options.rows,
      toMs: Date.now() - 31 * DAY_MS,
      days: (FACTOR - 1) * 30,
      seed: 52,
    });
    await loadPoints(server, {
      names: Array.from({ length: 20 }, (_, i) => `other_metric_${i}`),
      everySeconds: 30,
      points: (FACTOR - 1) * options.rows,
      toMs: Date.now(),
    });
    await server.database.client.query('VACUUM (ANALYZE)');
    const many = await measure(server, report, reads, options.requests);
    for (const { name } of reads) {
      const [before, after] = [few.get(name), many.get(name)];
      if (before === undefined || after === undefined) continue;
      report.add('growth', name, Math.max(after, LEAST_MS) / Math.max(before, LEAST_MS), '×', {
        goal: GOAL,
        note: `p50 ${before.toFixed(1)} → ${after.toFixed(1)} ms`,
      });
    }
  } finally {
    const fault = await server.stop();
    if (fault !== undefined) report.fault(`growth: ${fault}`);
  }
}

/** Median of each read by name, in ms. */
async function measure(
  server: BenchServer,
  report: Report,
  reads: readonly Read[],
  requests: number,
): Promise<Map<string, number>> {
  const medians = new Map<string, number>();
  const client = server.client(1);
  for (const { name, make } of reads) {
    const timed = await timeGets(client, report, { stage: 'growth', make, requests });
    if (timed !== undefined) medians.set(name, percentile(timed.latenciesMs, 0.5));
  }
  client.close();
  return medians;
}
