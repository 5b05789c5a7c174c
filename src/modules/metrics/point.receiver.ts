import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../config/config.js';
import type { PointRejection } from '../../domain/metric.js';
import type { Project } from '../../domain/project.js';
import { MetricIngestService } from '../../ingest/metric-ingest.service.js';
import { mapPoints, SeriesReader } from './points.map.js';
import { readBatch } from './points.schema.js';

/** What became of the points of a request: everything that is not refused is committed. */
export interface ReceivedPoints {
  readonly itemCount: number;
  readonly refusedCount: number;
  /** Not all if there are many. */
  readonly refused: readonly PointRejection[];
}

/** Takes the body of `/v1/metrics/batch`. */
@Injectable()
export class PointReceiver {
  private readonly series = new SeriesReader();

  constructor(
    private readonly ingest: MetricIngestService,
    @Inject(CONFIG) private readonly config: Pick<Config, 'metricsRetentionDays'>,
  ) {}

  /** @throws InvalidInput for a body that is no batch at all; OverCapacity and Unavailable as `MetricIngestService.submit`. */
  async receive(body: Buffer, project: Project): Promise<ReceivedPoints> {
    const items = readBatch(body);
    const retentionDays = this.config.metricsRetentionDays;
    const { points, rejected, rejectedCount } = mapPoints(items, Date.now(), retentionDays, this.series);
    const receipt = await this.ingest.submit({ project, points, bytes: body.length });
    return {
      itemCount: items.length,
      refusedCount: rejectedCount + receipt.rejected.length,
      refused: [...rejected, ...receipt.rejected],
    };
  }
}
