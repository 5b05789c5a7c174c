import { type BenchServer } from './bench-server.js';
import { BodyPool, type PoolOptions } from './bodies.js';
import { type GeneratedObservation, type GeneratedTrace } from './generator.js';
import { type HttpAnswer } from './http-client.js';
import { percentile, type Report } from './report.js';
import { type IngestOptions, measureIngest, POOL_OBSERVATIONS, readUsage } from './write-stages.js';

const PATH = '/api/public/ingestion';
const DURABLE = 'durable observations';
const EVENTS_PER_POST = 50;

type Load = Omit<IngestOptions, 'stage' | 'door' | 'observationsPerPost' | 'seed'>;
type Event = Readonly<Record<string, unknown>>;

/** The same observations by `/v1/l/batch` and as events, one after the other; then updates of stored ones. */
export async function measureIngestion(server: BenchServer, report: Report, load: Load): Promise<void> {
  const options = { ...load, observationsPerPost: EVENTS_PER_POST };
  await measureIngest(server, report, { ...options, stage: 'ingestion-batch', seed: 61 });
  await measureIngest(server, report, {
    ...options,
    stage: 'ingestion-events',
    seed: 62,
    door: (client) => ({ pool: pool(62, wholeEvents), post: (body) => client.post(PATH, body), isTaken }),
  });
  const ratio = (report.find('ingestion-events', DURABLE) ?? NaN) / (report.find('ingestion-batch', DURABLE) ?? NaN);
  report.add('ingestion', 'events / batch', ratio, '', { goal: { atLeast: 0.8 }, note: 'of the same run' });
  await measureUpdates(server, report, load);
}

/** Every observation is created first, and then completed again and again by events that are newer each time. */
async function measureUpdates(server: BenchServer, report: Report, load: Load): Promise<void> {
  const client = server.client(load.connections);
  const creates = pool(63, createEvents);
  const bodies = Array.from({ length: creates.size }, () => creates.takeAsMade());
  await Promise.all(
    Array.from({ length: load.connections }, async () => {
      for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
        const answer = await client.post(PATH, body.bytes);
        if (!isTaken(answer)) throw new Error(`loading failed: ${answer.status} ${answer.text.slice(0, 200)}`);
      }
    }),
  );
  const stored = await server.database.count('observations');
  const updates = pool(63, updateEvents);
  const latenciesMs: number[] = [];
  let events = 0;
  let fault: string | undefined;
  let isOver = false;
  const start = readUsage(server);
  const workers = Array.from({ length: load.connections }, async () => {
    while (!isOver) {
      const body = updates.takeAsMade(Date.now());
      const answer = await client.post(PATH, body.bytes);
      if (isTaken(answer)) {
        events += body.observations;
        latenciesMs.push(answer.ms);
      } else {
        fault ??= `${answer.status} ${answer.text.slice(0, 200)}`;
      }
      updates.give(body);
    }
  });
  await new Promise((resolve) => setTimeout(resolve, load.seconds * 1000));
  isOver = true;
  await Promise.all(workers);
  const end = readUsage(server);
  client.close();
  report.add('ingestion-updates', 'update events', events / (end.at - start.at), 'events/s', {
    goal: { atLeast: 12_000 },
  });
  report.add('ingestion-updates', 'ack p50', percentile(latenciesMs, 0.5), 'ms', {
    note: `${load.connections} connections, saturated`,
  });
  for (const [whose, before, after] of [
    ['server', start.server, end.server],
    ['PostgreSQL', start.postgres, end.postgres],
    ['client', start.client, end.client],
  ] as const) {
    report.add('ingestion-updates', `${whose} CPU`, ((after - before) * 1e6) / events, 'µs/event');
  }
  report.add('ingestion-updates', 'body', updates.bytesPerObservation(), 'bytes/event');
  if (fault !== undefined) report.fault(`ingestion-updates: ${fault}`);
  const grown = (await server.database.count('observations')) - stored;
  if (grown !== 0) report.fault(`ingestion-updates: updates made ${grown} observations`);
}

function isTaken({ status, text }: HttpAnswer): boolean {
  return status === 207 && text.endsWith('"errors":[]}');
}

function pool(seed: number, toBody: NonNullable<PoolOptions['toBody']>): BodyPool {
  return new BodyPool({ seed, observations: POOL_OBSERVATIONS, observationsPerBody: EVENTS_PER_POST, toBody });
}

/** An observation in one event, as clients send it that know everything when they send. */
function wholeEvents(trace: GeneratedTrace, observations: readonly GeneratedObservation[]): object {
  return batch([
    event('trace-create', trace.timestamp, trace),
    ...observations.map((seen) => event(`${kindOf(seen)}-create`, seen.endTime, seen)),
  ]);
}

/** What SDKs send when work begins. */
function createEvents(_: GeneratedTrace, observations: readonly GeneratedObservation[]): object {
  return batch(
    observations.map((seen) => {
      const { endTime: _e, completionStartTime: _c, output: _o, usage: _u, statusMessage: _s, ...begun } = seen;
      return event(`${kindOf(seen)}-create`, seen.startTime, begun);
    }),
  );
}

/** What they send when it has ended. */
function updateEvents(_: GeneratedTrace, observations: readonly GeneratedObservation[]): object {
  return batch(
    observations.map((seen) => {
      const { id, traceId, endTime, completionStartTime, output, usage, level, statusMessage } = seen;
      const type = `${kindOf(seen) === 'generation' ? 'generation' : 'span'}-update`;
      const ended = { id, traceId, endTime, completionStartTime, output, usage, level, statusMessage };
      return event(type, seen.endTime, ended);
    }),
  );
}

function batch(events: readonly Event[]): object {
  return { batch: events, metadata: { batch_size: events.length, sdk_name: 'langfuse-js' } };
}

function event(type: string, timestamp: string, body: GeneratedTrace | Partial<GeneratedObservation>): Event {
  return { id: body.id, type, timestamp, body };
}

function kindOf({ type }: GeneratedObservation): string {
  return type === 'SPAN' ? 'span' : type.toLowerCase();
}
