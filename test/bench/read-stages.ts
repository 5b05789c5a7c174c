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

/** Lists and sums over `observations` observations of 30 days, eight to a trace. */
export async function measureLists(
  server: BenchServer,
  report: Report,
  options: { readonly observations: number; readonly requests: number },
): Promise<void> {
  await load(server, options.observations);
  const client = server.client(1);
  const random = new Random(60);
  const sessions = await server.database.client.query<{ id: string }>(
    'SELECT session_id AS id FROM sessions ORDER BY hashtext(session_id) LIMIT 1000',
  );
  const filters: readonly (readonly [name: string, make: () => string])[] = [
    ['no filter', () => ''],
    ['by user', () => `&userId=${userIdOf(random.below(USERS))}`],
    ['by session', () => `&sessionId=${random.pick(sessions.rows).id}`],
    ['by name', () => `&name=${random.pick(TRACE_NAMES)}`],
    ['by tag', () => `&tags=${random.pick(TAGS)}`],
  ];
  const note = `${await server.database.count('observations')} observations`;
  const lists: { name: string; make: () => string; goalMs: number }[] = [];
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
    { name: 'sessions', make: () => `/api/public/sessions?limit=${LIMIT}`, goalMs: 20 },
    { name: 'daily usage, 30 days', make: () => '/api/public/metrics/daily?limit=50', goalMs: 20 },
    {
      name: 'daily usage by user',
      make: () => `/api/public/metrics/daily?limit=50&userId=${userIdOf(random.below(USERS))}`,
      goalMs: 300,
    },
  );
  for (const { name, make, goalMs } of lists) {
    await measureGet(client, report, {
      stage: 'list',
      name,
      make,
      requests: options.requests,
      goal: { atMost: goalMs },
      note,
    });
  }
  client.close();
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

/** Whole traces through the door, spread over 30 days, so that every sum is as the server makes it. */
async function load(server: BenchServer, observations: number): Promise<void> {
  const traces = Math.ceil(observations / OBSERVATIONS_PER_TRACE);
  const pool = new BodyPool({ seed: 50, observations: 20_000, observationsPerBody: OBSERVATIONS_PER_TRACE });
  const client = server.client(LOAD_CONNECTIONS);
  const random = new Random(51);
  const toMs = Date.now() - 3_600_000;
  const startedMs = performance.now();
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < traces) {
      next += 1;
      if (next % 25_000 === 0) console.log(`  loaded ${next} of ${traces} traces`);
      const body = pool.takeAt(toMs - 30 * DAY_MS * (1 - next / traces), random);
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

interface Get {
  readonly stage: string;
  readonly name: string;
  readonly make: () => string;
  readonly requests: number;
  readonly goal: Goal;
  readonly note?: string;
}

/** Request after request on one connection; the first tenth warms up. */
async function measureGet(client: HttpClient, report: Report, get: Get): Promise<void> {
  const latenciesMs: number[] = [];
  const warmUp = Math.ceil(get.requests / 10);
  let bytes = 0;
  for (let n = 0; n < warmUp + get.requests; n += 1) {
    const path = get.make();
    const answer = await client.get(path);
    if (answer.status !== 200) {
      report.fault(`${get.stage}: ${path} answered ${answer.status} ${answer.text.slice(0, 200)}`);
      return;
    }
    if (n < warmUp) continue;
    latenciesMs.push(answer.ms);
    bytes += answer.bytes;
  }
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
