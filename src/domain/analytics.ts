import { type Filter } from './filter.js';
import { type Granularity } from './time-bucket.js';
import { type Micros } from './time.js';

/**
 * The vocabulary of the metrics query language (Langfuse API, `GET /metrics` and `GET /v2/metrics`): what is counted, by
 * what it can be grouped and filtered, and what can be aggregated. Storage says for each name how it is read.
 */

export const ANALYTICS_VIEWS = [
  'traces',
  'observations',
  'scores-numeric',
  'scores-categorical',
  'scores-boolean',
] as const;
export type AnalyticsView = (typeof ANALYTICS_VIEWS)[number];

/** Percentiles interpolate between neighbours. */
export const ANALYTICS_AGGREGATIONS = [
  'sum',
  'avg',
  'count',
  'max',
  'min',
  'p50',
  'p75',
  'p90',
  'p95',
  'p99',
  'histogram',
  'uniq',
] as const;
export type AnalyticsAggregation = (typeof ANALYTICS_AGGREGATIONS)[number];

/** What a measure that is no number can be aggregated by. */
export const TEXT_AGGREGATIONS: readonly AnalyticsAggregation[] = ['count', 'uniq'];

/** The routes differ in what they know: `1` is `/metrics`, `2` is `/v2/metrics`. */
export type AnalyticsVersion = 1 | 2;

/** How the values of a dimension look: `texts` is a list that is one value as a whole, `each` one that counts in every entry. */
export type DimensionKind = 'text' | 'number' | 'boolean' | 'texts' | 'each';

export interface DimensionRule {
  readonly kind: DimensionKind;
  /** Only there is it known. */
  readonly only?: AnalyticsVersion;
  /** With nearly as many values as rows: version 2 wants such queries bounded. */
  readonly isMany?: true;
}

export interface MeasureRule {
  /** `text` can only be counted. `nanoUsd` is read as whole billionths of a USD and answered in USD. */
  readonly kind: 'number' | 'nanoUsd' | 'text';
  readonly only?: AnalyticsVersion;
}

const TEXT = { kind: 'text' } as const;
const MANY = { kind: 'text', isMany: true } as const;
const NUMBER = { kind: 'number' } as const;
const MONEY = { kind: 'nanoUsd' } as const;

export const TRACE_DIMENSIONS = {
  id: MANY,
  name: TEXT,
  tags: { kind: 'texts' },
  userId: MANY,
  sessionId: MANY,
  release: TEXT,
  version: TEXT,
  environment: TEXT,
  timestampMonth: TEXT,
} as const satisfies Record<string, DimensionRule>;

export const TRACE_MEASURES = {
  count: NUMBER,
  observationsCount: NUMBER,
  scoresCount: NUMBER,
  uniqueUserIds: NUMBER,
  uniqueSessionIds: NUMBER,
  latency: NUMBER,
  totalTokens: NUMBER,
  totalCost: MONEY,
} as const satisfies Record<string, MeasureRule>;

export const OBSERVATION_DIMENSIONS = {
  id: MANY,
  traceId: MANY,
  traceName: TEXT,
  environment: TEXT,
  parentObservationId: MANY,
  type: TEXT,
  name: TEXT,
  level: TEXT,
  version: TEXT,
  tags: { kind: 'texts' },
  providedModelName: TEXT,
  promptName: TEXT,
  promptVersion: TEXT,
  userId: MANY,
  sessionId: MANY,
  traceRelease: TEXT,
  traceVersion: TEXT,
  startTimeMonth: TEXT,
  toolNames: { kind: 'each' },
  calledToolNames: { kind: 'each' },
  isRootObservation: { kind: 'boolean', only: 2 },
  release: { kind: 'text', only: 2 },
  costType: { kind: 'each', only: 2 },
  usageType: { kind: 'each', only: 2 },
  experimentName: { ...MANY, only: 2 },
  experimentDatasetId: { ...MANY, only: 2 },
  experimentId: { ...MANY, only: 2 },
} as const satisfies Record<string, DimensionRule>;

export const OBSERVATION_MEASURES = {
  count: NUMBER,
  latency: NUMBER,
  streamingLatency: NUMBER,
  inputTokens: NUMBER,
  outputTokens: NUMBER,
  totalTokens: NUMBER,
  outputTokensPerSecond: NUMBER,
  tokensPerSecond: NUMBER,
  inputCost: MONEY,
  outputCost: MONEY,
  totalCost: MONEY,
  timeToFirstToken: NUMBER,
  countScores: NUMBER,
  toolDefinitions: NUMBER,
  toolCalls: NUMBER,
  traceId: { kind: 'text', only: 2 },
  uniqueUserIds: { kind: 'text', only: 2 },
  uniqueSessionIds: { kind: 'text', only: 2 },
  costByType: { kind: 'nanoUsd', only: 2 },
  usageByType: { kind: 'number', only: 2 },
} as const satisfies Record<string, MeasureRule>;

const SCORE_DIMENSIONS_OF_ALL = {
  id: MANY,
  environment: TEXT,
  name: TEXT,
  source: TEXT,
  dataType: TEXT,
  traceId: MANY,
  configId: TEXT,
  timestampMonth: TEXT,
  timestampDay: TEXT,
  observationId: MANY,
  traceName: TEXT,
  tags: { kind: 'texts' },
  userId: MANY,
  sessionId: MANY,
  traceRelease: TEXT,
  traceVersion: TEXT,
  observationName: TEXT,
  observationModelName: TEXT,
  observationPromptName: TEXT,
  observationPromptVersion: TEXT,
  datasetRunId: { ...MANY, only: 2 },
  experimentName: { ...MANY, only: 2 },
  experimentId: { ...MANY, only: 2 },
} as const satisfies Record<string, DimensionRule>;

export const SCORE_DIMENSIONS = {
  ...SCORE_DIMENSIONS_OF_ALL,
  value: { kind: 'number' },
  stringValue: TEXT,
  booleanValue: { kind: 'boolean' },
} as const satisfies Record<string, DimensionRule>;

export const SCORE_MEASURES = { count: NUMBER, value: NUMBER } as const satisfies Record<string, MeasureRule>;

export type TraceDimension = keyof typeof TRACE_DIMENSIONS;
export type TraceMeasure = keyof typeof TRACE_MEASURES;
export type ObservationDimension = keyof typeof OBSERVATION_DIMENSIONS;
export type ObservationMeasure = keyof typeof OBSERVATION_MEASURES;
export type ScoreDimension = keyof typeof SCORE_DIMENSIONS;
export type ScoreMeasure = keyof typeof SCORE_MEASURES;

/** What a view knows. Maps, because names come from clients. */
export interface ViewRules {
  readonly dimensions: ReadonlyMap<string, DimensionRule>;
  readonly measures: ReadonlyMap<string, MeasureRule>;
}

/** The names of a view in a version of the API; undefined where the version does not have the view. */
export function rulesOf(view: AnalyticsView, version: AnalyticsVersion): ViewRules | undefined {
  if (view === 'traces') {
    return version === 1 ? rules(TRACE_DIMENSIONS, TRACE_MEASURES, version) : undefined;
  }
  if (view === 'observations') return rules(OBSERVATION_DIMENSIONS, OBSERVATION_MEASURES, version);
  const { value, stringValue, booleanValue } = SCORE_DIMENSIONS;
  const common = SCORE_DIMENSIONS_OF_ALL;
  if (view === 'scores-numeric') return rules({ ...common, value }, SCORE_MEASURES, version);
  if (view === 'scores-boolean') return rules({ ...common, booleanValue }, SCORE_MEASURES, version);
  return rules({ ...common, stringValue }, { count: NUMBER }, version);
}

function rules(
  dimensions: Readonly<Record<string, DimensionRule>>,
  measures: Readonly<Record<string, MeasureRule>>,
  version: AnalyticsVersion,
): ViewRules {
  const known = <T extends { readonly only?: AnalyticsVersion }>(all: Readonly<Record<string, T>>) =>
    new Map(Object.entries(all).filter(([, { only }]) => only === undefined || only === version));
  return { dimensions: known(dimensions), measures: known(measures) };
}

export interface AnalyticsMetric {
  readonly measure: string;
  readonly aggregation: AnalyticsAggregation;
}

/** The name of a metric in answers and in `orderBy`. */
export function metricName({ measure, aggregation }: AnalyticsMetric): string {
  return `${aggregation}_${measure}`;
}

/** The column of a query that names no metric: how many there are. */
export const COUNT_COLUMN = 'count';

export const TIME_DIMENSION = 'time_dimension';

/** Which column of the answer orders it: a dimension by its position, a metric by its position, or the time. */
export type OrderTarget =
  | { readonly kind: 'dimension'; readonly index: number }
  | { readonly kind: 'metric'; readonly index: number }
  | { readonly kind: 'time' };

export interface AnalyticsOrder {
  readonly target: OrderTarget;
  readonly direction: 'asc' | 'desc';
}

/** A query whose every name is known in its view. */
export interface AnalyticsQuery {
  readonly view: AnalyticsView;
  readonly dimensions: readonly string[];
  /** Empty: one column that counts. */
  readonly metrics: readonly AnalyticsMetric[];
  /** On dimensions of the view, and on its metadata. */
  readonly filter: Filter;
  /** Null: no time in the answer. */
  readonly granularity: Granularity | null;
  /** Inclusive. */
  readonly from: Micros;
  /** Inclusive to the millisecond that answers show. */
  readonly to: Micros;
  /** Empty: as the API orders by itself, and missing buckets of time are filled in. */
  readonly order: readonly AnalyticsOrder[];
  /** Bins of histograms. */
  readonly bins: number;
  /** Null: all rows. */
  readonly rowLimit: number | null;
}

/** Equally wide bins from the least to the greatest value; `counts` is empty when there is no value. */
export interface Histogram {
  readonly least: number;
  readonly greatest: number;
  readonly counts: readonly number[];
}

export type DimensionValue = string | number | boolean | null | readonly string[];
/** Null: nothing to aggregate. */
export type MetricValue = number | Histogram | null;

/** One row of the answer; values in the order of the query's dimensions and metrics. */
export interface AnalyticsRow {
  /** Start of the bucket; null without granularity. */
  readonly time: Micros | null;
  readonly dimensions: readonly DimensionValue[];
  readonly metrics: readonly MetricValue[];
}
