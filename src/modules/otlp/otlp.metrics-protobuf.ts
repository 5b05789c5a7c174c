import {
  type ExponentialBuckets,
  ItemBudget,
  MAX_HISTOGRAM_BUCKETS,
  MAX_QUANTILES,
  MAX_READ_EXEMPLARS,
  type MetricKind,
  NO_BUCKETS,
  NO_EXEMPLARS,
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
import { type AttributeValue, emptyResource, emptyScope, type SpanProblem, Unreadable } from './otlp.span.js';
import { refuseOtherSignal } from './otlp.signal.js';
import { FIXED64, LENGTH, orInvalid, tag, VARINT, WireReader } from './otlp.wire.js';

/**
 * Reads ExportMetricsServiceRequest from protobuf. Field numbers are those of metrics/v1/metrics.proto of
 * opentelemetry-proto 1.x. Descriptions, units and filtered attributes of exemplars are skipped.
 */

/**
 * @throws InvalidInput when the bytes are no such message (naming the byte) or are traces or logs, which share their
 * outer field numbers with metrics; TooLarge when there are too many points.
 */
export function decodeMetricsProtobuf(body: Buffer): OtlpMetricsExport {
  refuseOtherSignal(body, 'metrics');
  return orInvalid('metrics', () => new MetricsReader(body).readExport());
}

/** By the field number of `Metric.data`. */
const KINDS: ReadonlyMap<number, MetricKind> = new Map([
  [tag(5, LENGTH), 'gauge'],
  [tag(7, LENGTH), 'sum'],
  [tag(9, LENGTH), 'histogram'],
  [tag(10, LENGTH), 'exponentialHistogram'],
  [tag(11, LENGTH), 'summary'],
]);

const tooMany = (field: string, most: number): SpanProblem => ({
  field,
  code: 'INVALID_FIELD',
  message: `must be at most ${most}`,
});

class MetricsReader extends WireReader {
  private readonly budget = new ItemBudget();
  /** Of the point that is being read. */
  private problem: SpanProblem | undefined;

  readExport(): OtlpMetricsExport {
    const resourceMetrics: OtlpResourceMetrics[] = [];
    const end = this.bytes.length;
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(1, LENGTH)) resourceMetrics.push(this.readResourceMetrics(this.readEnd(end)));
      else this.skip(t, end);
    }
    return { resourceMetrics };
  }

  private readResourceMetrics(end: number): OtlpResourceMetrics {
    this.budget.take();
    let resource = emptyResource();
    const scopeMetrics: OtlpScopeMetrics[] = [];
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(1, LENGTH)) resource = this.readResource(this.readEnd(end));
      else if (t === tag(2, LENGTH)) scopeMetrics.push(this.readScopeMetrics(this.readEnd(end)));
      else this.skip(t, end);
    }
    return { resource, scopeMetrics };
  }

  private readScopeMetrics(end: number): OtlpScopeMetrics {
    this.budget.take();
    let scope = emptyScope();
    const metrics: OtlpMetric[] = [];
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(2, LENGTH)) metrics.push(this.readMetric(this.readEnd(end)));
      else if (t === tag(1, LENGTH)) scope = this.readScope(this.readEnd(end));
      else this.skip(t, end);
    }
    return { scope, metrics };
  }

  private readMetric(end: number): OtlpMetric {
    this.budget.take();
    let name = '';
    let kind: MetricKind | undefined;
    let temporality = 0;
    let isMonotonic = false;
    let points: OtlpDataPoint[] = [];
    while (this.pos < end) {
      const t = this.readTag(end);
      const dataKind = KINDS.get(t);
      if (t === tag(1, LENGTH)) name = this.readText(end);
      else if (dataKind === undefined) this.skip(t, end);
      else {
        // A field of a oneof replaces what stood there, but the same one given again is merged.
        if (kind !== dataKind) points = [];
        kind = dataKind;
        const dataEnd = this.readEnd(end);
        while (this.pos < dataEnd) {
          const dt = this.readTag(dataEnd);
          if (dt === tag(1, LENGTH)) points.push(this.readPoint(this.readEnd(dataEnd), dataKind));
          else if (dt === tag(2, VARINT)) temporality = this.readUint32(dataEnd);
          else if (dt === tag(3, VARINT)) isMonotonic = this.readVarint(dataEnd) !== 0;
          else this.skip(dt, dataEnd);
        }
      }
    }
    return { name, kind, temporality, isMonotonic, points };
  }

  private readPoint(end: number, kind: MetricKind): OtlpDataPoint {
    this.budget.take();
    this.problem = undefined;
    try {
      const point = this.readPointOf(end, kind);
      return this.problem === undefined ? point : { ...point, problem: this.problem };
    } catch (error) {
      // A value that nests too deep costs its own point only: its length is known, so reading goes on behind it.
      if (!(error instanceof Unreadable) || error.code !== 'TOO_DEEP') throw error;
      this.pos = end;
      return unreadablePoint(error.below('attributes'));
    }
  }

  private readPointOf(end: number, kind: MetricKind): OtlpDataPoint {
    if (kind === 'histogram') return this.readHistogramPoint(end);
    if (kind === 'exponentialHistogram') return this.readExponentialPoint(end);
    return kind === 'summary' ? this.readSummaryPoint(end) : this.readNumberPoint(end);
  }

  private readNumberPoint(end: number): OtlpDataPoint {
    const common = new PointFields();
    let value: number | undefined;
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(7, LENGTH)) this.readKeyValue(this.readEnd(end), common.attributes, 0);
      else if (t === tag(4, FIXED64)) value = this.readDouble(end);
      else if (t === tag(6, FIXED64)) value = Number(BigInt.asIntN(64, this.readFixed64(end)));
      else if (t === tag(5, LENGTH)) this.readExemplar(this.readEnd(end), common);
      else if (t === tag(8, VARINT)) common.flags = this.readUint32(end);
      else this.readTimeOrSkip(t, end, common);
    }
    return common.withValue(value);
  }

  private readHistogramPoint(end: number): OtlpDataPoint {
    const common = new PointFields();
    let [count, sum, min, max]: (number | undefined)[] = [];
    const bucketCounts: number[] = [];
    const explicitBounds: number[] = [];
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(9, LENGTH)) this.readKeyValue(this.readEnd(end), common.attributes, 0);
      else if (t === tag(4, FIXED64)) count = this.readUint64(end);
      else if (t === tag(5, FIXED64)) sum = this.readDouble(end);
      else if (t === tag(6, LENGTH)) {
        this.readPacked(end, bucketCounts, 'bucketCounts', (packedEnd) => this.readUint64(packedEnd));
      } else if (t === tag(6, FIXED64)) this.addTo(bucketCounts, this.readUint64(end), 'bucketCounts');
      else if (t === tag(7, LENGTH)) {
        this.readPacked(end, explicitBounds, 'explicitBounds', (packedEnd) => this.readDouble(packedEnd));
      } else if (t === tag(7, FIXED64)) this.addTo(explicitBounds, this.readDouble(end), 'explicitBounds');
      else if (t === tag(8, LENGTH)) this.readExemplar(this.readEnd(end), common);
      else if (t === tag(10, VARINT)) common.flags = this.readUint32(end);
      else if (t === tag(11, FIXED64)) min = this.readDouble(end);
      else if (t === tag(12, FIXED64)) max = this.readDouble(end);
      else this.readTimeOrSkip(t, end, common);
    }
    return common.withValue({ count: count ?? 0, sum, min, max, bucketCounts, explicitBounds });
  }

  private readExponentialPoint(end: number): OtlpDataPoint {
    const common = new PointFields();
    let [count, sum, min, max]: (number | undefined)[] = [];
    let scale = 0;
    let zeroCount = 0;
    let positive = NO_BUCKETS;
    let negative = NO_BUCKETS;
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(1, LENGTH)) this.readKeyValue(this.readEnd(end), common.attributes, 0);
      else if (t === tag(4, FIXED64)) count = this.readUint64(end);
      else if (t === tag(5, FIXED64)) sum = this.readDouble(end);
      else if (t === tag(6, VARINT)) scale = this.readSint32(end);
      else if (t === tag(7, FIXED64)) zeroCount = this.readUint64(end);
      else if (t === tag(8, LENGTH)) positive = this.readBuckets(this.readEnd(end), 'positive.bucketCounts');
      else if (t === tag(9, LENGTH)) negative = this.readBuckets(this.readEnd(end), 'negative.bucketCounts');
      else if (t === tag(10, VARINT)) common.flags = this.readUint32(end);
      else if (t === tag(11, LENGTH)) this.readExemplar(this.readEnd(end), common);
      else if (t === tag(12, FIXED64)) min = this.readDouble(end);
      else if (t === tag(13, FIXED64)) max = this.readDouble(end);
      else this.readTimeOrSkip(t, end, common);
    }
    return common.withValue({ count: count ?? 0, sum, min, max, scale, zeroCount, positive, negative });
  }

  private readBuckets(end: number, field: string): ExponentialBuckets {
    let offset = 0;
    const counts: number[] = [];
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(1, VARINT)) offset = this.readSint32(end);
      else if (t === tag(2, LENGTH)) this.readPacked(end, counts, field, (packedEnd) => this.readVarint(packedEnd));
      else if (t === tag(2, VARINT)) this.addTo(counts, this.readVarint(end), field);
      else this.skip(t, end);
    }
    return { offset, counts };
  }

  private readSummaryPoint(end: number): OtlpDataPoint {
    const common = new PointFields();
    let count = 0;
    let sum = 0;
    const quantiles: SummaryValue['quantiles'][number][] = [];
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(7, LENGTH)) this.readKeyValue(this.readEnd(end), common.attributes, 0);
      else if (t === tag(4, FIXED64)) count = this.readUint64(end);
      else if (t === tag(5, FIXED64)) sum = this.readDouble(end);
      else if (t === tag(8, VARINT)) common.flags = this.readUint32(end);
      else if (t === tag(6, LENGTH)) {
        this.budget.take();
        const quantile = this.readQuantile(this.readEnd(end));
        if (quantiles.length < MAX_QUANTILES) quantiles.push(quantile);
        else this.problem ??= tooMany('quantileValues', MAX_QUANTILES);
      } else this.readTimeOrSkip(t, end, common);
    }
    return common.withValue({ count, sum, quantiles });
  }

  private readQuantile(end: number): SummaryValue['quantiles'][number] {
    let quantile = 0;
    let value = 0;
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(1, FIXED64)) quantile = this.readDouble(end);
      else if (t === tag(2, FIXED64)) value = this.readDouble(end);
      else this.skip(t, end);
    }
    return { quantile, value };
  }

  private readTimeOrSkip(t: number, end: number, into: PointFields): void {
    if (t === tag(3, FIXED64)) into.timeUnixNano = this.readFixed64(end);
    else if (t === tag(2, FIXED64)) into.startTimeUnixNano = this.readFixed64(end);
    else this.skip(t, end);
  }

  private readExemplar(end: number, into: PointFields): void {
    if (into.exemplars.length >= MAX_READ_EXEMPLARS) {
      this.pos = end;
      return;
    }
    let traceId = '';
    let spanId = '';
    let timeUnixNano = 0n;
    let value: number | undefined;
    while (this.pos < end) {
      const t = this.readTag(end);
      if (t === tag(2, FIXED64)) timeUnixNano = this.readFixed64(end);
      else if (t === tag(3, FIXED64)) value = this.readDouble(end);
      else if (t === tag(4, LENGTH)) spanId = this.readHex(end);
      else if (t === tag(5, LENGTH)) traceId = this.readHex(end);
      else if (t === tag(6, FIXED64)) value = Number(BigInt.asIntN(64, this.readFixed64(end)));
      else this.skip(t, end);
    }
    if (traceId !== '') into.addExemplar({ traceId, spanId, timeUnixNano, value });
  }

  private readPacked(end: number, into: number[], field: string, read: (end: number) => number): void {
    const packedEnd = this.readEnd(end);
    while (this.pos < packedEnd && into.length < MAX_HISTOGRAM_BUCKETS) into.push(read(packedEnd));
    if (this.pos < packedEnd) this.problem ??= tooMany(field, MAX_HISTOGRAM_BUCKETS);
    this.pos = packedEnd;
  }

  private addTo(list: number[], value: number, field: string): void {
    if (list.length < MAX_HISTOGRAM_BUCKETS) list.push(value);
    else this.problem ??= tooMany(field, MAX_HISTOGRAM_BUCKETS);
  }

  private readDouble(end: number): number {
    this.need(8, end);
    const value = this.bytes.readDoubleLE(this.pos);
    this.pos += 8;
    return value;
  }

  private readUint64(end: number): number {
    this.need(8, end);
    const value = this.bytes.readUInt32LE(this.pos) + this.bytes.readUInt32LE(this.pos + 4) * 2 ** 32;
    this.pos += 8;
    return value;
  }

  /** Zigzag: 0, -1, 1, -2, … */
  private readSint32(end: number): number {
    const value = this.readUint32(end);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

/** The fields that points of all kinds have. */
class PointFields {
  readonly attributes = new Map<string, AttributeValue>();
  startTimeUnixNano = 0n;
  timeUnixNano = 0n;
  flags = 0;
  exemplars: readonly OtlpExemplar[] = NO_EXEMPLARS;

  addExemplar(exemplar: OtlpExemplar): void {
    if (this.exemplars === NO_EXEMPLARS) this.exemplars = [exemplar];
    else (this.exemplars as OtlpExemplar[]).push(exemplar);
  }

  withValue(value: PointValue | undefined): OtlpDataPoint {
    const { attributes, startTimeUnixNano, timeUnixNano, flags, exemplars } = this;
    return { attributes, startTimeUnixNano, timeUnixNano, flags, exemplars, value };
  }
}
