import { Sender, type Target } from './sender.js';
import { SERIES_COUNT } from './serving-metrics.js';
import { hourCount, hoursOf, type Job, type WorkloadOptions } from './workload.js';

export interface SeedOptions extends WorkloadOptions, Target {
  /** Called when a further hour of the time that is filled is committed. */
  readonly onProgress?: (doneHours: number, totalHours: number) => void;
}

/** What a run has written. The same options give the same counts, apart from requests and retries. */
export interface Summary {
  readonly traceCount: number;
  readonly observationCount: number;
  readonly sessionCount: number;
  readonly pointCount: number;
  readonly seriesCount: number;
  readonly requestCount: number;
  readonly retryCount: number;
  readonly durationMs: number;
}

/** Requests on their way at once: enough to keep the server's writers busy, few enough to leave room for others. */
const CONCURRENCY = 8;

/**
 * Writes a believable stretch of work of four LLM applications to a server, through its public API alone. The same
 * options give the same ids and values, so that a second run changes nothing, and one with a later `nowMs` adds only
 * what has happened since.
 * @throws SeedError when the server cannot be reached, does not take the token or refuses what is sent; what was
 * committed until then stays, and another run completes it.
 */
export async function seed(options: SeedOptions): Promise<Summary> {
  const startMs = performance.now();
  const sender = new Sender(options);
  await sender.checkServer();
  const totalHours = hourCount(options);
  const sessions = new Set<string>();
  const counts = { traceCount: 0, observationCount: 0, pointCount: 0 };
  let doneHours = 0;
  for (const jobs of hoursOf(options)) {
    await sendAll(sender, jobs);
    for (const { traces, pointCount } of jobs) {
      counts.pointCount += pointCount;
      counts.traceCount += traces.length;
      for (const { observations, sessionId } of traces) {
        counts.observationCount += observations.length;
        if (sessionId !== undefined) sessions.add(sessionId);
      }
    }
    options.onProgress?.((doneHours += 1), totalHours);
  }
  return {
    ...counts,
    sessionCount: sessions.size,
    seriesCount: counts.pointCount === 0 ? 0 : SERIES_COUNT,
    requestCount: sender.requestCount,
    retryCount: sender.retryCount,
    durationMs: performance.now() - startMs,
  };
}

async function sendAll(sender: Sender, jobs: readonly Job[]): Promise<void> {
  const waiting = jobs.values();
  const work = async () => {
    for (const { path, body } of waiting) await sender.post(path, body);
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, jobs.length) }, work));
}
