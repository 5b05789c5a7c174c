import { Inject, Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type EndedRequest, RequestEvents, type WriteResult } from '../../http/request-events.js';
import { FlushEvents, type QueueName } from '../../ingest/flush-events.js';
import { type FlushAttempt } from '../../ingest/flush-loop.js';
import { METRICS_REGISTRY } from './registry.js';

const REQUEST_SECONDS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const FLUSH_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const FLUSH_ITEMS = [1, 10, 50, 100, 250, 500, 1000, 2000, 4000, 10_000];

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const RESULTS: readonly WriteResult[] = [
  'accepted',
  'partial',
  'refused',
  'unauthenticated',
  'deferred',
  'failed',
  'aborted',
];
const QUEUES: readonly QueueName[] = ['traces', 'points', 'scores'];
const FAULTS = ['transient', 'exhausted', 'partition', 'timeout', 'row', 'defect'] as const;

/**
 * What is counted as it happens: once per request and once per flush, never per item. Every label has a closed list of
 * values that is known from the code; nothing that a client sends becomes one.
 */
@Injectable()
export class Instruments {
  private readonly requestSeconds: Histogram<'method' | 'route' | 'status'>;
  private readonly writeRequests: Counter<'door' | 'result'>;
  private readonly writeRefusals: Counter<'door' | 'reason'>;
  private readonly writeItems: Counter<'door' | 'result'>;
  private readonly refusedItems: Counter<'door' | 'code'>;
  private readonly writeBytes: Counter<'door'>;
  private readonly flushSeconds: Histogram<'queue'>;
  private readonly flushItems: Histogram<'queue'>;
  private readonly flushFailures: Counter<'queue' | 'fault'>;
  private readonly lastCommit: Gauge<'queue'>;
  private readonly knownDoors = new Set<string>();

  constructor(@Inject(METRICS_REGISTRY) registry: Registry, requests: RequestEvents, flushes: FlushEvents) {
    const registers = [registry];
    this.requestSeconds = new Histogram({
      name: 'xtrace_http_request_duration_seconds',
      help: 'Time to answer a request, by route template; status is 2xx to 5xx, or aborted when the client hung up.',
      labelNames: ['method', 'route', 'status'],
      buckets: REQUEST_SECONDS,
      registers,
    });
    this.writeRequests = new Counter({
      name: 'xtrace_write_requests_total',
      help: 'Requests to write routes, by what became of them.',
      labelNames: ['door', 'result'],
      registers,
    });
    this.writeRefusals = new Counter({
      name: 'xtrace_write_refusals_total',
      help: 'Requests to write routes of which nothing was taken, by reason.',
      labelNames: ['door', 'reason'],
      registers,
    });
    this.writeItems = new Counter({
      name: 'xtrace_write_items_total',
      help: 'Traces, observations and points in requests that could be read: accepted ones are committed.',
      labelNames: ['door', 'result'],
      registers,
    });
    this.refusedItems = new Counter({
      name: 'xtrace_write_items_refused_total',
      help: 'Refused items by error code.',
      labelNames: ['door', 'code'],
      registers,
    });
    this.writeBytes = new Counter({
      name: 'xtrace_write_bytes_total',
      help: 'Bytes of request bodies of write routes, inflated.',
      labelNames: ['door'],
      registers,
    });
    this.flushSeconds = new Histogram({
      name: 'xtrace_flush_duration_seconds',
      help: 'Time of a committed transaction of a write queue.',
      labelNames: ['queue'],
      buckets: FLUSH_SECONDS,
      registers,
    });
    this.flushItems = new Histogram({
      name: 'xtrace_flush_items',
      help: 'Messages in a committed transaction of a write queue.',
      labelNames: ['queue'],
      buckets: FLUSH_ITEMS,
      registers,
    });
    this.flushFailures = new Counter({
      name: 'xtrace_flush_failures_total',
      help: 'Transactions of a write queue that failed. All but defect are tried again until WRITE_DEADLINE_MS.',
      labelNames: ['queue', 'fault'],
      registers,
    });
    this.lastCommit = new Gauge({
      name: 'xtrace_last_commit_timestamp_seconds',
      help: 'When a write queue last committed; 0 before the first time.',
      labelNames: ['queue'],
      registers,
    });
    const quarantined = new Counter({
      name: 'xtrace_quarantined_items_total',
      help: 'Messages that PostgreSQL refused and that went to the table quarantine.',
      registers,
    });
    for (const queue of QUEUES) {
      this.lastCommit.set({ queue }, 0);
      for (const fault of FAULTS) this.flushFailures.inc({ queue, fault }, 0);
    }
    requests.onEnded((ended) => this.countRequest(ended));
    flushes.onFlush((queue, attempt) => this.countFlush(queue, attempt));
    flushes.onQuarantine((items) => quarantined.inc(items));
  }

  private countRequest(ended: EndedRequest): void {
    const { request, route, status, durationMs, door } = ended;
    const method = METHODS.has(request.method) ? request.method : 'other';
    const statusClass = status === undefined ? 'aborted' : `${Math.trunc(status / 100)}xx`;
    this.requestSeconds.observe({ method, route, status: statusClass }, durationMs / 1000);
    if (door !== undefined) this.countWrite(door, ended);
  }

  private countWrite(door: string, { result, refusal, bodyBytes, outcome }: EndedRequest): void {
    if (!this.knownDoors.has(door)) this.openDoor(door);
    this.writeRequests.inc({ door, result });
    if (bodyBytes !== undefined) this.writeBytes.inc({ door }, bodyBytes);
    if (refusal !== undefined) this.writeRefusals.inc({ door, reason: refusal.reason });
    if (outcome === undefined) return;
    const { itemCount, refusedCount, refusedByCode } = outcome;
    this.writeItems.inc({ door, result: 'accepted' }, itemCount - refusedCount);
    if (refusedCount === 0) return;
    this.writeItems.inc({ door, result: 'refused' }, refusedCount);
    for (const [code, count] of refusedByCode) this.refusedItems.inc({ door, code }, count);
  }

  /** From 0 on, so that the first of anything is an increase. */
  private openDoor(door: string): void {
    this.knownDoors.add(door);
    for (const result of RESULTS) this.writeRequests.inc({ door, result }, 0);
    for (const result of ['accepted', 'refused']) this.writeItems.inc({ door, result }, 0);
    this.writeBytes.inc({ door }, 0);
  }

  private countFlush(queue: QueueName, { items, durationMs, fault }: FlushAttempt): void {
    if (fault !== undefined) {
      this.flushFailures.inc({ queue, fault });
      return;
    }
    this.flushSeconds.observe({ queue }, durationMs / 1000);
    this.flushItems.observe({ queue }, items);
    this.lastCommit.set({ queue }, Date.now() / 1000);
  }
}
