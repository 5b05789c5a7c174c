import { type BenchServer } from './bench-server.js';
import { BodyPool, type RequestBody } from './bodies.js';
import { type HttpAnswer, type HttpClient } from './http-client.js';
import { cpuSeconds, familyCpuSeconds, machineCpuSeconds, memoryMib } from './process-stats.js';
import { percentile, type Report } from './report.js';

export const PATH = '/v1/l/batch';
export const POOL_OBSERVATIONS = 20_000;

/** Bodies to send, and where to. */
export interface Door {
  readonly pool: Pool;
  /** Sends one; rejects when there is no answer. */
  readonly post: (body: Buffer) => Promise<HttpAnswer>;
  /** Whether all of it is committed; default: status 200. */
  readonly isTaken?: (answer: HttpAnswer) => boolean;
}

interface Pool {
  take(): RequestBody;
  give(body: RequestBody): void;
  bytesPerObservation(): number;
}

export interface IngestOptions {
  readonly stage: string;
  /** `/v1/l/batch` unless said. */
  readonly door?: (client: HttpClient) => Door;
  readonly connections: number;
  readonly observationsPerPost: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly seed: number;
}

interface Window {
  readonly latenciesMs: number[];
  observations: number;
}

/** As many observations as the server takes from `connections` clients that wait for each answer. */
export async function measureIngest(server: BenchServer, report: Report, options: IngestOptions): Promise<void> {
  const { stage, connections, observationsPerPost } = options;
  const client = server.client(connections);
  const door: Door = options.door?.(client) ?? {
    pool: new BodyPool({
      seed: options.seed,
      observations: POOL_OBSERVATIONS,
      observationsPerBody: observationsPerPost,
    }),
    post: (body) => client.post(PATH, body),
  };
  const { pool, post, isTaken = ({ status }) => status === 200 } = door;
  const before = await server.database.count('observations');
  const acknowledged = { observations: 0 };
  const failures = new Map<string, number>();
  let window: Window | undefined;
  let isOver = false;

  const work = async (): Promise<void> => {
    while (!isOver) {
      const body = pool.take();
      const measured = window;
      try {
        const answer = await post(body.bytes);
        if (isTaken(answer)) {
          acknowledged.observations += body.observations;
          if (measured !== undefined && measured === window) {
            measured.observations += body.observations;
            measured.latenciesMs.push(answer.ms);
          }
        } else {
          countFailure(failures, answer);
          await new Promise((resolve) => setTimeout(resolve, 1000 * (answer.retryAfterSeconds ?? 1)));
        }
      } catch (error) {
        failures.set((error as Error).message, (failures.get((error as Error).message) ?? 0) + 1);
      }
      pool.give(body);
    }
  };

  const workers = Array.from({ length: connections }, work);
  await seconds(options.warmUpSeconds);
  const start = readUsage(server);
  window = { latenciesMs: [], observations: 0 };
  await seconds(options.seconds);
  const measured = window;
  window = undefined;
  const end = readUsage(server);
  isOver = true;
  await Promise.all(workers);
  client.close();

  const { observations, latenciesMs } = measured;
  report.add(stage, 'durable observations', observations / (end.at - start.at), 'obs/s', ingestGoal(stage));
  report.add(stage, 'ack p50', percentile(latenciesMs, 0.5), 'ms', { note: `${connections} connections, saturated` });
  report.add(stage, 'ack p99', percentile(latenciesMs, 0.99), 'ms');
  report.add(stage, 'server CPU', ((end.server - start.server) * 1e6) / observations, 'µs/obs');
  report.add(stage, 'PostgreSQL CPU', ((end.postgres - start.postgres) * 1e6) / observations, 'µs/obs');
  report.add(stage, 'client CPU', ((end.client - start.client) * 1e6) / observations, 'µs/obs');
  const ours = end.server - start.server + end.postgres - start.postgres + end.client - start.client;
  report.add(stage, 'CPUs taken by others', (end.machine - start.machine - ours) / (end.at - start.at), 'CPUs');
  report.add(stage, 'body', pool.bytesPerObservation(), 'bytes/obs');
  report.add(stage, 'server RSS peak', memoryMib(server.process.pid).peak, 'MiB');
  for (const [what, count] of failures) report.fault(`${stage}: ${count} requests failed: ${what}`);
  await checkStored(server, report, stage, before, acknowledged.observations);
}

function ingestGoal(stage: string) {
  return stage === 'ingest' ? { goal: { atLeast: 12_000 } } : {};
}

export interface AckOptions {
  readonly stage: string;
  readonly requestsPerSecond: number;
  readonly observationsPerPost: number;
  readonly seconds: number;
  readonly seed: number;
}

/**
 * Answer times at a load that the server is not filled by. Requests leave when they are due, whether or not earlier
 * ones are answered, and their time counts from there: a stall delays all that should have been sent meanwhile.
 */
export async function measureAck(server: BenchServer, report: Report, options: AckOptions): Promise<void> {
  const { stage, requestsPerSecond, observationsPerPost } = options;
  const pool = new BodyPool({
    seed: options.seed,
    observations: POOL_OBSERVATIONS,
    observationsPerBody: observationsPerPost,
  });
  const client = server.client(64);
  const before = await server.database.count('observations');
  const latenciesMs: number[] = [];
  const failures = new Map<string, number>();
  const open: Promise<void>[] = [];
  let acknowledged = 0;
  const everyMs = 1000 / requestsPerSecond;
  const warmUp = requestsPerSecond * 2;
  const requests = warmUp + requestsPerSecond * options.seconds;
  const startMs = performance.now();

  for (let n = 0; n < requests; n += 1) {
    const dueMs = startMs + n * everyMs;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const body = pool.take();
    open.push(
      client
        .post(PATH, body.bytes)
        .then((answer) => {
          if (answer.status !== 200) return countFailure(failures, answer);
          acknowledged += body.observations;
          if (n >= warmUp) latenciesMs.push(performance.now() - dueMs);
        })
        .catch((error: Error) => void failures.set(error.message, (failures.get(error.message) ?? 0) + 1))
        .finally(() => pool.give(body)),
    );
  }
  await Promise.all(open);
  client.close();

  const load = `${requestsPerSecond} × ${observationsPerPost} obs/s`;
  report.add(stage, `p50 at ${load}`, percentile(latenciesMs, 0.5), 'ms', { goal: { atMost: 10 } });
  report.add(stage, `p99 at ${load}`, percentile(latenciesMs, 0.99), 'ms', { goal: { atMost: 50 } });
  for (const [what, count] of failures) report.fault(`${stage}: ${count} requests failed: ${what}`);
  await checkStored(server, report, stage, before, acknowledged);
}

async function checkStored(
  server: BenchServer,
  report: Report,
  stage: string,
  before: number,
  acknowledged: number,
): Promise<void> {
  const stored = (await server.database.count('observations')) - before;
  report.add(stage, 'stored / acknowledged', stored / acknowledged, '', { note: `${stored} / ${acknowledged}` });
  if (stored !== acknowledged)
    report.fault(`${stage}: ${acknowledged} observations were acknowledged, ${stored} are stored`);
}

function countFailure(failures: Map<string, number>, answer: HttpAnswer): void {
  const what = `${answer.status} ${answer.text.slice(0, 200)}`;
  failures.set(what, (failures.get(what) ?? 0) + 1);
}

/** CPU seconds used so far, by whom. */
export function readUsage(server: BenchServer) {
  const { postmasterPid } = server.database;
  const { user, system } = process.cpuUsage();
  return {
    at: performance.now() / 1000,
    server: cpuSeconds(server.process.pid),
    postgres: postmasterPid === undefined ? NaN : familyCpuSeconds(postmasterPid),
    client: (user + system) / 1e6,
    machine: machineCpuSeconds(),
  };
}

function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}

/** Posts until it is taken: for loading, not for measuring. */
export async function postUntilTaken(client: HttpClient, body: Buffer, path = PATH): Promise<void> {
  for (;;) {
    const answer = await client.post(path, body);
    if (answer.status === 200) return;
    if (answer.status !== 429 && answer.status !== 503)
      throw new Error(`loading failed: ${answer.status} ${answer.text}`);
    await seconds(answer.retryAfterSeconds ?? 1);
  }
}
