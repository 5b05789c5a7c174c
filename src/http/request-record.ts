import type { FastifyRequest } from 'fastify';
import { summarizeWrite, type WriteOutcome, type WriteReport } from './write-outcome.js';

/** Why a request as a whole was refused. */
export interface Refusal {
  /** Of a closed list: xtrace's error codes and `OVER_CAPACITY`. */
  readonly reason: string;
  /** What the caller was told. */
  readonly message: string;
}

/** What hooks, doors and the error filter learn of one request while it is served. */
export interface RequestRecord {
  /** Body bytes as they came, still compressed; absent when no body was read. */
  sentBytes?: number;
  /** The same inflated. */
  bodyBytes?: number;
  refusal?: Refusal;
  outcome?: WriteOutcome;
}

const records = new WeakMap<FastifyRequest, RequestRecord>();

/** The record of `request`, made when first asked for. */
export function recordOf(request: FastifyRequest): RequestRecord {
  let record = records.get(request);
  if (record === undefined) records.set(request, (record = {}));
  return record;
}

/**
 * Tells what became of the items of a write: once per request, by the handler of every write route, whether or not it
 * refused some. Metrics, deliveries and logs all come from it.
 */
export function reportWrite(request: FastifyRequest, report: WriteReport): void {
  recordOf(request).outcome = summarizeWrite(report);
}
