import { ApiProperty, type ApiQueryOptions } from '@nestjs/swagger';
import { AGGREGATIONS } from '../../domain/metric.js';
import { STEPS } from './series.query.js';

/** Query of GET /api/public/metrics/query, but for STEP_PARAMETER and AGG_PARAMETER. */
export class SeriesQueryDto {
  /** Of the metric. */
  @ApiProperty({ example: 'gpu_utilization' })
  name!: string;

  /** Inclusive: ISO 8601 with a zone. Default: an hour before `to`. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T09:00:00Z' })
  from?: string;

  /** Inclusive. Default: now. */
  @ApiProperty({ required: false, format: 'date-time', example: '2026-01-31T10:00:00Z' })
  to?: string;

  /** A JSON object of strings: only series that have all of these labels. */
  @ApiProperty({ required: false, example: '{"node_id":"node-1"}' })
  labels?: string;

  /** A label key: series that agree in it become one, with that label alone, null where they lack it. */
  @ApiProperty({ required: false, example: 'model_uid' })
  group_by?: string;
}

// Fields of a query class lose their enum on the way into the OpenAPI document.

export const STEP_PARAMETER: ApiQueryOptions = {
  name: 'step',
  required: false,
  enum: STEPS,
  description: 'Width of the buckets, which are aligned to the Unix epoch. Default: 1m.',
};

export const AGG_PARAMETER: ApiQueryOptions = {
  name: 'agg',
  required: false,
  enum: AGGREGATIONS,
  description:
    'What the points of a bucket become: `last` is the newest of them, percentiles interpolate linearly. `increase` is by ' +
    'how much a counter grew in the bucket, `rate` the same per second: points with the label `otel.temporality` = ' +
    '`delta` are increments and are added up, all others are totals, whose differences count; a total that falls means ' +
    'that the counter began anew. Default: avg.',
};

export class BucketDto {
  /**
   * Start of the bucket.
   * @example 2026-11-20T09:30:00.000Z
   */
  timestamp!: string;
  /** @example 87.5 */
  value!: number;
}

export class BucketSeriesDto {
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string', nullable: true },
    example: { node_id: 'node-1', gpu_index: '0' },
  })
  labels!: Record<string, string | null>;
  /** Oldest first, at most 1000; buckets without points are absent. */
  values!: BucketDto[];
}

export class SeriesMetaDto {
  /**
   * Time of the newest point of the series shown, within the range; absent without any.
   * @example 2026-11-20T09:30:55.000Z
   */
  latest_ts?: string;
  /**
   * Series shown.
   * @example 1
   */
  series_count!: number;
  /**
   * Whether there were more series, or more buckets of one, than shown.
   * @example false
   */
  truncated!: boolean;
}

export class SeriesPageDto {
  /** In the order of their labels, at most 50; empty when there is no point in the range. */
  data!: BucketSeriesDto[];
  meta!: SeriesMetaDto;
}

export class MetricNamesDto {
  /**
   * Sorted, the first 10,000.
   * @example ["gpu_utilization","pending_requests"]
   */
  data!: string[];
}
