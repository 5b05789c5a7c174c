import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../config/config.js';
import { NothingUsable } from '../../domain/errors.js';
import { type PointRejection } from '../../domain/metric.js';
import type { Project } from '../../domain/project.js';
import { MetricIngestService } from '../../ingest/metric-ingest.service.js';
import { SeriesMemory } from './otlp.metric-series.js';
import { decodeMetricsJson } from './otlp.metrics-json.js';
import { type MappedMetrics, mapMetrics } from './otlp.metrics-map.js';
import { decodeMetricsProtobuf } from './otlp.metrics-protobuf.js';
import type { OtlpReceiver, ReceivedExport } from './otlp.receiver.js';
import { encodeResponse, type OtlpEncoding, summarizeItems } from './otlp.response.js';

/** ExportMetricsServiceRequest: every data point is a point of one series, that of a histogram points of several. */
@Injectable()
export class OtlpMetricReceiver implements OtlpReceiver {
  private readonly memory = new SeriesMemory();

  constructor(
    private readonly ingest: MetricIngestService,
    @Inject(CONFIG) private readonly config: Pick<Config, 'metricsRetentionDays' | 'otlpMetricsResourceLabels'>,
  ) {}

  async receive(body: Buffer, encoding: OtlpEncoding, project: Project): Promise<ReceivedExport> {
    const decoded = encoding === 'json' ? decodeMetricsJson(body) : decodeMetricsProtobuf(body);
    const mapped = mapMetrics(decoded, {
      project,
      nowMs: Date.now(),
      retentionDays: this.config.metricsRetentionDays,
      resourceLabels: this.config.otlpMetricsResourceLabels,
      bytes: body.length,
      memory: this.memory,
    });
    if (mapped.rejectedCount > 0 && mapped.rejectedCount === mapped.dataPointCount) throw nothingUsable(mapped);

    const receipt = await this.ingest.submit(mapped.batch);
    const refusedLater = oncePerDataPoint(receipt.rejected);
    if (refusedLater.length === 0) mapped.confirm();
    const refused = [...mapped.rejected, ...refusedLater];
    const refusedCount = mapped.rejectedCount + refusedLater.length;
    const errorMessage = [summarizeItems(refused, 'data point'), unknownKinds(mapped)].filter(Boolean).join('; ');
    return {
      answer: encodeResponse({ rejectedDataPoints: refusedCount, errorMessage }, encoding),
      report: { itemCount: mapped.dataPointCount, refusedCount, refused },
    };
  }
}

/** Of a histogram several series may be refused; it counts as one data point. */
function oncePerDataPoint(rejected: readonly PointRejection[]): PointRejection[] {
  const byIndex = new Map<number, PointRejection>();
  for (const rejection of rejected) if (!byIndex.has(rejection.index)) byIndex.set(rejection.index, rejection);
  return [...byIndex.values()];
}

function nothingUsable({ rejected, rejectedCount, firstRejectedPath }: MappedMetrics): NothingUsable {
  const { message } = rejected[0]!;
  const rest =
    rejectedCount > 1
      ? ` None of the ${rejectedCount} data points can be stored: ${summarizeItems(rejected, 'data point')}.`
      : '';
  return new NothingUsable(`${firstRejectedPath} ${message}.${rest}`, firstRejectedPath, rejected);
}

function unknownKinds({ unknownMetricCount: count }: MappedMetrics): string {
  return count === 0 ? '' : `${count} ${count === 1 ? 'metric has' : 'metrics have'} data of no known kind`;
}
