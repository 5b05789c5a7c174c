import { InvalidInput } from '../../domain/errors.js';
import { MAX_VALUE, type Series } from '../../domain/metric.js';
import { type SeriesFamily } from './otlp.metric-series.js';
import {
  type ExponentialBuckets,
  type ExponentialValue,
  type HistogramValue,
  type PointValue,
  type SummaryValue,
} from './otlp.metrics.js';

/** One value of one series at the time of a data point. */
export interface SeriesValue {
  readonly series: Series;
  readonly value: number;
  /** Whether it only grows, from 0 at the start of its counter, unless it is an increment. */
  readonly isCounter: boolean;
}

/**
 * The values that a data point has for the series of its family.
 * @throws InvalidInput naming the field when one of them cannot be stored, or the point contradicts itself.
 */
export function seriesValues(family: SeriesFamily, value: PointValue, isCounter: boolean): SeriesValue[] {
  if (typeof value === 'number') return [{ series: family.series(''), value: finite(value, 'value'), isCounter }];
  if ('quantiles' in value) return summaryValues(family, value);
  return 'scale' in value ? exponentialValues(family, value) : histogramValues(family, value);
}

function histogramValues(family: SeriesFamily, value: HistogramValue): SeriesValue[] {
  const { bucketCounts, explicitBounds } = value;
  const values = distributionValues(family, value);
  if (bucketCounts.length === 0 && explicitBounds.length === 0) return values;
  if (bucketCounts.length !== explicitBounds.length + 1) {
    throw new InvalidInput(
      `must be one more than explicitBounds, got ${bucketCounts.length} and ${explicitBounds.length}`,
      'bucketCounts',
    );
  }
  for (const [i, bound] of explicitBounds.entries()) {
    finite(bound, 'explicitBounds');
    if (i > 0 && !(bound > explicitBounds[i - 1]!)) throw new InvalidInput('must increase', 'explicitBounds');
  }
  addBuckets(values, family.bucketSeries(explicitBounds), bucketCounts);
  return values;
}

/** As in Prometheus: a bucket counts all values up to its bound, so that buckets of any two points can be added. */
function addBuckets(values: SeriesValue[], buckets: readonly Series[], counts: readonly number[]): void {
  let total = 0;
  for (const [i, series] of buckets.entries()) {
    total += counts[i]!;
    values.push({ series, value: finite(total, 'bucketCounts'), isCounter: true });
  }
}

/** The smallest and the greatest power of two that is a bound: from about 0.001 to 1,073,741,824. */
const LEAST_EXPONENT = -10;
const GREATEST_EXPONENT = 30;
/** What the data model allows (metrics data model, exponential histogram). */
const MIN_SCALE = -10;
const MAX_SCALE = 20;

/**
 * Upper bounds of the buckets of every exponential histogram: 0 and powers of two. They are the same in every point,
 * whatever its scale and range: bounds that came and went with the values would leave points without some of them, and
 * neither differences nor sums over time were right.
 */
export const EXPONENTIAL_BOUNDS: readonly number[] = [
  0,
  ...Array.from({ length: GREATEST_EXPONENT - LEAST_EXPONENT + 1 }, (_, i) => 2 ** (LEAST_EXPONENT + i)),
];

function exponentialValues(family: SeriesFamily, value: ExponentialValue): SeriesValue[] {
  const { scale, zeroCount, positive, negative } = value;
  if (scale < MIN_SCALE || scale > MAX_SCALE) {
    throw new InvalidInput(`must be from ${MIN_SCALE} to ${MAX_SCALE}, got ${scale}`, 'scale');
  }
  const values = distributionValues(family, value);
  const counts = new Array<number>(EXPONENTIAL_BOUNDS.length + 1).fill(0);
  counts[0] = zeroCount + negative.counts.reduce((sum, count) => sum + count, 0);
  for (const [i, count] of positive.counts.entries()) counts[slotOf(positive, i, scale)]! += count;
  addBuckets(values, family.bucketSeries(EXPONENTIAL_BOUNDS), counts);
  return values;
}

/** Which of the fixed buckets has the upper end of bucket `i`; the last is the one without a bound. */
function slotOf({ offset }: ExponentialBuckets, i: number, scale: number): number {
  const index = offset + i;
  // A scale of 0 and more has 2^scale buckets between two powers of two, a smaller one 2^-scale powers in a bucket.
  const exponent = scale >= 0 ? Math.floor(index / 2 ** scale) + 1 : (index + 1) * 2 ** -scale;
  const slot = Math.min(Math.max(exponent, LEAST_EXPONENT), GREATEST_EXPONENT + 1) - LEAST_EXPONENT;
  return slot + 1;
}

function distributionValues(
  family: SeriesFamily,
  { count, sum, min, max }: HistogramValue | ExponentialValue,
): SeriesValue[] {
  const values: SeriesValue[] = [{ series: family.series('.count'), value: finite(count, 'count'), isCounter: true }];
  if (sum !== undefined) values.push({ series: family.series('.sum'), value: finite(sum, 'sum'), isCounter: true });
  // Of no values at all some SDKs send Infinity as the least one.
  if (count === 0) return values;
  if (min !== undefined) values.push({ series: family.series('.min'), value: finite(min, 'min'), isCounter: false });
  if (max !== undefined) values.push({ series: family.series('.max'), value: finite(max, 'max'), isCounter: false });
  return values;
}

function summaryValues(family: SeriesFamily, { count, sum, quantiles }: SummaryValue): SeriesValue[] {
  const values: SeriesValue[] = [
    { series: family.series('.count'), value: finite(count, 'count'), isCounter: true },
    { series: family.series('.sum'), value: finite(sum, 'sum'), isCounter: true },
  ];
  for (const { quantile, value } of quantiles) {
    if (!(quantile >= 0 && quantile <= 1)) throw new InvalidInput('must be from 0 to 1', 'quantileValues.quantile');
    // NaN is how Prometheus clients say that there was nothing to measure lately.
    if (Number.isNaN(value)) continue;
    values.push({
      series: family.quantile(quantile),
      value: finite(value, 'quantileValues.value'),
      isCounter: false,
    });
  }
  return values;
}

/** @throws InvalidInput for NaN, infinities and what is too large to be added up. */
export function finite(value: number, field: string): number {
  if (!Number.isFinite(value)) throw new InvalidInput(`must be a finite number, got ${value}`, field);
  if (Math.abs(value) > MAX_VALUE) throw new InvalidInput(`must lie between -${MAX_VALUE} and ${MAX_VALUE}`, field);
  return value;
}
