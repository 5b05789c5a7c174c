import { InvalidInput, TooLarge } from '../../domain/errors.js';
import {
  type Exemplar,
  EXEMPLARS_PER_MINUTE,
  MAX_VALUE,
  type Point,
  type PointBatch,
  type PointRejection,
} from '../../domain/metric.js';
import { type Project } from '../../domain/project.js';
import { clampTime, type Micros } from '../../domain/time.js';
import { labelsOfScope, type ScopeLabels, type SeriesFamily, type SeriesMemory } from './otlp.metric-series.js';
import { seriesValues } from './otlp.metric-values.js';
import {
  CUMULATIVE,
  DELTA,
  NO_RECORDED_VALUE,
  type OtlpDataPoint,
  type OtlpExemplar,
  type OtlpMetric,
  type OtlpMetricsExport,
} from './otlp.metrics.js';
import { isValidId, SPAN_ID_DIGITS, TRACE_ID_DIGITS } from './otlp.span.js';

/** Points that one export may become, a histogram being a point per bucket; as in `POST /v1/metrics/batch`. */
export const MAX_EXPORT_POINTS = 500_000;
/** How many refused data points are listed; more are only counted. */
const MAX_LISTED_REJECTIONS = 1000;
/** What a point takes in memory on its way, about; its text in `POST /v1/metrics/batch` is as long. */
const BYTES_PER_POINT = 100;

const DAY_MS = 86_400_000;
/** As nanoseconds this is 1973: what is smaller was meant in a larger unit. */
const LEAST_NANOS = 10n ** 17n;

export interface MapMetricsOptions {
  readonly project: Project;
  readonly nowMs: number;
  /** 0: for ever. */
  readonly retentionDays: number;
  /** Attributes of the resource that become labels. */
  readonly resourceLabels: readonly string[];
  /** Size of the request. */
  readonly bytes: number;
  readonly memory: SeriesMemory;
}

export interface MappedMetrics {
  readonly batch: PointBatch;
  /** Data points of the export, refused ones included; `index` in the batch and the rejections counts these. */
  readonly dataPointCount: number;
  /** In the order of the export, at most MAX_LISTED_REJECTIONS. */
  readonly rejected: readonly PointRejection[];
  readonly rejectedCount: number;
  /** What of the export the first one was refused for: a field of it, or of the metric that it belongs to. */
  readonly firstRejectedPath: string;
  /** Metrics of a kind that is not known. */
  readonly unknownMetricCount: number;
  /** To be called once the batch is committed. */
  readonly confirm: () => void;
}

/**
 * Maps an export to points of series; ops/docs/adr/020-otlp-metrics-as-series.md has the rules. A data point that cannot be
 * stored is refused alone. A total (cumulative) is stored as it is, and the start of its counter once as a point of
 * value 0, so that differences begin there and a restart shows as a fall.
 */
export function mapMetrics(decoded: OtlpMetricsExport, options: MapMetricsOptions): MappedMetrics {
  const mapper = new MetricsMapper(options);
  for (const [i, { resource, scopeMetrics }] of decoded.resourceMetrics.entries()) {
    for (const [j, { scope, metrics }] of scopeMetrics.entries()) {
      if (metrics.length === 0) continue;
      const labels = labelsOfScope(resource, scope, options.resourceLabels);
      for (const [k, metric] of metrics.entries()) {
        mapper.addMetric(metric, labels, `resourceMetrics[${i}].scopeMetrics[${j}].metrics[${k}]`);
      }
    }
  }
  return mapper.mapped();
}

class MetricsMapper {
  private readonly points: Point[] = [];
  private readonly rejected: PointRejection[] = [];
  private readonly starts = new Map<SeriesFamily, Micros>();
  private readonly oldest: Micros;
  private dataPointCount = 0;
  private rejectedCount = 0;
  private firstRejectedPath = '';
  private unknownMetricCount = 0;

  constructor(private readonly options: MapMetricsOptions) {
    const { retentionDays, nowMs } = options;
    this.oldest = retentionDays === 0 ? -Infinity : (nowMs - retentionDays * DAY_MS) * 1000;
  }

  addMetric(metric: OtlpMetric, scope: ScopeLabels, path: string): void {
    if (metric.kind === undefined) this.unknownMetricCount += 1;
    for (const [i, point] of metric.points.entries()) {
      const index = this.dataPointCount;
      const mark = this.points.length;
      this.dataPointCount += 1;
      try {
        this.addPoint(metric, point, scope, index);
      } catch (error) {
        if (!(error instanceof InvalidInput)) throw error;
        this.points.length = mark;
        if (this.rejectedCount === 0) this.firstRejectedPath = `${path}.${pathIn(metric, i, error.field)}`;
        this.refuse(index, metric.name, error, point.problem?.code);
      }
      if (this.points.length > MAX_EXPORT_POINTS) {
        throw new TooLarge(
          `the export becomes more than ${MAX_EXPORT_POINTS} points of series, a histogram being one for each bucket: send it in parts`,
        );
      }
    }
  }

  mapped(): MappedMetrics {
    const { points, rejected, rejectedCount, dataPointCount, firstRejectedPath, unknownMetricCount, starts } = this;
    const { project, bytes } = this.options;
    return {
      batch: { project, points, bytes: Math.max(bytes, points.length * BYTES_PER_POINT) },
      ...{ dataPointCount, rejected, rejectedCount, firstRejectedPath, unknownMetricCount },
      confirm: () => {
        for (const [family, start] of starts) family.starts.set(project.no, start);
      },
    };
  }

  private addPoint(metric: OtlpMetric, point: OtlpDataPoint, scope: ScopeLabels, index: number): void {
    const { problem, flags, value } = point;
    if (problem !== undefined) throw new InvalidInput(problem.message, problem.field);
    // The end of a series is no value: what has no points is not shown.
    if ((flags & NO_RECORDED_VALUE) !== 0) return;
    const { kind, temporality } = metric;
    const hasTemporality = kind === 'sum' || kind === 'histogram' || kind === 'exponentialHistogram';
    if (hasTemporality && temporality !== DELTA && temporality !== CUMULATIVE) {
      throw new InvalidInput('must be 1 (delta) or 2 (cumulative)', 'aggregationTemporality');
    }
    const time = this.readTime(point.timeUnixNano);
    if (value === undefined) throw new InvalidInput('asDouble or asInt is missing, or no number', 'value');

    const isDelta = hasTemporality && temporality === DELTA;
    const family = this.options.memory.family(scope, metric.name, isDelta, point.attributes);
    const values = seriesValues(family, value, metric.isMonotonic && !isDelta);
    const start = isDelta ? undefined : this.newStart(family, point.startTimeUnixNano, time);
    if (start !== undefined) {
      const counters = values.filter(({ isCounter }) => isCounter);
      for (const { series } of counters) this.points.push({ index, series, time: start, value: 0 });
      if (counters.length > 0) this.starts.set(family, start);
    }
    const exemplars = this.readExemplars(point.exemplars);
    for (const [i, { series, value: number }] of values.entries()) {
      const isFirst = i === 0 && exemplars !== undefined;
      this.points.push(
        isFirst ? { index, series, time, value: number, exemplars } : { index, series, time, value: number },
      );
    }
  }

  private readTime(nanos: bigint): Micros {
    if (nanos === 0n) throw new InvalidInput('must be stated', 'timeUnixNano');
    if (nanos < LEAST_NANOS) throw new InvalidInput('must be nanoseconds since 1970', 'timeUnixNano');
    const time = Number(nanos / 1000n);
    if (clampTime(time, this.options.nowMs).clamped) {
      throw new InvalidInput('must not be more than 10 years back or a day ahead', 'timeUnixNano');
    }
    if (time < this.oldest) {
      const { retentionDays } = this.options;
      const days = retentionDays === 1 ? 'day' : 'days';
      throw new InvalidInput(`is older than the ${retentionDays} ${days} that points are kept`, 'timeUnixNano');
    }
    return time;
  }

  /**
   * When the counter was 0, if storage does not know it yet. A start equal to the time of its point means that the true
   * one is not known (metrics data model, "Cumulative streams: handling unknown start time").
   */
  private newStart(family: SeriesFamily, nanos: bigint, time: Micros): Micros | undefined {
    if (nanos < LEAST_NANOS) return undefined;
    const start = Number(nanos / 1000n);
    if (start >= time || start < this.oldest || clampTime(start, this.options.nowMs).clamped) return undefined;
    const known = this.starts.get(family) ?? family.starts.get(this.options.project.no);
    return known === start ? undefined : start;
  }

  /** Those with the greatest values, as many as storage keeps of a minute; ones that cannot be stored are left out. */
  private readExemplars(exemplars: readonly OtlpExemplar[]): readonly Exemplar[] | undefined {
    if (exemplars.length === 0) return undefined;
    const usable: Exemplar[] = [];
    for (const { traceId, spanId, timeUnixNano, value } of exemplars) {
      const time = Number(timeUnixNano / 1000n);
      const isInTime = time >= this.oldest && !clampTime(time, this.options.nowMs).clamped;
      if (!isInTime || value === undefined || !(Math.abs(value) <= MAX_VALUE)) continue;
      if (!isValidId(traceId, TRACE_ID_DIGITS)) continue;
      usable.push({ time, value, traceId, spanId: isValidId(spanId, SPAN_ID_DIGITS) ? spanId : '' });
    }
    if (usable.length === 0) return undefined;
    return usable.sort((a, b) => b.value - a.value || b.time - a.time).slice(0, EXEMPLARS_PER_MINUTE);
  }

  private refuse(index: number, name: string, { field, message }: InvalidInput, code = 'INVALID_FIELD'): void {
    this.rejectedCount += 1;
    if (this.rejected.length >= MAX_LISTED_REJECTIONS) return;
    // A longer name is none, and echoing it would double the traffic.
    const id = name.length <= 1000 ? name : undefined;
    this.rejected.push({ index, kind: 'metric', id, field, code, message });
  }
}

/** Where in its metric the field of a data point stands; name and temporality are those of the metric. */
function pathIn({ kind }: OtlpMetric, index: number, field: string | undefined): string {
  if (field === 'name') return field;
  if (field === 'aggregationTemporality') return `${kind}.${field}`;
  const point = `${kind}.dataPoints[${index}]`;
  return field === undefined || field === '' ? point : `${point}.${field}`;
}
