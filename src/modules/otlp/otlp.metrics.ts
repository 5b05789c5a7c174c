import { TooLarge } from '../../domain/errors.js';
import { type Attributes, NO_ATTRIBUTES, type OtlpResource, type OtlpScope, type SpanProblem } from './otlp.span.js';

/**
 * What an OTLP metrics export says, whatever encoding it came in (opentelemetry-proto, metrics/v1/metrics.proto). Both
 * readers end here. Counts and integer values are doubles: exact to 2^53, which is what a series can hold.
 */

export interface OtlpMetricsExport {
  readonly resourceMetrics: readonly OtlpResourceMetrics[];
}

export interface OtlpResourceMetrics {
  readonly resource: OtlpResource;
  readonly scopeMetrics: readonly OtlpScopeMetrics[];
}

export interface OtlpScopeMetrics {
  readonly scope: OtlpScope;
  readonly metrics: readonly OtlpMetric[];
}

export interface OtlpMetric {
  readonly name: string;
  /** Of a kind that is not known, or with none, `points` is empty. */
  readonly kind: MetricKind | undefined;
  /** 0 unspecified, 1 delta, 2 cumulative; gauges and summaries have none (0). */
  readonly temporality: number;
  /** Of sums; false for everything else. */
  readonly isMonotonic: boolean;
  readonly points: readonly OtlpDataPoint[];
}

export type MetricKind = 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary';

export const DELTA = 1;
export const CUMULATIVE = 2;

/** Bit of `flags`: there is no value, the series ends here (data point flag NO_RECORDED_VALUE). */
export const NO_RECORDED_VALUE = 1;

export interface OtlpDataPoint {
  readonly attributes: Attributes;
  /** 0n when not stated. */
  readonly startTimeUnixNano: bigint;
  /** 0n when not stated, which no point may be. */
  readonly timeUnixNano: bigint;
  readonly flags: number;
  /** Those that name a trace. */
  readonly exemplars: readonly OtlpExemplar[];
  readonly value: PointValue | undefined;
  /** Set when the reader could not read all of the point: it is refused, its neighbours are not. */
  readonly problem?: SpanProblem;
}

/** Undefined numbers were not stated. NaN and infinities are as they came: the mapping refuses them. */
export type PointValue = number | HistogramValue | ExponentialValue | SummaryValue;

interface Distribution {
  readonly count: number;
  readonly sum: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
}

export interface HistogramValue extends Distribution {
  /** One more than bounds, or none. Bucket i counts values in (bounds[i-1], bounds[i]]. */
  readonly bucketCounts: readonly number[];
  readonly explicitBounds: readonly number[];
}

export interface ExponentialValue extends Distribution {
  readonly scale: number;
  readonly zeroCount: number;
  readonly positive: ExponentialBuckets;
  readonly negative: ExponentialBuckets;
}

/** Bucket i counts magnitudes in (base^(offset+i), base^(offset+i+1)], base = 2^(2^-scale). */
export interface ExponentialBuckets {
  readonly offset: number;
  readonly counts: readonly number[];
}

export interface SummaryValue {
  readonly count: number;
  readonly sum: number;
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[];
}

export interface OtlpExemplar {
  /** Lower-case hex digits as far as the reader could tell; not yet validated. */
  readonly traceId: string;
  readonly spanId: string;
  readonly timeUnixNano: bigint;
  readonly value: number | undefined;
}

export const NO_BUCKETS: ExponentialBuckets = { offset: 0, counts: [] };
export const NO_EXEMPLARS: readonly OtlpExemplar[] = [];

/** Stands for a point that could not be read. */
export function unreadablePoint({ field, code, message }: SpanProblem): OtlpDataPoint {
  return {
    attributes: NO_ATTRIBUTES,
    startTimeUnixNano: 0n,
    timeUnixNano: 0n,
    flags: 0,
    exemplars: NO_EXEMPLARS,
    value: undefined,
    problem: { field, code, message },
  };
}

/** Buckets of one point: SDKs make 160 at most (exponential) or a few dozen; each costs a series. */
export const MAX_HISTOGRAM_BUCKETS = 400;
/** Quantiles of one summary; agents send about five. */
export const MAX_QUANTILES = 100;
/** Exemplars that are read of one point; SDKs send one per bucket at most. */
export const MAX_READ_EXEMPLARS = 200;

/** As in `POST /v1/metrics/batch`: more belong into several requests, for each costs memory beyond its bytes. */
export const MAX_EXPORT_ITEMS = 500_000;

/** Counts what takes memory however few bytes it has: resources, scopes, metrics, points, quantiles. */
export class ItemBudget {
  private left = MAX_EXPORT_ITEMS;

  /** @throws TooLarge once there are too many. */
  take(): void {
    this.left -= 1;
    if (this.left >= 0) return;
    throw new TooLarge(
      `the export holds more than ${MAX_EXPORT_ITEMS} resources, scopes, metrics and data points: send it in parts`,
    );
  }
}
