import { InvalidInput } from './errors.js';
import { type Rejection } from './ingest-batch.js';
import { isStorableText, type JsonText } from './json.js';
import { type Project } from './project.js';
import { type Micros } from './time.js';

// Limits of what a series may be called. They are no settings: names and labels are written by programs, and one that
// needs more puts data into them that belongs into observations.

/** A name is part of an index row, which PostgreSQL limits to 2,704 bytes; these take 800 at most. */
export const MAX_NAME_CHARACTERS = 200;
/** Ten times what agents send (xtrace.md §7); every query's filter looks at all of them. */
export const MAX_LABELS = 64;
export const MAX_LABEL_KEY_CHARACTERS = 200;
/** With MAX_LABELS it bounds what one series costs in the dictionary: 77,000 characters. */
export const MAX_LABEL_VALUE_CHARACTERS = 1000;

/**
 * Largest magnitude of a value. The sum of a hundred million such points, and the distance of any two, are still finite
 * numbers; with 1.8e308 itself two points would make every query over them fail.
 */
export const MAX_VALUE = 1e300;

/** What points in time belong to: a metric name plus one label set. Two series are the same if both are equal as text. */
export interface Series {
  readonly name: string;
  /** A JSON object of strings, keys sorted (by UTF-16 units), so that the same labels are always the same text. */
  readonly labels: JsonText;
}

/** A value of a series at a time; a later one at the same time replaces it. */
export interface Point {
  /** Position in the caller's request. */
  readonly index: number;
  /** Points of one series may share the object: writers look it up once. */
  readonly series: Series;
  readonly time: Micros;
  /** Finite, at most MAX_VALUE in magnitude. */
  readonly value: number;
  /** Absent: none. Storage keeps EXEMPLARS_PER_MINUTE of a series. */
  readonly exemplars?: readonly Exemplar[];
}

/** An observation that went into a point, and the trace in which it was made. */
export interface Exemplar {
  readonly time: Micros;
  /** Finite, at most MAX_VALUE in magnitude. */
  readonly value: number;
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits, or empty. */
  readonly spanId: string;
}

/** The points of one request; of two at the same time in the same series the later in the list wins. */
export interface PointBatch {
  readonly project: Project;
  readonly points: readonly Point[];
  /** About how much memory the points hold: the inflated size of the request. Counts against the write queue. */
  readonly bytes: number;
}

/** A point that could not be taken and that no retry can save; `id` is the metric's name. */
export interface PointRejection extends Omit<Rejection, 'kind'> {
  readonly kind: 'metric';
}

/** What became of a batch: every point that is not in `rejected` is committed. */
export interface PointReceipt {
  readonly rejected: readonly PointRejection[];
}

/**
 * The series that `name` and `labels` name, in its one spelling. `labels` may own any key, `__proto__` included.
 * @throws InvalidInput naming `name` or `labels` when they exceed a limit or hold what PostgreSQL cannot.
 */
export function seriesOf(name: string, labels: Readonly<Record<string, string>>): Series {
  if (name.length === 0) throw new InvalidInput('must not be empty', 'name');
  requireText(name, MAX_NAME_CHARACTERS, 'must', 'name');
  const keys = Object.keys(labels);
  if (keys.length > MAX_LABELS) throw new InvalidInput(`must be at most ${MAX_LABELS}, got ${keys.length}`, 'labels');
  for (const key of keys) {
    if (key === '') throw new InvalidInput('keys must not be empty', 'labels');
    requireText(key, MAX_LABEL_KEY_CHARACTERS, 'keys must', 'labels');
    requireText(labels[key]!, MAX_LABEL_VALUE_CHARACTERS, 'values must', 'labels');
  }
  const pairs = keys.sort().map((key) => `${JSON.stringify(key)}:${JSON.stringify(labels[key])}`);
  return { name, labels: `{${pairs.join(',')}}` };
}

function requireText(text: string, maxCharacters: number, subject: string, field: string): void {
  if (text.length > maxCharacters) {
    throw new InvalidInput(`${subject} be at most ${maxCharacters} characters long, got ${text.length}`, field);
  }
  if (!isStorableText(text)) throw new InvalidInput(`${subject} not contain U+0000 or a lone surrogate`, field);
}

/**
 * The label that says how the points of a counter add up. With the value `delta` each point is an increment since the one
 * before; without the label a point is the total since the counter's start, and a total that falls means a new start.
 */
export const TEMPORALITY_LABEL = 'otel.temporality';
export const DELTA_TEMPORALITY = 'delta';

/** How many exemplars of a series are kept of a minute: enough to click on, too few to cost more than the points. */
export const EXEMPLARS_PER_MINUTE = 8;

/**
 * How points of a bucket become one value; `last` is the one with the greatest time, percentiles interpolate linearly.
 * `increase` is by how much a counter grew, `rate` the same per second.
 */
export const AGGREGATIONS = ['avg', 'max', 'min', 'sum', 'last', 'p50', 'p90', 'p99', 'increase', 'rate'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

/** At most so many series in one answer: what a chart can show, and a bound on what a query costs. */
export const MAX_SERIES = 50;
/** At most so many buckets per series in one answer: about one per pixel of a chart. */
export const MAX_BUCKETS = 1000;

/** Which points a query reads and what it makes of them. */
export interface SeriesQuery {
  readonly name: string;
  /** Inclusive. */
  readonly from: Micros;
  /** Inclusive to the millisecond that answers show. */
  readonly to: Micros;
  /** A JSON object of strings: a series matches if it has all of these labels. */
  readonly labels?: JsonText;
  readonly bucketWidthSeconds: number;
  readonly aggregation: Aggregation;
  /** A label key: series that agree in it become one. Those without it are one as well. */
  readonly groupBy?: string;
}

/** An aligned interval, named by its start, and what the points in it became. */
export interface Bucket {
  readonly start: Micros;
  readonly value: number;
}

/** The buckets of one series, or of one group of them, oldest first; buckets without points are absent. */
export interface BucketSeries {
  /** A JSON object; of a group it holds the key alone, null where the series lack it. */
  readonly labels: JsonText;
  readonly buckets: readonly Bucket[];
}

export interface SeriesPage {
  /** In the order of their labels as jsonb writes them (shorter keys first); at most MAX_SERIES of at most MAX_BUCKETS. */
  readonly series: readonly BucketSeries[];
  /** Time of the newest point of `series` in the range; undefined when there is none. */
  readonly latest: Micros | undefined;
  /** Whether there were more series, or more buckets of one, than shown. */
  readonly isTruncated: boolean;
}

/** Which exemplars a query reads. */
export interface ExemplarQuery {
  /** Of the metric as it was exported: without the suffixes that a histogram's series have; with one it is ignored. */
  readonly name: string;
  /** Inclusive. */
  readonly from: Micros;
  /** Inclusive to the millisecond that answers show. */
  readonly to: Micros;
  /** A JSON object of strings: a series matches if it has all of these labels. */
  readonly labels?: JsonText;
  readonly limit: number;
}

/** An exemplar with the labels of its series, a JSON object. */
export interface SeriesExemplar extends Exemplar {
  readonly labels: JsonText;
}

/** The exemplars with the greatest values, these first. */
export interface ExemplarPage {
  readonly exemplars: readonly SeriesExemplar[];
  readonly isTruncated: boolean;
}

/** What the series of a histogram or summary are called: the metric's name and one of these. */
export const SERIES_SUFFIXES = ['.count', '.sum', '.min', '.max', '.bucket'] as const;
export type SeriesSuffix = (typeof SERIES_SUFFIXES)[number];
/** Of the series of a histogram this one has the exemplars. */
export const EXEMPLAR_SUFFIX: SeriesSuffix = '.count';
