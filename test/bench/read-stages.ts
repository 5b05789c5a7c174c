import { Random } from '../support/messages.js';
import { type BenchServer } from './bench-server.js';
import { BodyPool } from './bodies.js';
import { OBSERVATIONS_PER_TRACE, TAGS, TRACE_NAMES, userIdOf, USERS } from './generator.js';
import { type HttpClient } from './http-client.js';
import { percentile, type Goal, type Report } from './report.js';
import { postUntilTaken } from './write-stages.js';

const DAY_MS = 86_400_000;
const LOAD_CONNECTIONS = 16;
const LIMIT = 50;

/** A request that is measured again and again, each time made anew. */
export interface Read {
  readonly name: string;
  readonly make: () => string;
  readonly goalMs: number;
}

export interface ReadOptions {
  readonly observations: number;
  readonly requests: number;
}

/** Lists of traces over `observations` observations of 30 days, eight to a trace. */
export async function measureLists(server: BenchServer, report: Report, options: ReadOptions): Promise<void> {
  await loadDays(server, options.observations);
  await measureReads(server, report, 'list', await listReads(server), options.requests);
}

/** Every read of `reads`, one request after the other. */
export async function measureReads(
  server: BenchServer,
  report: Report,
  stage: string,
  reads: readonly Read[],
  requests: number,
): Promise<void> {
  const client = server.client(1);
  const note = `${await server.database.count('observations')} observations`;
  for (const { name, make, goalMs } of reads) {
    await measureGet(client, report, { stage, name, make, requests, goal: { atMost: goalMs }, note });
  }
  client.close();
}

/** Lists of traces, as tools ask for them. */
export async function listReads(server: BenchServer): Promise<Read[]> {
  const random = new Random(60);
  const sessions = await sessionIds(server);
  const filters: readonly (readonly [name: string, make: () => string])[] = [
    ['no filter', () => ''],
    ['by user', () => `&userId=${userIdOf(random.below(USERS))}`],
    ['by session', () => `&sessionId=${random.pick(sessions)}`],
    ['by name', () => `&name=${random.pick(TRACE_NAMES)}`],
    ['by tag', () => `&tags=${random.pick(TAGS)}`],
  ];
  const lists: Read[] = [];
  for (const fields of ['core,metrics', undefined]) {
    for (const [name, make] of filters) {
      lists.push({
        name: `list ${name}, ${fields ?? 'all fields'}`,
        make: () => `/api/public/traces?limit=${LIMIT}${make()}${fields === undefined ? '' : `&fields=${fields}`}`,
        goalMs: 25,
      });
    }
  }
  const since = () => new Date(Date.now() - (1 + random.below(29)) * DAY_MS).toISOString();
  for (const query of [
    'orderBy=timestamp.asc',
    'orderBy=name.asc',
    'orderBy=userId.desc',
    'orderBy=latency.desc',
    'orderBy=totalCost.desc',
    'environment=staging',
    'release=2026.3',
    'page=200',
  ]) {
    lists.push({
      name: `list ${query}`,
      make: () => `/api/public/traces?limit=${LIMIT}&fields=core,metrics&${query}`,
      goalMs: 300,
    });
  }
  lists.push(
    {
      name: 'list one day',
      make: () => `/api/public/traces?limit=${LIMIT}&fields=core,metrics&toTimestamp=${since()}`,
      goalMs: 300,
    },
    {
      name: 'list by user and tag',
      make: () => `/api/public/traces?limit=${LIMIT}&userId=${userIdOf(random.below(USERS))}&tags=${random.pick(TAGS)}`,
      goalMs: 300,
    },
  );
  return lists;
}

/** Some sessions, the same for the same data. */
export async function sessionIds(server: BenchServer): Promise<string[]> {
  const { rows } = await server.database.client.query<{ id: string }>(
    'SELECT session_id AS id FROM sessions ORDER BY hashtext(session_id) LIMIT 1000',
  );
  return rows.map(({ id }) => id);
}

/** One trace with thousands of observations, everything in it. */
export async function measureDetail(
  server: BenchServer,
  report: Report,
  options: { readonly observations: number; readonly requests: number },
): Promise<void> {
  const traceId = `bench-detail-${options.observations}`;
  const pool = new BodyPool({ seed: 70, observations: 2000, observationsPerBody: 50 });
  const client = server.client(LOAD_CONNECTIONS);
  for (let sent = 0; sent < options.observations; sent += 50) {
    const body = pool.take();
    const request = JSON.parse(body.bytes.toString('utf8')) as { observations: { traceId: string }[] };
    for (const observation of request.observations) observation.traceId = traceId;
    await postUntilTaken(client, Buffer.from(JSON.stringify({ observations: request.observations })));
    pool.give(body);
  }
  const name = `trace of ${options.observations} observations`;
  const make = () => `/api/public/traces/${traceId}`;
  await measureGet(client, report, { stage: 'detail', name, make, requests: options.requests, goal: { atMost: 300 } });
  client.close();
}

const loaded = new WeakMap<BenchServer, number>();

/** The data of all stages that read: loaded once, however many of them run. */
export async function loadDays(server: BenchServer, observations: number): Promise<void> {
  if ((loaded.get(server) ?? 0) >= observations) return;
  loaded.set(server, observations);
  await load(server, { observations, toMs: Date.now() - 3_600_000, days: 30, seed: 50 });
}

export interface Load {
  readonly observations: number;
  /** They are spread over `days` days up to here. */
  readonly toMs: number;
  readonly days: number;
  /** Ids of different seeds are different. */
  readonly seed: number;
}

/** Whole traces through the door, so that every sum is as the server makes it. */
export async function load(server: BenchServer, { observations, toMs, days, seed }: Load): Promise<void> {
  const traces = Math.ceil(observations / OBSERVATIONS_PER_TRACE);
  const pool = new BodyPool({ seed, observations: 20_000, observationsPerBody: OBSERVATIONS_PER_TRACE });
  const client = server.client(LOAD_CONNECTIONS);
  const random = new Random(seed + 1);
  const startedMs = performance.now();
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < traces) {
      next += 1;
      if (next % 25_000 === 0) console.log(`  loaded ${next} of ${traces} traces`);
      const body = pool.takeAt(toMs - days * DAY_MS * (1 - next / traces), random);
      await postUntilTaken(client, body.bytes);
      pool.give(body);
    }
  };
  await Promise.all(Array.from({ length: LOAD_CONNECTIONS }, work));
  client.close();
  await server.database.client.query('VACUUM (ANALYZE)');
  console.log(
    `  loaded ${traces} traces in ${Math.round((performance.now() - startedMs) / 1000)} s (VACUUM ANALYZE included)`,
  );
}

export interface Get {
  readonly stage: string;
  readonly name: string;
  readonly make: () => string;
  readonly requests: number;
  readonly goal: Goal;
  readonly note?: string;
}

/** Request after request on one connection; the first tenth warms up. Undefined after an answer that is none. */
export async function timeGets(
  client: HttpClient,
  report: Report,
  { stage, make, requests }: Pick<Get, 'stage' | 'make' | 'requests'>,
): Promise<{ latenciesMs: number[]; bytes: number } | undefined> {
  const latenciesMs: number[] = [];
  const warmUp = Math.ceil(requests / 10);
  let bytes = 0;
  for (let n = 0; n < warmUp + requests; n += 1) {
    const path = make();
    const answer = await client.get(path);
    if (answer.status !== 200) {
      report.fault(`${stage}: ${path} answered ${answer.status} ${answer.text.slice(0, 200)}`);
      return undefined;
    }
    if (n < warmUp) continue;
    latenciesMs.push(answer.ms);
    bytes += answer.bytes;
  }
  return { latenciesMs, bytes };
}

export async function measureGet(client: HttpClient, report: Report, get: Get): Promise<void> {
  const timed = await timeGets(client, report, get);
  if (timed === undefined) return;
  const { latenciesMs, bytes } = timed;
  const note = [
    get.note,
    `p50 ${percentile(latenciesMs, 0.5).toFixed(1)} ms`,
    `${Math.round(bytes / get.requests / 1024)} KiB`,
  ];
  report.add(get.stage, `${get.name}, p95`, percentile(latenciesMs, 0.95), 'ms', {
    goal: get.goal,
    note: note.filter((part) => part !== undefined).join(', '),
  });
}
