import { Inject, Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import { CONFIG, type Config } from '../../config/config.js';
import { Unavailable } from '../../domain/errors.js';
import { Redactor } from '../../domain/redaction.js';
import { AuthFailureStats } from '../../http/auth/auth-failure-stats.js';
import { InFlightBytes } from '../../http/in-flight-bytes.js';
import { QueryRateStats } from '../../http/throttle/query-rate-stats.js';
import { IngestStatus } from '../../ingest/ingest-status.js';
import { IngestThread } from '../../ingest/ingest-thread.js';
import { ReadPool } from '../../storage/read-pool.js';
import { METRICS_REGISTRY } from './registry.js';

type Values = Readonly<Record<string, number>>;

/** One metric whose value somebody else keeps: its label, or none, and how to read the value for each of its values. */
interface Reading {
  readonly type: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  readonly label?: string;
  /** By value of the label; under the key '' when there is none. */
  readonly read: () => Values | Promise<Values>;
}

/** What is read when Prometheus asks and costs nothing until then. A counter of another part joins by an entry here. */
@Injectable()
export class Readings {
  constructor(
    @Inject(METRICS_REGISTRY) registry: Registry,
    @Inject(CONFIG) config: Config,
    ingest: IngestStatus,
    redactor: Redactor,
    thread: IngestThread,
    pool: ReadPool,
    inFlight: InFlightBytes,
    rate: QueryRateStats,
    auth: AuthFailureStats,
  ) {
    const readings: readonly Reading[] = [
      {
        type: 'gauge',
        name: 'xtrace_queue_bytes',
        help: 'Bytes that are accepted and not committed yet.',
        label: 'queue',
        read: async () => {
          const { traces, points, scores } = (await ingest.read()).queues;
          return { traces: traces.bytes, points: points.bytes, scores: scores.bytes };
        },
      },
      {
        type: 'gauge',
        name: 'xtrace_queue_max_bytes',
        help: 'WRITE_QUEUE_MAX_BYTES, of each queue.',
        read: () => ({ '': config.writeQueueMaxBytes }),
      },
      {
        type: 'gauge',
        name: 'xtrace_in_flight_bytes',
        help: 'Bytes of request bodies that are being read or written.',
        read: () => ({ '': inFlight.bytes }),
      },
      {
        type: 'gauge',
        name: 'xtrace_in_flight_max_bytes',
        help: 'INGEST_MAX_IN_FLIGHT_BYTES.',
        read: () => ({ '': config.maxInFlightBytes }),
      },
      {
        type: 'counter',
        name: 'xtrace_redactions_total',
        help: 'Secrets replaced before they were queued or stored.',
        read: async () => ({ '': (await ingest.read()).redactedCount + redactor.redactedCount }),
      },
      {
        type: 'gauge',
        name: 'xtrace_db_connections_busy',
        help: 'Database connections at work: of queries, of writes of traces, of points, of scores.',
        label: 'pool',
        read: async () => {
          const { traces, points, scores } = (await ingest.read()).queues;
          return {
            read: pool.use.busy,
            write: traces.writers.busy,
            points: points.writers.busy,
            scores: scores.writers.busy,
          };
        },
      },
      {
        type: 'gauge',
        name: 'xtrace_db_connections_max',
        help: 'Database connections there may be.',
        label: 'pool',
        read: async () => {
          const { traces, points, scores } = (await ingest.read()).queues;
          return {
            read: config.readConnections,
            write: traces.writers.total,
            points: points.writers.total,
            scores: scores.writers.total,
          };
        },
      },
      {
        type: 'gauge',
        name: 'xtrace_db_queries_waiting',
        help: 'Queries that wait for a connection.',
        read: () => ({ '': pool.use.waiting }),
      },
      {
        type: 'counter',
        name: 'xtrace_rate_limited_queries_total',
        help: 'Queries that the rate limit let through or refused.',
        label: 'result',
        read: () => ({ allowed: rate.totalAllowed, refused: rate.totalRejected }),
      },
      {
        type: 'counter',
        name: 'xtrace_auth_failures_total',
        help: 'Requests without valid credentials; blocked are those after too many others from one address.',
        label: 'reason',
        read: () => auth.counts,
      },
      {
        type: 'counter',
        name: 'xtrace_ingest_thread_active_seconds_total',
        help: 'Time in which the thread that writes was not idle; its rate is the share of one core. Begins anew with the thread.',
        read: () => ({ '': thread.activeMs / 1000 }),
      },
    ];
    for (const reading of readings) register(registry, reading);
  }
}

/** None while the thread that knows them is being started again: all the rest is wanted most then. */
async function valuesOf({ read }: Reading): Promise<Values> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Unavailable) return {};
    throw error;
  }
}

function register(registry: Registry, reading: Reading): void {
  const { type, name, help, label } = reading;
  const labelNames = label === undefined ? [] : [label];
  const labelsOf = (value: string) => (label === undefined ? {} : { [label]: value });
  const options = { name, help, labelNames, registers: [registry] };
  if (type === 'gauge') {
    new Gauge({
      ...options,
      async collect() {
        const values = await valuesOf(reading);
        this.reset();
        for (const [value, number] of Object.entries(values)) this.set(labelsOf(value), number);
      },
    });
    return;
  }
  new Counter({
    ...options,
    async collect() {
      const values = await valuesOf(reading);
      // A counter of prom-client only grows, and this total is kept elsewhere.
      this.reset();
      for (const [value, number] of Object.entries(values)) this.inc(labelsOf(value), number);
    },
  });
}
