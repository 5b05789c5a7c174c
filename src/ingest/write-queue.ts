import { Logger } from '@nestjs/common';
import { OverCapacity, Unavailable } from '../domain/errors.js';
import { type IngestBatch, type IngestReceipt, type Rejection } from '../domain/ingest-batch.js';
import { type ObservationPatch } from '../domain/observation.js';
import { type TracePatch } from '../domain/trace.js';
import { classifyFault } from '../storage/sql-state.js';
import { laneOf } from '../storage/lane.js';
import { compareWorks, type TraceWork } from '../storage/trace-writer.js';
import { type RefusedPatch, type WriteConnection } from '../storage/write-connection.js';

type Patch = TracePatch | ObservationPatch;

/** A submitted batch until all of its parts are committed. */
interface Submission {
  readonly batch: IngestBatch;
  readonly deadlineMs: number;
  openParts: number;
  readonly refused: RefusedPatch[];
  failure: Error | undefined;
  readonly resolve: (receipt: IngestReceipt) => void;
  readonly reject: (error: Error) => void;
}

/** The patches of one submission that one writer takes. */
interface Part {
  readonly submission: Submission;
  readonly patches: Patch[];
}

export interface WriteQueueOptions {
  readonly maxBytes: number;
  /** How long a part is retried on transient faults before its caller hears Unavailable. */
  readonly deadlineMs: number;
  /** What to do with patches that PostgreSQL refuses; called after the others are committed. */
  readonly onRefused: (connection: WriteConnection, refused: readonly RefusedPatch[]) => Promise<void>;
  /** Called when the partition of a row is missing; the flush is tried again afterwards. */
  readonly onMissingPartition: () => Promise<void>;
  readonly nowMs: () => number;
}

/** One transaction takes about this many patches at most, so that no commit keeps its successors waiting for long. */
const MAX_FLUSH_PATCHES = 4000;
const FIRST_RETRY_MS = 20;
const MAX_RETRY_MS = 500;
const EXHAUSTED_RETRY_MS = 1000;

/**
 * Spreads batches over the writers and tells each caller when everything it sent is committed. There is no timer: a
 * writer flushes whatever waits as soon as it is idle, so batches grow with the load and a lone request waits for
 * nothing. Bounded in bytes.
 */
export class WriteQueue {
  private readonly writers: Writer[];
  private queuedBytes = 0;
  private isStopping = false;

  constructor(
    connections: readonly WriteConnection[],
    private readonly options: WriteQueueOptions,
  ) {
    this.writers = connections.map((connection) => new Writer(connection, options));
  }

  /** Bytes of batches that are not committed yet. */
  get bytes(): number {
    return this.queuedBytes;
  }

  /**
   * Resolves once all of `batch` but the refused items is committed. Throws OverCapacity or Unavailable before
   * anything is taken. Rejects with Unavailable when a part could not be committed in time; other parts may be
   * stored, and sending the whole batch again is safe.
   */
  async submit(batch: IngestBatch): Promise<IngestReceipt> {
    if (this.isStopping) throw new Unavailable('the server is stopping');
    // A batch larger than the whole queue passes when nothing else waits: its size has been limited at the door.
    if (this.queuedBytes > 0 && this.queuedBytes + batch.bytes > this.options.maxBytes) {
      throw new OverCapacity('the write queue is full: send the same again later');
    }
    const parts = this.divide(batch);
    if (parts.size === 0) return { rejected: [] };
    this.queuedBytes += batch.bytes;
    try {
      return await new Promise<IngestReceipt>((resolve, reject) => {
        const deadlineMs = this.options.nowMs() + this.options.deadlineMs;
        const submission: Submission = {
          batch,
          deadlineMs,
          openParts: parts.size,
          refused: [],
          failure: undefined,
          resolve,
          reject,
        };
        for (const [writer, patches] of parts) writer.enqueue({ submission, patches });
      });
    } finally {
      this.queuedBytes -= batch.bytes;
    }
  }

  /** Refuses new batches and resolves when all accepted ones are settled and the connections are closed. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.all(this.writers.map((writer) => writer.stop()));
  }

  private divide(batch: IngestBatch): Map<Writer, Patch[]> {
    const parts = new Map<Writer, Patch[]>();
    const assign = (patch: Patch): void => {
      const writer = this.writers[laneOf(batch.project.no, patch.traceId) % this.writers.length]!;
      const part = parts.get(writer);
      if (part === undefined) parts.set(writer, [patch]);
      else part.push(patch);
    };
    batch.traces.forEach(assign);
    batch.observations.forEach(assign);
    return parts;
  }
}

/** Flushes the parts of its lanes over one connection, one transaction after the other. */
class Writer {
  private readonly logger = new Logger(WriteQueue.name);
  private waiting: Part[] = [];
  private running: Promise<void> | undefined;

  constructor(
    private readonly connection: WriteConnection,
    private readonly options: WriteQueueOptions,
  ) {}

  enqueue(part: Part): void {
    this.waiting.push(part);
    // After the present turn of the event loop, so that requests which arrive together share a transaction.
    this.running ??= new Promise((resolve) => setImmediate(resolve)).then(() => this.run());
  }

  async stop(): Promise<void> {
    await this.running;
    await this.connection.end();
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) await this.flush(this.take());
    this.running = undefined;
  }

  private take(): Part[] {
    let patches = 0;
    let end = 0;
    while (
      end < this.waiting.length &&
      (end === 0 || patches + this.waiting[end]!.patches.length <= MAX_FLUSH_PATCHES)
    ) {
      patches += this.waiting[end]!.patches.length;
      end += 1;
    }
    return this.waiting.splice(0, end);
  }

  /** Settles every one of `parts`; never rejects. */
  private async flush(parts: Part[]): Promise<void> {
    let pending = parts;
    let retryMs = FIRST_RETRY_MS;
    while (pending.length > 0) {
      try {
        const refused = await this.connection.flush(collectWorks(pending), this.options.nowMs());
        if (refused.length > 0) await this.report(pending, refused);
        pending.forEach((part) => settle(part));
        return;
      } catch (error) {
        const fault = classifyFault(error);
        const reason = (error as Error).message;
        if (fault === 'defect' || fault === 'row') {
          this.logger.error(`a write failed and cannot be retried: ${reason}`, (error as Error).stack);
          pending.forEach((part) => settle(part, error as Error));
          return;
        }
        this.logger.warn(`a write of ${pending.length} requests failed and is tried again: ${reason}`);
        if (fault === 'partition')
          await this.options.onMissingPartition().catch((e: Error) => this.logger.error(e.message));
        const waitMs = fault === 'exhausted' ? EXHAUSTED_RETRY_MS : retryMs;
        retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
        const cutoffMs = this.options.nowMs() + waitMs;
        const isLate = (part: Part): boolean => part.submission.deadlineMs <= cutoffMs;
        pending
          .filter(isLate)
          .forEach((part) => settle(part, new Unavailable('the database did not take the data in time')));
        pending = pending.filter((part) => !isLate(part));
        if (pending.length > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  private async report(parts: readonly Part[], refused: readonly RefusedPatch[]): Promise<void> {
    const owners = new Map<Patch, Submission>();
    for (const part of parts) for (const patch of part.patches) owners.set(patch, part.submission);
    for (const refusal of refused) {
      owners.get(refusal.patch)?.refused.push(refusal);
      const id = refusal.patch.kind === 'observation' ? refusal.patch.id : refusal.patch.traceId;
      this.logger.warn(
        `PostgreSQL refused ${refusal.patch.kind} ${JSON.stringify(id)}: ${refusal.sqlState} ${refusal.reason}`,
      );
    }
    await this.options
      .onRefused(this.connection, refused)
      .catch((error: Error) => this.logger.error(`refused items were not kept: ${error.message}`));
  }
}

function settle(part: Part, failure?: Error): void {
  const { submission } = part;
  submission.failure ??= failure;
  submission.openParts -= 1;
  if (submission.openParts > 0) return;
  if (submission.failure !== undefined) submission.reject(submission.failure);
  else submission.resolve({ rejected: submission.refused.map(presentRefusal) });
}

function presentRefusal({ patch, reason }: RefusedPatch): Rejection {
  return {
    kind: patch.kind,
    index: patch.index,
    id: patch.kind === 'observation' ? patch.id : patch.traceId,
    code: 'NOT_STORABLE',
    message: `the database refuses it: ${reason}`,
  };
}

interface MutableWork extends TraceWork {
  readonly patches: TracePatch[];
  readonly observations: Map<string, ObservationPatch[]>;
}

/** The patches of all `parts` by trace and observation, in the order in which every writer takes traces. */
function collectWorks(parts: readonly Part[]): TraceWork[] {
  const works = new Map<string, MutableWork>();
  for (const { submission, patches } of parts) {
    const projectNo = submission.batch.project.no;
    for (const patch of patches) {
      const key = `${projectNo}:${patch.traceId}`;
      let work = works.get(key);
      if (work === undefined)
        works.set(key, (work = { projectNo, traceId: patch.traceId, patches: [], observations: new Map() }));
      if (patch.kind === 'trace') {
        work.patches.push(patch);
        continue;
      }
      const known = work.observations.get(patch.id);
      if (known === undefined) work.observations.set(patch.id, [patch]);
      else known.push(patch);
    }
  }
  return [...works.values()].sort(compareWorks);
}
