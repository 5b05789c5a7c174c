import { createHash } from 'node:crypto';
import { ArrivalClock } from '../domain/time.js';
import { mapBatch } from '../modules/langfuse-compat/batch.map.js';
import { readBatch } from '../modules/langfuse-compat/batch.schema.js';
import { mapPoints } from '../modules/metrics/points.map.js';
import { readBatch as readPoints } from '../modules/metrics/points.schema.js';
import { decodeJson } from '../modules/otlp/otlp.json.js';
import { mapExport } from '../modules/otlp/otlp.map.js';
import { costOf, MODELS } from './models.js';
import { Random } from './random.js';
import { type ObservationRecord, type TraceRecord } from './record.js';
import { HOUR_MS, Rhythm } from './rhythm.js';
import { servingAt } from './serving.js';
import { SERIES_COUNT, type WirePoint } from './serving-metrics.js';
import { APPS, hourCount, hoursOf, type Job, type WorkloadOptions } from './workload.js';

const WEEK: WorkloadOptions = { seed: 'test', nowMs: Date.parse('2026-11-20T16:23:00Z'), days: 7, scale: 0.2 };
const INCIDENT_TAGS = ['runaway', 'nightly', 'review'];

const play = (options: WorkloadOptions): Job[] => [...hoursOf(options)].flat();
const digest = (jobs: readonly Job[]) => {
  const hash = createHash('sha256');
  for (const { path, body } of jobs) hash.update(path).update(body);
  return hash.digest('hex');
};
const tracesOf = (jobs: readonly Job[]) => jobs.flatMap(({ traces }) => traces);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** How alike two rows of numbers rise and fall, -1 to 1 (Pearson). */
function correlation(xs: readonly number[], ys: readonly number[]): number {
  const [mx, my] = [mean(xs), mean(ys)];
  const covariance = mean(xs.map((x, i) => (x - mx) * (ys[i]! - my)));
  return covariance / Math.sqrt(mean(xs.map((x) => (x - mx) ** 2)) * mean(ys.map((y) => (y - my) ** 2)));
}

const jobs = play(WEEK);
const traces = tracesOf(jobs);
const observations = traces.flatMap((trace) => trace.observations);
const calls = observations.filter(({ call }) => call !== undefined);
const points = jobs.flatMap(({ pointCount, body }) =>
  pointCount === 0 ? [] : (JSON.parse(body) as { metrics: WirePoint[] }).metrics,
);
const share = <T>(items: readonly T[], test: (item: T) => boolean) => items.filter(test).length / items.length;

describe('the same options', () => {
  it('give the same bytes', () => {
    const small = { ...WEEK, days: 1, scale: 0.1 };
    expect(digest(play(small))).toBe(digest(play(small)));
    expect(digest(play({ ...small, seed: 'other' }))).not.toBe(digest(play(small)));
  });

  it('an hour later give the same for the time that both fill', () => {
    const two = { ...WEEK, days: 2 };
    const earlier = tracesOf(play(two));
    const later = new Map(tracesOf(play({ ...two, nowMs: two.nowMs + HOUR_MS })).map((trace) => [trace.id, trace]));
    const shared = earlier.filter(({ endMs }) => endMs > two.nowMs + HOUR_MS - two.days * 24 * HOUR_MS);
    expect(shared.length).toBeGreaterThan(earlier.length * 0.8);
    for (const trace of shared) expect(later.get(trace.id)).toEqual(trace);
    expect(later.size).toBeGreaterThan(shared.length);
  });

  it('give ids of their own to each trace and observation', () => {
    expect(new Set(traces.map(({ id }) => id)).size).toBe(traces.length);
    expect(new Set(observations.map(({ id }) => id)).size).toBe(observations.length);
  });
});

describe('what is sent', () => {
  const context = {
    project: { no: 1, id: 'p' },
    bytes: 1,
    nowMs: WEEK.nowMs,
    clock: new ArrivalClock(() => WEEK.nowMs),
  };

  it('is taken whole by the doors, with every observation', () => {
    let sent = 0;
    let points = 0;
    for (const { path, body } of jobs) {
      const bytes = Buffer.from(body);
      if (path === '/v1/metrics/batch') {
        const mapped = mapPoints(readPoints(bytes), WEEK.nowMs, 0);
        expect(mapped.rejectedCount).toBe(0);
        points += mapped.points.length;
      } else if (path === '/v1/l/batch') {
        const mapped = mapBatch(readBatch(bytes), context);
        expect(mapped.rejected).toEqual([]);
        sent += mapped.batch.observations.length;
      } else {
        const mapped = mapExport(decodeJson(bytes), context);
        expect(mapped.rejected).toEqual([]);
        sent += mapped.batch.observations.length;
      }
    }
    expect(sent).toBe(observations.length);
    expect(points).toBe(jobs.reduce((sum, { pointCount }) => sum + pointCount, 0));
  });

  it('comes through both doors, and no request is larger than a megabyte', () => {
    const paths = jobs.map(({ path }) => path);
    expect(new Set(paths)).toEqual(new Set(['/v1/l/batch', '/api/public/otel/v1/traces', '/v1/metrics/batch']));
    expect(Math.max(...jobs.map(({ body }) => body.length))).toBeLessThan(1_000_000);
  });
});

describe('a trace', () => {
  it('lies within the time that is filled, and its steps within their parents', () => {
    expect(hourCount(WEEK)).toBe(7 * 24 + 4);
    const fromMs = WEEK.nowMs - WEEK.days * 24 * HOUR_MS;
    const isOutside = ({ endMs }: TraceRecord) => endMs <= fromMs || endMs > WEEK.nowMs;
    expect(traces.filter(isOutside)).toEqual([]);
    for (const { startMs, endMs, observations } of traces) {
      const byId = new Map(observations.map((step) => [step.id, step]));
      const isAdrift = (step: ObservationRecord) => {
        const parent = step.parentId === undefined ? { startMs, endMs } : byId.get(step.parentId)!;
        return step.startMs < parent.startMs || step.endMs > parent.endMs || step.endMs <= step.startMs;
      };
      expect(observations.filter(isAdrift)).toEqual([]);
    }
  });

  it('has no holes: names, users, sessions, inputs and outputs are there, filled in', () => {
    const isText = (text: string | undefined) => text !== undefined && /\S/.test(text);
    const isFilledIn = (value: unknown) => value !== undefined && !/\{\w+\}|NaN|\[object/.test(JSON.stringify(value));
    for (const { name, userId, sessionId, release, version, tags, input, output, observations } of traces) {
      expect([name, userId, sessionId, release, version, ...tags].filter((text) => !isText(text))).toEqual([]);
      const contents = [input, output, ...observations.flatMap((step) => [step.input, step.output])];
      expect(contents.filter((value) => !isFilledIn(value))).toEqual([]);
    }
  });

  it('states of each model call what it used, what that costs and, where it was streamed, when its first token came', () => {
    const models = new Map(Object.values(MODELS).map((model) => [model.name, model]));
    const isWrong = ({ call, level, startMs, endMs }: ObservationRecord) => {
      const { usage, cost, firstTokenMs, model } = call!;
      const isFree = usage.input + usage.cached === 0 && level !== 'ERROR';
      const isUntimely = firstTokenMs !== undefined && (firstTokenMs <= startMs || firstTokenMs > endMs);
      return isFree || isUntimely || cost.total !== costOf(models.get(model)!, usage).total;
    };
    expect(calls.filter(isWrong)).toEqual([]);
  });
});

describe('a week', () => {
  it('has all applications, kinds of steps and providers', () => {
    expect(new Set(traces.map(({ name }) => name)).size).toBeGreaterThanOrEqual(APPS.length);
    const types = ['AGENT', 'CHAIN', 'EMBEDDING', 'EVALUATOR', 'GENERATION', 'GUARDRAIL', 'RETRIEVER', 'SPAN', 'TOOL'];
    expect([...new Set(observations.map(({ type }) => type))].sort()).toEqual(types);
    const providers = new Set(calls.map(({ call }) => call!.provider));
    expect([...providers].sort()).toEqual(['anthropic', 'google', 'openai', 'vllm']);
  });

  it('has conversations of several turns, many users, releases and two environments', () => {
    const sizes = new Map<string, number>();
    for (const { sessionId } of traces) sizes.set(sessionId!, (sizes.get(sessionId!) ?? 0) + 1);
    expect(share([...sizes.values()], (size) => size > 1)).toBeGreaterThan(0.3);
    expect(new Set(traces.map(({ userId }) => userId)).size).toBeGreaterThan(50);
    expect(new Set(traces.map(({ release }) => release)).size).toBeGreaterThan(8);
    expect(share(traces, ({ environment }) => environment === 'staging')).toBeCloseTo(0.14, 1);
    expect(share(traces, ({ environment }) => environment === 'production')).toBeGreaterThan(0.8);
  });

  it('has rate limits, time-outs and broken tools, and what was tried after them', () => {
    const failed = observations.filter(({ level }) => level === 'ERROR');
    const kinds = [/^429 /, /timed out/, /order service/, /gave up/, /exit code 1/];
    for (const kind of kinds) expect(failed.filter(({ statusMessage }) => kind.test(statusMessage!))).not.toEqual([]);
    expect(share(observations, ({ level }) => level === 'ERROR')).toBeLessThan(0.12);
    const retried = observations.filter(({ metadata }) => metadata['attempt_index'] === 1);
    const first = observations.filter(({ metadata }) => metadata['attempt_index'] === 0);
    expect(retried).toHaveLength(first.length);
    expect(retried.some(({ metadata }) => metadata['actual_model'] !== undefined)).toBe(true);
    expect(observations.some(({ statusMessage }) => statusMessage === 'cancelled_by_user')).toBe(true);
  });

  it('has cached, reasoning and streamed tokens', () => {
    const generations = calls.filter(({ type }) => type === 'GENERATION');
    expect(share(generations, ({ call }) => call!.usage.cached > 0)).toBeGreaterThan(0.3);
    expect(share(generations, ({ call }) => call!.usage.reasoning > 0)).toBeGreaterThan(0.02);
    expect(share(generations, ({ call }) => call!.firstTokenMs !== undefined)).toBeGreaterThan(0.2);
    expect(share(generations, ({ call }) => call!.prompt !== undefined)).toBe(1);
  });

  it('has one runaway loop, one very slow and one very dear trace, whenever it ends', () => {
    for (const offsetHours of [0, 5, 29, 61, 88, 137]) {
      const week = tracesOf(play({ ...WEEK, scale: 0.01, nowMs: WEEK.nowMs + offsetHours * HOUR_MS }));
      for (const tag of INCIDENT_TAGS) expect(week.filter(({ tags }) => tags.includes(tag))).toHaveLength(1);
    }
    const of = (tag: string) => traces.find(({ tags }) => tags.includes(tag))!;
    const others = traces.filter(({ tags }) => !tags.some((tag) => INCIDENT_TAGS.includes(tag)));
    const costOfTrace = (trace: TraceRecord) =>
      trace.observations.reduce((sum, { call }) => sum + (call?.cost.total ?? 0), 0);
    const durationOf = ({ startMs, endMs }: TraceRecord) => endMs - startMs;
    expect(of('runaway').observations.length).toBeGreaterThan(
      5 * Math.max(...others.map((trace) => trace.observations.length)),
    );
    expect(durationOf(of('nightly'))).toBeGreaterThan(10 * Math.max(...others.map(durationOf)));
    expect(costOfTrace(of('review'))).toBeGreaterThan(20 * Math.max(...others.map(costOfTrace)));
  });
});

describe('the time series', () => {
  it('hold a value at each step of each series, in the range that its name allows', () => {
    const stepMs = 5 * 60_000;
    const moments = new Set(points.map(({ timestamp }) => timestamp)).size;
    expect(moments).toBe((WEEK.days * 24 * HOUR_MS) / stepMs);
    expect(points).toHaveLength(moments * SERIES_COUNT);
    const ranges: Record<string, [number, number]> = {
      gpu_utilization: [0, 100],
      gpu_temperature_celsius: [25, 95],
      gpu_power_watts: [30, 400],
      gpu_memory_used_mb: [10_000, 81_920],
      kv_cache_usage: [0, 1],
      prefix_cache_hit_rate: [0, 1],
      running_requests: [0, 96],
      pending_requests: [0, 200],
      generation_tokens_per_second: [0, 4000],
      prompt_tokens_per_second: [0, 60_000],
      time_to_first_token_seconds: [0.05, 60],
    };
    for (const [name, [low, high]] of Object.entries(ranges)) {
      const values = points.filter((point) => point.name === name).map(({ value }) => value);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
      expect(Math.max(...values)).toBeLessThanOrEqual(high);
    }
    expect(new Set(points.map(({ name }) => name))).toEqual(new Set(Object.keys(ranges)));
  });

  it('rise and fall with the traces', () => {
    const hourOf = (timeMs: number) => Math.floor(timeMs / HOUR_MS);
    const started = new Map<number, number>();
    for (const { startMs } of traces) started.set(hourOf(startMs), (started.get(hourOf(startMs)) ?? 0) + 1);
    const running = new Map<number, number>();
    for (const { name, labels, timestamp, value } of points) {
      if (name !== 'running_requests' || labels['replica_id'] !== 'qwen-0') continue;
      const hour = hourOf(Date.parse(timestamp));
      running.set(hour, (running.get(hour) ?? 0) + value);
    }
    // Without the first and the last hour, which are not whole.
    const hours = [...running.keys()].slice(1, -1);
    expect(hours).toHaveLength(7 * 24 - 1);
    const [starts, requests] = [started, running].map((byHour) => hours.map((hour) => byHour.get(hour) ?? 0));
    expect(correlation(starts!, requests!)).toBeGreaterThan(0.75);
  });

  it('show a queue when the answers of the model servers are slow', () => {
    const rhythm = new Rhythm(new Random('xtrace/test'), 1);
    const isOwn = ({ call }: ObservationRecord) => call?.provider === 'vllm' && call.firstTokenMs !== undefined;
    const waitOf = ({ call, startMs }: ObservationRecord) => call!.firstTokenMs! - startMs;
    const isQueued = ({ startMs }: ObservationRecord) => servingAt(rhythm, startMs, false).waiting > 20;
    const streamed = tracesOf(play({ ...WEEK, days: 1, scale: 2 }))
      .flatMap(({ observations }) => observations)
      .filter(isOwn);
    const queued = streamed.filter(isQueued).map(waitOf);
    expect(queued.length).toBeGreaterThan(5);
    expect(mean(queued)).toBeGreaterThan(5 * mean(streamed.filter((step) => !isQueued(step)).map(waitOf)));
  });
});
