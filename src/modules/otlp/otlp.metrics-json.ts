import { InvalidInput } from '../../domain/errors.js';
import { readAttributes, readBody, readResource, readScope } from './otlp.json.js';
import {
  expectObject,
  isMissing,
  isObject,
  type JsonObject,
  nameOf,
  readCount,
  readDouble,
  readEnum,
  readId,
  readInt64,
  readList,
  readText,
  readTime,
  within,
} from './otlp.json-scalars.js';
import {
  type ExponentialBuckets,
  ItemBudget,
  MAX_HISTOGRAM_BUCKETS,
  MAX_QUANTILES,
  MAX_READ_EXEMPLARS,
  type MetricKind,
  NO_BUCKETS,
  type OtlpDataPoint,
  type OtlpExemplar,
  type OtlpMetric,
  type OtlpMetricsExport,
  type OtlpResourceMetrics,
  type OtlpScopeMetrics,
  type PointValue,
  type SummaryValue,
  unreadablePoint,
} from './otlp.metrics.js';
import { expectSignal } from './otlp.signal.js';
import { SPAN_ID_DIGITS, TRACE_ID_DIGITS, Unreadable } from './otlp.span.js';

/** Reads ExportMetricsServiceRequest from OTLP/JSON, as leniently as `otlp.json.ts` reads traces. */

const TEMPORALITIES: ReadonlyMap<string, number> = new Map([
  ['AGGREGATION_TEMPORALITY_UNSPECIFIED', 0],
  ['AGGREGATION_TEMPORALITY_DELTA', 1],
  ['AGGREGATION_TEMPORALITY_CUMULATIVE', 2],
]);

const KINDS: readonly MetricKind[] = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'];

/**
 * @throws InvalidInput when the body is not JSON, carries another signal, or its outer lists have another shape;
 * TooLarge when there are too many points. A point that cannot be read becomes one with a `problem`.
 */
export function decodeMetricsJson(body: Buffer): OtlpMetricsExport {
  return readBody(body, (request) => new MetricsJsonReader().readExport(request));
}

class MetricsJsonReader {
  private readonly budget = new ItemBudget();

  readExport(request: unknown): OtlpMetricsExport {
    if (isObject(request)) refuseBatch(request);
    const { resourceMetrics } = expectSignal(request, 'metrics');
    return {
      resourceMetrics: readList(resourceMetrics, 'resourceMetrics', (item) =>
        this.readResourceMetrics(expectObject(item)),
      ),
    };
  }

  private readResourceMetrics(message: JsonObject): OtlpResourceMetrics {
    this.budget.take();
    return {
      resource: within('resource', () => readResource(message['resource'])),
      scopeMetrics: readList(message['scopeMetrics'], 'scopeMetrics', (item) =>
        this.readScopeMetrics(expectObject(item)),
      ),
    };
  }

  private readScopeMetrics(message: JsonObject): OtlpScopeMetrics {
    this.budget.take();
    return {
      scope: within('scope', () => readScope(message['scope'])),
      metrics: readList(message['metrics'], 'metrics', (item) => this.readMetricLeniently(item)),
    };
  }

  /** A metric of a wrong shape is refused as if it were one point. */
  private readMetricLeniently(item: unknown): OtlpMetric {
    try {
      return this.readMetric(expectObject(item));
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      const name = isObject(item) && typeof item['name'] === 'string' ? item['name'] : '';
      return { name, kind: 'gauge', temporality: 0, isMonotonic: false, points: [unreadablePoint(error)] };
    }
  }

  private readMetric(metric: JsonObject): OtlpMetric {
    this.budget.take();
    const name = readText(metric['name'], 'name');
    const kind = KINDS.find((key) => !isMissing(metric[key]));
    if (kind === undefined) return { name, kind, temporality: 0, isMonotonic: false, points: [] };
    return within(kind, () => {
      const data = expectObject(metric[kind]);
      return {
        name,
        kind,
        temporality: readEnum(data['aggregationTemporality'], 'aggregationTemporality', TEMPORALITIES),
        isMonotonic: readFlag(data['isMonotonic'], 'isMonotonic'),
        points: readList(data['dataPoints'], 'dataPoints', (item) => this.readPointLeniently(item, kind)),
      };
    });
  }

  /** A point of a wrong shape costs itself only. */
  private readPointLeniently(item: unknown, kind: MetricKind): OtlpDataPoint {
    this.budget.take();
    try {
      return this.readPoint(expectObject(item), kind);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return unreadablePoint(error);
    }
  }

  private readPoint(point: JsonObject, kind: MetricKind): OtlpDataPoint {
    return {
      attributes: readAttributes(point['attributes'], 'attributes', 0),
      startTimeUnixNano: readTime(point['startTimeUnixNano'], 'startTimeUnixNano'),
      timeUnixNano: readTime(point['timeUnixNano'], 'timeUnixNano'),
      flags: readCount(point['flags'], 'flags'),
      exemplars: readExemplars(point['exemplars']),
      value: this.readValue(point, kind),
    };
  }

  private readValue(point: JsonObject, kind: MetricKind): PointValue | undefined {
    if (kind === 'gauge' || kind === 'sum') return readNumber(point);
    const count = readUint64(point['count'], 'count');
    const sum = readOptional(point['sum'], 'sum');
    if (kind === 'summary') return { count, sum: sum ?? 0, quantiles: this.readQuantiles(point['quantileValues']) };
    const distribution = {
      count,
      sum,
      min: readOptional(point['min'], 'min'),
      max: readOptional(point['max'], 'max'),
    };
    if (kind === 'histogram') {
      return {
        ...distribution,
        bucketCounts: readNumbers(point['bucketCounts'], 'bucketCounts', readUint64),
        explicitBounds: readNumbers(point['explicitBounds'], 'explicitBounds', readPresent),
      };
    }
    return {
      ...distribution,
      scale: readSint32(point['scale'], 'scale'),
      zeroCount: readUint64(point['zeroCount'], 'zeroCount'),
      positive: within('positive', () => readBuckets(point['positive'])),
      negative: within('negative', () => readBuckets(point['negative'])),
    };
  }

  private readQuantiles(value: unknown): SummaryValue['quantiles'] {
    requireFew(value, 'quantileValues', MAX_QUANTILES);
    return readList(value, 'quantileValues', (item) => {
      this.budget.take();
      const message = expectObject(item);
      return {
        quantile: readOptional(message['quantile'], 'quantile') ?? 0,
        value: readOptional(message['value'], 'value') ?? 0,
      };
    });
  }
}

/** What belongs to xtrace's own route for metrics, which is close by. */
function refuseBatch(request: JsonObject): void {
  if (request['resourceMetrics'] === undefined && Array.isArray(request['metrics'])) {
    throw new InvalidInput(
      'The body holds a list of metrics in the JSON of xtrace: this address takes OTLP, the list belongs to /v1/metrics/batch',
      'metrics',
    );
  }
}

/** `asInt`, `asDouble`, or undefined with neither. JSON.stringify writes NaN as null: also undefined. */
function readNumber(message: JsonObject): number | undefined {
  const { asInt } = message;
  if (!isMissing(asInt)) return within('asInt', () => readInteger(asInt));
  return readOptional(message['asDouble'], 'asDouble');
}

function readInteger(value: unknown): number {
  try {
    return Number(readInt64(value));
  } catch (error) {
    throw error instanceof Unreadable ? new Unreadable('', `must be an integer, got ${nameOf(value)}`) : error;
  }
}

function readOptional(value: unknown, field: string): number | undefined {
  return isMissing(value) ? undefined : readPresent(value, field);
}

function readPresent(value: unknown, field: string): number {
  try {
    return readDouble(value);
  } catch (error) {
    throw error instanceof Unreadable ? new Unreadable(field, `must be a number, got ${nameOf(value)}`) : error;
  }
}

function readUint64(value: unknown, field: string): number {
  if (isMissing(value)) return 0;
  const count = within(field, () => readInteger(value));
  if (!(count >= 0)) throw new Unreadable(field, 'must not be negative');
  return count;
}

function readSint32(value: unknown, field: string): number {
  if (isMissing(value)) return 0;
  const number = typeof value === 'string' && /^[+-]?\d{1,10}$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && Math.abs(number) <= 2 ** 31) return number;
  throw new Unreadable(field, `must be an integer of 32 bits, got ${nameOf(value)}`);
}

function readFlag(value: unknown, field: string): boolean {
  if (isMissing(value) || value === false || value === 'false') return false;
  if (value === true || value === 'true') return true;
  throw new Unreadable(field, `must be true or false, got ${nameOf(value)}`);
}

function readBuckets(value: unknown): ExponentialBuckets {
  if (isMissing(value)) return NO_BUCKETS;
  const message = expectObject(value);
  return {
    offset: readSint32(message['offset'], 'offset'),
    counts: readNumbers(message['bucketCounts'], 'bucketCounts', readUint64),
  };
}

function readNumbers(value: unknown, field: string, read: (item: unknown, field: string) => number): readonly number[] {
  requireFew(value, field, MAX_HISTOGRAM_BUCKETS);
  return readList(value, field, (item) => read(item, ''));
}

function requireFew(value: unknown, field: string, most: number): void {
  if (Array.isArray(value) && value.length > most) throw new Unreadable(field, `must be at most ${most}`);
}

function readExemplars(value: unknown): readonly OtlpExemplar[] {
  const all = Array.isArray(value) ? value.slice(0, MAX_READ_EXEMPLARS) : value;
  return readList(all, 'exemplars', (item): OtlpExemplar => {
    const exemplar = expectObject(item);
    return {
      traceId: readId(exemplar['traceId'], 'traceId', TRACE_ID_DIGITS),
      spanId: readId(exemplar['spanId'], 'spanId', SPAN_ID_DIGITS),
      timeUnixNano: readTime(exemplar['timeUnixNano'], 'timeUnixNano'),
      value: readNumber(exemplar),
    };
  }).filter(({ traceId }) => traceId !== '');
}
