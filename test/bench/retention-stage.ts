import { type Client } from 'pg';
import { bucketAt } from '../../src/storage/trace-writer.js';
import { removeFolder, temporaryFolder } from '../support/server-process.js';
import { BenchServer } from './bench-server.js';
import { BodyPool } from './bodies.js';
import { OBSERVATIONS_PER_TRACE } from './generator.js';
import { cpuSeconds, machineCpuSeconds } from './process-stats.js';
import { percentile, type Report } from './report.js';
import { PATH, postUntilTaken } from './write-stages.js';

const STAGE = 'retention';
/** Loaded through the server, then multiplied in the database: what is removed matters here, not how it came in. */
const SAMPLE_OBSERVATIONS = 16_000;
/** Long before any default retention. */
const WEEKS_OLD = 60;
const REQUESTS_PER_SECOND = 50;
const OBSERVATIONS_PER_POST = 16;
const TABLES = ['traces', 'trace_payloads', 'observations', 'observation_payloads'] as const;

export interface RetentionOptions {
  /** Of the week that expires, about. */
  readonly observations: number;
  readonly databaseUrl: string | undefined;
}

/** The hourly removal of a week that has expired, as a server does it, while clients write into that server. */
export async function measureRetention(report: Report, options: RetentionOptions): Promise<void> {
  const dataDir = temporaryFolder();
  const { databaseUrl } = options;
  const start = (env: Readonly<Record<string, string>> = {}) =>
    BenchServer.start({ dataDir, env, ...(databaseUrl === undefined ? {} : { databaseUrl }) });
  const stop = async (server: BenchServer) => {
    const fault = await server.stop();
    if (fault !== undefined) report.fault(`${STAGE}: ${fault}`);
  };
  try {
    // It would remove what is loaded.
    const loader = await start({ TRACES_RETENTION_DAYS: '0' });
    const loaded = await load(loader, options.observations);
    await stop(loader);
    const server = await start();
    await measure(server, report, loaded);
    await stop(server);
  } finally {
    removeFolder(dataDir);
  }
}

async function load(server: BenchServer, observations: number): Promise<{ traces: number; observations: number }> {
  const { client } = server.database;
  const sample = new BodyPool({
    seed: 60,
    observations: SAMPLE_OBSERVATIONS,
    observationsPerBody: OBSERVATIONS_PER_TRACE,
  });
  const http = server.client(4);
  const bodies = Array.from({ length: SAMPLE_OBSERVATIONS / OBSERVATIONS_PER_TRACE }, () => sample.take());
  const work = async (): Promise<void> => {
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) await postUntilTaken(http, body.bytes);
  };
  await Promise.all(Array.from({ length: 4 }, work));
  http.close();

  const week = bucketAt(Date.now()) - WEEKS_OLD;
  for (const table of ['observations', 'observation_payloads', 'trace_payloads']) {
    const name = `${table}_w${week}`;
    await client.query(
      `CREATE TABLE ${name} (LIKE ${table}_w${week + WEEKS_OLD} INCLUDING STORAGE INCLUDING COMPRESSION)`,
    );
    await client.query(`ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM (${week}) TO (${week + 1})`);
    // The server's role drops it, not the superuser that makes it here.
    await client.query(`ALTER TABLE ${name} OWNER TO ${await ownerOf(client, table)}`);
  }
  const copies = Math.max(1, Math.round(observations / SAMPLE_OBSERVATIONS));
  for (const table of TABLES) {
    const columns = await columnsOf(client, table);
    const values = columns.map((name) => {
      if (name === 'bucket') return String(week);
      return name === 'trace_id' || name === 'session_id' ? `c || ' ' || x.${name}` : `x.${name}`;
    });
    const source = columns.includes('bucket')
      ? `${table} x WHERE bucket <> ${week}`
      : `${table} x WHERE trace_id !~ ' '`;
    for (let copy = 1; copy <= copies; copy += 1) {
      await client.query(
        `INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values.join(', ').replaceAll('c ||', `'${copy}' ||`)} FROM ${source}`,
      );
    }
  }
  const sums =
    'observation_count generation_count error_count input_tokens output_tokens total_tokens cost_nano_usd'.split(' ');
  await client.query(
    `INSERT INTO sessions (project_no, session_id, created_at, trace_count, ${sums.join(', ')}, first_time, last_time)
     SELECT project_no, session_id, min(created_at), count(*), ${sums.map((name) => `sum(${name})::int8`).join(', ')},
       min(ts), max(greatest(ts, last_end)) FROM traces WHERE bucket = ${week} AND session_id IS NOT NULL GROUP BY 1, 2`,
  );
  await client.query('ANALYZE');
  await client.query('CHECKPOINT');
  const traces = Number(await server.database.value(`SELECT count(*) FROM traces WHERE bucket = ${week}`));
  return { traces, observations: copies * SAMPLE_OBSERVATIONS };
}

async function ownerOf(client: Client, table: string): Promise<string> {
  const { rows } = await client.query<{ owner: string }>(
    'SELECT relowner::regrole::text AS owner FROM pg_class WHERE oid = $1::regclass',
    [table],
  );
  return rows[0]!.owner;
}

async function columnsOf(client: Client, table: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT attname::text AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
    [table],
  );
  return rows.map(({ name }) => name);
}

const REMOVED = /removed (\d+) traces?, .* in ([\d.]+) s/;

async function measure(
  server: BenchServer,
  report: Report,
  loaded: { traces: number; observations: number },
): Promise<void> {
  const writer = startWriter(server);
  const waits = await watchWaits(server);
  try {
    const [, traces, seconds] = await server.process.waitForOutput(REMOVED, 600_000);
    const endMs = performance.now();
    const fromMs = endMs - Number(seconds) * 1000;
    // As long again, for what queued up.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await writer.stop();
    await waits.stop();

    const during = writer.acks.filter(({ atMs, ms }) => atMs >= fromMs && atMs - ms <= endMs).map(({ ms }) => ms);
    const before = writer.acks.filter(({ atMs }) => atMs < fromMs && atMs > fromMs - 5000).map(({ ms }) => ms);
    const note = `${loaded.observations} observations, ${loaded.traces} traces`;
    report.add(STAGE, 'a week removed', Number(seconds), 's', { goal: { atMost: 3 }, note });
    report.add(STAGE, 'PostgreSQL CPU of that', waits.cpuSeconds, 's', {
      note: `the machine was busy with ${waits.machineCpus.toFixed(1)} CPUs`,
    });
    report.add(STAGE, 'longest wait of a writer for its locks', waits.longestMs, 'ms', { goal: { atMost: 100 } });
    const load = `${REQUESTS_PER_SECOND} × ${OBSERVATIONS_PER_POST} obs/s`;
    report.add(STAGE, 'ack p99 before', percentile(before, 0.99), 'ms', { note: load });
    report.add(STAGE, 'ack p99 meanwhile', percentile(during, 0.99), 'ms');
    report.add(STAGE, 'slowest ack before', Math.max(...before), 'ms');
    report.add(STAGE, 'slowest ack meanwhile', Math.max(...during), 'ms');
    if (Number(traces) !== loaded.traces) report.fault(`${STAGE}: ${traces} of ${loaded.traces} traces were removed`);
    for (const failure of writer.failures) report.fault(`${STAGE}: ${failure}`);
  } finally {
    await writer.stop();
    await waits.stop();
  }
}

/** Sends requests when they are due, answered or not, until it is stopped. */
function startWriter(server: BenchServer) {
  const pool = new BodyPool({ seed: 61, observations: 20_000, observationsPerBody: OBSERVATIONS_PER_POST });
  const client = server.client(64);
  const acks: { atMs: number; ms: number }[] = [];
  const failures: string[] = [];
  let isOver = false;
  const send = async (dueMs: number): Promise<void> => {
    const body = pool.take();
    try {
      const answer = await client.post(PATH, body.bytes);
      if (answer.status !== 200) failures.push(`${answer.status} ${answer.text.slice(0, 200)}`);
      acks.push({ atMs: performance.now(), ms: performance.now() - dueMs });
    } catch (error) {
      failures.push((error as Error).message);
    } finally {
      pool.give(body);
    }
  };
  const run = async (): Promise<void> => {
    const open: Promise<void>[] = [];
    const startMs = performance.now();
    for (let n = 0; !isOver; n += 1) {
      const dueMs = startMs + (n * 1000) / REQUESTS_PER_SECOND;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
      open.push(send(dueMs));
    }
    await Promise.all(open);
    client.close();
  };
  const running = run();
  const stop = (): Promise<void> => {
    isOver = true;
    return running;
  };
  return { acks, failures, stop };
}

const WAITS = `SELECT r.pid, (SELECT max(extract(epoch FROM clock_timestamp() - l.waitstart)) FROM pg_locks l
    WHERE NOT l.granted AND r.pid = ANY(pg_blocking_pids(l.pid)))::float8 * 1000 AS ms
  FROM pg_stat_activity r WHERE r.application_name = 'xtrace retention'`;

/** Looks again and again who waits for a lock of the retention, and for how long by then. */
async function watchWaits(server: BenchServer) {
  const client = await server.database.another();
  let isOver = false;
  const isLocal = server.database.postmasterPid !== undefined;
  const state = { longestMs: 0, cpuSeconds: NaN, machineCpus: NaN, stop };
  let since: { atMs: number; machine: number } | undefined;
  const run = async (): Promise<void> => {
    while (!isOver) {
      const { rows } = await client.query<{ pid: number; ms: number | null }>({ name: 'waits', text: WAITS });
      for (const { pid, ms } of rows) {
        state.longestMs = Math.max(state.longestMs, ms ?? 0);
        if (!isLocal) continue;
        since ??= { atMs: performance.now(), machine: machineCpuSeconds() };
        const elapsedSeconds = (performance.now() - since.atMs) / 1000;
        if (elapsedSeconds > 0) state.machineCpus = (machineCpuSeconds() - since.machine) / elapsedSeconds;
        try {
          state.cpuSeconds = cpuSeconds(pid);
        } catch {
          // Its last moments are gone with it.
        }
      }
      await new Promise((resolve) => setTimeout(resolve, rows.length > 0 ? 2 : 100));
    }
    await client.end();
  };
  const running = run();
  function stop(): Promise<void> {
    isOver = true;
    return running;
  }
  return state;
}
