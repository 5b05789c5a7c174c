import { Logger } from '@nestjs/common';
import { type IngestBatch, type IngestReceipt, type Rejection } from '../domain/ingest-batch.js';
import { type LogRecord } from '../domain/log.js';
import { type ObservationPatch } from '../domain/observation.js';
import { type TracePatch } from '../domain/trace.js';
import { laneOf } from '../storage/lane.js';
import { type LoggedWork } from '../storage/log-writer.js';
import { compareWorks } from '../storage/trace-writer.js';
import { type RefusedPatch, type WriteConnection } from '../storage/write-connection.js';
import { Admission } from './admission.js';
import { FlushLoop, type Part } from './flush-loop.js';
import { type QueueOptions, type QueueStatus } from './queue-options.js';
import { Submission } from './submission.js';

type Patch = TracePatch | ObservationPatch | LogRecord;
type PatchPart = Part<Patch, RefusedPatch>;

export interface WriteQueueOptions extends QueueOptions {
  /** What to do with patches that PostgreSQL refuses; called after the others are committed. */
  readonly onRefused: (connection: WriteConnection, refused: readonly RefusedPatch[]) => Promise<void>;
}

/** Patches of one transaction, about. */
const MAX_FLUSH_PATCHES = 4000;

/**
 * Spreads batches over the writers and tells each caller when everything it sent is committed. All that concerns a
 * trace goes through one writer; which one follows from its lane. Bounded in bytes.
 */
export class WriteQueue {
  private readonly logger = new Logger(WriteQueue.name);
  private readonly admission: Admission;
  private readonly loops: readonly FlushLoop<Patch, RefusedPatch>[];

  constructor(
    private readonly connections: readonly WriteConnection[],
    private readonly options: WriteQueueOptions,
  ) {
    const { onMissingPartition, nowMs, onFlush } = options;
    this.admission = new Admission(options.maxBytes);
    this.loops = connections.map(
      (connection) =>
        new FlushLoop({
          maxItems: MAX_FLUSH_PATCHES,
          write: (parts) => this.write(connection, parts),
          onMissingPartition,
          nowMs,
          onFlush,
        }),
    );
  }

  get status(): QueueStatus {
    const busy = this.loops.filter((loop) => loop.isBusy).length;
    return { bytes: this.admission.bytes, writers: { busy, total: this.loops.length } };
  }

  /**
   * Resolves once all of `batch` but the refused items is committed. Throws OverCapacity or Unavailable before
   * anything is taken. Rejects with Unavailable when a part could not be committed in time; other parts may be
   * stored, and sending the whole batch again is safe. `prepare` runs once there is room, and has to make last what the
   * patches refer to: nothing is written when it fails.
   */
  submit(batch: IngestBatch, prepare?: () => Promise<void>): Promise<IngestReceipt> {
    return this.admission.admit(batch.bytes, async () => {
      if (prepare !== undefined) await prepare();
      const itemsByLoop = this.divide(batch);
      if (itemsByLoop.size === 0) return { rejected: [] };
      const deadlineMs = this.options.nowMs() + this.options.deadlineMs;
      const submission = new Submission<RefusedPatch>(itemsByLoop.size, deadlineMs);
      for (const [loop, items] of itemsByLoop) loop.enqueue({ submission, projectNo: batch.project.no, items });
      await submission.settleWithin(this.options.deadlineMs, () => {
        for (const loop of itemsByLoop.keys()) loop.forget(submission);
      });
      return { rejected: submission.refused.map(presentRefusal) };
    });
  }

  /** Refuses new batches and resolves when all accepted ones are settled and the connections are closed. */
  async stop(): Promise<void> {
    this.admission.close();
    await Promise.all(this.loops.map((loop, i) => loop.drain().then(() => this.connections[i]!.end())));
  }

  private divide(batch: IngestBatch): Map<FlushLoop<Patch, RefusedPatch>, Patch[]> {
    const itemsByLoop = new Map<FlushLoop<Patch, RefusedPatch>, Patch[]>();
    const assign = (patch: Patch): void => {
      const loop = this.loops[laneOf(batch.project.no, patch.traceId ?? '') % this.loops.length]!;
      const items = itemsByLoop.get(loop);
      if (items === undefined) itemsByLoop.set(loop, [patch]);
      else items.push(patch);
    };
    batch.traces.forEach(assign);
    batch.observations.forEach(assign);
    batch.logs?.forEach(assign);
    return itemsByLoop;
  }

  private async write(connection: WriteConnection, parts: readonly PatchPart[]): Promise<void> {
    const refused = await connection.flush(collectWorks(parts), this.options.nowMs());
    if (refused.length > 0) await this.report(connection, parts, refused);
  }

  private async report(
    connection: WriteConnection,
    parts: readonly PatchPart[],
    refused: readonly RefusedPatch[],
  ): Promise<void> {
    const owners = new Map<Patch, Submission<RefusedPatch>>();
    for (const { submission, items } of parts) for (const patch of items) owners.set(patch, submission);
    for (const refusal of refused) {
      owners.get(refusal.patch)?.refused.push(refusal);
      const id = refusal.patch.kind === 'trace' ? refusal.patch.traceId : refusal.patch.id;
      // Not the reason, which may quote the value: it is in the table, and told to the sender.
      this.logger.warn(`PostgreSQL refused ${refusal.patch.kind} ${JSON.stringify(id)} (${refusal.sqlState})`);
    }
    await this.options
      .onRefused(connection, refused)
      .catch((error: Error) => this.logger.error(`refused items were not kept: ${error.message}`));
  }
}

function presentRefusal({ patch, reason }: RefusedPatch): Rejection {
  return {
    kind: patch.kind,
    index: patch.index,
    id: patch.kind === 'trace' ? patch.traceId : patch.id,
    code: 'NOT_STORABLE',
    message: `the database refuses it: ${reason}`,
  };
}

interface MutableWork extends LoggedWork {
  readonly patches: TracePatch[];
  readonly observations: Map<string, ObservationPatch[]>;
  readonly logs: LogRecord[];
}

/** The patches of all `parts` by trace and observation, in the order in which every writer takes traces. */
function collectWorks(parts: readonly PatchPart[]): LoggedWork[] {
  const works = new Map<string, MutableWork>();
  for (const { projectNo, items } of parts) {
    for (const patch of items) {
      const traceId = patch.traceId ?? '';
      const key = `${projectNo}:${traceId}`;
      let work = works.get(key);
      if (work === undefined)
        works.set(key, (work = { projectNo, traceId, patches: [], observations: new Map(), logs: [] }));
      if (patch.kind !== 'observation') {
        if (patch.kind === 'trace') work.patches.push(patch);
        else work.logs.push(patch);
        continue;
      }
      const known = work.observations.get(patch.id);
      if (known === undefined) work.observations.set(patch.id, [patch]);
      else known.push(patch);
    }
  }
  return [...works.values()].sort(compareWorks);
}
