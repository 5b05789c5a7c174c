import { ApiExtraModels, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

const NULL = { type: 'object', nullable: true, additionalProperties: false, example: null } as const;

/** One value of one series; a later one at the same time replaces it. */
export class MetricPointDto {
  /**
   * 1 to 200 characters.
   * @example gpu_utilization
   */
  name!: string;
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string' },
    nullable: true,
    description: 'At most 64; keys up to 200, values up to 1000 characters. Name and labels together are the series.',
    example: { node_id: 'node-1', gpu_index: '0' },
  })
  labels?: Record<string, string> | null;
  /**
   * Finite, at most 1e300 in magnitude.
   * @example 87.5
   */
  value!: number;
  /**
   * RFC 3339 with a zone, microseconds kept. More than 10 years back, METRICS_RETENTION_DAYS back or a day ahead is refused.
   * @example 2026-11-20T09:30:00Z
   */
  timestamp!: string;
}

/** Unknown fields are ignored. */
@ApiExtraModels(MetricPointDto)
export class PointBatchRequestDto {
  /** At most 500,000. */
  metrics!: MetricPointDto[];
}

export class PointBatchAnswerDto {
  @ApiProperty({ example: 'Request Successful.' })
  message!: string;
}

/** A point that was not stored and that sending again will not help. */
export class PointErrorDto {
  /**
   * Position in `metrics`.
   * @example 1
   */
  index!: number;
  /** @example metric */
  kind!: string;
  /**
   * The metric's name, when it was text.
   * @example gpu_utilization
   */
  id?: string;
  /**
   * Of the point.
   * @example value
   */
  field?: string;
  /** @example INVALID_FIELD */
  code!: string;
  @ApiProperty({ example: 'value must be a finite number' })
  message!: string;
}

/** Every point that is not listed is committed. */
export class PointBatchPartialDto {
  @ApiProperty({ example: '1 of 3 points was refused; everything else is stored' })
  message!: string;
  @ApiProperty(NULL)
  data!: null;
  /** In the order of the request, the first 1000. */
  errors!: PointErrorDto[];
}

/** Nothing was stored. `errors` is present when it was the points that were wrong, not the request. */
export class PointBatchRefusalDto {
  @ApiProperty({ example: 'None of the 2 points could be stored' })
  message!: string;
  /** @example BAD_REQUEST */
  code!: string;
  @ApiProperty(NULL)
  data!: null;
  errors?: PointErrorDto[];
}

/** What a GPU agent sends every few seconds. */
export const POINTS_EXAMPLE = {
  metrics: [
    {
      name: 'gpu_utilization',
      labels: { node_id: 'node-1', gpu_index: '0', model_uid: 'qwen2.5-72b' },
      value: 87.5,
      timestamp: '2026-11-20T09:30:00Z',
    },
    {
      name: 'pending_requests',
      labels: { model_uid: 'qwen2.5-72b', replica_id: 'r-1' },
      value: 3,
      timestamp: '2026-11-20T09:30:00Z',
    },
  ],
};
