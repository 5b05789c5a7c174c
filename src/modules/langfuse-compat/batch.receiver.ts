import { Injectable } from '@nestjs/common';
import type { Rejection } from '../../domain/ingest-batch.js';
import type { Project } from '../../domain/project.js';
import { ArrivalClock } from '../../domain/time.js';
import { IngestService } from '../../ingest/ingest.service.js';
import { mapBatch } from './batch.map.js';
import { readBatch } from './batch.schema.js';

/** What became of the items of a request: everything that is not refused is committed. */
export interface ReceivedBatch {
  readonly itemCount: number;
  readonly refusedCount: number;
  /** Not all if there are many. */
  readonly refused: readonly Rejection[];
}

/** Takes the body of `/v1/l/batch`. */
@Injectable()
export class BatchReceiver {
  constructor(
    private readonly ingest: IngestService,
    private readonly clock: ArrivalClock,
  ) {}

  /** @throws InvalidInput for a body that is no batch at all; OverCapacity and Unavailable as `IngestService.submit`. */
  async receive(body: Buffer, project: Project): Promise<ReceivedBatch> {
    const request = readBatch(body);
    const context = { project, bytes: body.length, nowMs: Date.now(), clock: this.clock };
    const { batch, rejected, rejectedCount } = mapBatch(request, context);
    const isEmpty = batch.traces.length + batch.observations.length === 0;
    const receipt = isEmpty ? { rejected: [] } : await this.ingest.submit(batch);
    return {
      itemCount: request.observations.length + (request.trace === undefined ? 0 : 1),
      refusedCount: rejectedCount + receipt.rejected.length,
      refused: [...rejected, ...receipt.rejected],
    };
  }
}
