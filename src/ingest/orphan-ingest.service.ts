import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type IngestBatch, type IngestReceipt } from '../domain/ingest-batch.js';
import { type ObservationPatch } from '../domain/observation.js';
import { type Project } from '../domain/project.js';
import { Redactor } from '../domain/redaction.js';
import { type FoundOrphans, OrphanStore } from '../storage/orphans/orphan-store.js';
import { RepeatedWork } from '../storage/repeated-work.js';
import { IngestService } from './ingest.service.js';

/** How long a parked update waits at least; see OrphanStore for how it waits longer and longer. */
const SWEEP_EVERY_MS = 2000;

/**
 * Updates of observations that do not say in which trace the observation is. Where it is known, they go the way of all
 * others; else they are parked, after redaction, and a sweeper takes them there once it is.
 */
@Injectable()
export class OrphanIngestService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(OrphanIngestService.name);
  /** Another process, or this one before it was restarted, may have parked some. */
  private mayHold = true;
  private readonly rounds = new RepeatedWork(() => this.sweepAndReport(), SWEEP_EVERY_MS);

  constructor(
    private readonly store: OrphanStore,
    private readonly ingest: IngestService,
    private readonly redactor: Redactor,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  /**
   * `IngestService.submit`, for a batch that comes with `strays`: updates without a trace. When it resolves they are
   * committed as well, merged or parked. Rejects as `submit` does; sending everything again is safe.
   */
  async submit(batch: IngestBatch, strays: readonly ObservationPatch[]): Promise<IngestReceipt> {
    if (strays.length === 0) return this.ingest.submit(batch);
    const ids = strays.map(({ id }) => id);
    const traceIds = await this.store.findTraces(batch.project.no, ids);
    const found = strays.flatMap((stray, i) => (traceIds[i] === undefined ? [] : [{ ...stray, traceId: traceIds[i] }]));
    const orphans = strays.filter((_, i) => traceIds[i] === undefined);
    const receipt = await this.submitIfAny({ ...batch, observations: [...batch.observations, ...found] });
    if (orphans.length > 0) await this.park(batch.project, orphans);
    return receipt;
  }

  /** Takes parked updates whose turn it is at `nowMs` to their observations, as far as those are known by now. */
  async sweep(nowMs = Date.now()): Promise<void> {
    while (!this.rounds.isStopping) {
      const { hasMore } = await this.store.sweep(nowMs, (found) => this.submitFound(found));
      if (!hasMore) return;
    }
  }

  private async park(project: Project, orphans: readonly ObservationPatch[]): Promise<void> {
    const { observations } = this.redactor.redactBatch({ project, traces: [], observations: orphans, bytes: 0 });
    const dropped = await this.store.park(project.no, observations, Date.now());
    this.mayHold = true;
    if (dropped > 0)
      this.logger.warn(
        `too many updates wait for their observation: dropped ${dropped}, the oldest of the projects with most`,
      );
  }

  private async submitFound(found: FoundOrphans): Promise<void> {
    for (const [no, observations] of found) {
      const bytes = observations.reduce(
        (sum, { input, output }) => sum + (input?.length ?? 0) + (output?.length ?? 0),
        0,
      );
      // Nothing behind this point asks for the project's name.
      await this.ingest.submit({ project: { no, id: '' }, traces: [], observations, bytes });
    }
  }

  private submitIfAny(batch: IngestBatch): Promise<IngestReceipt> | IngestReceipt {
    return batch.traces.length + batch.observations.length === 0 ? { rejected: [] } : this.ingest.submit(batch);
  }

  /** Never rejects. */
  private async sweepAndReport(): Promise<void> {
    if (!this.mayHold) return;
    try {
      await this.sweep();
      this.mayHold = false;
      // What is parked meanwhile sets it again.
      if (!(await this.store.isEmpty())) this.mayHold = true;
    } catch (error) {
      this.mayHold = true;
      if (!this.rounds.isStopping)
        this.logger.warn(`updates go on waiting for their observations: ${(error as Error).message}`);
    }
  }
}
