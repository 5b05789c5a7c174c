import { type App, sessionStarts, type World } from './app.js';
import { codingAgent } from './apps/coding-agent.js';
import { playIncidents } from './apps/incidents.js';
import { knowledgeBase } from './apps/knowledge-base.js';
import { supportBot } from './apps/support-bot.js';
import { travelPlanner } from './apps/travel-planner.js';
import { toBatchBody } from './doors/batch.js';
import { toOtlpBody } from './doors/otlp.js';
import { Random } from './random.js';
import { type TraceRecord } from './record.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, Rhythm } from './rhythm.js';
import { pointsAt } from './serving-metrics.js';

export const APPS: readonly App[] = [supportBot, knowledgeBase, codingAgent, travelPlanner];

/** What is to be made: a function of these values alone. */
export interface WorkloadOptions {
  /** Another seed gives another week. */
  readonly seed: string;
  /** End of the time that is filled. */
  readonly nowMs: number;
  /** Length of that time in days. */
  readonly days: number;
  /** How many traces: 1 is about 4,000 a week. Below 1 the points of the time series get rarer as well. */
  readonly scale: number;
}

/** One request of the workload. */
export interface Job {
  readonly path: string;
  readonly body: string;
  readonly traces: readonly TraceRecord[];
  readonly pointCount: number;
}

const BATCH_PATH = '/v1/l/batch';
const OTLP_PATH = '/api/public/otel/v1/traces';
const METRICS_PATH = '/v1/metrics/batch';
const MAX_TRACES_PER_EXPORT = 20;
/** A session that began so long before the time that is filled may have turns in it. */
const LONGEST_SESSION_MS = 3 * HOUR_MS;
const INCIDENT_PERIOD_DAYS = 7;
/** Each divides an hour, so that runs of different ends agree on the moments. */
const STEP_MINUTES = [1, 2, 5, 10, 15] as const;

export function hourCount(options: WorkloadOptions): number {
  return Math.floor(options.nowMs / HOUR_MS) - firstHour(options) + 1;
}

/** All requests, hour by hour, oldest first. What ends after `nowMs` has not happened yet. */
export function* hoursOf(options: WorkloadOptions): Generator<Job[]> {
  const { seed, nowMs, days, scale } = options;
  const random = new Random(`xtrace/${seed}`);
  const world: World = { random, rhythm: new Rhythm(random, Math.min(days, INCIDENT_PERIOD_DAYS)) };
  const fromMs = nowMs - days * DAY_MS;
  const isDue = ({ endMs }: TraceRecord) => endMs > fromMs && endMs <= nowMs;
  for (let hour = firstHour(options); hour * HOUR_MS <= nowMs; hour += 1) {
    const hourMs = hour * HOUR_MS;
    const jobs: Job[] = [];
    for (const app of APPS) {
      const starts = sessionStarts(world, app, hourMs, scale);
      jobs.push(...toJobs(app.name, app.door, starts.flatMap((start) => app.playSession(start)).filter(isDue)));
    }
    for (const { app, trace } of playIncidents(world, hourMs))
      if (isDue(trace)) jobs.push(...toJobs(app, 'otlp', [trace]));
    jobs.push(...metricJobs(world, hourMs, fromMs, options));
    yield jobs;
  }
}

function firstHour({ nowMs, days }: WorkloadOptions): number {
  return Math.floor((nowMs - days * DAY_MS - LONGEST_SESSION_MS) / HOUR_MS);
}

function toJobs(app: string, door: App['door'], traces: TraceRecord[]): Job[] {
  if (door === 'batch') {
    return traces.map((trace) => ({ path: BATCH_PATH, body: toBatchBody(app, trace), traces: [trace], pointCount: 0 }));
  }
  const jobs: Job[] = [];
  for (let i = 0; i < traces.length; i += MAX_TRACES_PER_EXPORT) {
    const chunk = traces.slice(i, i + MAX_TRACES_PER_EXPORT);
    jobs.push({ path: OTLP_PATH, body: toOtlpBody(app, chunk), traces: chunk, pointCount: 0 });
  }
  return jobs;
}

function metricJobs(world: World, hourMs: number, fromMs: number, { nowMs, scale }: WorkloadOptions): Job[] {
  const stepMs = (STEP_MINUTES.find((minutes) => minutes * scale >= 1) ?? STEP_MINUTES.at(-1)!) * MINUTE_MS;
  const metrics = [];
  for (let timeMs = Math.ceil(hourMs / stepMs) * stepMs; timeMs < hourMs + HOUR_MS; timeMs += stepMs) {
    if (timeMs > fromMs && timeMs <= nowMs) metrics.push(...pointsAt(world.rhythm, timeMs));
  }
  if (metrics.length === 0) return [];
  return [{ path: METRICS_PATH, body: JSON.stringify({ metrics }), traces: [], pointCount: metrics.length }];
}
