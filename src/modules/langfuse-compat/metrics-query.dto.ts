import { ApiProperty } from '@nestjs/swagger';

const EXAMPLE = {
  view: 'observations',
  dimensions: [{ field: 'providedModelName' }],
  metrics: [{ measure: 'totalCost', aggregation: 'sum' }],
  filters: [{ column: 'environment', operator: '=', value: 'production', type: 'string' }],
  timeDimension: { granularity: 'day' },
  fromTimestamp: '2026-01-01T00:00:00Z',
  toTimestamp: '2026-01-31T00:00:00Z',
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
    example: [{ providedModelName: 'gpt-4o-mini', time_dimension: '2026-01-31', sum_totalCost: 0.0361 }],
  })
  data!: Record<string, string | number | boolean | null | string[] | [number, number, number][]>[];
}
