import { Logger } from '@nestjs/common';
import { type Point, type PointBatch, type PointReceipt, type PointRejection } from '../domain/metric.js';
import { type MetricWriter, type RefusedPoint } from '../storage/metric-writer.js';
import { Admission } from './admission.js';
import { type FlushAttempt, FlushLoop, type Part } from './flush-loop.js';
import { Submission } from './submission.js';

type PointPart = Part<Point, RefusedPoint>;

export interface PointQueueOptions {
  readonly maxBytes: number;
  /** How long a batch waits and is retried on transient faults before its caller hears Unavailable. */
  readonly deadlineMs: number;
  /** Called when the partition of a point is missing; the write is tried again afterwards. */
  readonly onMissingPartition: () => Promise<void>;
  readonly nowMs: () => number;
  /** Hears of every attempt to write. */
  readonly onFlush?: (attempt: FlushAttempt) => void;
}

/** Points of one transaction, about: some 60 ms of work, far from any time limit however large a request is. */
const MAX_FLUSH_POINTS = 10_000;

/**
 * Writes points in the order they arrive, over one connection, and tells each caller when everything it sent is
 * committed. Bounded in bytes.
 */
export class PointQueue {
  private readonly logger = new Logger(PointQueue.name);
  private readonly admission: Admission;
  private readonly loop: FlushLoop<Point, RefusedPoint>;

  constructor(
    private readonly writer: MetricWriter,
    private readonly options: PointQueueOptions,
  ) {
    this.admission = new Admission(options.maxBytes);
    this.loop = new FlushLoop({
      maxItems: MAX_FLUSH_POINTS,
      write: (parts) => this.write(parts),
      onMissingPartition: options.onMissingPartition,
      nowMs: options.nowMs,
      onFlush: options.onFlush,
    });
  }

  /** Bytes of batches that are not committed yet. */
  get bytes(): number {
    return this.admission.bytes;
  }

  /** How many writers have something to write: there is one. */
  get busyWriters(): number {
    return this.loop.isBusy ? 1 : 0;
  }

  /**
   * Resolves once all of `batch` but the refused points is committed. Throws OverCapacity or Unavailable before
   * anything is taken. Rejects with Unavailable when a part could not be committed in time; other parts may be stored,
   * and sending the whole batch again is safe.
   */
  submit(batch: PointBatch): Promise<PointReceipt> {
    return this.admission.admit(batch.bytes, async () => {
      const { points } = batch;
      if (points.length === 0) return { rejected: [] };
      const deadlineMs = this.options.nowMs() + this.options.deadlineMs;
      const submission = new Submission<RefusedPoint>(Math.ceil(points.length / MAX_FLUSH_POINTS), deadlineMs);
      // In order, so that the last of two points at the same time is also the last to be written.
      for (let at = 0; at < points.length; at += MAX_FLUSH_POINTS) {
        const items = points.slice(at, at + MAX_FLUSH_POINTS);
        this.loop.enqueue({ submission, projectNo: batch.project.no, items });
      }
      await submission.settleWithin(this.options.deadlineMs, () => this.loop.forget(submission));
      return { rejected: submission.refused.map(presentRefusal) };
    });
  }

  /** Refuses new batches and resolves when all accepted ones are settled and the connection is closed. */
  async stop(): Promise<void> {
    this.admission.close();
    await this.loop.drain();
    await this.writer.end();
  }

  private async write(parts: readonly PointPart[]): Promise<void> {
    const refused = await this.writer.write(parts.map(({ projectNo, items }) => ({ projectNo, points: items })));
    if (refused.length === 0) return;
    const owners = new Map<Point, Submission<RefusedPoint>>();
    for (const { submission, items } of parts) for (const point of items) owners.set(point, submission);
    let excess = 0;
    for (const refusal of refused) {
      owners.get(refusal.point)?.refused.push(refusal);
      if (refusal.fault === undefined) {
        excess += 1;
        continue;
      }
      const name = JSON.stringify(refusal.point.series.name);
      // Not the reason, which may quote the value: it is told to the sender.
      this.logger.warn(`PostgreSQL refused a point of ${name} (${refusal.fault.sqlState})`);
    }
    if (excess > 0) this.logger.warn(`refused ${excess} points of new series: their project has METRICS_MAX_SERIES`);
  }
}

function presentRefusal({ point, fault }: RefusedPoint): PointRejection {
  const item = { kind: 'metric', index: point.index, id: point.series.name } as const;
  if (fault !== undefined)
    return { ...item, code: 'NOT_STORABLE', message: `the database refuses it: ${fault.reason}` };
  return {
    ...item,
    field: 'labels',
    code: 'TOO_MANY_SERIES',
    message: 'labels would make one series too many: the project has as many as METRICS_MAX_SERIES allows',
  };
}
