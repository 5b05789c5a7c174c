import { ApiProperty } from '@nestjs/swagger';

/** Finds what the example of POST /v1/l/batch writes. */
const EXAMPLE = {
  view: 'observations',
  dimensions: [{ field: 'providedModelName' }],
  metrics: [
    { measure: 'totalTokens', aggregation: 'sum' },
    { measure: 'latency', aggregation: 'p95' },
  ],
  filters: [{ column: 'type', operator: '=', value: 'GENERATION', type: 'string' }],
  timeDimension: { granularity: 'day' },
  fromTimestamp: '2026-11-20T00:00:00Z',
  toTimestamp: '2026-11-20T23:59:59Z',
};

/** Query of GET /api/public/metrics and /api/public/v2/metrics. */
export class MetricsQueryDto {
  /**
   * JSON: `view`, `dimensions` (`[{field}]`), `metrics` (`[{measure, aggregation}]`), `filters`
   * (`[{type, column, operator, value, key?}]`), `timeDimension` (`{granularity}`), `fromTimestamp` and `toTimestamp`
   * (ISO 8601 with a zone, both inclusive), `orderBy` (`[{field, direction}]`), `config` (`{bins?, row_limit?}`).
   */
  @ApiProperty({ example: JSON.stringify(EXAMPLE) })
  query!: string;
}

export class MetricsResultDto {
  /** One object a row: a member for each dimension, `time_dimension`, and `<aggregation>_<measure>` for each metric. */
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    example: [
      {
        providedModelName: 'qwen2.5-72b-instruct',
        time_dimension: '2026-11-20',
        sum_totalTokens: 450,
        p95_latency: 2190,
      },
    ],
  })
  data!: Record<string, string | number | boolean | null | string[] | [number, number, number][]>[];
}
