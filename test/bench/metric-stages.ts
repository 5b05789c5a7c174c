import { type BenchServer } from './bench-server.js';
import { copyIn, encodeCopy, type Value } from './copy.js';
import { type HttpClient } from './http-client.js';
import { PointBody, POINTS_PER_BODY } from './metric-bodies.js';
import { memoryMib } from './process-stats.js';
import { measureGet, type Read } from './read-stages.js';
import { percentile, type Report } from './report.js';
import { postUntilTaken, readUsage } from './write-stages.js';

const PATH = '/v1/metrics/batch';
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MS_BEFORE_2000 = 946_684_800_000;

/** As many points as the server takes from `connections` clients that send 1,000 at a time and wait for each answer. */
export async function measurePoints(
  server: BenchServer,
  report: Report,
  options: { readonly connections: number; readonly warmUpSeconds: number; readonly seconds: number },
): Promise<void> {
  const stage = 'points';
  const client = server.client(options.connections);
  const before = await countPoints(server);
  const startMs = Date.now() - 2 * DAY_MS;
  const failures = new Map<string, number>();
  const latenciesMs: number[] = [];
  let acknowledged = 0;
  let isOver = false;
  let isMeasured = false;
  const work = async (node: number): Promise<void> => {
    const body = new PointBody(node, startMs);
    while (!isOver) {
      const answer = await client.post(PATH, body.next());
      if (answer.status === 200) {
        acknowledged += POINTS_PER_BODY;
        if (isMeasured) latenciesMs.push(answer.ms);
      } else {
        const what = `${answer.status} ${answer.text.slice(0, 200)}`;
        failures.set(what, (failures.get(what) ?? 0) + 1);
        await wait(1000 * (answer.retryAfterSeconds ?? 1));
      }
    }
  };
  const workers = Array.from({ length: options.connections }, (_, node) => work(node));
  await wait(options.warmUpSeconds * 1000);
  const start = { ...readUsage(server), acknowledged };
  isMeasured = true;
  await wait(options.seconds * 1000);
  const end = { ...readUsage(server), acknowledged };
  isMeasured = false;
  isOver = true;
  await Promise.all(workers);
  client.close();

  const points = end.acknowledged - start.acknowledged;
  const elapsedSeconds = end.at - start.at;
  const micros = (seconds: number) => (seconds * 1e6) / points;
  report.add(stage, 'durable points', points / elapsedSeconds, 'points/s', { goal: { atLeast: 100_000 } });
  const note = `${options.connections} connections, ${POINTS_PER_BODY} points a POST, saturated`;
  report.add(stage, 'ack p50', percentile(latenciesMs, 0.5), 'ms', { note });
  report.add(stage, 'ack p99', percentile(latenciesMs, 0.99), 'ms');
  report.add(stage, 'server CPU', micros(end.server - start.server), 'µs/point');
  report.add(stage, 'PostgreSQL CPU', micros(end.postgres - start.postgres), 'µs/point');
  report.add(stage, 'client CPU', micros(end.client - start.client), 'µs/point');
  const ours = end.server - start.server + end.postgres - start.postgres + end.client - start.client;
  report.add(stage, 'CPUs taken by others', (end.machine - start.machine - ours) / elapsedSeconds, 'CPUs');
  report.add(stage, 'server RSS peak', memoryMib(server.process.pid).peak, 'MiB');
  for (const [what, count] of failures) report.fault(`${stage}: ${count} requests failed: ${what}`);
  const stored = (await countPoints(server)) - before;
  report.add(stage, 'stored / acknowledged', stored / acknowledged, '', { note: `${stored} / ${acknowledged}` });
  if (stored !== acknowledged) report.fault(`${stage}: ${acknowledged} points were acknowledged, ${stored} are stored`);
  await reportBytes(server, report, stage);
}

const SERIES_PER_NAME = 100;
const NAMES = Array.from({ length: 10 }, (_, i) => `bench_metric_${i}`);
/** What exporters send by default, and what GPU agents send. */
const USUAL_SECONDS = 30;
const DENSE_SECONDS = 5;
const DENSE = 'bench_metric_dense';

/** Queries over 100 series with `points` points stored: ten metrics every 30 s as far back as they reach, one every 5 s. */
export async function measureMetricQueries(
  server: BenchServer,
  report: Report,
  options: { readonly points: number; readonly requests: number; readonly seconds: number },
): Promise<void> {
  const stage = 'metric-queries';
  await loadMetrics(server, options.points);
  await reportBytes(server, report, stage);
  const client = server.client(4);
  const note = `${await countPoints(server)} points`;
  for (const { name, make, goalMs } of metricReads()) {
    const goal = { goal: { atMost: goalMs } };
    const requests = goalMs > 1000 ? Math.min(10, options.requests) : options.requests;
    await measureGet(client, report, { stage, name, make, requests, note, ...goal });
  }
  await measurePolling(client, report, stage, options.seconds);
  client.close();
}

/** Over 100 series, of which an answer shows 50: all of them are grouped into one where it says so. */
export function metricReads(nowMs: number = Date.now()): Read[] {
  const range = (hours: number) =>
    `from=${new Date(nowMs - hours * HOUR_MS).toISOString()}&to=${new Date(nowMs).toISOString()}`;
  const query = (name: string, rest: string) => () => `/api/public/metrics/query?name=${name}&${rest}`;
  const usual = NAMES[0]!;
  const grouped = 'group_by=node_id';
  return [
    { name: '1 h at 1m', make: query(usual, `${range(1)}&step=1m&${grouped}`), goalMs: 25 },
    { name: '24 h at 5m', make: query(usual, `${range(24)}&step=5m&${grouped}`), goalMs: 300 },
    { name: '1 h at 1m, 50 series apart', make: query(usual, `${range(1)}&step=1m`), goalMs: 25 },
    { name: '24 h at 5m, max', make: query(usual, `${range(24)}&step=5m&agg=max&${grouped}`), goalMs: 300 },
    { name: 'last of each series', make: query(usual, 'agg=last'), goalMs: 25 },
    {
      name: 'one series by labels',
      make: query(usual, `${range(24)}&step=5m&labels={"gpu_index":"7","node_id":"n3"}`),
      goalMs: 25,
    },
    { name: 'names', make: () => '/api/public/metrics/names', goalMs: 25 },
    { name: '1 h at 1m, points every 5 s', make: query(DENSE, `${range(1)}&step=1m&${grouped}`), goalMs: 100 },
    { name: '24 h at 5m, points every 5 s', make: query(DENSE, `${range(24)}&step=5m&${grouped}`), goalMs: 2500 },
  ];
}

/** What routers do: `agg=last` ten times a second, whether or not earlier answers are there. */
async function measurePolling(client: HttpClient, report: Report, stage: string, seconds: number): Promise<void> {
  const latenciesMs: number[] = [];
  const open: Promise<void>[] = [];
  const startMs = performance.now();
  for (let n = 0; n < seconds * 10; n += 1) {
    const dueMs = startMs + n * 100;
    await wait(Math.max(0, dueMs - performance.now()));
    open.push(
      client.get(`/api/public/metrics/query?name=${NAMES[1]}&agg=last`).then((answer) => {
        if (answer.status !== 200) report.fault(`${stage}: polling answered ${answer.status}`);
        // The first second warms up.
        if (n >= 10 || seconds <= 1) latenciesMs.push(performance.now() - dueMs);
      }),
    );
  }
  await Promise.all(open);
  const note = `p50 ${percentile(latenciesMs, 0.5).toFixed(1)} ms`;
  report.add(stage, 'last polled 10 times a second, p99', percentile(latenciesMs, 0.99), 'ms', {
    goal: { atMost: 25 },
    note,
  });
}

const loaded = new WeakMap<BenchServer, number>();

/** `points` points: the dense metric over a day or a fifth of them, then the others backwards from now. */
export async function loadMetrics(server: BenchServer, points: number): Promise<void> {
  if ((loaded.get(server) ?? 0) >= points) return;
  loaded.set(server, points);
  const startedMs = performance.now();
  const nowMs = Math.floor(Date.now() / 1000) * 1000;
  await loadPoints(server, {
    names: [DENSE],
    everySeconds: DENSE_SECONDS,
    points: Math.min((DAY_MS / 1000 / DENSE_SECONDS) * SERIES_PER_NAME, Math.floor(points / 5)),
    toMs: nowMs,
  });
  await loadPoints(server, {
    names: NAMES,
    everySeconds: USUAL_SECONDS,
    points: Math.floor((points * 4) / 5),
    toMs: nowMs,
  });
  await server.database.client.query('VACUUM (ANALYZE) metric_points, metric_series');
  console.log(
    `  loaded ${points} points in ${Math.round((performance.now() - startedMs) / 1000)} s (VACUUM ANALYZE included)`,
  );
}

export interface PointLoad {
  readonly names: readonly string[];
  readonly everySeconds: number;
  readonly points: number;
  /** The newest are of this time. */
  readonly toMs: number;
}

/**
 * The series through the door, so that the dictionary is as the server makes it; their points by COPY in order of time,
 * the rows that its writer would have made.
 */
export async function loadPoints(server: BenchServer, { names, everySeconds, points, toMs }: PointLoad): Promise<void> {
  const door = server.client(1);
  for (const name of names) {
    const metrics = Array.from({ length: SERIES_PER_NAME }, (_, i) => ({
      name,
      labels: { node_id: `n${Math.floor(i / 10)}`, gpu_index: String(i % 10), replica_id: 'r0' },
      value: 0,
      timestamp: new Date(toMs).toISOString(),
    }));
    await postUntilTaken(door, Buffer.from(JSON.stringify({ metrics })), PATH);
  }
  door.close();
  const { rows: series } = await server.database.client.query<{ project_no: number; series_id: number }>(
    'SELECT project_no, series_id FROM metric_series WHERE name = ANY($1) ORDER BY series_id',
    [names],
  );
  const steps = Math.floor(points / series.length);
  function* rows(): Generator<Value[]> {
    for (let step = steps; step > 0; step -= 1) {
      const time = BigInt(toMs - MS_BEFORE_2000 - step * everySeconds * 1000) * 1000n;
      for (const { project_no: projectNo, series_id: id } of series)
        yield [projectNo, id, time, 50 + 40 * Math.sin(step / 99 + id)];
    }
  }
  const sql = 'COPY metric_points (project_no, series_id, ts, value) FROM STDIN (FORMAT binary)';
  await copyIn(server.database.client, sql, encodeCopy(['int4', 'int4', 'timestamptz', 'float8'], rows()));
}

async function countPoints(server: BenchServer): Promise<number> {
  return Number(await server.database.value<string>('SELECT count(*) FROM metric_points'));
}

/** Table and index together. */
async function reportBytes(server: BenchServer, report: Report, stage: string): Promise<void> {
  const bytes = await server.database.value<string>(
    `SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'metric_points'::regclass`,
  );
  report.add(stage, 'stored', Number(bytes) / (await countPoints(server)), 'bytes/point', { goal: { atMost: 110 } });
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
